import * as tf from "@tensorflow/tfjs-core";
import { lastUse } from "./fused.ts";

/** x [rows, from] times weights [from, to], plus a bias [to]. */
export function linear(x: tf.Tensor2D, weights: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  const op = tf.customGrad((...args) => {
    const [a, b, shift] = args as unknown as tf.Tensor[];
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    save([a!, b!]);
    return {
      value: tf.fused.matMul({ a: a!, b: b!, bias: shift! }),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => lastUse([dy, ...saved], () => [tf.matMul(dy, saved[1]!, false, true), tf.matMul(saved[0]!, dy, true), tf.sum(dy, 0)]),
    };
  });
  return op(x, weights, bias) as tf.Tensor2D;
}
