import { pointOf, sortOut } from "./decode.ts";
import { SumError } from "./errors.ts";
import type { RingKernel } from "./kernel.ts";
import { BLOCK_BYTES, N, Q, type Group } from "./params.ts";
import { primeField } from "./prime-field.ts";

/**
 * A ciphertext in pieces, one a member: Reed–Solomon over Z_q, systematic, any T of n restore it. The code is linear
 * over the very field that ciphertexts are added in, so the sums of everybody's piece j are piece j of the sum: members
 * that leave, or add up wrongly, cost parity and not the round (coded computing; Yu et al., AISTATS 2019).
 */
const field = primeField(Q);
/** Two residues. */
const PAIR_BYTES = 13;

/** Bytes of each piece of a ciphertext of so many blocks: 1/T of it, in whole pairs of residues. */
export const pieceBytes = (blocks: number, { threshold }: Group): number => PAIR_BYTES * Math.ceil((blocks * N) / 2 / threshold);

/** Cuts a ciphertext of whole blocks into one piece a member. */
export function cutPieces(kernel: RingKernel, ciphertext: Uint8Array, group: Group): Uint8Array<ArrayBuffer>[] {
  const { holders, threshold } = group;
  const length = pieceBytes(ciphertext.length / BLOCK_BYTES, group);
  const padded = new Uint8Array(length * threshold);
  padded.set(ciphertext);
  const data = Array.from({ length: threshold }, (_, j) => padded.slice(j * length, (j + 1) * length));
  const parity = Array.from({ length: holders - threshold }, (_, j) => combine(kernel, data, weightsAt(data.map((__, i) => i), threshold + j)));
  return [...data, ...parity];
}

/** The same piece of several ciphertexts, added up: that piece of their sum. @throws SumError `malformed` with the index */
export const addPieces = (kernel: RingKernel, pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => combine(kernel, pieces, null);

/** @throws SumError `malformed` for bytes that no honest member sends */
export function checkPiece(kernel: RingKernel, piece: Uint8Array, due: number): void {
  if (piece.length !== due) throw new SumError("malformed", `a piece of ${piece.length} bytes where ${due} are due`);
  for (let at = 0; at < due; at += BLOCK_BYTES) {
    put(kernel, piece, at);
    if (!kernel.unpack()) throw new SumError("malformed", "a piece with a residue that is not below q");
  }
}

/**
 * The ciphertext from its pieces, the wrong ones found and left out.
 * @param pieces by member, from 0, each checked
 * @throws SumError `undecodable`
 */
export function joinPieces(kernel: RingKernel, pieces: ReadonlyMap<number, Uint8Array>, { threshold }: Group, blocks: number): { ciphertext: Uint8Array<ArrayBuffer>; wrong: number[] } {
  const { good, wrong } = sortOut(field, [...pieces.keys()], threshold, "pieces of the sum", (members) => disagreement(kernel, pieces, members, threshold));
  const base = good.slice(0, threshold);
  const data = Array.from({ length: threshold }, (_, j) => pieces.get(good.find((member) => member === j) ?? -1) ?? combine(kernel, base.map((member) => pieces.get(member)!), weightsAt(base, j)));
  const ciphertext = new Uint8Array(blocks * BLOCK_BYTES);
  let at = 0;
  for (const piece of data) {
    ciphertext.set(piece.subarray(0, ciphertext.length - at), at);
    at = Math.min(ciphertext.length, at + piece.length);
  }
  return { ciphertext, wrong };
}

/** The values of a column in which the pieces are not on one polynomial. */
function disagreement(kernel: RingKernel, pieces: ReadonlyMap<number, Uint8Array>, members: readonly number[], threshold: number): number[] | null {
  const base = members.slice(0, threshold);
  for (const member of members.slice(threshold)) {
    const expected = combine(kernel, base.map((other) => pieces.get(other)!), weightsAt(base, member));
    const piece = pieces.get(member)!;
    const byte = expected.findIndex((value, i) => value !== piece[i]);
    if (byte < 0) continue;
    const pair = byte - (byte % PAIR_BYTES);
    // In the pair that differs, the residue that does.
    const half = [0, 1].find((which) => residueIn(expected, pair, which) !== residueIn(piece, pair, which))!;
    return members.map((other) => residueIn(pieces.get(other)!, pair, half));
  }
  return null;
}

/** The first or second 52-bit number of the 13 bytes at `pair`, least significant bit first. */
function residueIn(bytes: Uint8Array, pair: number, half: number): number {
  const whole = bytes.subarray(pair, pair + PAIR_BYTES).reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
  return Number(BigInt.asUintN(52, whole >> BigInt(52 * half)));
}

const weightsAt = (members: readonly number[], member: number): number[] => field.lagrange(members.map(pointOf), pointOf(member));

/** Σ weight · piece mod q, a block's length at a time; all weights are 1 where there are none. */
function combine(kernel: RingKernel, pieces: readonly Uint8Array[], weights: readonly number[] | null): Uint8Array<ArrayBuffer> {
  const length = pieces[0]?.length ?? 0;
  const result = new Uint8Array(length);
  for (let at = 0; at < length; at += BLOCK_BYTES) {
    kernel.sums.fill(0);
    pieces.forEach((piece, index) => {
      if (piece.length !== length) throw new SumError("malformed", `a piece of ${piece.length} bytes beside one of ${length}`, index);
      put(kernel, piece, at);
      const valid = weights ? kernel.accumulateScaled(weights[index]!) : kernel.accumulate();
      if (!valid) throw new SumError("malformed", "a piece with a residue that is not below q", index);
    });
    kernel.reduce();
    kernel.pack();
    result.set(kernel.wire.subarray(0, length - at), at);
  }
  return result;
}

function put(kernel: RingKernel, piece: Uint8Array, at: number): void {
  const slice = piece.subarray(at, at + BLOCK_BYTES);
  kernel.wire.set(slice);
  kernel.wire.fill(0, slice.length);
}
