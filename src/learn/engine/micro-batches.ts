import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../errors.ts";

/** What a batch gives: means over its samples. */
export interface BatchResult {
  loss: number;
  accuracy: number;
  gradient: Float32Array;
}

/** A gradient is added to `sum`, times `weight`. */
export interface GradientSum {
  sum: Float32Array;
  weight: number;
}

/** The sum with this gradient; without one, the gradient in memory of its own. */
export function addGradient(gradient: Float32Array, to: GradientSum | undefined): Float32Array {
  if (!to) return gradient.slice();
  const { sum, weight } = to;
  for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + weight * gradient[i]!;
  return sum;
}

/** A batch in parts of at most `most` samples, in order. */
export const partsOf = (samples: Uint32Array, most: number): Uint32Array[] => Array.from({ length: Math.ceil(samples.length / most) }, (_, i) => samples.subarray(i * most, (i + 1) * most));

/**
 * The mean over a batch from parts of at most `most` samples: each part weighs by its samples, so the result is the
 * whole batch's but for rounding, and only one part's activations are held at a time.
 * @param sum [parameters], which the gradient is written to
 */
export async function gradientInParts(samples: Uint32Array, most: number, sum: Float32Array, gradientOf: (part: Uint32Array, to: GradientSum) => Promise<BatchResult>): Promise<BatchResult> {
  let loss = 0;
  let accuracy = 0;
  sum.fill(0);
  for (const part of partsOf(samples, most)) {
    const weight = part.length / samples.length;
    const result = await gradientOf(part, { sum, weight });
    loss += weight * result.loss;
    accuracy += weight * result.accuracy;
  }
  return { loss, accuracy, gradient: sum };
}

/**
 * Most bytes of tensors that are held while something runs, beyond those before. Values that several tensors share count
 * once, which they do not in tfjs's own number; its profiler reads every tensor back.
 */
export async function peakBytes(run: () => Promise<unknown>): Promise<number> {
  const { tensorInfo: held } = (tf.engine() as unknown as { state: { tensorInfo: WeakMap<object, { bytes: number }> } }).state;
  let [now, top] = [0, 0];
  const { set, delete: remove } = WeakMap.prototype;
  held.set = (id, info) => {
    now += info.bytes;
    top = Math.max(top, now);
    return set.call(held, id, info) as typeof held;
  };
  held.delete = (id) => {
    now -= held.get(id)?.bytes ?? 0;
    return remove.call(held, id);
  };
  try {
    await run();
  } finally {
    Object.assign(held, { set, delete: remove });
  }
  return top;
}

/**
 * Most samples of a batch that a step may take at once within `budget` bytes of tensors. A step goes through moments that
 * each hold something fixed and something a sample, so k times the samples need at most k times its peak: steps are tried
 * with as many as fit for certain, then with one more, until that is too much.
 * @throws EngineError `no-memory` where not even one fits
 */
export async function samplesWithin(step: (samples: number) => Promise<unknown>, budget: number, batch: number): Promise<number> {
  let fit = 0;
  for (let tried = 1; ; ) {
    const peak = await peakBytes(() => step(tried));
    if (peak > budget && fit === 0) {
      throw new EngineError("no-memory", `one sample of this model needs ${Math.ceil(peak / 2 ** 20)} MiB, and this device may use ${Math.floor(budget / 2 ** 20)}; choose a smaller model`);
    }
    if (peak > budget) return fit;
    fit = Math.min(batch, Math.floor((tried * budget) / peak));
    if (fit === batch) return batch;
    tried = fit + 1;
  }
}
