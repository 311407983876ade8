import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { createRandom } from "../../wire/random.ts";
import { UpdateError } from "../errors.ts";
import { valueLimit } from "../quantise.ts";
import { carryBytes, carryFrom, carryHash, emptyCarry, type Carry } from "./carry.ts";
import { createCompressor, type Compression, type Compressor } from "./compression.ts";
import { CHANGE_BITS } from "./rounding.ts";
import { sharedBytes, sharedFrom, type Shared } from "./shared.ts";

const UNIT = 2 ** -CHANGE_BITS;
const SHAPES = [[3, 3, 2, 4], [4], [24, 18], [18], [1]];
const PARAMETERS = 72 + 4 + 432 + 18 + 1;

const schemes: fc.Arbitrary<Compression> = fc.oneof(
  fc.constant({ kind: "dense" } as const),
  fc.record({ kind: fc.constant("fragments" as const), fragments: fc.integer({ min: 2, max: 9 }) }),
  fc.record({ kind: fc.constant("low-rank" as const), rank: fc.integer({ min: 1, max: 4 }) }),
);
const settings = fc.record({ compression: schemes, bits: fc.integer({ min: 2, max: 8 }), stepExponent: fc.integer({ min: 6, max: 14 }), seed: fc.tuple(fc.nat()) });

/** Updates of unlike tensors: each has its own scale, and one value in ten stands out. */
function updateOf(seed: string, scale = 0.01): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: PARAMETERS }, (_, i) => scale * (i < 72 ? 0.05 : 1) * random.normal() * (random.below(10) === 0 ? 5 : 1));
}

interface Device {
  delta: Float32Array;
  carry: Carry;
}

/** One round of these devices; their carries go on. */
function runRound(compressor: Compressor, devices: readonly Device[], round: number, shared: Shared, chance = 0) {
  const encoded = devices.map(({ delta, carry }, i) => compressor.encode(delta, carry, { round, shared, chance: [i, chance] }));
  const sum = new Int32Array(compressor.length(round));
  for (const { values } of encoded) values.forEach((value, i) => (sum[i]! += value));
  return { encoded, sum, decoded: compressor.decode(sum, devices.length, { round, shared }) };
}

const devicesOf = (count: number, name: string): Device[] => Array.from({ length: count }, (_, i) => ({ delta: updateOf(`${name} ${i}`), carry: emptyCarry(PARAMETERS) }));

describe("every scheme", () => {
  it("loses nothing: what a sum says, and what the carries keep, is what the devices had to say", () => {
    fc.assert(
      fc.property(settings, fc.integer({ min: 1, max: 9 }), fc.string(), (setting, count, name) => {
        const compressor = createCompressor(setting, SHAPES);
        let shared = compressor.initial();
        let carries = devicesOf(count, name).map(({ carry }) => carry);
        for (let round = 0; round < 3; round++) {
          const devices = devicesOf(count, `${name} ${round}`).map(({ delta }, i) => ({ delta, carry: carries[i]! }));
          const { encoded, decoded } = runRound(compressor, devices, round, shared);
          const lost = decoded.change.findIndex((change, i) => {
            const had = devices.reduce((sum, { delta, carry }, own) => sum + delta[i]! + carry.residual[i]! - encoded[own]!.carry.residual[i]!, 0) / count;
            // Of low rank, each of the projection's values was rounded to a unit before.
            return Math.abs(change * UNIT - had) > 4 * UNIT + 1e-6;
          });
          expect(lost).toBe(-1);
          carries = encoded.map(({ carry }) => carry);
          shared = decoded.shared;
        }
      }),
      { numRuns: 25 },
    );
  });

  it("says the same to everybody who has the sum and the state, and again after both went through bytes", () => {
    fc.assert(
      fc.property(settings, fc.string(), (setting, name) => {
        const compressor = createCompressor(setting, SHAPES);
        const shared = compressor.initial();
        const { sum, decoded } = runRound(compressor, devicesOf(3, name), 0, shared);
        const other = createCompressor(setting, SHAPES);
        const again = other.decode(sum, 3, { round: 0, shared: sharedFrom(sharedBytes(shared), other.initial()) });
        expect(again).toEqual(decoded);
        expect(sharedFrom(sharedBytes(decoded.shared), other.initial())).toEqual(decoded.shared);
      }),
      { numRuns: 25 },
    );
  });

  it("says twice as much where all values but the readings are doubled, and goes on with the same steps", () => {
    fc.assert(
      fc.property(settings, fc.string(), (setting, name) => {
        const compressor = createCompressor(setting, SHAPES);
        const shared = compressor.initial();
        const { sum, decoded } = runRound(compressor, devicesOf(3, name), 0, shared);
        const linear = compressor.linear(0);
        expect(linear).toBeLessThan(compressor.length(0));
        const doubled = compressor.decode(sum.map((value, i) => (i < linear ? 2 * value : value)), 3, { round: 0, shared });
        expect(doubled.shared.exponents).toEqual(decoded.shared.exponents);
        expect(doubled.change.findIndex((change, i) => Math.abs(change - 2 * decoded.change[i]!) > 8)).toBe(-1);
      }),
      { numRuns: 25 },
    );
  });

  it("keeps values within its bits, and follows the updates' size within a few rounds, whatever it is", () => {
    fc.assert(
      fc.property(settings, fc.double({ min: 1e-4, max: 1, noNaN: true }), (setting, scale) => {
        const compressor = createCompressor(setting, SHAPES);
        let shared = compressor.initial();
        let cut = 1;
        for (let round = 0; round < 24; round++) {
          const { encoded, decoded } = runRound(compressor, [{ delta: updateOf(`${round}`, scale), carry: emptyCarry(PARAMETERS) }], round, shared);
          expect(encoded[0]!.values.every((value) => Math.abs(value) <= valueLimit(setting.bits))).toBe(true);
          shared = decoded.shared;
          cut = encoded[0]!.clipped / compressor.length(round);
        }
        // With 2 bits a reading says one half octave at most, and 24 rounds are too few.
        if (setting.bits > 2) expect(cut).toBeLessThan(0.25);
      }),
      { numRuns: 15 },
    );
  });

  it("takes no bias from chance: the mean over many roundings is the update, where nothing is cut", () => {
    for (const compression of [{ kind: "dense" }, { kind: "fragments", fragments: 3 }] as const) {
      const compressor = createCompressor({ compression, bits: 4, stepExponent: 15, seed: [1] }, SHAPES);
      const shared = compressor.initial();
      const device = devicesOf(1, "bias");
      const draws = 200;
      const mean = new Float64Array(PARAMETERS);
      let squares = 0;
      for (let chance = 0; chance < draws; chance++) {
        const { encoded, decoded } = runRound(compressor, device, 0, shared, chance);
        expect(encoded[0]!.clipped).toBe(0);
        decoded.change.forEach((change, i) => (mean[i]! += (change * UNIT) / draws));
        squares += encoded[0]!.carry.residual.reduce((sum, value, i) => sum + (decoded.coordinates && !decoded.coordinates.includes(i) ? 0 : value * value), 0) / draws;
      }
      const chosen = runRound(compressor, device, 0, shared).decoded.coordinates ?? Uint32Array.from({ length: PARAMETERS }, (_, i) => i);
      const error = chosen.reduce((sum, i) => sum + (mean[i]! - device[0]!.delta[i]!) ** 2, 0);
      // The error of a mean of so many draws falls as their number; a bias would stay.
      expect(error).toBeLessThan((1.5 * squares) / draws);
    }
  });

  it("says all in time: a change that is always the same arrives as such, by the carry", () => {
    fc.assert(
      fc.property(settings, (setting) => {
        const compressor = createCompressor({ ...setting, stepExponent: 10 }, SHAPES);
        const delta = updateOf("same");
        let [shared, carry] = [compressor.initial(), emptyCarry(PARAMETERS)];
        // What a carry holds stays as it is after some 30 rounds: up to 1 update of all values, 20 of a ninth of them, 34 of
        // rank 1 in 2 bits. So many rounds make that little of what was said.
        const rounds = 240;
        const arrived = new Float64Array(PARAMETERS);
        for (let round = 0; round < rounds; round++) {
          const { encoded, decoded } = runRound(compressor, [{ delta, carry }], round, shared);
          decoded.change.forEach((change, i) => (arrived[i]! += (change * UNIT) / rounds));
          ({ carry } = encoded[0]!);
          ({ shared } = decoded);
        }
        const off = Math.sqrt(arrived.reduce((sum, value, i) => sum + (value - delta[i]!) ** 2, 0) / delta.reduce((sum, value) => sum + value ** 2, 0));
        expect(off).toBeLessThan(setting.compression.kind === "dense" ? 0.05 : 0.2);
      }),
      { numRuns: 6 },
    );
  });

  it("stops what is not a number, has another length or was never agreed on, with an error of its own", () => {
    fc.assert(
      fc.property(settings, fc.nat({ max: PARAMETERS - 1 }), fc.constantFrom(Number.NaN, Infinity, -Infinity), (setting, at, value) => {
        const compressor = createCompressor(setting, SHAPES);
        const shared = compressor.initial();
        const how = { round: 1, shared, chance: [0] };
        const carry = emptyCarry(PARAMETERS);
        const delta = updateOf("bad");
        delta[at] = value;
        expect(() => compressor.encode(delta, carry, how)).toThrow(UpdateError);
        expect(() => compressor.encode(new Float32Array(PARAMETERS + 1), carry, how)).toThrow(UpdateError);
        expect(() => compressor.decode(new Int32Array(compressor.length(1) + 1), 2, how)).toThrow(UpdateError);
        expect(() => compressor.decode(new Int32Array(compressor.length(1)), 0, how)).toThrow(UpdateError);
      }),
      { numRuns: 20 },
    );
  });

  it("takes any sum of the right length, such as liars could make, to a state that it can go on from", () => {
    fc.assert(
      fc.property(settings, fc.nat(), (setting, seed) => {
        const compressor = createCompressor(setting, SHAPES);
        let shared = compressor.initial();
        const random = createRandom(seed);
        for (let round = 0; round < 4; round++) {
          const sum = Int32Array.from({ length: compressor.length(round) }, () => random.uint32() | 0);
          const { change, shared: next } = compressor.decode(sum, 3, { round, shared });
          expect(change).toHaveLength(PARAMETERS);
          shared = sharedFrom(sharedBytes(next), compressor.initial());
        }
        expect(shared).toBeDefined();
      }),
      { numRuns: 30 },
    );
  });
});

test("fragments say each coordinate once a cycle, the device's drift stays where nothing was sent", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 40 }), fc.nat({ max: 5 }), fc.nat(), (fragments, cycle, seed) => {
      const compressor = createCompressor({ compression: { kind: "fragments", fragments }, bits: 8, stepExponent: 14, seed: [seed] }, SHAPES);
      const shared = compressor.initial();
      const seen = new Uint8Array(PARAMETERS);
      for (let round = cycle * fragments; round < (cycle + 1) * fragments; round++) {
        const device = devicesOf(1, "drift")[0]!;
        const { encoded, decoded } = runRound(compressor, [device], round, shared);
        const sent = new Set(decoded.coordinates);
        for (const coordinate of sent) seen[coordinate]!++;
        const { residual } = encoded[0]!.carry;
        expect(residual.every((value, i) => sent.has(i) || value === device.delta[i])).toBe(true);
        expect(decoded.change.every((value, i) => sent.has(i) || value === 0)).toBe(true);
        expect(compressor.start(new Float32Array(PARAMETERS), encoded[0]!.carry)).toEqual(residual);
      }
      expect(seen.every((times) => times === 1)).toBe(true);
    }),
    { numRuns: 4 },
  );
});

test("two bases follow the updates: a matrix of low rank is told in a few rounds", () => {
  const [rows, columns, rank] = [40, 30, 2];
  const random = createRandom("matrix");
  const [left, right] = [rows, columns].map((side) => Float64Array.from({ length: side * rank }, () => random.normal()));
  const delta = Float32Array.from({ length: rows * columns }, (_, cell) => {
    const [row, column] = [Math.floor(cell / columns), cell % columns];
    return 0.01 * (left![2 * row]! * right![2 * column]! + 0.3 * left![2 * row + 1]! * right![2 * column + 1]!);
  });
  const compressor = createCompressor({ compression: { kind: "low-rank", rank }, bits: 8, stepExponent: 10, seed: [7] }, [[rows, columns]]);
  let shared = compressor.initial();
  let off = 1;
  for (let round = 0; round < 8; round++) {
    const { carry, values } = compressor.encode(delta, emptyCarry(delta.length), { round, shared, chance: [0] });
    const { residual } = carry;
    off = Math.sqrt(residual.reduce((sum, value) => sum + value ** 2, 0) / delta.reduce((sum, value) => sum + value ** 2, 0));
    ({ shared } = compressor.decode(Int32Array.from(values), 1, { round, shared }));
  }
  expect(off).toBeLessThan(0.05);
  expect(compressor.length(0) + compressor.length(1)).toBeLessThan((rows * columns) / 4);
});

test("a carry goes through its bytes, and nothing else is taken for one", () => {
  fc.assert(
    fc.property(fc.float32Array({ minLength: 1, maxLength: 40, noNaN: true, noDefaultInfinity: true }), fc.nat(), (numbers, cut) => {
      const carry = { residual: Float32Array.from(numbers) };
      const bytes = carryBytes(carry);
      expect(carryFrom(bytes, numbers.length)).toEqual(carry);
      expect(carryHash(carryFrom(bytes, numbers.length))).toBe(carryHash(carry));
      expect(() => carryFrom(bytes.subarray(0, cut % bytes.length), numbers.length)).toThrow(UpdateError);
      expect(() => carryFrom(bytes, numbers.length + 1)).toThrow(UpdateError);
      const wrong = bytes.slice();
      new DataView(wrong.buffer).setFloat32(8, Number.NaN, true);
      expect(() => carryFrom(wrong, numbers.length)).toThrow(UpdateError);
    }),
  );
});

test("a shared state from a peer is checked before it is used", () => {
  const compressor = createCompressor({ compression: { kind: "low-rank", rank: 2 }, bits: 4, stepExponent: 10, seed: [1] }, SHAPES);
  const like = compressor.initial();
  const bytes = sharedBytes(like);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2 * bytes.length }), (noise) => {
      expect(() => sharedFrom(noise, like)).toThrow(UpdateError);
    }),
  );
  const beyond = bytes.slice();
  beyond[12] = 81;
  expect(() => sharedFrom(beyond, like)).toThrow(/out of range/);
  expect(() => sharedFrom(bytes, createCompressor({ compression: { kind: "dense" }, bits: 4, stepExponent: 10, seed: [1] }, SHAPES).initial())).toThrow(UpdateError);
});

test("a setting that cannot be is refused", () => {
  const make = (compression: Compression, bits = 4) => () => createCompressor({ compression, bits, stepExponent: 10, seed: [1] }, SHAPES);
  expect(make({ kind: "dense" }, 9)).toThrow(UpdateError);
  expect(make({ kind: "fragments", fragments: 1 })).toThrow(/2 to 64/);
  expect(make({ kind: "low-rank", rank: 0.5 })).toThrow(UpdateError);
});
