import * as tf from "@tensorflow/tfjs-core";
import { isFused, lastUse, runFused } from "./fused.ts";

/**
 * Sets a part `rate` of x to 0 and scales the rest by 1 / (1 − rate). What is kept follows from `seed` (32 bits) and
 * the place alone, so it is the same on every backend and in the backward pass.
 */
export function dropout<T extends tf.Tensor>(x: T, rate: number, seed: number): T {
  const keep = Math.round((1 - rate) * 2 ** 31);
  const scale = 1 / (1 - rate);
  if (rate === 0) return x;
  if (!isFused("dropout")) return tf.mul(x, tf.tensor(dropoutMask(x.size, seed, keep, scale), x.shape));
  const run = (values: tf.Tensor) => runFused("dropout", { x: values }, { seed, keep, scale })[0]!;
  const op = tf.customGrad((...args) => ({ value: run(args[0] as unknown as tf.Tensor), gradFunc: (dy: tf.Tensor) => lastUse([dy], () => run(dy)) }));
  return op(x) as T;
}

/** lowbias32 (Wellons, 2018) of the place, as `dropout` in src/wasm/assembly/learn-elementwise.ts. */
function dropoutMask(length: number, seed: number, keep: number, scale: number): Float32Array {
  const mask = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    let h = (Math.imul(i, 0x9e3779b9) + seed) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
    h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
    h = (h ^ (h >>> 16)) >>> 1;
    mask[i] = h < keep ? scale : 0;
  }
  return mask;
}
