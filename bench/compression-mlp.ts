import { loadPacks, packName } from "../src/learn/digits.ts";
import { readPackFile } from "../src/learn/testing/node.ts";
import type { Samples } from "../src/learn/pack.ts";
import { createRandom } from "../src/wire/random.ts";

/** 109,386 parameters: kernels as [in, out], each followed by its bias. */
const SIDES = [784, 128, 64, 10];
export const MLP_SHAPES: number[][] = SIDES.slice(1).flatMap((side, i) => [[SIDES[i]!, side], [side]]);
const RATE = 0.1;
const BATCH = 16;

/** Pictures as lists of their inked pixels, a fifth of all: that is what makes plain loops quick enough. */
export interface Digits {
  labels: Uint8Array;
  /** Places of the ink, and how dark it is, 0 to 1. */
  places: Uint16Array[];
  ink: Float32Array[];
}

export async function loadDigits(set: "train" | "test", packs: number): Promise<Digits> {
  const { labels, pixels }: Samples = await loadPacks(readPackFile, Array.from({ length: packs }, (_, i) => packName(set, i)));
  const size = SIDES[0]!;
  const pictures = Array.from(labels, (_, i) => pixels.subarray(i * size, (i + 1) * size));
  const places = pictures.map((picture) => Uint16Array.from([...picture.keys()].filter((at) => picture[at]! > 0)));
  return { labels, places, ink: places.map((at, i) => Float32Array.from(at, (place) => pictures[i]![place]! / 255)) };
}

export const initialMlp = (seed: number): Float32Array => {
  const random = createRandom([seed, "mlp"]);
  return Float32Array.from(MLP_SHAPES.flatMap(([rows, columns]) => Array.from({ length: rows! * (columns ?? 1) }, () => (columns ? (2 * random.uniform() - 1) * Math.sqrt(6 / (rows! + columns)) : 0))));
};

/** `steps` of SGD from `params`, which are not changed: trained minus params. */
export function trainMlp(params: Float32Array, { places, ink, labels }: Digits, own: Uint32Array, steps: number, seed: readonly (number | string)[]): Float32Array {
  const random = createRandom(seed);
  const trained = params.slice();
  for (let step = 0; step < steps; step++) {
    const gradient = new Float32Array(params.length);
    for (let sample = 0; sample < BATCH; sample++) {
      const at = own[random.below(own.length)]!;
      backward(trained, gradient, forward(trained, places[at]!, ink[at]!), places[at]!, ink[at]!, labels[at]!);
    }
    for (let i = 0; i < trained.length; i++) trained[i] = trained[i]! - (RATE / BATCH) * gradient[i]!;
  }
  return trained.map((value, i) => value - params[i]!);
}

/** Part of the samples that are answered right. */
export function scoreMlp(params: Float32Array, { places, ink, labels }: Digits): number {
  let right = 0;
  labels.forEach((label, i) => {
    const logits = forward(params, places[i]!, ink[i]!).at(-1)!;
    if (logits.indexOf(Math.max(...logits)) === label) right++;
  });
  return right / labels.length;
}

/** What each layer puts out; the last gives logits, the others are cut at 0. */
function forward(params: Float32Array, places: Uint16Array, ink: Float32Array): Float32Array[] {
  const outs: Float32Array[] = [];
  let from = 0;
  for (let layer = 1; layer < SIDES.length; layer++) {
    const [rows, columns] = [SIDES[layer - 1]!, SIDES[layer]!];
    const out = params.slice(from + rows * columns, from + rows * columns + columns);
    const below = outs.at(-1);
    const count = below ? rows : places.length;
    for (let i = 0; i < count; i++) {
      const value = below ? below[i]! : ink[i]!;
      if (value === 0) continue;
      const row = from + (below ? i : places[i]!) * columns;
      for (let j = 0; j < columns; j++) out[j]! += value * params[row + j]!;
    }
    if (layer < SIDES.length - 1) for (let j = 0; j < columns; j++) if (out[j]! < 0) out[j] = 0;
    outs.push(out);
    from += (rows + 1) * columns;
  }
  return outs;
}

/** Adds one sample's gradient of the cross-entropy. */
function backward(params: Float32Array, gradient: Float32Array, outs: Float32Array[], places: Uint16Array, ink: Float32Array, label: number): void {
  const logits = outs.at(-1)!;
  const top = Math.max(...logits);
  const parts = logits.map((logit) => Math.exp(logit - top));
  const sum = parts.reduce((a, b) => a + b, 0);
  let error: Float32Array = parts.map((part, j) => part / sum - (j === label ? 1 : 0));
  let end = params.length;
  for (let layer = SIDES.length - 1; layer >= 1; layer--) {
    const [rows, columns] = [SIDES[layer - 1]!, SIDES[layer]!];
    const from = end - (rows + 1) * columns;
    for (let j = 0; j < columns; j++) gradient[from + rows * columns + j]! += error[j]!;
    const below = outs[layer - 2];
    const next = new Float32Array(rows);
    const count = below ? rows : places.length;
    for (let i = 0; i < count; i++) {
      const value = below ? below[i]! : ink[i]!;
      if (value === 0) continue;
      const row = from + (below ? i : places[i]!) * columns;
      let back = 0;
      for (let j = 0; j < columns; j++) {
        gradient[row + j]! += value * error[j]!;
        back += params[row + j]! * error[j]!;
      }
      if (below) next[i] = back;
    }
    error = next;
    end = from;
  }
}
