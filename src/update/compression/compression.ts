import { createRandom, type SeedPart } from "../../wire/random.ts";
import { UpdateError } from "../errors.ts";
import { FRACTION_BITS } from "../fixed.ts";
import type { Carry } from "./carry.ts";
import { coordinatesOf } from "./fragments.ts";
import { MOST_EXPONENT, MOST_FRAGMENTS, MOST_RANK, MOST_SUMMED } from "./limits.ts";
import { createLowRank, wholeWithin } from "./low-rank.ts";
import { layOut, lengthOf, type Layout } from "./pieces.ts";
import { drawSigns } from "./rotation.ts";
import { lengthOver, nextExponents, restoreMean, roundPieces } from "./rounding.ts";
import type { Shared } from "./shared.ts";

/** How a task's updates are made small. All three can be summed without being opened, for all devices send alike. */
export type Compression =
  /** Every coordinate, every round. */
  | { kind: "dense" }
  /** One of so many parts of the coordinates a round; the others keep their local drift. */
  | { kind: "fragments"; fragments: number }
  /**
   * Matrices by their products with shared bases of this rank. Training starts from the committed model, so what is left
   * out comes again until its turn, and overshoots where updates are large and of a much higher rank than this.
   */
  | { kind: "low-rank"; rank: number };

export interface CompressionSetting {
  compression: Compression;
  /** Bits of one value, sign included: 2 to 8. */
  bits: number;
  /** The first round's steps are about 2^(stepExponent − 20); from then on they follow the sums. */
  stepExponent: number;
  /** The task's seed, and whatever else all devices share. */
  seed: readonly SeedPart[];
}

export interface Encoded {
  /** Of `length(round)`, each within ±valueLimit(bits). */
  values: Int8Array<ArrayBuffer>;
  /** How many were cut to the limit; they go in later rounds. */
  clipped: number;
  /** The device's carry once this update is in a committed sum; until then the old one holds. */
  carry: Carry;
}

export interface Decoded {
  /** Mean change of the model in 2^-26 (`CHANGE_BITS`), [parameters]. */
  change: Int32Array<ArrayBuffer>;
  /** The coordinates that the round was about, where not all: nothing else of the model or its outer state moves. */
  coordinates: Uint32Array<ArrayBuffer> | null;
  /** For the next round. */
  shared: Shared;
}

export interface Compressor {
  /** What it was made of: with the same, another device makes the same one. */
  readonly setting: CompressionSetting;
  readonly shapes: readonly (readonly number[])[];
  readonly parameters: number;
  /** Before the first round. */
  initial(): Shared;
  /** Values that each device sends in a round, readings included. Rounds count from 0. */
  length(round: number): number;
  /** How many of them grow with the update; behind these stand the readings, which nobody may scale. */
  linear(round: number): number;
  /**
   * Where a device's training starts: the working model, which is the committed one and the carry. The mean of all working
   * models is the model without any error of rounding. Of low rank, where a carry is large: the committed model.
   */
  start(committed: Float32Array, carry: Carry): Float32Array;
  /**
   * A device's part of the sum.
   * @param delta trained minus `start`, in model units; not changed
   * @param chance seeds the rounding: another one a device and a round
   * @throws UpdateError `not-finite`, `wrong-length`
   */
  encode(delta: Float32Array, carry: Carry, at: { round: number; shared: Shared; chance: readonly SeedPart[] }): Encoded;
  /** How many times as long a device's values make its update as the round's steps are made for; readings are left out. */
  lengthOver(values: Int8Array | Int32Array, at: { round: number; shared: Shared }): number;
  /**
   * What a sum says: the same bits on every device.
   * @param sum of `count` devices' values
   * @throws UpdateError `wrong-length`
   */
  decode(sum: Int32Array, count: number, at: { round: number; shared: Shared }): Decoded;
}

/** Kind of a compression as steps around the rounding: what is sent of a vector, and which vector that stands for. */
interface Scheme {
  initialBases(): Int16Array<ArrayBuffer>;
  groups: number;
  layout(round: number): Layout;
  /** What goes out of a vector, a value for each of the layout; may be used up. */
  send(vector: Float64Array, round: number, shared: Shared): Float64Array;
  /** The vector that this stands for. */
  lift(said: Float64Array, round: number, shared: Shared): Float64Array;
  /** Training starts from committed and carry together. */
  drifts: boolean;
  coordinates(round: number): Uint32Array<ArrayBuffer> | null;
  nextBases(mean: Float64Array, round: number, shared: Shared): Int16Array<ArrayBuffer>;
}

/**
 * @param shapes of the model's trainable tensors, in the order of the flat vector
 * @throws UpdateError `bad-setting`
 */
export function createCompressor(setting: CompressionSetting, shapes: readonly (readonly number[])[]): Compressor {
  const { compression, bits, stepExponent, seed } = setting;
  check(compression, bits, stepExponent, shapes);
  const lengths = shapes.map((shape) => shape.reduce((product, side) => product * side, 1));
  const parameters = lengths.reduce((a, b) => a + b, 0);
  const scheme = schemeOf(compression, shapes, lengths, seed);
  const rounding = (round: number, { exponents }: Shared) => {
    const layout = scheme.layout(round);
    return { layout, bits, exponents, signs: drawSigns(layout.values, [...seed, round]) };
  };

  return {
    setting,
    shapes,
    parameters,
    initial: () => ({ exponents: new Uint8Array(scheme.groups).fill(Math.min(MOST_EXPONENT, 2 * (stepExponent - FRACTION_BITS + 32))), bases: scheme.initialBases() }),
    length: (round) => lengthOf(scheme.layout(round)),
    linear: (round) => scheme.layout(round).values,
    start: (committed, { residual }) => (scheme.drifts ? committed.map((value, i) => value + residual[i]!) : committed),

    encode(delta, carry, { round, shared, chance }) {
      if (delta.length !== parameters || carry.residual.length !== parameters) throw new UpdateError("wrong-length", `an update of ${delta.length} and a carry of ${carry.residual.length} values for ${parameters} parameters`);
      const total = new Float64Array(delta).map((value, i) => value + carry.residual[i]!);
      // What is left of it has to be a float32 again.
      const wrong = total.findIndex((value) => !Number.isFinite(Math.fround(2 * value)));
      if (wrong >= 0) throw new UpdateError("not-finite", `value ${wrong} of the update is ${delta[wrong]}, with a carry of ${carry.residual[wrong]}`);
      const { values, clipped, said } = roundPieces(scheme.send(total, round, shared), rounding(round, shared), createRandom([...chance, "rounding", round]));
      const lifted = scheme.lift(said, round, shared);
      return { values, clipped, carry: { residual: new Float32Array(total.map((value, i) => value - lifted[i]!)) } };
    },

    lengthOver: (values, { round, shared }) => lengthOver(values, rounding(round, shared)),

    decode(sum, count, { round, shared }) {
      const at = rounding(round, shared);
      if (sum.length !== lengthOf(at.layout)) throw new UpdateError("wrong-length", `a sum of ${sum.length} values where round ${round} has ${lengthOf(at.layout)}`);
      if (!Number.isInteger(count) || count < 1 || count > MOST_SUMMED) throw new UpdateError("wrong-length", `a sum of ${count} devices; there are 1 to ${MOST_SUMMED}`);
      const mean = restoreMean(sum, count, at);
      return {
        change: wholeWithin(scheme.lift(mean, round, shared)),
        coordinates: scheme.coordinates(round),
        shared: { exponents: nextExponents(sum, count, at), bases: scheme.nextBases(mean, round, shared) },
      };
    },
  };
}

function schemeOf(compression: Compression, shapes: readonly (readonly number[])[], lengths: readonly number[], seed: readonly SeedPart[]): Scheme {
  const parameters = lengths.reduce((a, b) => a + b, 0);
  const none = { initialBases: () => new Int16Array(), nextBases: () => new Int16Array(), drifts: false, coordinates: () => null };
  switch (compression.kind) {
    case "dense": {
      const layout = layOut(lengths);
      return { ...none, groups: layout.groups, drifts: true, layout: () => layout, send: (vector) => vector.slice(), lift: (said) => said };
    }
    case "fragments": {
      let last: { round: number; chosen: ReturnType<typeof coordinatesOf> } | null = null;
      const chosen = (round: number) => (last?.round === round ? last : (last = { round, chosen: coordinatesOf(lengths, compression.fragments, round, seed) })).chosen;
      return {
        ...none,
        groups: lengths.length,
        drifts: true,
        layout: (round) => layOut(chosen(round).parts, { shared: true }),
        coordinates: (round) => chosen(round).coordinates,
        send: (vector, round) => new Float64Array(chosen(round).coordinates).map((coordinate) => vector[coordinate]!),
        lift(said, round) {
          const all = new Float64Array(parameters);
          chosen(round).coordinates.forEach((coordinate, i) => (all[coordinate] = said[i]!));
          return all;
        },
      };
    }
    case "low-rank": {
      const lowRank = createLowRank(shapes, compression.rank);
      const even = layOut(lowRank.parts(0));
      const odd = layOut(lowRank.parts(1), { exponents: even.groups });
      return {
        ...none,
        groups: even.groups + odd.groups,
        layout: (round) => (round % 2 === 0 ? even : odd),
        initialBases: () => lowRank.first(seed),
        send: (vector, round, { bases }) => lowRank.project(vector, bases, round),
        lift: (said, round, { bases }) => lowRank.lift(said, bases, round),
        nextBases: (mean, round, { bases }) => lowRank.next(mean, bases, round, [...seed, round]),
      };
    }
  }
}

function check(compression: Compression, bits: number, stepExponent: number, shapes: readonly (readonly number[])[]): void {
  const bad = (what: string) => new UpdateError("bad-setting", what);
  const within = (value: number, least: number, most: number) => Number.isInteger(value) && value >= least && value <= most;
  if (!within(bits, 2, 8)) throw bad(`values of ${bits} bits; there are 2 to 8`);
  if (!within(stepExponent, 0, 16)) throw bad(`a first step exponent of ${stepExponent}; it is 0 to 16`);
  if (compression.kind === "fragments" && !within(compression.fragments, 2, MOST_FRAGMENTS)) throw bad(`${compression.fragments} fragments; there are 2 to ${MOST_FRAGMENTS}`);
  if (compression.kind === "low-rank" && !within(compression.rank, 1, MOST_RANK)) throw bad(`a rank of ${compression.rank}; it is 1 to ${MOST_RANK}`);
  if (!shapes.every((shape) => shape.every((side) => within(side, 1, 2 ** 31)))) throw bad("a tensor's sides are whole numbers above 0");
}
