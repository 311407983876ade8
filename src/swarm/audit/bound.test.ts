import { expect, test } from "vitest";
import { createCompressor, type Compression, type Compressor } from "../../update/compression/compression.ts";
import { emptyCarry } from "../../update/compression/carry.ts";
import type { Shared } from "../../update/compression/shared.ts";
import { createRandom } from "../../wire/random.ts";
import { LIMITS } from "../limits.ts";
import { encodeWithin, isWithin } from "./bound.ts";

const SHAPES = [[20, 30], [30]];
const kinds: [string, Compression, number][] = [
  ["dense, 8 bits", { kind: "dense" }, 8],
  ["dense, 4 bits", { kind: "dense" }, 4],
  ["fragments", { kind: "fragments", fragments: 4 }, 4],
  ["low rank", { kind: "low-rank", rank: 4 }, 6],
];

function updateOf(length: number, scale: number, salt: number): Float32Array {
  const random = createRandom(["bound", salt]);
  return Float32Array.from({ length }, () => scale * (random.uniform() + random.uniform() + random.uniform() - 1.5));
}

/** What a round is encoded for, once the steps have followed the readings of some rounds of like updates. */
function settled(compressor: Compressor): { round: number; shared: Shared } {
  let shared = compressor.initial();
  for (let round = 0; round < 2 * LIMITS.normFrom; round++) {
    const { values } = compressor.encode(updateOf(compressor.parameters, 0.01, round), emptyCarry(compressor.parameters), { round, shared, chance: ["settle"] });
    shared = compressor.decode(Int32Array.from(values), 1, { round, shared }).shared;
  }
  return { round: 2 * LIMITS.normFrom, shared };
}

test.each(kinds)("what is usual has a length of about 1, and what is longer is cut to the bound: %s", (_, compression, bits) => {
  const compressor = createCompressor({ compression, bits, stepExponent: 8, seed: [1] }, SHAPES);
  const at = { ...settled(compressor), chance: ["rounding"] };
  const carry = emptyCarry(compressor.parameters);
  const usual = compressor.encode(updateOf(compressor.parameters, 0.01, 99), carry, at);
  expect(compressor.lengthOver(usual.values, at)).toBeGreaterThan(0.7);
  expect(compressor.lengthOver(usual.values, at)).toBeLessThan(1.4);
  expect(encodeWithin(compressor, updateOf(compressor.parameters, 0.01, 99), carry, at).values).toEqual(usual.values);
  for (const scale of [0.02, 0.1, 10]) {
    const long = updateOf(compressor.parameters, scale, 99);
    const { values } = compressor.encode(long, carry, at);
    const cut = encodeWithin(compressor, long, carry, at);
    expect(isWithin(compressor, values, at)).toBe(false);
    expect(isWithin(compressor, cut.values, at)).toBe(true);
    expect(compressor.lengthOver(cut.values, at)).toBeGreaterThan(1);
    // The next steps follow what it would have been.
    expect(cut.values.subarray(compressor.linear(at.round))).toEqual(values.subarray(compressor.linear(at.round)));
  }
});

test("of all values at their limit none is within, and until the first rounds have shown what is usual all are", () => {
  for (const bits of [3, 4, 8]) {
    const compressor = createCompressor({ compression: { kind: "dense" }, bits, stepExponent: 8, seed: [1] }, SHAPES);
    const values = new Int8Array(compressor.length(0)).fill(2 ** (bits - 1) - 1);
    const shared = compressor.initial();
    expect(isWithin(compressor, values, { round: LIMITS.normFrom, shared })).toBe(false);
    expect(isWithin(compressor, values, { round: LIMITS.normFrom - 1, shared })).toBe(true);
  }
});
