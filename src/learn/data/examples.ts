import { createRandom, type Random } from "../../wire/random.ts";

/** Labelled samples as a model takes them: each a row of `size` numbers, made when it is needed. */
export interface Examples {
  labelCount: number;
  /** One a sample. */
  labels: Uint8Array;
  size: number;
  /** Writes one sample's numbers at `at`. With `chance`, altered as the task's augmentation says. */
  write(sample: number, into: Float32Array, at: number, chance: Random | null): void;
}

export interface Batch {
  /** float32 [samples, size] */
  inputs: Float32Array;
  labels: Uint8Array;
}

export function batchOf({ labels, size, write }: Examples, samples: Uint32Array, chance: Random | null): Batch {
  const batch = { inputs: new Float32Array(samples.length * size), labels: new Uint8Array(samples.length) };
  samples.forEach((sample, row) => {
    batch.labels[row] = labels[sample]!;
    write(sample, batch.inputs, row * size, chance);
  });
  return batch;
}

/** Those of the samples that are named, in that order. */
export const subset = (examples: Examples, samples: Uint32Array): Examples => ({
  ...examples,
  labels: Uint8Array.from(samples, (sample) => examples.labels[sample]!),
  write: (sample, into, at, chance) => examples.write(samples[sample]!, into, at, chance),
});

export function labelCounts({ labels, labelCount }: Examples): number[] {
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
export function priorOffsets(examples: Examples, strength: number): Float32Array {
  return Float32Array.from(labelCounts(examples), (count) => strength * Math.log(count / Math.max(1, examples.labels.length) + LEAST_PART));
}

/** An epoch's order of `count` samples, a permutation decided by the device's data seed. */
export const epochOrder = (count: number, dataSeed: number, epoch: number): Uint32Array =>
  createRandom([dataSeed, "epoch", epoch]).shuffle(Uint32Array.from({ length: count }, (_, sample) => sample));

/**
 * An epoch of as many samples in which each label that is there comes about equally often: those of rare labels come
 * several times, of common ones only a part, each part as the seed says.
 */
export function balancedOrder({ labels, labelCount }: Examples, dataSeed: number, epoch: number): Uint32Array {
  const random = createRandom([dataSeed, "balanced epoch", epoch]);
  const members = Array.from({ length: labelCount }, (): number[] => []);
  labels.forEach((label, sample) => members[label]!.push(sample));
  const present = members.filter((own) => own.length > 0).map((own) => random.shuffle(own));
  const order = Uint32Array.from({ length: labels.length }, (_, i) => {
    const own = present[i % present.length]!;
    return own[Math.floor(i / present.length) % own.length]!;
  });
  return random.shuffle(order);
}

/** So many of `count` samples, by chance; the same for the same seed. */
export const sampleOf = (count: number, most: number, seed: number): Uint32Array =>
  createRandom([seed, "sample"]).shuffle(Uint32Array.from({ length: count }, (_, sample) => sample)).slice(0, most);

/** Cuts `count` samples in two by chance, `part` of them in the second; the same for the same seed. */
export function split(count: number, part: number, seed: number): { rest: Uint32Array; part: Uint32Array } {
  const order = createRandom([seed, "split"]).shuffle(Uint32Array.from({ length: count }, (_, sample) => sample));
  const at = count - Math.floor(count * part);
  return { rest: order.slice(0, at).sort(), part: order.slice(at).sort() };
}
