import { createRandom } from "../wire/random.ts";
import { UpdateError } from "./errors.ts";
import { FRACTION_BITS } from "./fixed.ts";

/** The largest magnitude of a b-bit value; symmetric, so that rounding has no bias at the ends. */
export const valueLimit = (bits: number): number => 2 ** (bits - 1) - 1;

export interface Quantised {
  /** One signed value a parameter, each within ±valueLimit(bits). */
  values: Int8Array<ArrayBuffer>;
  /** How many had to be clipped to the limit. */
  clipped: number;
  /** How many are beyond half of the limit: few of them means that the step may shrink. */
  large: number;
}

/**
 * Stochastic rounding of a float32 update to multiples of one step 2^(stepExponent − 20), the same for all
 * devices, so that sums are exact: E[value · step] = delta wherever nothing was clipped.
 *
 * @throws UpdateError `not-finite`, so that a diverged model never leaves its device
 */
export function quantise(
  delta: Float32Array,
  { bits, stepExponent, seed }: { bits: number; stepExponent: number; seed: readonly (number | string)[] },
): Quantised {
  const limit = valueLimit(bits);
  const perStep = 2 ** (FRACTION_BITS - stepExponent);
  const random = createRandom(seed);
  const values = new Int8Array(delta.length);
  let clipped = 0;
  let large = 0;
  for (let i = 0; i < delta.length; i++) {
    const exact = delta[i]! * perStep;
    if (!Number.isFinite(exact)) throw new UpdateError("not-finite", `value ${i} of the update is ${delta[i]}`);
    let value = Math.floor(exact + random.uniform());
    if (value > limit || value < -limit) {
      clipped++;
      value = value > 0 ? limit : -limit;
    }
    if (2 * Math.abs(value) > limit) large++;
    values[i] = value;
  }
  return { values, clipped, large };
}
