import { SumError } from "./errors.ts";

/** Degree of the ring Z_q[x] / (x^N + 1). With one 52-bit prime: 128-bit security by SEAL's table. */
export const N = 2048;

/** Largest 52-bit prime that is 1 mod 2N, as SEAL picks it: 2^52 − 4095. */
export const Q = 0xffffffffff001;

/** t = 2^42. */
export const PLAIN_BITS = 42;

/** Secrets and errors are CBD(42): 42 fair bits less 42 others. */
export const CBD = 42;
const SIGMA = Math.sqrt(CBD / 2);

/** Field of the shares; the sum of 64 secrets is within ±2046 by 55σ. */
export const P = 4093;

/** Random coefficients that mask the degree test, and how often it is repeated: it errs with 4093^-8. */
export const CHECKS = 8;

/** A block of a ciphertext: N residues of 52 bits. */
export const BLOCK_BYTES = (N * 52) / 8;
/** What a holder gets of a dealer, and what it publishes of the sum (without the masks): 12 bits a coefficient. */
export const DEALING_BYTES = ((N + CHECKS) * 12) / 8;
export const SHARE_BYTES = (N * 12) / 8;

/** Devices whose updates one sum may hold, and holders of one committee. */
export const MOST_DEVICES = 64;
export const MOST_HOLDERS = 96;

/** How signed values lie in coefficients, so that the sum of all devices' values fits each field. */
export interface Layout {
  /** One device's values are within ±limit. */
  limit: number;
  /** Sums are within ±bound. */
  bound: number;
  /** Bits of a field. */
  width: number;
  /** Fields of a coefficient. */
  fields: number;
  /** Values of a block. */
  perBlock: number;
}

/** Of values of `bits` bits. @throws SumError `out-of-range` */
export function layoutOf(bits: number, devices: number): Layout {
  within(bits, 2, 8, "bits of a value");
  within(devices, 2, MOST_DEVICES, "devices of a sum");
  const width = Math.ceil(Math.log2(devices * (2 ** bits - 1) + 1));
  const limit = 2 ** (bits - 1) - 1;
  return { limit, bound: limit * devices, ...fieldsOf(width) };
}

const MOST_FIELD_BITS = 31;

/** Of values with noise, which single values no limit holds and sums are within ±bound but for a vanishing chance. @throws SumError `out-of-range` */
export function noisyLayout({ bound, bits }: { bound: number; bits: number }): Layout {
  within(bits, 2, MOST_FIELD_BITS, "bits of a summed field");
  within(bound, 1, 2 ** (bits - 1) - 1, "bound of a sum");
  return { limit: 2 ** MOST_FIELD_BITS - 1, bound, ...fieldsOf(bits) };
}

function fieldsOf(width: number): Pick<Layout, "width" | "fields" | "perBlock"> {
  const fields = Math.floor(PLAIN_BITS / width);
  return { width, fields, perBlock: N * fields };
}

export const blocksOf = (values: number, { perBlock }: Layout): number => Math.ceil(values / perBlock);

/** Who holds shares, and how many must agree. */
export interface Group {
  holders: number;
  /** Shares that open a sum: one fewer says nothing. */
  threshold: number;
  /** Signatures under U before a share of the sum is released. */
  quorum: number;
}

/** A group that holds its own shares. @throws SumError `out-of-range` */
export function groupOf(devices: number): Group {
  within(devices, 2, MOST_DEVICES, "devices of a group");
  const threshold = Math.floor((2 * devices) / 3) + 1;
  return { holders: devices, threshold, quorum: threshold };
}

/** A committee with a lower threshold, which therefore wants more signatures. @throws SumError `out-of-range` */
export function committeeOf(holders: number, threshold: number): Group {
  within(holders, 2, MOST_HOLDERS, "holders");
  within(threshold, 2, holders, "threshold");
  return { holders, threshold, quorum: Math.floor((holders + threshold - 1) / 2) + 1 };
}

/** 8σ of a sum of `devices` secrets or errors. */
export const sumBound = (devices: number): number => 8 * SIGMA * Math.sqrt(devices);

/** @throws SumError `out-of-range` */
export function within(value: number, least: number, most: number, what: string): void {
  if (!Number.isInteger(value) || value < least || value > most) throw new SumError("out-of-range", `${what}: a whole number from ${least} to ${most} is needed, not ${value}`);
}
