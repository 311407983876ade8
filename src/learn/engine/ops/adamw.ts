import * as tf from "@tensorflow/tfjs-core";
import type { AdamWStep } from "../adamw.ts";
import { isFused, runFused } from "./fused.ts";

/** Params and state of AdamW as vectors on the backend. */
export interface AdamWTensors {
  params: tf.Tensor1D;
  mean: tf.Tensor1D;
  square: tf.Tensor1D;
}

/**
 * One step by the gradient that starts at value `offset` of `gradient`, times `scale` [1]; `decays` is 1 where a weight
 * decays and 0 elsewhere. Takes the three vectors over and gives them back, written in place where there is a kernel for it.
 */
export function adamwStep(state: AdamWTensors, gradient: tf.Tensor1D, scale: tf.Tensor1D, decays: tf.Tensor1D, offset: number, { keep, ...step }: AdamWStep): AdamWTensors {
  if (isFused("adamw")) {
    runFused("adamw", { ...state, gradient, scale, decays }, { ...step, offset, decay: 1 - keep });
    return state;
  }
  const next = tf.tidy(() => {
    const g = tf.mul(tf.slice(gradient, offset, state.params.size), scale);
    const mean = tf.add(tf.mul(state.mean, step.beta1), tf.mul(g, 1 - step.beta1));
    const square = tf.add(tf.mul(state.square, step.beta2), tf.mul(tf.square(g), 1 - step.beta2));
    const down = tf.div(tf.mul(mean, step.rate), tf.add(tf.sqrt(tf.mul(square, step.correction)), step.epsilon));
    const params = tf.sub(tf.mul(state.params, tf.sub(1, tf.mul(decays, 1 - keep))), down);
    return { params, mean, square };
  }) as AdamWTensors;
  tf.dispose(state as unknown as tf.NamedTensorMap);
  return next;
}
