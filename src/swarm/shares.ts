import { nextStepExponent, outerStep } from "../learn/outer.ts";
import { UpdateError } from "../update/errors.ts";
import { fieldWidth, packedBytes, packFields, unpackFields } from "../update/pack.ts";
import { valueLimit } from "../update/quantise.ts";
import { type CommitRecord, modelHash, rootOf } from "./record.ts";
import type { Counters, Head, LocalUpdate } from "./state.ts";

/**
 * Chunk-sharded all-reduce: member i of the view owns chunk i, adds up what all members send it of that
 * chunk, and sends the sum to all. Each device uploads (n−1)/n of an update and as much of a sum, whatever n.
 */
export interface Chunk {
  from: number;
  to: number;
  /** The first chunk also carries the counters. */
  counters: boolean;
}

const COUNTERS = ["samples", "loss", "correct", "clipped", "large"] as const satisfies readonly (keyof Counters)[];
const COUNTER_BYTES = 8 * COUNTERS.length;
const COUNTER_MAX = 2 ** 40;

export const chunkOf = (parameters: number, owners: number, index: number): Chunk => ({
  from: Math.floor((parameters * index) / owners),
  to: Math.floor((parameters * (index + 1)) / owners),
  counters: index === 0,
});

/** Packs one chunk of an update: fields of `bits` bits, offset so that they are not negative. */
function packChunk({ values, counters }: LocalUpdate, chunk: Chunk, bits: number): Uint8Array<ArrayBuffer> {
  const limit = valueLimit(bits);
  const fields = Uint32Array.from(values.subarray(chunk.from, chunk.to), (value) => value + limit);
  return withCounters(packFields(fields, bits), chunk.counters ? counters : null);
}

/**
 * Sums one chunk. The sum's fields are as wide as n honest values can need, so that nothing is lost.
 * @throws UpdateError carrying the index of the share that is not what it should be
 */
function sumChunk(shares: readonly Uint8Array[], chunk: Chunk, bits: number): Uint8Array<ArrayBuffer> {
  const count = chunk.to - chunk.from;
  const most = 2 * valueLimit(bits);
  const total = new Uint32Array(count);
  const counters = noCounters();
  shares.forEach((share, index) => {
    try {
      const read = readShare(share, count, bits, most, chunk.counters);
      for (let i = 0; i < count; i++) total[i] = total[i]! + read.fields[i]!;
      addCounters(counters, read.counters);
    } catch (error) {
      throw error instanceof UpdateError ? new BadShare(index, error) : error;
    }
  });
  return withCounters(packFields(total, fieldWidth(most * shares.length)), chunk.counters ? counters : null);
}

/** A share of an update or of a sum that its sender cannot have made honestly. */
export class BadShare extends Error {
  override readonly name = "BadShare";
  constructor(
    readonly index: number,
    override readonly cause: UpdateError,
  ) {
    super(cause.message);
  }
}

/**
 * The whole sum from all owners' chunks: signed values, and the counters.
 * @throws BadShare
 */
function openSums(sums: ReadonlyMap<number, Uint8Array>, owners: number, parameters: number, bits: number): { sum: Int32Array; counters: Counters } {
  const offset = valueLimit(bits) * owners;
  const sum = new Int32Array(parameters);
  let counters = noCounters();
  for (let index = 0; index < owners; index++) {
    const chunk = chunkOf(parameters, owners, index);
    try {
      const read = readShare(sums.get(index) ?? new Uint8Array(), chunk.to - chunk.from, fieldWidth(2 * offset), 2 * offset, chunk.counters);
      for (let i = chunk.from; i < chunk.to; i++) sum[i] = read.fields[i - chunk.from]! - offset;
      if (read.counters) counters = read.counters;
    } catch (error) {
      throw error instanceof UpdateError ? new BadShare(index, error) : error;
    }
  }
  return { sum, counters };
}

/** How updates are added up. Given to the core, so that the secure sum can take the clear one's place. */
export interface RoundSum {
  /** What the owner of a chunk gets of this device's update. */
  share(update: LocalUpdate, chunk: Chunk, bits: number): Uint8Array;
  /** What an owner sends to all. @throws BadShare */
  add(shares: readonly Uint8Array[], chunk: Chunk, bits: number): Uint8Array;
  /** @throws BadShare */
  open(sums: ReadonlyMap<number, Uint8Array>, owners: number, parameters: number, bits: number): { sum: Int32Array; counters: Counters };
}

/** Hides nothing: each owner sees its chunk of every update. */
export const clearSum: RoundSum = { share: packChunk, add: sumChunk, open: openSums };

/** The next head from the sum of the view's updates: the same on every device that has it. */
export function nextHead(head: Head, agreed: Pick<CommitRecord, "contributors" | "members" | "issuer">, sum: Int32Array, { clipped, large }: Counters): Head {
  const { record } = head;
  const devices = agreed.contributors.length;
  const params = outerStep(head.params, sum, devices, record.stepExponent);
  const next = {
    task: record.task,
    round: record.round + 1,
    prev: head.root,
    ...agreed,
    model: modelHash(params),
    stepExponent: nextStepExponent(record.stepExponent, clipped, large, params.length * devices),
    weight: record.weight + devices,
  };
  return { record: next, root: rootOf(next), params };
}

const noCounters = (): Counters => ({ samples: 0, loss: 0, correct: 0, clipped: 0, large: 0 });

function addCounters(into: Counters, more: Counters | null): void {
  if (more) for (const name of COUNTERS) into[name] += more[name];
}

function withCounters(packed: Uint8Array<ArrayBuffer>, counters: Counters | null): Uint8Array<ArrayBuffer> {
  if (counters === null) return packed;
  const bytes = new Uint8Array(packed.length + COUNTER_BYTES);
  bytes.set(packed);
  const view = new DataView(bytes.buffer, packed.length);
  COUNTERS.forEach((name, i) => view.setFloat64(8 * i, counters[name], true));
  return bytes;
}

function readShare(bytes: Uint8Array, count: number, width: number, most: number, counted: boolean): { fields: Uint32Array; counters: Counters | null } {
  const packed = packedBytes(count, width);
  const expected = packed + (counted ? COUNTER_BYTES : 0);
  if (bytes.length !== expected) throw new UpdateError("malformed", `a share of ${bytes.length} bytes where ${expected} are due`);
  const fields = unpackFields(bytes.subarray(0, packed), count, width, most);
  if (!counted) return { fields, counters: null };
  const view = new DataView(bytes.buffer, bytes.byteOffset + packed);
  const counters = noCounters();
  COUNTERS.forEach((name, i) => {
    const value = view.getFloat64(8 * i, true);
    if (!Number.isInteger(value) || value < 0 || value > COUNTER_MAX) throw new UpdateError("out-of-range", `counter ${name} is ${value}`);
    counters[name] = value;
  });
  return { fields, counters };
}
