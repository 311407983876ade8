import type { ShamirKernel } from "./kernel.ts";
import { SumError } from "./errors.ts";
import { CHECKS, DEALING_BYTES, N, P, SHARE_BYTES, type Group } from "./params.ts";
import { PURPOSE } from "./randomness.ts";

/**
 * Shamir's sharing over GF(4093), coefficient by coefficient. A row is N coefficients of a secret and CHECKS
 * random ones, which mask the degree test. Holder j, from 1, gets the polynomials' values at j.
 */
export const ROW = N + CHECKS;

/** Row k, in the kernel's memory. */
export const rowOf = ({ rows }: ShamirKernel, k: number): Uint32Array => rows.subarray(k * ROW, (k + 1) * ROW);

/** Forgets all that the kernel was used for with its first `count` rows. */
export function eraseRows({ key, rows, out, wire }: ShamirKernel, count: number): void {
  for (const region of [key, rows.subarray(0, count * ROW), out, wire]) region.fill(0);
}

/** 1, x, x², … mod P. */
export function powers(x: number, count: number): number[] {
  const list = [1];
  while (list.length < count) list.push((list[list.length - 1]! * x) % P);
  return list;
}

/** The row that the weights make of the first rows, in the kernel's memory. */
export function combineRows(kernel: ShamirKernel, weights: readonly number[]): Uint32Array {
  kernel.weights.set(weights);
  kernel.combine(weights.length);
  return kernel.out;
}

/**
 * Writes a secret's polynomials to the kernel: row k holds the coefficients of x^k, uniform but for the secret's.
 * The masks come from the same stream.
 */
export function drawPolynomials(kernel: ShamirKernel, secret: Int16Array, seed: Uint8Array, threshold: number): void {
  kernel.key.set(seed);
  kernel.draw(PURPOSE.shares, 0, 0, 0, threshold);
  secret.forEach((value, i) => (kernel.rows[i] = value < 0 ? value + P : value));
}

/** The dealing of each holder, from the polynomials in the kernel. */
export function dealRows(kernel: ShamirKernel, { holders, threshold }: Group): Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: holders }, (_, index) => {
    combineRows(kernel, powers(index + 1, threshold));
    kernel.pack();
    return kernel.wire.slice() as Uint8Array<ArrayBuffer>;
  });
}

/** Reads a dealing, or a share of a sum, to row k. @throws SumError `malformed` */
export function readRow(kernel: ShamirKernel, k: number, bytes: Uint8Array, due: typeof DEALING_BYTES | typeof SHARE_BYTES, index: number | null = null): void {
  if (bytes.length !== due) throw new SumError("malformed", `a share of ${bytes.length} bytes where ${due} are due`, index);
  kernel.wire.fill(0);
  kernel.wire.set(bytes);
  if (!kernel.unpack(k)) throw new SumError("malformed", `a share with a coefficient that is not below ${P}`, index);
}

/** Σ of dealings: a holder's share of the sum. */
export function sumDealings(kernel: ShamirKernel, dealings: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  dealings.forEach((dealing, k) => readRow(kernel, k, dealing, DEALING_BYTES, k));
  combineRows(kernel, dealings.map(() => 1));
  kernel.pack();
  const share = kernel.wire.slice(0, SHARE_BYTES) as Uint8Array<ArrayBuffer>;
  eraseRows(kernel, dealings.length);
  return share;
}
