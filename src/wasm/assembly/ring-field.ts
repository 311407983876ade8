/**
 * Integers mod q = 2^52 − 4095, the largest 52-bit prime that is 1 mod 4096, in [0, q). A product's quotient
 * is estimated in floating point: x and w are below 2^52, so that w / q and x · (w / q) are each rounded by
 * less than a quarter of the last unit that counts, and the estimate is less than 1 off. IEEE arithmetic is the same
 * on every machine, and the remainder is exact whatever the estimate was.
 */
export const N: i32 = 2048;
export const Q: i64 = 0xffffffffff001;

/** Adding 2^52 leaves the rounded integer in the low bits of a double. */
const SHIFTER: f64 = 4503599627370496.0;
const SHIFTER_BITS: i64 = 0x4330000000000000;

// @ts-ignore: decorator
@inline
export function ratioOf(w: i64): f64 {
  return <f64>w / <f64>Q;
}

/** x · w mod q, given w / q. */
// @ts-ignore: decorator
@inline
export function multiply(x: i64, w: i64, ratio: f64): i64 {
  const quotient = reinterpret<i64>(<f64>x * ratio + SHIFTER) - SHIFTER_BITS;
  return positive(x * w - quotient * Q);
}

/** Brings a number from (−q, q) to [0, q), without a branch. */
// @ts-ignore: decorator
@inline
export function positive(x: i64): i64 {
  return x + (Q & (x >> 63));
}
