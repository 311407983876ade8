import type * as tf from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { dropout } from "../engine/ops/dropout.ts";

/** What is left out by it follows from `seed` alone, where tfjs's own layer draws from `Math.random`. */
export class SeededDropout extends layers.Layer {
  static readonly className = "Dropout";
  /** Set before each training step, to 32 bits. */
  seed = 0;

  constructor(
    readonly rate: number,
    inputShape?: number[],
  ) {
    super(inputShape ? { inputShape } : {});
  }

  override call(inputs: tf.Tensor | tf.Tensor[], { training }: { training?: boolean }): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    return training ? dropout(x, this.rate, this.seed) : x;
  }

  override computeOutputShape<T>(shape: T): T {
    return shape;
  }
}
