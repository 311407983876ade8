import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../errors.ts";

/** What a batch gives: means over its samples. */
export interface BatchResult {
  loss: number;
  accuracy: number;
  gradient: Float32Array;
}

/** Bytes of tensors that a step holds at most. */
export interface StepMemory {
  /** Weights, their gradients and whatever does not grow with the batch. */
  fixed: number;
  perSample: number;
}

/**
 * The mean over a batch from parts of at most `most` samples: each part weighs by its samples, so the result is the
 * whole batch's but for rounding, and only one part's activations are held at a time.
 */
export async function gradientInParts(samples: Uint32Array, most: number, gradientOf: (part: Uint32Array) => Promise<BatchResult>): Promise<BatchResult> {
  if (samples.length <= most) return gradientOf(samples);
  let loss = 0;
  let accuracy = 0;
  let sum: Float64Array | null = null;
  for (let from = 0; from < samples.length; from += most) {
    const part = samples.subarray(from, from + most);
    const result = await gradientOf(part);
    const weight = part.length / samples.length;
    loss += weight * result.loss;
    accuracy += weight * result.accuracy;
    sum ??= new Float64Array(result.gradient.length);
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + weight * result.gradient[i]!;
  }
  return { loss, accuracy, gradient: new Float32Array(sum!) };
}

/** What a step holds, from the peaks of one with one sample and one with two. */
export async function measureMemory(step: (samples: number) => Promise<unknown>): Promise<StepMemory> {
  const one = await peakBytes(() => step(1));
  const two = await peakBytes(() => step(2));
  const perSample = Math.max(0, two - one);
  return { fixed: Math.max(0, one - perSample), perSample };
}

/** Most bytes of tensors that are held while something runs, beyond those before. tfjs's own profiler reads every tensor back. */
export async function peakBytes(run: () => Promise<unknown>): Promise<number> {
  const { state } = tf.engine() as unknown as { state: { numBytes: number } };
  const before = state.numBytes;
  let [now, top] = [before, before];
  const field = { configurable: true, enumerable: true };
  Object.defineProperty(state, "numBytes", {
    ...field,
    get: () => now,
    set(bytes: number) {
      now = bytes;
      top = Math.max(top, bytes);
    },
  });
  try {
    await run();
  } finally {
    Object.defineProperty(state, "numBytes", { ...field, value: now, writable: true });
  }
  return top - before;
}

/**
 * Most samples of a batch that a step may take at once within `budget` bytes.
 * @throws EngineError `no-memory` where not even one fits
 */
export function samplesWithin({ fixed, perSample }: StepMemory, budget: number, batch: number): number {
  const most = perSample === 0 ? batch : Math.floor((budget - fixed) / perSample);
  if (fixed > budget || most < 1) {
    const need = Math.ceil((fixed + perSample) / 2 ** 20);
    throw new EngineError("no-memory", `one sample of this model needs ${need} MiB, and this device may use ${Math.floor(budget / 2 ** 20)}; choose a smaller model`);
  }
  return Math.min(batch, most);
}
