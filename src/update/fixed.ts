import { UpdateError } from "./errors.ts";

/**
 * The committed model is kept in integers, so that every device computes the same bytes from the same sum:
 * an int32 counts steps of 2^-20, which spans ±2048 at a resolution of 1e-6.
 */
export const FRACTION_BITS = 20;

const ONE = 2 ** FRACTION_BITS;
export const INT32_MAX = 0x7fffffff;

/** @throws UpdateError `not-finite`; values beyond the range saturate. */
export function toFixed(values: Float32Array): Int32Array<ArrayBuffer> {
  const fixed = new Int32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const value = Math.round(values[i]! * ONE);
    if (!Number.isFinite(value)) throw new UpdateError("not-finite", `parameter ${i} is ${values[i]}`);
    fixed[i] = Math.max(-INT32_MAX, Math.min(INT32_MAX, value));
  }
  return fixed;
}

export function toFloat(fixed: Int32Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array(fixed.length);
  for (let i = 0; i < fixed.length; i++) values[i] = fixed[i]! / ONE;
  return values;
}
