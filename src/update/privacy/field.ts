import { valueLimit } from "../quantise.ts";
import { FIELD_SIGMAS } from "./limits.ts";

/** Room for one value of a sum. */
export interface Field {
  /** Sums are within ±bound, but for one in 10^15. */
  bound: number;
  /** Bits of a field that holds bound + sum. */
  bits: number;
}

/** What a sum of noisy values consists of. */
interface Summed {
  /** Bits of a value before the noise. */
  bits: number;
  /** Contributors, at most; with fewer the sum is smaller. */
  devices: number;
  /** Of one contributor's noise, in steps². */
  variance: number;
}

/**
 * The field that a sum of noisy values needs: the values' own, and 8σ of the summed noise on each side. Single
 * contributions are as large as chance makes them, so fields are added as signed numbers, modulo the whole, and
 * `bound` is added once, to the sum: only that is within its field.
 */
export function fieldFor({ bits, devices, variance }: Summed): Field {
  const bound = devices * valueLimit(bits) + Math.ceil(FIELD_SIGMAS * Math.sqrt(devices * variance));
  return { bound, bits: Math.ceil(Math.log2(2 * bound + 1)) };
}

/** The largest variance of one contributor's noise whose sums fit fields of `fieldBits`; below 0 if not even the values do. */
export function varianceThatFits({ bits, devices }: Omit<Summed, "variance">, fieldBits: number): number {
  const room = 2 ** (fieldBits - 1) - 1 - devices * valueLimit(bits);
  return room < 0 ? -1 : (room / FIELD_SIGMAS) ** 2 / devices;
}
