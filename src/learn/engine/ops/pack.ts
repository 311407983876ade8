import * as tf from "@tensorflow/tfjs-core";
import { isFused, runFused } from "./fused.ts";

/** All values of these tensors as one vector, in their order. */
export function pack(parts: tf.Tensor[]): tf.Tensor1D {
  if (isFused("pack")) return runFused("pack", parts)[0] as tf.Tensor1D;
  return tf.concat1d(parts.map((part) => tf.reshape(part, [-1])) as tf.Tensor1D[]);
}

/** Tensors of these shapes from the values of a vector, from value `from` on. */
export function unpack(vector: tf.Tensor1D, shapes: readonly number[][], from = 0): tf.Tensor[] {
  if (isFused("unpack")) return runFused("unpack", { vector }, { shapes, from });
  let at = from;
  return shapes.map((shape) => {
    const length = tf.util.sizeFromShape(shape);
    at += length;
    return tf.reshape(tf.slice(vector, at - length, length), shape);
  });
}
