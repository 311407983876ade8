import type { Decoded } from "../update/compression/compression.ts";
import { CHANGE_BITS } from "../update/compression/rounding.ts";
import { FRACTION_BITS } from "../update/fixed.ts";
import type { OuterOptimiser, OuterState, OuterStepped } from "./outer-optimiser.ts";

/** A change of one fixed-point unit. */
const UNIT = 2 ** (CHANGE_BITS - FRACTION_BITS);

/** The outer step on what a sum says. Where it is about some coordinates only, neither the others nor their momentum move. */
export function outerChange(outer: OuterOptimiser, state: OuterState, params: Int32Array, { change, coordinates }: Pick<Decoded, "change" | "coordinates">): OuterStepped {
  if (coordinates === null || state.momentum.length === 0) return outer.step(state, params, change, UNIT, 0);
  const { momentum, square } = state;
  const partOf = (all: Int32Array): Int32Array<ArrayBuffer> => Int32Array.from(coordinates, (at) => all[at]!);
  const squares = square.length === 0 ? square : Float64Array.from(coordinates, (at) => square[at]!);
  const part = outer.step({ momentum: partOf(momentum), square: squares }, partOf(params), partOf(change), UNIT, 0);
  const next: OuterStepped = { params: Int32Array.from(params), state: { momentum: momentum.slice(), square: square.slice() } };
  coordinates.forEach((at, i) => {
    next.params[at] = part.params[i]!;
    next.state.momentum[at] = part.state.momentum[i]!;
    if (square.length > 0) next.state.square[at] = part.state.square[i]!;
  });
  return next;
}
