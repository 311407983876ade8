import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { balancedOrder, batchOf, epochOrder, labelCounts, priorOffsets, split, subset, type Examples } from "./examples.ts";

/** Samples whose one number is their place. */
const examplesOf = (labels: readonly number[], labelCount = 4): Examples => ({
  labelCount,
  labels: Uint8Array.from(labels),
  size: 1,
  write: (sample, into, at) => void (into[at] = sample),
});
const labelled = fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 60 });

describe("samples", () => {
  it("are shuffled by the seed, each once an epoch", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), fc.nat({ max: 5 }), (count, seed, epoch) => {
        const order = epochOrder(count, seed, epoch);
        expect(order.toSorted()).toEqual(Uint32Array.from({ length: count }, (_, i) => i));
        expect(epochOrder(count, seed, epoch)).toEqual(order);
      }),
    );
    expect(epochOrder(100, 1, 0)).not.toEqual(epochOrder(100, 1, 1));
  });

  it("are balanced so that each label that is there comes equally often", () => {
    fc.assert(
      fc.property(labelled, fc.nat(), (labels, seed) => {
        const examples = examplesOf(labels);
        const order = balancedOrder(examples, seed, 0);
        expect(order).toHaveLength(labels.length);
        const counts = labelCounts(subset(examples, order)).filter((_, label) => labels.includes(label));
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        expect(balancedOrder(examples, seed, 0)).toEqual(order);
      }),
    );
  });

  it("are split in two, every sample in one of them, the same for the same seed", () => {
    fc.assert(
      fc.property(fc.nat({ max: 300 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(), (count, part, seed) => {
        const halves = split(count, part, seed);
        expect([...halves.rest, ...halves.part].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(halves.part).toHaveLength(Math.floor(count * part));
        expect(split(count, part, seed)).toEqual(halves);
      }),
    );
  });

  it("keep their numbers and labels in a subset of a subset", () => {
    const own = subset(subset(examplesOf([0, 1, 2, 3, 0]), Uint32Array.of(4, 3, 1)), Uint32Array.of(2, 0));
    expect(batchOf(own, Uint32Array.of(0, 1), null)).toEqual({ inputs: Float32Array.of(1, 4), labels: Uint8Array.of(1, 0) });
    expect(labelCounts(own)).toEqual([1, 1, 0, 0]);
  });

  it("offset logits by how often a label comes", () => {
    const offsets = priorOffsets(examplesOf([0, 0, 0, 1]), 1);
    expect(offsets[0]).toBeCloseTo(Math.log(0.75 + 0.001), 6);
    expect(offsets[3]).toBeCloseTo(Math.log(0.001), 5);
    expect([...priorOffsets(examplesOf([0, 1]), 0)].every((offset) => offset === 0)).toBe(true);
  });
});
