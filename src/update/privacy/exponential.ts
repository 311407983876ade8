import type { Words } from "./chance.ts";

/** Fractions are compared to so many bits. */
export const FRACTION_BITS = 160;
/** Fractions are computed with so many, so that rounding does not reach the former. */
export const WORKING_BITS = 256;

const ONE = 1n << BigInt(WORKING_BITS);

/** exp(−numerator / denominator) in units of 2^-256, by its series; for arguments of at most 2, off by less than 2^-248. */
export function expMinus(numerator: bigint, denominator: bigint): bigint {
  let sum = 0n;
  let term = ONE;
  for (let i = 1n; term !== 0n; i++) {
    sum += i % 2n === 1n ? term : -term;
    term = (term * numerator) / (denominator * i);
  }
  return sum;
}

/** A uniform fraction of 160 bits that begins with a word drawn before. */
export function extend(first: number, words: Words): bigint {
  let fraction = BigInt(first);
  for (let bits = 32; bits < FRACTION_BITS; bits += 32) fraction = (fraction << 32n) | BigInt(words.next());
  return fraction;
}

export const narrow = (fraction: bigint): bigint => fraction >> BigInt(WORKING_BITS - FRACTION_BITS);
