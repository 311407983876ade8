import { expect, test } from "vitest";
import { UpdateError } from "./errors.ts";
import { FRACTION_BITS, toFixed, toFloat } from "./fixed.ts";
import { quantise, valueLimit } from "./quantise.ts";

test("quantising is unbiased, bounded by one step, and the same for the same seed", () => {
  const delta = Float32Array.from({ length: 20_000 }, (_, i) => 1e-4 * Math.sin(i));
  const options = { bits: 8, stepExponent: 2, seed: ["test", 1] };
  const step = 2 ** (options.stepExponent - FRACTION_BITS);
  const { values, clipped } = quantise(delta, options);
  expect(quantise(delta, options).values).toEqual(values);
  expect(quantise(delta, { ...options, seed: ["test", 2] }).values).not.toEqual(values);
  expect(clipped).toBe(0);
  let bias = 0;
  values.forEach((value, i) => {
    const off = value - delta[i]! / step;
    expect(Math.abs(off)).toBeLessThanOrEqual(1);
    bias += off / values.length;
  });
  // Five standard errors of a mean of 20,000 draws with variance at most 1/4.
  expect(Math.abs(bias)).toBeLessThan((5 * 0.5) / Math.sqrt(20_000));
});

test("what does not fit is clipped and counted; what is not a number never leaves", () => {
  const { values, clipped, large } = quantise(Float32Array.of(1, -1, 0), { bits: 4, stepExponent: 0, seed: [0] });
  expect([...values]).toEqual([valueLimit(4), -valueLimit(4), 0]);
  expect([clipped, large]).toEqual([2, 2]);
  expect(() => quantise(Float32Array.of(Number.NaN), { bits: 8, stepExponent: 0, seed: [0] })).toThrow(UpdateError);
  expect(() => toFixed(Float32Array.of(Infinity))).toThrow(UpdateError);
});

test("fixed point keeps six decimals and saturates at its ends", () => {
  const fixed = toFixed(Float32Array.of(0.123456, -1.5, 1e9, -1e9));
  expect(toFloat(fixed)[0]).toBeCloseTo(0.123456, 6);
  expect(toFloat(fixed)[1]).toBe(-1.5);
  expect(fixed[2]).toBe(-fixed[3]!);
});
