import { createRandom } from "../wire/random.ts";
import { loadPacks, packName, type LoadPack } from "./digits.ts";
import { DataError } from "./errors.ts";
import { MAX_DEVICE_SAMPLES, MAX_DRAWN_SAMPLES, TEST_PACKS } from "./limits.ts";
import type { Samples } from "./pack.ts";
import { dirichletShares, evenShare, sharePacks } from "./partition.ts";
import type { TaskManifest } from "./task.ts";
import type { DataChoice } from "./trainer.ts";

/** This device's training samples. The task's seed cuts the shares, so devices of one task agree on them. */
export async function loadTraining(task: TaskManifest, choice: DataChoice, loadPack: LoadPack): Promise<Samples> {
  const samples = choice.kind === "drawn" ? drawn(task, choice) : await share(task, choice, loadPack);
  if (samples.labels.length === 0) throw new DataError("bad-choice", "no sample is left to train on; choose other labels or draw some digits");
  return samples;
}

/** For a device that only answers. */
export const noSamples = ({ data: { shape, labels } }: TaskManifest): Samples => ({
  height: shape[0],
  width: shape[1],
  labelCount: labels,
  labels: new Uint8Array(),
  pixels: new Uint8Array(),
});

/** The held-out samples, which no device trains on. */
export async function loadHeldOut(task: TaskManifest, loadPack: LoadPack): Promise<Samples> {
  return fits(task, await loadPacks(loadPack, Array.from({ length: TEST_PACKS }, (_, pack) => packName("test", pack))));
}

export function labelCounts({ labels, labelCount }: Samples): number[] {
  const counts = new Array<number>(labelCount).fill(0);
  for (const label of labels) counts[label]! += 1;
  return counts;
}

/** A label that a device does not have counts as this part of its samples. */
const LEAST_PART = 0.001;

/**
 * What to add to a device's logits within its loss: strength × ln(the label's part of its samples). The model need
 * then not unlearn labels that the device lacks (logit adjustment, Menon et al., 2021; FedLC, Zhang et al., 2022).
 */
export function priorOffsets(samples: Samples, strength: number): Float32Array {
  return Float32Array.from(labelCounts(samples), (count) => strength * Math.log(count / Math.max(1, samples.labels.length) + LEAST_PART));
}

/** How pixels enter the model. */
export type Scale = NonNullable<TaskManifest["data"]["scale"]>;
export const scaleOf = (task: TaskManifest): Scale => task.data.scale ?? { mean: 0, deviation: 1 };
export const scaled = (pixels: Float32Array, { mean, deviation }: Scale): Float32Array => pixels.map((pixel) => (pixel - mean) / deviation);

export interface Batch {
  /** float32 [batch, height, width], scaled. */
  pixels: Float32Array;
  labels: Uint8Array;
}

export function batchOf({ height, width, labels, pixels }: Samples, indices: Uint32Array, { mean, deviation }: Scale): Batch {
  const image = height * width;
  const table = Float32Array.from({ length: 256 }, (_, value) => (value / 255 - mean) / deviation);
  const batch = { pixels: new Float32Array(indices.length * image), labels: new Uint8Array(indices.length) };
  indices.forEach((sample, row) => {
    batch.labels[row] = labels[sample]!;
    for (let i = 0, from = sample * image, to = row * image; i < image; i++) batch.pixels[to + i] = table[pixels[from + i]!]!;
  });
  return batch;
}

/** An epoch's order of `count` samples, a permutation decided by the device's data seed. */
export const epochOrder = (count: number, dataSeed: number, epoch: number): Uint32Array =>
  createRandom([dataSeed, "epoch", epoch]).shuffle(Uint32Array.from({ length: count }, (_, sample) => sample));

async function share(task: TaskManifest, choice: Extract<DataChoice, { kind: "share" }>, loadPack: LoadPack): Promise<Samples> {
  const { alpha, labels: wanted } = choice;
  if (wanted?.some((label) => !Number.isInteger(label) || label < 0 || label >= task.data.labels)) {
    throw new DataError("bad-choice", `labels are 0 to ${task.data.labels - 1}, not ${wanted.join(", ")}`);
  }
  const packs = sharePacks(choice.share, choice.shares, alpha !== undefined);
  const pool = fits(task, await loadPacks(loadPack, packs.map((pack) => packName("train", pack))));
  const own =
    alpha === undefined
      ? evenShare(choice.share, choice.shares, pool.labels.length)
      : dirichletShares(pool.labels, pool.labelCount, choice.shares, alpha, task.seed)[choice.share]!;
  const kept = wanted ? own.filter((sample) => wanted.includes(pool.labels[sample]!)) : own;
  return pick(pool, kept.length > MAX_DEVICE_SAMPLES ? kept.subarray(0, MAX_DEVICE_SAMPLES) : kept);
}

function drawn(task: TaskManifest, { images, labels }: Extract<DataChoice, { kind: "drawn" }>): Samples {
  const [height, width] = task.data.shape;
  if (labels.length > MAX_DRAWN_SAMPLES) throw new DataError("bad-choice", `at most ${MAX_DRAWN_SAMPLES} drawings can be trained on`);
  if (images.length !== labels.length * height * width) throw new DataError("malformed", `${images.length} pixels for ${labels.length} drawings of ${height} × ${width}`);
  if (labels.some((label) => label >= task.data.labels)) throw new DataError("malformed", "a drawing bears a label that the task does not have");
  return { height, width, labelCount: task.data.labels, labels: labels.slice(), pixels: images.slice() };
}

function fits(task: TaskManifest, samples: Samples): Samples {
  const [height, width] = task.data.shape;
  if (samples.height !== height || samples.width !== width || samples.labelCount !== task.data.labels) {
    throw new DataError("malformed", `the data are ${samples.height} × ${samples.width} with ${samples.labelCount} labels, the task wants ${height} × ${width} with ${task.data.labels}`);
  }
  return samples;
}

function pick(pool: Samples, indices: Uint32Array): Samples {
  const image = pool.height * pool.width;
  const labels = new Uint8Array(indices.length);
  const pixels = new Uint8Array(indices.length * image);
  indices.forEach((sample, row) => {
    labels[row] = pool.labels[sample]!;
    pixels.set(pool.pixels.subarray(sample * image, (sample + 1) * image), row * image);
  });
  return { ...pool, labels, pixels };
}
