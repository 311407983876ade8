import * as tf from "@tensorflow/tfjs-core";
import { adamwStep, type AdamWTensors } from "./ops/adamw.ts";
import { gradientScale } from "./ops/gradient-scale.ts";
import { unpack } from "./ops/pack.ts";

/** A model whose loss and gradient are had from weights that lie on the backend. */
export interface Differentiable<Batch> {
  parameters: number;
  pieces: { length: number; decays: boolean }[];
  shapes: number[][];
  /** [2 + parameters]: the loss, the part that was answered right, then the gradient. */
  packedGradient(weights: tf.Tensor[], batch: Batch, seed: number): tf.Tensor1D;
}

/** AdamW's state between steps: means, squares, and the steps behind them. */
export interface Moments {
  mean: Float32Array;
  square: Float32Array;
  steps: number;
}

export interface ResidentState extends Moments {
  params: Float32Array;
}

export interface Rates {
  learningRate: number;
  weightDecay: number;
  /** Longer gradients are shortened to this. */
  gradientLimit?: number | undefined;
}

/** Training whose params and AdamW state stay on the backend: only a step's loss and score come back. */
export interface Resident<Batch> {
  /** One step at `part` of the learning rate (a schedule's; absent: all of it). The loss before it, in nats, and the part that was right. */
  step(batch: Batch, seed: number, part?: number): Promise<{ loss: number; accuracy: number }>;
  read(): Promise<ResidentState>;
  dispose(): void;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
/** Where the gradient starts in what a model puts out. */
const OFFSET = 2;

/**
 * AdamW as `createAdamW`, in float32 on the backend where that is in float64 on the CPU. On a GPU a step then neither
 * waits for a vector of the model's size nor sends one.
 */
export function createResident<Batch>(model: Differentiable<Batch>, from: ResidentState, { learningRate, weightDecay, gradientLimit }: Rates): Resident<Batch> {
  const { shapes, pieces } = model;
  const decays = new Float32Array(model.parameters);
  let at = 0;
  for (const { length, decays: does } of pieces) decays.fill(does ? 1 : 0, at, (at += length));
  const mask = tf.tensor1d(decays);
  const unscaled = tf.tensor1d([1]);
  let state: AdamWTensors = { params: tf.tensor1d(from.params), mean: tf.tensor1d(from.mean), square: tf.tensor1d(from.square) };
  let { steps } = from;

  return {
    async step(batch, seed, part = 1) {
      steps += 1;
      const rate = learningRate * part;
      const packed = tf.tidy(() => model.packedGradient(unpack(state.params, shapes), batch, seed));
      const scale = gradientLimit === undefined ? unscaled : gradientScale(packed, OFFSET, gradientLimit);
      const constants = { beta1: BETA1, beta2: BETA2, epsilon: EPSILON, keep: 1 - rate * weightDecay, rate: rate / (1 - BETA1 ** steps), correction: 1 / (1 - BETA2 ** steps) };
      state = adamwStep(state, packed, scale, mask, OFFSET, constants);
      const [scores] = tf.tidy(() => unpack(packed, [[OFFSET]]));
      packed.dispose();
      if (scale !== unscaled) scale.dispose();
      const [loss, accuracy] = (await scores!.data()) as unknown as [number, number];
      scores!.dispose();
      return { loss, accuracy };
    },

    async read() {
      // A tensor keeps what was read of it, and these are written in place.
      const fresh = tf.tidy(() => [state.params, state.mean, state.square].map((part) => unpack(part, [[part.size]])[0]!));
      const [params, mean, square] = (await Promise.all(fresh.map(async (part) => Float32Array.from(await part.data())))) as [Float32Array, Float32Array, Float32Array];
      tf.dispose(fresh);
      return { params, mean, square, steps };
    },

    dispose: () => tf.dispose([mask, unscaled, state.params, state.mean, state.square]),
  };
}
