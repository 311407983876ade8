import type { Carry } from "../../update/compression/carry.ts";
import type { Compressor, Encoded } from "../../update/compression/compression.ts";
import { LIMITS } from "../limits.ts";

/**
 * How long an update may be where updates are audited: 1.5 times the usual, which is what the round's steps are made for.
 * Those follow the readings of the last sums, so that all know it, and it is the nearest to the others' median length that
 * anybody can know without seeing their updates. Until some rounds have shown it there is no such bound, and values are
 * within the range of the task's bits alone, which no audited update can leave either (`audit.ts`).
 */
export const isWithin = (compressor: Compressor, values: Int8Array | Int32Array, at: Parameters<Compressor["lengthOver"]>[1]): boolean =>
  at.round < LIMITS.normFrom || compressor.lengthOver(values, at) <= LIMITS.norm;

/** Most of what is beyond the bound goes with the first cut, unless values were at their limit. */
const MARGIN = 0.95;
const CUTS = 20;

/**
 * An update as a device may give it: a longer one is cut to the bound, and what is cut is gone. Its readings still say how
 * long it was, so that the usual follows where all have become longer.
 */
export function encodeWithin(compressor: Compressor, delta: Float32Array, carry: Carry, at: Parameters<Compressor["encode"]>[2]): Encoded {
  let encoded = compressor.encode(delta, carry, at);
  const readings = encoded.values.slice(compressor.linear(at.round));
  for (let share = 1, cuts = 0; cuts < CUTS && !isWithin(compressor, encoded.values, at); cuts++) {
    share *= (MARGIN * LIMITS.norm) / compressor.lengthOver(encoded.values, at);
    encoded = compressor.encode(delta.map((value) => share * value), { residual: carry.residual.map((value) => share * value) }, at);
  }
  encoded.values.set(readings, encoded.values.length - readings.length);
  return encoded;
}
