import * as tf from "@tensorflow/tfjs-core";
import { isFused, lastUse, runFused } from "./fused.ts";

const EPSILON = 1e-5;

/** Layer norm (Ba et al., 2016) of the rows of x [rows, width], with gain and bias [width]. */
export function layerNorm(x: tf.Tensor2D, gain: tf.Tensor1D, bias: tf.Tensor1D): tf.Tensor2D {
  if (!isFused("layerNorm")) return composedLayerNorm(x, gain, bias);
  const op = tf.customGrad((...args) => {
    const [input, scale, shift] = args as unknown as tf.Tensor[];
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    const [value, stats] = runFused("layerNorm", { x: input!, gain: scale!, bias: shift! }, { epsilon: EPSILON });
    save([input!, scale!, stats!]);
    return {
      value: value!,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => lastUse([dy, ...saved], () => runFused("layerNormGrad", { x: saved[0]!, gain: saved[1]!, stats: saved[2]!, dy })),
    };
  });
  return op(x, gain, bias) as tf.Tensor2D;
}

export function composedLayerNorm(x: tf.Tensor2D, gain: tf.Tensor1D, bias: tf.Tensor1D): tf.Tensor2D {
  const centred = tf.sub(x, tf.mean(x, 1, true));
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), 1, true), EPSILON));
  return tf.add(tf.mul(tf.mul(centred, inverse), gain), bias);
}
