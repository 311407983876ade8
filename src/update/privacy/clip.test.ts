import fc from "fast-check";
import { expect, test } from "vitest";
import { UpdateError } from "../errors.ts";
import { quantise, valueLimit } from "../quantise.ts";
import { clipAndRound, inSteps, sensitivityAfterRounding } from "./clip.ts";

const squared = (values: Int8Array): number => values.reduce((sum, value) => sum + value * value, 0);

test("whatever an update is, its values' squared norm is at most the sensitivity", () => {
  const anyUpdate = fc.array(fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.float({ min: Math.fround(-0.1), max: Math.fround(0.1), noNaN: true })), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(anyUpdate, fc.integer({ min: 2, max: 8 }), fc.integer({ min: 0, max: 16 }), fc.double({ min: 1e-5, max: 100, noNaN: true }), (raw, bits, stepExponent, clip) => {
      const { values, sensitivitySquared } = clipAndRound(Float32Array.from(raw), { clip, bits, stepExponent, seed: [1] });
      expect(squared(values)).toBeLessThanOrEqual(sensitivitySquared);
      expect(Number.isInteger(sensitivitySquared)).toBe(true);
      expect(values.every((value) => Math.abs(value) <= valueLimit(bits))).toBe(true);
    }),
  );
});

test("a rounding that misses the bound, which now and then one does, is drawn anew", () => {
  // 10.5 steps each: the rounded squared norm varies most.
  const step = 2 ** -10;
  const delta = new Float32Array(400).fill(10.5 * step);
  const clip = 10.5 * step * 20;
  const bound = sensitivityAfterRounding(210, 400);
  const options = { bits: 8, stepExponent: 10 };
  const seeds = Array.from({ length: 400 }, (_, i) => i);
  const missed = seeds.filter((seed) => squared(quantise(delta, { ...options, seed: [seed, "attempt", 0] }).values) > bound);
  expect(missed.length).toBeGreaterThan(0);
  expect(missed.length / seeds.length).toBeLessThan(Math.exp(-2));
  for (const seed of missed) expect(squared(clipAndRound(delta, { ...options, clip, seed: [seed] }).values)).toBeLessThanOrEqual(bound);
});

test("an update within the bound keeps its values' mean, a larger one its direction", () => {
  const delta = Float32Array.from({ length: 20_000 }, (_, i) => 1e-4 * Math.sin(i));
  const norm = 1e-4 * Math.sqrt(10_000);
  const options = { bits: 8, stepExponent: 3, seed: ["test"] };
  const kept = clipAndRound(delta, { ...options, clip: 2 * norm });
  const halved = clipAndRound(delta, { ...options, clip: norm / 2 });
  expect(kept.scale).toBe(1);
  expect(halved.scale).toBeCloseTo(0.5, 3);
  for (const { values, scale } of [kept, halved]) {
    const along = values.reduce((sum, value, i) => sum + (value * 2 ** -17 * delta[i]!) / norm ** 2, 0);
    // Five standard errors of a sum that rounding blurs by half a step a value.
    expect(Math.abs(along - scale)).toBeLessThan((5 * 2 ** -18) / norm);
  }
});

test("the sensitivity counts rounding: Theorem 1 of Kairouz et al. by hand", () => {
  // 100² + 10000/4 + √(2 ln e²)·(100 + 100/2), which is less than (100 + 100)².
  expect(Math.abs(sensitivityAfterRounding(100, 10_000) - 12_800)).toBeLessThanOrEqual(1);
  // (1 + 1)², less than 1 + 1/4 + 2·1.5.
  expect(sensitivityAfterRounding(1, 1)).toBe(4);
  expect(inSteps(1, 20)).toBe(1);
  expect(inSteps(0.5, 10)).toBe(512);
});

test("what is not a number never leaves", () => {
  for (const wrong of [Number.NaN, Infinity]) expect(() => clipAndRound(Float32Array.of(0, wrong), { clip: 1, bits: 8, stepExponent: 4, seed: [0] })).toThrow(UpdateError);
});
