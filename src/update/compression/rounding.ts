import type { Random } from "../../wire/random.ts";
import { INT32_MAX } from "../fixed.ts";
import { valueLimit } from "../quantise.ts";
import { MOST_EXPONENT, MOST_MOVE, RANGES } from "./limits.ts";
import { lengthOf, type Layout } from "./pieces.ts";
import { flip, transform } from "./rotation.ts";

/** Changes of the model are whole numbers of 2^-26. */
export const CHANGE_BITS = 26;

/** Steps grow by half octaves, as near as whole numbers allow: 1, 1.5, 2, 3, 4, 6 … times 2^-32. */
export const stepAt = (exponent: number): number => 2 ** (Math.floor(exponent / 2) - 32) * (exponent % 2 === 0 ? 1 : 1.5);

export interface Rounded {
  /** [lengthOf(layout)] */
  values: Int8Array<ArrayBuffer>;
  /** How many values were cut to the limit. */
  clipped: number;
  /** What the values say of the vector: float, [layout.values]. */
  said: Float64Array;
}

interface Rounding {
  layout: Layout;
  bits: number;
  /** Of all groups of the compression. */
  exponents: Uint8Array;
  signs: Uint32Array;
}

/**
 * Rotates each piece and rounds it by chance to multiples of its group's step: E[said] = vector wherever nothing was cut.
 * Behind the values stands each group's reading: by how many half octaves its step is off what its values need.
 * @param vector [layout.values], finite; used up
 */
export function roundPieces(vector: Float64Array, { layout, bits, exponents, signs }: Rounding, random: Random): Rounded {
  const limit = valueLimit(bits);
  const values = new Int8Array(lengthOf(layout));
  const squares = new Float64Array(layout.groups);
  const counts = new Uint32Array(layout.groups);
  let clipped = 0;
  flip(vector, signs);
  transform(vector, layout.pieces);
  for (const { from, length, log2, group } of layout.pieces) {
    const perStep = 1 / (stepOf(exponents[layout.exponents + group]!, log2) * 2 ** Math.floor(log2 / 2));
    counts[group]! += length;
    for (let i = from; i < from + length; i++) {
      const exact = vector[i]! * perStep;
      squares[group]! += exact * exact;
      let value = Math.floor(exact + random.uniform());
      if (value > limit || value < -limit) {
        clipped++;
        value = value > 0 ? limit : -limit;
      }
      values[i] = value;
    }
  }
  for (let group = 0; group < layout.groups; group++) {
    if (counts[group]! > 0) values[layout.values + group] = reading(squares[group]! / counts[group]! / (limit / RANGES[bits]!) ** 2, limit);
  }
  const said = restore(values, { layout, exponents, signs });
  return { values, clipped, said };
}

/** A piece of odd log2 is √2 times as large after its transform; the next step makes up for it. */
const stepOf = (exponent: number, log2: number): number => stepAt(exponent + (log2 % 2));

/**
 * How many half octaves the values' root mean square is above the one that their range is made for.
 * @param square of that ratio
 */
function reading(square: number, limit: number): number {
  const most = Math.min(limit, MOST_MOVE);
  let off = 0;
  for (let rest = square; rest >= Math.SQRT2 && off < most; rest /= 2) off++;
  for (let rest = square; rest < Math.SQRT1_2 && off > -most; rest *= 2) off--;
  return off;
}

/** Mean square that rounding by chance adds, of values over many steps. */
const CHANCE = 1 / 6;

/** The length of a vector as its rounded values say it, over that of one whose values their steps are made for. */
export function lengthOver(values: Int8Array | Int32Array, { layout, bits, exponents }: Omit<Rounding, "signs">): number {
  const usual = (valueLimit(bits) / RANGES[bits]!) ** 2 + CHANCE;
  let [square, due] = [0, 0];
  for (const { from, length, log2, group } of layout.pieces) {
    // Of a value's square in the vector's; `restore` says why.
    const weight = stepOf(exponents[layout.exponents + group]!, log2) ** 2 * 2 ** (log2 % 2 === 0 ? 0 : -1);
    let sum = 0;
    for (let i = from; i < from + length; i++) sum += values[i]! ** 2;
    square += weight * sum;
    due += weight * length * usual;
  }
  return due === 0 ? 0 : Math.sqrt(square / due);
}

/** Rounded values turned back; in model units. */
function restore(values: Int8Array, { layout, exponents, signs }: Omit<Rounding, "bits">): Float64Array {
  const vector = new Float64Array(values.subarray(0, layout.values));
  transform(vector, layout.pieces);
  flip(vector, signs);
  for (const { from, length, log2, group } of layout.pieces) {
    const factor = stepOf(exponents[layout.exponents + group]!, log2) * 2 ** -Math.ceil(log2 / 2);
    for (let i = from; i < from + length; i++) vector[i] = vector[i]! * factor;
  }
  return vector;
}

/**
 * The mean vector in 2^-26, whole numbers within ±INT32_MAX, from the sum of `count` devices' values. Everything up to
 * the one division is exact, and that IEEE 754 rounds alike everywhere.
 */
export function restoreMean(sum: Int32Array, count: number, { layout, exponents, signs }: Omit<Rounding, "bits">): Float64Array {
  const vector = new Float64Array(sum.subarray(0, layout.values));
  transform(vector, layout.pieces);
  flip(vector, signs);
  for (const { from, length, log2, group } of layout.pieces) {
    const factor = stepOf(exponents[layout.exponents + group]!, log2) * 2 ** (CHANGE_BITS - Math.ceil(log2 / 2));
    for (let i = from; i < from + length; i++) {
      const mean = Math.round((vector[i]! * factor) / count);
      vector[i] = Math.max(-INT32_MAX, Math.min(INT32_MAX, mean));
    }
  }
  return vector;
}

/** The next round's exponents follow the mean of the readings. */
export function nextExponents(sum: Int32Array, count: number, { layout, exponents }: Pick<Rounding, "layout" | "exponents">): Uint8Array<ArrayBuffer> {
  const next = Uint8Array.from(exponents);
  for (let group = 0; group < layout.groups; group++) {
    const move = Math.round(sum[layout.values + group]! / count);
    const at = layout.exponents + group;
    next[at] = Math.max(0, Math.min(MOST_EXPONENT, exponents[at]! + Math.max(-MOST_MOVE, Math.min(MOST_MOVE, move))));
  }
  return next;
}
