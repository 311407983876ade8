import { expect, test } from "vitest";
import { valueLimit } from "../quantise.ts";
import { createDiscreteGaussian } from "./discrete-gaussian.ts";
import { fieldFor, varianceThatFits } from "./field.ts";
import { addNoise } from "./noise.ts";
import { fixedChance } from "./testing/chance.ts";

const PLAIN = 1n << 42n;

/** As a secure sum packs: fields of one coefficient, added modulo 2^42; the bound is added to the sum only. */
function sumThroughFields(updates: readonly Int32Array[], bits: number, bound: number): number[] {
  const fields = Math.floor(42 / bits);
  const at = (i: number): bigint => BigInt(bits * (i % fields));
  const coefficients = new Array<bigint>(Math.ceil(updates[0]!.length / fields)).fill(0n);
  const add = (i: number, value: number): void => {
    const k = Math.floor(i / fields);
    coefficients[k] = (((coefficients[k]! + (BigInt(value) << at(i))) % PLAIN) + PLAIN) % PLAIN;
  };
  for (const update of updates) update.forEach((value, i) => add(i, value));
  return Array.from(updates[0]!, (_, i) => {
    if (i % fields === 0) for (let j = i; j < i + fields; j++) add(j, bound);
    return Number((coefficients[Math.floor(i / fields)]! >> at(i)) & ((1n << BigInt(bits)) - 1n)) - bound;
  });
}

test.each([
  [8, 5, 40 ** 2],
  [4, 3, 0.25],
  [2, 16, 1000 ** 2],
])("sums of %i-bit values of %i devices come whole out of their fields, at the values' extremes too", (bits, devices, variance) => {
  const { bound, bits: width } = fieldFor({ bits, devices, variance });
  const noise = createDiscreteGaussian(variance, fixedChance(devices));
  const values = Int8Array.from({ length: 3000 }, (_, i) => valueLimit(bits) * (i % 2 === 0 ? 1 : -1));
  const updates = Array.from({ length: devices }, () => addNoise(values, noise));
  const sums = Array.from(values, (_, i) => updates.reduce((sum, update) => sum + update[i]!, 0));
  expect(sumThroughFields(updates, width, bound)).toEqual(sums);
  // With fields for the values alone, neighbours would borrow from each other.
  const narrow = fieldFor({ bits, devices, variance: 0 });
  expect(sumThroughFields(updates, narrow.bits, narrow.bound)).not.toEqual(sums);
  // Fewer contributors need no more room.
  expect(sumThroughFields(updates.slice(1), width, bound)).toEqual(sums.map((sum, i) => sum - updates[0]![i]!));
});

test("without noise a field is as wide as the packing of the secure sum makes it", () => {
  for (const devices of [3, 8, 64]) for (const bits of [2, 4, 8]) expect(fieldFor({ bits, devices, variance: 0 }).bits).toBe(Math.ceil(Math.log2(devices * (2 ** bits - 2) + 1)));
});

test("the variance that fits is the largest one that does", () => {
  for (const devices of [3, 8, 64]) {
    const fits = varianceThatFits({ bits: 8, devices }, 20);
    expect(fieldFor({ bits: 8, devices, variance: fits * 0.999999 }).bits).toBe(20);
    expect(fieldFor({ bits: 8, devices, variance: fits * 1.001 }).bits).toBe(21);
  }
  expect(varianceThatFits({ bits: 8, devices: 8 }, 8)).toBeLessThan(0);
});
