import * as tf from "@tensorflow/tfjs-core";
import { lastUse } from "./fused.ts";

/** tf.reshape, which keeps x until the backward pass only to know its shape. */
export function reshape<T extends tf.Tensor>(x: tf.Tensor, shape: number[]): T {
  const op = tf.customGrad((...args) => {
    const input = args[0] as unknown as tf.Tensor;
    const before = input.shape;
    return { value: tf.reshape(input, shape), gradFunc: (dy: tf.Tensor) => lastUse([dy], () => tf.reshape(dy, before)) };
  });
  return op(x) as T;
}

/** x + y of one shape. tf.add keeps both until the backward pass, likewise for their shapes. */
export function plus<T extends tf.Tensor>(x: T, y: T): T {
  const op = tf.customGrad((...args) => {
    const [a, b] = args as unknown as tf.Tensor[];
    return { value: tf.add(a!, b!), gradFunc: (dy: tf.Tensor) => lastUse([dy], () => [tf.clone(dy), tf.clone(dy)]) };
  });
  return op(x, y) as T;
}
