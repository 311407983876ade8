import { describe, expect, test } from "vitest";
import { divergence } from "./renyi.ts";
import { convolve, discreteGaussian, renyi, type Distribution } from "./testing/exact.ts";

const ORDERS = [1.05, 1.5, 2, 4, 8, 16];

function sumOf(variance: number, count: number): Distribution {
  const one = discreteGaussian(variance);
  return Array.from({ length: count - 1 }).reduce<Distribution>((sum) => convolve(sum, one), one);
}

describe.each([0.25, 0.5, 1, 4])("each adds a variance of %d", (variance) => {
  test.each([1, 2, 3, 5])("the divergence of the sum of %i is at most what is accounted for, computed from exact probabilities", (honest) => {
    const sum = sumOf(variance, honest);
    for (const shift of [1, 2, 3]) {
      const { slope, constant } = divergence({ sensitivitySquared: shift ** 2, values: 1, variance, honest });
      const computable = ORDERS.filter((order) => order * shift < 25 * Math.sqrt(honest * variance));
      expect(computable.length).toBeGreaterThan(2);
      for (const order of computable) expect(renyi(sum, shift, order)).toBeLessThanOrEqual(order * slope + constant + 1e-12);
    }
  });
});

test("without the gap's term, small noises would be accounted for too low", () => {
  const { slope, constant } = divergence({ sensitivitySquared: 1, values: 1, variance: 0.25, honest: 2 });
  const worst = Math.max(...ORDERS.filter((order) => order <= 8).map((order) => renyi(sumOf(0.25, 2), 1, order) - order * slope));
  expect(worst).toBeGreaterThan(0);
  expect(worst).toBeLessThan(constant);
});

test("one discrete Gaussian has no gap, and its divergence is that of the continuous one wherever σ is not tiny", () => {
  const { slope, constant } = divergence({ sensitivitySquared: 4, values: 1, variance: 4, honest: 1 });
  expect([slope, constant]).toEqual([0.5, 0]);
  for (const order of [2, 4, 8]) expect(renyi(discreteGaussian(4), 2, order)).toBeCloseTo(order * slope, 6);
});

test("the gap grows with the values and the contributors, and is gone at two steps of noise each", () => {
  const of = (change: object) => divergence({ sensitivitySquared: 100, values: 1000, variance: 1, honest: 8, ...change }).constant;
  expect(of({ values: 2000 })).toBeCloseTo(2 * of({}), 12);
  expect(of({ honest: 16 })).toBeGreaterThan(of({}));
  expect(of({ variance: 4, values: 2 ** 32, honest: 64 })).toBeLessThan(1e-4);
});

test("parameters that the proof does not cover are refused", () => {
  const sound = { sensitivitySquared: 100, values: 1000, variance: 1, honest: 8 };
  for (const change of [{ variance: 0.2 }, { honest: 0 }, { honest: 65 }, { values: 0.5 }, { sensitivitySquared: 0 }, { sensitivitySquared: 1.5 }])
    expect(() => divergence({ ...sound, ...change })).toThrow(expect.objectContaining({ code: "out-of-range" }));
});
