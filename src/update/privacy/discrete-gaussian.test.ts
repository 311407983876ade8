import { describe, expect, test } from "vitest";
import { createWords } from "./chance.ts";
import { createDiscreteGaussian } from "./discrete-gaussian.ts";
import { expMinus } from "./exponential.ts";
import { chiSquare, discreteGaussian, varianceOf } from "./testing/exact.ts";
import { fixedChance, wordsThen } from "./testing/chance.ts";

const COUNT = 300_000;

function draw(variance: number, seed: number, count = COUNT): Int32Array {
  const samples = new Int32Array(count);
  createDiscreteGaussian(variance, fixedChance(seed)).draw(samples);
  return samples;
}

const mean = (samples: Int32Array): number => samples.reduce((sum, x) => sum + x, 0) / samples.length;
const square = (samples: Int32Array): number => samples.reduce((sum, x) => sum + x * x, 0) / samples.length;

// One whole number a table entry, below σ = 256, and many above.
describe.each([0.25, 1, 2 + 2 ** -10, 10, 100 ** 2, 300 ** 2, 1000 ** 2, 3000 ** 2])("a variance of %d", (variance) => {
  const samples = draw(variance, 1);
  const sigma = Math.sqrt(variance);

  test("samples are distributed as the definition says, and not as one of 2% more or less deviation", () => {
    const width = Math.ceil(sigma / 8);
    expect(Math.abs(chiSquare(samples, discreteGaussian(variance), width))).toBeLessThan(4);
    expect(chiSquare(samples, discreteGaussian(variance * 1.02 ** 2), width)).toBeGreaterThan(8);
    expect(chiSquare(samples, discreteGaussian(variance / 1.02 ** 2), width)).toBeGreaterThan(8);
  });

  test("mean and variance are the exact ones within four standard errors, which 2% more deviation is beyond", () => {
    const exact = varianceOf(discreteGaussian(variance));
    expect(Math.abs(mean(samples))).toBeLessThan(4 * Math.sqrt(exact / COUNT));
    // The fourth moment of a discrete Gaussian is at most 3σ⁴ but for small ones, where it is near its variance.
    const error = Math.sqrt((3 * exact ** 2 + exact) / COUNT);
    expect(Math.abs(square(samples) - exact)).toBeLessThan(4 * error);
    expect(Math.abs(square(draw(variance * 1.02 ** 2 - ((variance * 1.02 ** 2) % 2 ** -10), 2)) - exact)).toBeGreaterThan(4 * error);
  });
});

test("the largest variance has the right moments too", () => {
  const samples = draw(2 ** 40, 3);
  expect(Math.abs(mean(samples))).toBeLessThan((4 * 2 ** 20) / Math.sqrt(COUNT));
  expect(Math.abs(square(samples) / 2 ** 40 - 1)).toBeLessThan(4 * Math.sqrt(2 / COUNT));
});

test("blocks of many numbers are evened out: without acceptance the variance would be 0.6% too large, eight standard errors", () => {
  const count = 3_000_000;
  expect(Math.abs(square(draw(2 ** 26, 5, count)) / 2 ** 26 - 1)).toBeLessThan(4 * Math.sqrt(2 / count));
});

test("the last bits of large samples are as even as the distribution's", () => {
  const counts = new Array<number>(16).fill(0);
  for (const sample of draw(1000 ** 2, 4)) counts[sample & 15]!++;
  const statistic = counts.reduce((sum, count) => sum + (count - COUNT / 16) ** 2 / (COUNT / 16), 0);
  expect(statistic).toBeLessThan(15 + 4 * Math.sqrt(30));
});

test("where 32 bits do not decide, the bits after them do", () => {
  const one = (...words: number[]): number => {
    const sample = new Int32Array(1);
    createDiscreteGaussian(256 ** 2, wordsThen(...words)).draw(sample);
    return sample[0]!;
  };
  const ones = [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff];
  // The first block, its second number, and then exactly what its acceptance begins with.
  const edge = Math.floor(Math.exp(-1 / (2 * 256 ** 2)) * 2 ** 32);
  expect(one(0, 1, edge)).toBe(1);
  expect(one(0, 1, edge, ...ones)).toBe(0);
  // The same in a block farther out.
  const start = one(0xc0000000, 0);
  expect(start).toBeGreaterThan(256);
  const far = Math.floor(Math.exp(-(2 * start + 1) / (2 * 256 ** 2)) * 2 ** 32);
  expect(one(0xc0000000, 1, far)).toBe(start + 1);
  expect(one(0xc0000000, 0x80000001, far)).toBe(-start - 1);
  expect(one(0xc0000000, 1, far, ...ones)).toBe(0);
  // The last entry of the table: the number farthest out, 14.9σ.
  expect(one(0xffffffff, ...ones)).toBe(2 * Math.ceil(Math.sqrt(160 * Math.LN2 * 2 * 128 ** 2)));
  expect(one(0xffffffff)).toBeLessThan(2000);
});

test("exp is exact to 240 bits", () => {
  const digits = 10n ** 77n;
  const known = 36787944117144232159552377016146086744581113103176783450783680169746149574489n;
  expect(Number((expMinus(1n, 1n) * digits) / 2n ** 256n - known)).toBeLessThanOrEqual(1000);
  expect(Number(known - (expMinus(1n, 1n) * digits) / 2n ** 256n)).toBeLessThanOrEqual(1000);
  for (const x of [0, 1, 3, 64, 128]) expect(Number(expMinus(BigInt(x), 64n)) / 2 ** 256).toBeCloseTo(Math.exp(-x / 64), 14);
});

test("nothing of the noise stays in the buffer", () => {
  const seen: Uint8Array[] = [];
  const words = createWords((bytes) => {
    seen.push(bytes);
    bytes.fill(7);
  });
  expect(words.next()).toBe(0x07070707);
  words.forget();
  expect(seen[0]!.every((byte) => byte === 0)).toBe(true);
  expect(words.next()).toBe(0x07070707);
  expect(seen.length).toBe(2);
});

test("variances that are not exact, or that no proof covers, are refused", () => {
  for (const variance of [0, 0.2, 1 / 3, Number.NaN, Infinity, 2 ** 41, -1]) expect(() => createDiscreteGaussian(variance, fixedChance(1))).toThrow(expect.objectContaining({ code: "out-of-range" }));
});
