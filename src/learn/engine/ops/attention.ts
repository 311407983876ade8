import * as tf from "@tensorflow/tfjs-core";
import { isFused, lastUse, runFused } from "./fused.ts";

/**
 * Causal multi-head attention (Vaswani et al., 2017). qkv [batch, time, 3 · width] holds queries, keys and values side
 * by side, each with its heads side by side; `heads` divides width. Puts out [batch, time, width].
 */
export function causalAttention(qkv: tf.Tensor3D, heads: number): tf.Tensor3D {
  if (!isFused("attention")) return composedAttention(qkv, heads);
  const op = tf.customGrad((...args) => {
    const [input] = args as unknown as tf.Tensor[];
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    const [value, logs] = runFused("attention", { qkv: input! }, { heads });
    save([input!, logs!, value!]);
    return {
      value: value!,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => lastUse([dy, ...saved], () => runFused("attentionGrad", { qkv: saved[0]!, logs: saved[1]!, out: saved[2]!, dy }, { heads })[0]!),
    };
  });
  return op(qkv) as tf.Tensor3D;
}

export function composedAttention(qkv: tf.Tensor3D, heads: number): tf.Tensor3D {
  const [batch, time, triple] = qkv.shape;
  const width = triple / 3;
  const [q, k, v] = tf.split(qkv, 3, 2).map((part) => tf.transpose(tf.reshape(part, [batch, time, heads, width / heads]), [0, 2, 1, 3]));
  const future = Float32Array.from({ length: time * time }, (_, i) => (i % time > Math.floor(i / time) ? -1e9 : 0));
  const scores = tf.add(tf.mul(tf.matMul(q!, k!, false, true), 1 / Math.sqrt(width / heads)), tf.tensor2d(future, [time, time]));
  return tf.reshape(tf.transpose(tf.matMul(tf.softmax(scores), v!), [0, 2, 1, 3]), [batch, time, width]);
}
