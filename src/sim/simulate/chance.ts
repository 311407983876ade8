import type { Random } from "../../wire/random.ts";

/**
 * Functions that engines may round differently, made of operations that IEEE 754 fixes: so that one seed gives
 * one trace in Node and in a browser.
 */
const word = new DataView(new ArrayBuffer(8));

/** e^x for |x| < 700, to about 1e-15: 2^k · e^r with |r| ≤ ln 2 / 2. */
export function exp(x: number): number {
  const k = Math.round(x / Math.LN2);
  const r = x - k * Math.LN2;
  let sum = 1;
  for (let term = 13; term > 0; term--) sum = 1 + (sum * r) / term;
  return sum * 2 ** k;
}

/** ln x for a normal x > 0: k · ln 2 + 2 · artanh((m − 1) / (m + 1)). */
export function ln(x: number): number {
  word.setFloat64(0, x);
  const high = word.getUint32(0);
  let k = (high >>> 20) - 1023;
  word.setUint32(0, (high & 0xfffff) | (1023 << 20));
  let m = word.getFloat64(0);
  if (m > Math.SQRT2) {
    m /= 2;
    k++;
  }
  const z = (m - 1) / (m + 1);
  const square = z * z;
  let sum = 0;
  for (let odd = 21; odd > 0; odd -= 2) sum = sum * square + 1 / odd;
  return k * Math.LN2 + 2 * z * sum;
}

/** Exponential, with this mean. */
export const exponential = (random: Random, mean: number): number => -mean * ln(1 - random.uniform());

export const between = (random: Random, [low, high]: readonly [number, number]): number => low + (high - low) * random.uniform();
