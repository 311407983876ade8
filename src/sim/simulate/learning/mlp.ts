import { createRandom, type Random } from "../../../wire/random.ts";
import { exp, ln } from "../chance.ts";
import { LABELS, PIXELS, type Pictures } from "./digits.ts";

export const STEPS = 20;
export const BATCH = 16;
const RATE = 0.3;

export interface Trained {
  /** Trained minus given. */
  delta: Float32Array<ArrayBuffer>;
  samples: number;
  /** Means over the samples that it saw. */
  loss: number;
  accuracy: number;
}

/** 196 pixels → hidden → 10 labels. */
export interface Mlp {
  readonly parameters: number;
  /** Kernels as [in, out], each followed by its bias. */
  readonly shapes: number[][];
  initial(seed: number): Float32Array<ArrayBuffer>;
  /** SGD from `params`, which stay as they are. @param flipped trains on 9 − label */
  train(params: Float32Array, pictures: Pictures, own: Uint32Array, random: Random, flipped: boolean): Trained;
  /** Part of the pictures that it names right. */
  score(params: Float32Array, pictures: Pictures): number;
  /** Cross-entropy of each of the first `most` pictures. */
  losses(params: Float32Array, pictures: Pictures, most: number): Float64Array;
}

/** @param width of the hidden layer */
export function createMlp(width: number): Mlp {
  const bias = PIXELS * width;
  const second = bias + width;
  const last = second + width * LABELS;
  const parameters = last + LABELS;

  function initial(seed: number): Float32Array<ArrayBuffer> {
    const random = createRandom([seed, "simulate", "mlp"]);
    const params = new Float32Array(parameters);
    const fill = (from: number, inputs: number, outputs: number): void => {
      const limit = Math.sqrt(6 / (inputs + outputs));
      for (let i = 0; i < inputs * outputs; i++) params[from + i] = (2 * random.uniform() - 1) * limit;
    };
    fill(0, PIXELS, width);
    fill(second, width, LABELS);
    return params;
  }

  /** One picture's way through the network, in memory that is used again. */
  const hidden = new Float64Array(width);
  const logits = new Float64Array(LABELS);
  const error = new Float64Array(LABELS);
  const back = new Float64Array(width);

  /** @returns the label that it says */
  function forward(params: Float32Array, places: Uint8Array, ink: Float32Array): number {
    for (let j = 0; j < width; j++) hidden[j] = params[bias + j]!;
    for (let i = 0; i < places.length; i++) {
      const [row, value] = [places[i]! * width, ink[i]!];
      for (let j = 0; j < width; j++) hidden[j]! += value * params[row + j]!;
    }
    for (let k = 0; k < LABELS; k++) logits[k] = params[last + k]!;
    for (let j = 0; j < width; j++) {
      if (hidden[j]! <= 0) {
        hidden[j] = 0;
        continue;
      }
      for (let k = 0; k < LABELS; k++) logits[k]! += hidden[j]! * params[second + j * LABELS + k]!;
    }
    let best = 0;
    for (let k = 1; k < LABELS; k++) if (logits[k]! > logits[best]!) best = k;
    return best;
  }

  /** The cross-entropy after `forward`; each label's weight is in `error`, and their sum. */
  function lossOf(label: number, best: number): { loss: number; sum: number } {
    let sum = 0;
    const top = logits[best]!;
    for (let k = 0; k < LABELS; k++) sum += error[k] = exp(Math.max(-600, logits[k]! - top));
    return { loss: ln(sum) + top - logits[label]!, sum };
  }

  /** Adds the gradient of its cross-entropy after `forward`. @returns the loss */
  function backward(params: Float32Array, gradient: Float32Array, places: Uint8Array, ink: Float32Array, label: number, best: number): number {
    const { loss, sum } = lossOf(label, best);
    for (let k = 0; k < LABELS; k++) {
      error[k] = error[k]! / sum - (k === label ? 1 : 0);
      gradient[last + k]! += error[k]!;
    }
    for (let j = 0; j < width; j++) {
      back[j] = 0;
      if (hidden[j] === 0) continue;
      const row = second + j * LABELS;
      for (let k = 0; k < LABELS; k++) {
        back[j]! += error[k]! * params[row + k]!;
        gradient[row + k]! += error[k]! * hidden[j]!;
      }
      gradient[bias + j]! += back[j]!;
    }
    for (let i = 0; i < places.length; i++) {
      const [row, value] = [places[i]! * width, ink[i]!];
      for (let j = 0; j < width; j++) gradient[row + j]! += value * back[j]!;
    }
    return loss;
  }

  function train(params: Float32Array, { labels, places, ink }: Pictures, own: Uint32Array, random: Random, flipped: boolean): Trained {
    const trained = params.slice();
    const gradient = new Float32Array(parameters);
    let [loss, right] = [0, 0];
    for (let step = 0; step < STEPS; step++) {
      gradient.fill(0);
      for (let sample = 0; sample < BATCH; sample++) {
        const at = own[random.below(own.length)]!;
        const label = flipped ? LABELS - 1 - labels[at]! : labels[at]!;
        const best = forward(trained, places[at]!, ink[at]!);
        if (best === label) right++;
        loss += backward(trained, gradient, places[at]!, ink[at]!, label, best);
      }
      for (let i = 0; i < parameters; i++) trained[i]! -= (RATE / BATCH) * gradient[i]!;
    }
    for (let i = 0; i < parameters; i++) trained[i]! -= params[i]!;
    return { delta: trained, samples: STEPS * BATCH, loss: loss / (STEPS * BATCH), accuracy: right / (STEPS * BATCH) };
  }

  function score(params: Float32Array, { labels, places, ink }: Pictures): number {
    let right = 0;
    for (let i = 0; i < labels.length; i++) if (forward(params, places[i]!, ink[i]!) === labels[i]) right++;
    return right / labels.length;
  }

  const losses = (params: Float32Array, { labels, places, ink }: Pictures, most: number): Float64Array =>
    Float64Array.from(labels.subarray(0, most), (label, i) => lossOf(label, forward(params, places[i]!, ink[i]!)).loss);

  return { parameters, shapes: [[PIXELS, width], [width], [width, LABELS], [LABELS]], initial, train, score, losses };
}
