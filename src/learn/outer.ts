import { INT32_MAX } from "../update/fixed.ts";

/**
 * The outer step of local SGD (Stich 2019; DiLoCo with rate 1 and no momentum): the committed model moves
 * by the mean of the devices' updates. Integers in, integers out: every device gets the same bytes.
 *
 * @param model committed parameters in fixed point
 * @param sum of `count` quantised updates, in steps of 2^stepExponent fixed-point units
 */
export function outerStep(model: Int32Array, sum: Int32Array, count: number, stepExponent: number): Int32Array<ArrayBuffer> {
  const factor = 2 ** stepExponent;
  const next = new Int32Array(model.length);
  for (let i = 0; i < model.length; i++) {
    // Below 2^53 throughout, so the double is exact and the rounding is the same everywhere.
    const moved = model[i]! + Math.round((sum[i]! * factor) / count);
    next[i] = Math.max(-INT32_MAX, Math.min(INT32_MAX, moved));
  }
  return next;
}

export const MAX_STEP_EXPONENT = 16;

/**
 * The next round's quantisation step, from public sums only: double it when more than 1 value in 1,000 was
 * clipped, halve it when fewer than 1 in 5,000 used the upper half of the range.
 */
export function nextStepExponent(stepExponent: number, clipped: number, large: number, values: number): number {
  if (clipped * 1000 > values) return Math.min(MAX_STEP_EXPONENT, stepExponent + 1);
  if (large * 5000 < values) return Math.max(0, stepExponent - 1);
  return stepExponent;
}
