import type { Part } from "./part.ts";

/** A group's mean update counts up to so many times the groups' median length. */
const MOST = 1.5;
/** Fewer groups have no median to speak of. */
const GROUPS_AT_LEAST = 3;
/** Factors are whole 2^-16ths, so that all devices round alike. */
export const WHOLE = 2 ** 16;

/** Square of the length of a sum's first `count` values; added up in one order, so that all round alike where it is not exact. */
export function squareOf(sum: Int32Array, count: number): number {
  let square = 0;
  for (let i = 0; i < Math.min(count, sum.length); i++) square += sum[i]! * sum[i]!;
  return Math.min(square, Number.MAX_SAFE_INTEGER);
}

interface Weighed extends Pick<Part, "squares"> {
  /** Whose updates it is the sum of, how many. */
  devices: number;
}

/**
 * By what each part's values are multiplied, in 2^-16ths: whoever pulls harder than others do pulls as hard as they
 * do. Of all rules across groups the bound is the one that matters under sign flips, scaled, ALIE and IPM updates
 * (the design's swarm.md); the square root is IEEE 754's, the same everywhere.
 */
export function factorsOf(parts: readonly Weighed[]): number[] {
  const lengths = parts.map(({ squares, devices }) => Math.sqrt(squares.reduce((sum, square) => sum + square, 0)) / devices);
  if (parts.length < GROUPS_AT_LEAST) return lengths.map(() => WHOLE);
  const most = MOST * [...lengths].sort((a, b) => a - b)[lengths.length >> 1]!;
  return lengths.map((length) => (length <= most ? WHOLE : Math.floor((WHOLE * most) / length)));
}

/** Adds a part's values to a total from place `at` of the sum on; what lies behind the first `count` are readings and counters, which are whole. */
export function addBounded(total: Int32Array, values: Int32Array, factor: number, at: number, count: number): void {
  for (let i = 0; i < values.length; i++) total[i]! += at + i < count && factor < WHOLE ? Math.round((values[i]! * factor) / WHOLE) : values[i]!;
}
