import * as tf from "@tensorflow/tfjs-core";
import { isFused, runFused } from "./fused.ts";

/** What `limitNorm` multiplies a gradient by, [1]: the gradient starts at value `offset` of `packed`, and is to be no longer than `limit`. */
export function gradientScale(packed: tf.Tensor1D, offset: number, limit: number): tf.Tensor1D {
  if (isFused("gradientScale")) return runFused("gradientScale", { packed }, { offset, limit })[0] as tf.Tensor1D;
  return tf.tidy(() => {
    const gradient = tf.slice(packed, offset, packed.size - offset);
    return tf.reshape(tf.minimum(tf.div(limit, tf.maximum(tf.norm(gradient), 1e-30)), 1), [1]);
  });
}
