import type { DiscreteGaussian } from "./discrete-gaussian.ts";

/**
 * A device's values with its part of the noise. Every contributor adds N_Z(0, σ²/h), so that the sum holds a noise
 * of σ² or more as soon as h of them are honest; what a device adds says nothing about how much the others do.
 *
 * @returns whole steps, of any size: they are cut nowhere, for a cut noise is not the one that was accounted for
 */
export function addNoise(values: Int8Array, noise: DiscreteGaussian): Int32Array<ArrayBuffer> {
  const noisy = new Int32Array(values.length);
  noise.draw(noisy);
  for (let i = 0; i < values.length; i++) noisy[i] = noisy[i]! + values[i]!;
  return noisy;
}
