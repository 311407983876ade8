import { wholeWithin } from "./errors.ts";
import { requireVariance } from "./discrete-gaussian.ts";
import { MOST_DEVICES, MOST_VALUES } from "./limits.ts";

/** What one opened sum says of one contributor's update at most. */
export interface Mechanism {
  /** Bound on the squared L2 norm of one contributor's values, in steps². */
  sensitivitySquared: number;
  /** Values of an update. */
  values: number;
  /** Of the noise that each contributor adds to each value, in steps². */
  variance: number;
  /** Contributors that add their noise and keep it to themselves, the protected one among them. */
  honest: number;
}

/**
 * How far a sum of n discrete Gaussians is from one of their summed variance, as a bound on twice the logarithm of
 * the ratio of their probabilities, for one value (Kairouz, Liu, Steinke 2021, Theorem 1: τ).
 */
export function gapOfSum(variance: number, count: number): number {
  let sum = 0;
  for (let k = 1; k < count; k++) sum += Math.exp(((-2 * Math.PI ** 2 * k) / (k + 1)) * variance);
  return 10 * sum;
}

/**
 * Rényi divergence, of every order α > 1 at once: at most α·slope + constant, between the sums with and without one
 * contributor's values (the device still takes part, with zeros). This is the first bound of Prop. 14 in Kairouz et
 * al. 2021: αΔ²/2nσ² + τd; their others are smaller only where τ is not negligible, and the noise that `noiseFor`
 * finds is hardly ever there. Where an update is replaced by another instead, Δ is twice as large.
 *
 * @throws PrivacyError `out-of-range`
 */
export function divergence({ sensitivitySquared, values, variance, honest }: Mechanism): { slope: number; constant: number } {
  wholeWithin(sensitivitySquared, 1, Number.MAX_SAFE_INTEGER, "squared norm of a contribution");
  wholeWithin(values, 1, MOST_VALUES, "values of an update");
  wholeWithin(honest, 1, MOST_DEVICES, "honest contributors");
  requireVariance(variance);
  return { slope: sensitivitySquared / (2 * honest * variance), constant: gapOfSum(variance, honest) * values };
}
