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
