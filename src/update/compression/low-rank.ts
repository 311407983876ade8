import type { SeedPart } from "../../wire/random.ts";
import { INT32_MAX } from "../fixed.ts";
import { BASIS_ONE, orthonormal } from "./basis.ts";

/** A tensor as it is sent: a matrix by its products with bases, anything else as it is. */
interface Part {
  /** Where it begins in the flat vector. */
  from: number;
  length: number;
  /** Of a matrix that is worth it. */
  matrix: { rows: number; columns: number; /** Where its two bases begin: [rows, rank], then [columns, rank]. */ bases: number } | null;
}

export interface LowRank {
  /** Whole numbers in both bases of all matrices. */
  bases: number;
  /** Lengths of what round `round` sends, a part each. */
  parts(round: number): number[];
  first(seed: readonly SeedPart[]): Int16Array<ArrayBuffer>;
  /** What a device sends of its update. @param vector flat; @param bases of the shared state */
  project(vector: Float64Array, bases: Int16Array, round: number): Float64Array;
  /** The flat vector that a projection stands for. */
  lift(sent: Float64Array, bases: Int16Array, round: number): Float64Array;
  /** The next round's bases, from the mean projection. */
  next(mean: Float64Array, bases: Int16Array, round: number, seed: readonly SeedPart[]): Int16Array<ArrayBuffer>;
}

/**
 * PowerSGD (Vogels, Karimireddy and Jaggi, 2019) with one sum a round. Matrices M of all devices share orthonormal bases
 * P [rows, rank] and Q [columns, rank]. Even rounds send M Q and stand for M Q Qᵀ, odd ones Mᵀ P for P Pᵀ M; each mean,
 * made orthonormal, is the next round's basis: half a power iteration a round. What is not in the span is left to the
 * error feedback.
 *
 * @param shapes of the tensors; a matrix has the last side's columns
 */
export function createLowRank(shapes: readonly (readonly number[])[], rank: number): LowRank {
  const parts: Part[] = [];
  let from = 0;
  let bases = 0;
  for (const shape of shapes) {
    const length = shape.reduce((product, side) => product * side, 1);
    const columns = shape.length < 2 ? 1 : shape.at(-1)!;
    const rows = length / columns;
    const worth = rank < Math.min(rows, columns) && (rows + columns) * rank < length;
    parts.push({ from, length, matrix: worth ? { rows, columns, bases } : null });
    if (worth) bases += (rows + columns) * rank;
    from += length;
  }
  const parameters = from;
  const even = (round: number): boolean => round % 2 === 0;
  const sentOf = ({ length, matrix }: Part, round: number): number => (matrix ? (even(round) ? matrix.rows : matrix.columns) * rank : length);

  /** Calls `each` with every part and where what is sent of it begins. */
  const walk = (round: number, each: (part: Part, at: number) => void): number => {
    let at = 0;
    for (const part of parts) {
      each(part, at);
      at += sentOf(part, round);
    }
    return at;
  };
  /** Where in the bases lies the one that is applied in `round`. */
  const applied = ({ rows, bases: at }: NonNullable<Part["matrix"]>, round: number): number => (even(round) ? at + rows * rank : at);

  return {
    bases,
    parts: (round) => parts.map((part) => sentOf(part, round)),

    first(seed) {
      const all = new Int16Array(bases);
      parts.forEach(({ matrix }, index) => {
        if (!matrix) return;
        const { rows, columns, bases: at } = matrix;
        [rows, columns].forEach((side, which) => all.set(orthonormal(new Float64Array(side * rank), rank, [...seed, "first", index, which]), at + which * rows * rank));
      });
      return all;
    },

    project(vector, basis, round) {
      const sent = new Float64Array(parts.reduce((sum, part) => sum + sentOf(part, round), 0));
      walk(round, ({ from: start, length, matrix }, at) => {
        if (!matrix) return sent.set(vector.subarray(start, start + length), at);
        const { rows, columns } = matrix;
        const own = applied(matrix, round);
        const rowWise = even(round);
        for (let row = 0, cell = start; row < rows; row++) {
          for (let column = 0; column < columns; column++, cell++) {
            const value = vector[cell]! / BASIS_ONE;
            const kept = at + rank * (rowWise ? row : column);
            const gone = own + rank * (rowWise ? column : row);
            for (let k = 0; k < rank; k++) sent[kept + k] = sent[kept + k]! + value * basis[gone + k]!;
          }
        }
      });
      return sent;
    },

    lift(sent, basis, round) {
      const vector = new Float64Array(parameters);
      walk(round, ({ from: start, length, matrix }, at) => {
        if (!matrix) return vector.set(sent.subarray(at, at + length), start);
        const { rows, columns } = matrix;
        const own = applied(matrix, round);
        const rowWise = even(round);
        for (let row = 0, cell = start; row < rows; row++) {
          for (let column = 0; column < columns; column++, cell++) {
            const kept = at + rank * (rowWise ? row : column);
            const gone = own + rank * (rowWise ? column : row);
            let sum = 0;
            for (let k = 0; k < rank; k++) sum += sent[kept + k]! * basis[gone + k]!;
            vector[cell] = sum / BASIS_ONE;
          }
        }
      });
      return vector;
    },

    next(mean, basis, round, seed) {
      const all = Int16Array.from(basis);
      walk(round, (part, at) => {
        if (!part.matrix) return;
        const { rows, bases: start } = part.matrix;
        all.set(orthonormal(mean.subarray(at, at + sentOf(part, round)), rank, [...seed, part.from]), even(round) ? start : start + rows * rank);
      });
      return all;
    },
  };
}

/** Whole numbers within ±INT32_MAX. Sums of `lift` on whole projections are below 2^53, so this rounds alike everywhere. */
export const wholeWithin = (vector: Float64Array): Int32Array<ArrayBuffer> => new Int32Array(vector.map((value) => Math.max(-INT32_MAX, Math.min(INT32_MAX, Math.round(value)))));
