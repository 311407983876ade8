import * as tf from "@tensorflow/tfjs-core";
import { isFused, lastUse, runFused } from "./fused.ts";

/** Cross-entropy in nats, [rows], of logits [rows, classes] and int32 labels [rows], 0 ≤ label < classes. */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  if (!isFused("crossEntropy")) return composedCrossEntropy(logits, labels);
  const op = tf.customGrad((...args) => {
    const [input] = args as unknown as tf.Tensor[];
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    const [value, logs] = runFused("crossEntropy", { logits: input!, labels });
    save([input!, labels, logs!]);
    return {
      value: value!,
      gradFunc: (dlosses: tf.Tensor, saved: tf.Tensor[]) => lastUse([dlosses, ...saved], () => runFused("crossEntropyGrad", { logits: saved[0]!, labels: saved[1]!, logs: saved[2]!, dlosses })[0]!),
    };
  });
  return op(logits) as tf.Tensor1D;
}

export function composedCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  return tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), tf.cast(tf.oneHot(labels, logits.shape[1]), "float32")), 1)) as tf.Tensor1D;
}
