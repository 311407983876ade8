import { UpdateError } from "../errors.ts";
import { FRACTION_BITS } from "../fixed.ts";
import { quantise, type Quantised } from "../quantise.ts";
import { PrivacyError } from "./errors.ts";
import { ROUNDING_ATTEMPTS, ROUNDING_MISS } from "./limits.ts";

export interface Clipped extends Quantised {
  /** What the update was multiplied by to meet the bound: 1, or less. */
  scale: number;
  /** The squared L2 norm of the values is at most this, in steps²: a whole number, for the accountant. */
  sensitivitySquared: number;
}

/** A norm in model units, in steps of 2^(stepExponent − 20). */
export const inSteps = (norm: number, stepExponent: number): number => norm * 2 ** (FRACTION_BITS - stepExponent);

/**
 * The bound on the squared norm of an update after stochastic rounding, in steps²; rounding alone adds up to a
 * quarter for each value (Kairouz, Liu, Steinke 2021, Theorem 1 with γ = 1, and their conditional rounding). Squared
 * norms of whole numbers are whole, so the bound is.
 *
 * @param norm bound before rounding, in steps
 * @param values of an update
 */
export function sensitivityAfterRounding(norm: number, values: number): number {
  const always = (norm + Math.sqrt(values)) ** 2;
  const likely = norm ** 2 + values / 4 + Math.sqrt(2 * Math.log(1 / ROUNDING_MISS)) * (norm + Math.sqrt(values) / 2);
  return Math.floor(Math.min(always, likely));
}

/**
 * Scales an update to an L2 norm of at most `clip` and rounds it to values of `bits` bits; rounded again until the
 * values themselves meet `sensitivitySquared`, so that this holds of every update that leaves, by a count in whole
 * numbers. Whatever the rounding drew: its chance need not be secret, only that of the noise.
 *
 * @param delta float32, in model units; not changed
 * @param clip in model units
 * @throws UpdateError `not-finite`
 * @throws PrivacyError `rounding`, once in e^64 updates at most
 */
export function clipAndRound(
  delta: Float32Array,
  { clip, bits, stepExponent, seed }: { clip: number; bits: number; stepExponent: number; seed: readonly (number | string)[] },
): Clipped {
  const norm = Math.sqrt(delta.reduce((sum, value) => sum + value * value, 0));
  if (!Number.isFinite(norm)) throw new UpdateError("not-finite", `the norm of the update is ${norm}`);
  const scale = norm > clip ? clip / norm : 1;
  const scaled = scale < 1 ? delta.map((value) => value * scale) : delta;
  const sensitivitySquared = sensitivityAfterRounding(inSteps(clip, stepExponent), delta.length);
  for (let attempt = 0; attempt < ROUNDING_ATTEMPTS; attempt++) {
    const rounded = quantise(scaled, { bits, stepExponent, seed: [...seed, "attempt", attempt] });
    // Below 2^53, so exact.
    const squared = rounded.values.reduce((sum, value) => sum + value * value, 0);
    if (squared <= sensitivitySquared) return { ...rounded, scale, sensitivitySquared };
  }
  throw new PrivacyError("rounding", `${ROUNDING_ATTEMPTS} roundings of the update missed its bound; leave this round out`);
}
