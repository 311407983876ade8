import { FRACTION_BITS } from "../fixed.ts";
import { valueLimit } from "../quantise.ts";
import { epsilonFor } from "./accountant.ts";
import { inSteps, sensitivityAfterRounding } from "./clip.ts";
import { PrivacyError, wholeWithin } from "./errors.ts";
import { fieldFor, varianceThatFits, type Field } from "./field.ts";
import { EPSILON_MARGIN, LEAST_VARIANCE, MOST_DEVICES, MOST_EPSILON, MOST_FIELD_BITS, MOST_STEP_EXPONENT, MOST_VALUES, MOST_VARIANCE, REACH_IN_DEVIATIONS, STEPS_PER_DEVIATION, VARIANCE_BITS, VARIANCE_UNIT } from "./limits.ts";
import type { Mechanism } from "./renyi.ts";
import type { PrivacySetting } from "./setting.ts";

/** The sums that a task's rounds make. */
interface Sums {
  /** Values of an update. */
  values: number;
  /** Bits of a value before the noise. */
  bits: number;
  /** Contributors of a sum, at most. */
  devices: number;
  /** Bits that a field of a sum may take, at most 31. */
  fieldBits: number;
}

/** What every device does alike in every round of a task; all of it follows from the task alone. */
export interface PrivacyPlan {
  /** Of the step, in every round: one that followed the updates would tell about them. */
  stepExponent: number;
  /** For the accountant, and the noise of one contributor. */
  mechanism: Mechanism;
  /** For the packing of sums. */
  field: Field;
}

/**
 * @throws PrivacyError `epsilon-too-small` with the least ε that would do, `clip` with a bound that would,
 *   `setting` for more honest contributors than devices, `out-of-range`
 */
export function planPrivacy(setting: PrivacySetting, { values, bits, devices, fieldBits }: Sums): PrivacyPlan {
  wholeWithin(values, 1, MOST_VALUES, "values of an update");
  wholeWithin(bits, 2, 8, "bits of a value");
  wholeWithin(devices, 1, MOST_DEVICES, "devices of a sum");
  wholeWithin(fieldBits, 1, MOST_FIELD_BITS, "bits of a summed field");
  const { epsilon, delta, rounds, clip, honest } = setting;
  if (honest > devices) throw new PrivacyError("setting", `${honest} honest contributors cannot be counted on in sums of ${devices}; ${devices} at most would do`, { field: "honest", value: devices });
  const stepExponent = stepExponentFor(clip, values, bits);
  const sensitivitySquared = sensitivityAfterRounding(inSteps(clip, stepExponent), values);
  const fits = Math.min(MOST_VARIANCE, varianceThatFits({ bits, devices }, fieldBits));
  if (fits < LEAST_VARIANCE) throw new PrivacyError("out-of-range", `a sum of ${devices} values of ${bits} bits with noise does not fit ${fieldBits} bits; ${fieldFor({ bits, devices, variance: LEAST_VARIANCE }).bits} are the least`);

  const noise = { sensitivitySquared, values, honest };
  const variance = noiseFor({ epsilon, delta, rounds, ...noise });
  if (variance === null || variance > fits) {
    const would = epsilonFor({ ...noise, variance: Math.floor(fits / VARIANCE_UNIT) * VARIANCE_UNIT }, rounds, delta);
    const value = Number((Math.ceil(would * 1.001 * 100) / 100).toFixed(2));
    const advice = value > MOST_EPSILON ? "take fewer rounds, values of fewer bits or wider fields" : `ε = ${value} would do, or fewer rounds, values of fewer bits or wider fields`;
    throw new PrivacyError("epsilon-too-small", `ε = ${epsilon} over ${rounds} rounds needs more noise than a summed field of ${fieldBits} bits has room for; ${advice}`, value > MOST_EPSILON ? null : { field: "epsilon", value });
  }
  return { stepExponent, mechanism: { ...noise, variance }, field: fieldFor({ bits, devices, variance }) };
}

/**
 * The least variance of one contributor's noise, in steps², with which `rounds` rounds cost at most ε at this δ, by
 * bisection: ε falls with it.
 * @returns a multiple of 2^-10 of 16 leading bits, or null where even 2^40 is too little
 */
export function noiseFor({ epsilon, delta, rounds, ...noise }: { epsilon: number; delta: number; rounds: number } & Omit<Mechanism, "variance">): number | null {
  const enough = (units: number): boolean => epsilonFor({ ...noise, variance: units * VARIANCE_UNIT }, rounds, delta) <= epsilon * (1 - EPSILON_MARGIN);
  let least = LEAST_VARIANCE / VARIANCE_UNIT;
  let most = MOST_VARIANCE / VARIANCE_UNIT;
  if (!enough(most)) return null;
  while (least < most) {
    const middle = Math.floor((least + most) / 2);
    if (enough(middle)) most = middle;
    else least = middle + 1;
  }
  let grid = 1;
  while (most / grid >= 2 ** VARIANCE_BITS) grid *= 2;
  return Math.ceil(most / grid) * grid * VARIANCE_UNIT;
}

/**
 * The coarsest step that costs little noise and cuts few values. At the bound the root mean square of a value is
 * r = clip/√values. A step of r/2 makes rounding count for a sixteenth of the squared norm; with few bits it is
 * coarser, so that values reach to 3r.
 */
function stepExponentFor(clip: number, values: number, bits: number): number {
  const deviation = clip / Math.sqrt(values);
  const step = deviation * Math.max(1 / STEPS_PER_DEVIATION, REACH_IN_DEVIATIONS / valueLimit(bits));
  // Compared rather than by a logarithm, whose last bit may differ between engines: this is for shared bytes.
  let exponent = MOST_STEP_EXPONENT;
  while (exponent >= 0 && 2 ** (exponent - FRACTION_BITS) > step) exponent--;
  if (exponent >= 0) return exponent;
  const would = Number(((clip * 1.01 * 2 ** -FRACTION_BITS) / step).toPrecision(3));
  throw new PrivacyError("clip", `an update of norm ${clip} in ${values} values is below the finest step of 2^-${FRACTION_BITS}; ${would} would do`, { field: "clip", value: would });
}
