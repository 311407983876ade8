import { bytesToHex } from "@noble/hashes/utils.js";
import { answerBytes } from "../../../securesum/degree.ts";
import type { Kernels, RingKernel, ShamirKernel } from "../../../securesum/kernel.ts";
import { BLOCK_BYTES, blocksOf, CHECKS, DEALING_BYTES, groupOf, MOST_HOLDERS, N } from "../../../securesum/params.ts";
import { pieceBytes } from "../../../securesum/pieces.ts";
import { ROW } from "../../../securesum/shamir.ts";
import type { OpenEffect, Sums } from "./sums.ts";

/**
 * Arithmetic that says yes to everything and hides nothing, of the real sizes: for swarms whose real cryptography would
 * take too long here. A piece begins with a tag that is its update's alone, and adding pieces adds their tags; a sum
 * is opened only where a threshold of members added up the same updates.
 */
const TAG_BYTES = 8;
/** Tags are below this, so that a group's add up to less than 2^53. */
const MOST_TAG = 2 ** 46;

const yes = (): number => 1;
const nothing = (): void => undefined;

function createRing(): RingKernel {
  const wire = new Uint8Array(BLOCK_BYTES);
  const tags = new DataView(wire.buffer);
  let sum = 0;
  return {
    memory: new WebAssembly.Memory({ initial: 0 }),
    key: new Uint8Array(32),
    stream: new Uint8Array(0),
    secret: new Int16Array(N),
    a: new Uint8Array(0),
    x: new Uint8Array(0),
    held: new Uint8Array(0),
    // Filled with zeros before each addition.
    sums: Object.assign(new Uint8Array(0), { fill: () => ((sum = 0), new Uint8Array(0)) }),
    wire,
    values: new Int32Array(0),
    unpack: yes,
    accumulate: () => ((sum += tags.getFloat64(0)), 1),
    accumulateScaled: yes,
    pack: () => tags.setFloat64(0, sum),
    reduce: nothing,
    packFields: yes,
    unpackFields: () => 0,
    sift: yes,
    draw: nothing,
    expand: nothing,
    sampleSecret: nothing,
    addErrors: nothing,
    lift: nothing,
    hold: nothing,
    hide: nothing,
    reveal: nothing,
  };
}

const createShamir = (): ShamirKernel => ({
  key: new Uint8Array(32),
  rows: new Uint32Array(MOST_HOLDERS * ROW),
  weights: new Uint32Array(MOST_HOLDERS),
  out: new Uint32Array(CHECKS),
  wire: new Uint8Array(DEALING_BYTES),
  draw: nothing,
  challenge: nothing,
  check: nothing,
  combine: nothing,
  pack: nothing,
  unpack: yes,
});

export const createStandInKernels = (): Kernels => ({ ring: createRing(), shamir: createShamir() });

interface Sealed {
  tag: number;
  values: Int8Array;
}

/** Attempts whose updates are kept: those of the last rounds. */
const ATTEMPTS_KEPT = 4096;

export function createStandInSums(): Sums {
  /** Attempt's name → its updates, and the sums that were opened, by tag. */
  const attempts = new Map<string, { sealed: Map<number, Sealed>; sums: Map<number, Int32Array> }>();
  const dealing = new Uint8Array(DEALING_BYTES);
  let next = 1;

  function attemptOf(session: Uint8Array): { sealed: Map<number, Sealed>; sums: Map<number, Int32Array> } {
    const name = bytesToHex(session);
    const known = attempts.get(name);
    if (known) return known;
    const made = { sealed: new Map<number, Sealed>(), sums: new Map<number, Int32Array>() };
    attempts.set(name, made);
    for (const oldest of attempts.keys()) {
      if (attempts.size <= ATTEMPTS_KEPT) break;
      attempts.delete(oldest);
    }
    return made;
  }

  return {
    kernels: createStandInKernels(),
    real: false,
    seal(device, { context, devices, layout, values }) {
      // Spread, so that no two sets of a few updates have one sum.
      const tag = (Math.imul(next++, 0x9e3779b1) >>> 0) * 2 ** 14 + (next % 2 ** 14);
      attemptOf(context.session).sealed.set(device, { tag: tag % MOST_TAG, values });
      const piece = new Uint8Array(pieceBytes(blocksOf(values.length, layout), groupOf(devices)));
      for (let at = 0; at + TAG_BYTES <= piece.length; at += BLOCK_BYTES) new DataView(piece.buffer).setFloat64(at, tag % MOST_TAG);
      return { dealings: Array.from({ length: devices }, () => dealing), pieces: Array.from({ length: devices }, () => piece) };
    },
    answer: (_device, _challenge, devices) => ({ answer: new Uint8Array(answerBytes(groupOf(devices).threshold)) }),
    open: (effect) => openSum(attemptOf(effect.context.session), effect),
    erase: nothing,
  };
}

function openSum({ sealed, sums }: { sealed: Map<number, Sealed>; sums: Map<number, Int32Array> }, { devices, count, pieces, shares }: OpenEffect): ReturnType<Sums["open"]> {
  const closed = { sum: null, wrongShares: [], wrongPieces: [] };
  const { threshold } = groupOf(devices);
  const tags = new Map([...pieces].map(([member, piece]) => [member, new DataView(piece.buffer, piece.byteOffset).getFloat64(0)]));
  const given = [...tags.values()];
  const right = given.find((tag) => given.filter((other) => other === tag).length >= threshold);
  if (right === undefined || shares.size < threshold) return closed;
  const wrongPieces = [...tags].flatMap(([member, tag]) => (tag === right ? [] : [member]));
  const known = sums.get(right);
  if (known) return { sum: known, wrongShares: [], wrongPieces };
  let total = 0;
  const sum = new Int32Array(count);
  for (const { tag, values } of sealed.values()) {
    total += tag;
    for (let i = 0; i < count; i++) sum[i]! += values[i]!;
  }
  // Whoever sealed anew under the same name did so after its first update was lost: that one's sum stays closed.
  if (sealed.size !== devices || total !== right) return closed;
  sums.set(right, sum);
  return { sum, wrongShares: [], wrongPieces };
}
