import * as tf from "@tensorflow/tfjs-core";
import { isFused, lastUse, runFused } from "./fused.ts";

/** Gaussian error linear unit in the tanh form of GPT-2 (Hendrycks and Gimpel, 2016). */
export function gelu<T extends tf.Tensor>(x: T): T {
  if (!isFused("gelu")) return composedGelu(x);
  const op = tf.customGrad((...args) => {
    const [input] = args as unknown as tf.Tensor[];
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    save([input!]);
    return { value: runFused("gelu", { x: input! })[0]!, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => lastUse([dy, ...saved], () => runFused("geluGrad", { x: saved[0]!, dy })[0]!) };
  });
  return op(x) as T;
}

export function composedGelu<T extends tf.Tensor>(x: T): T {
  const inner = tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}
