import { SumError } from "./errors.ts";
import type { ShamirKernel } from "./kernel.ts";
import { N, P, SHARE_BYTES, sumBound } from "./params.ts";
import { primeField, type PrimeField } from "./prime-field.ts";
import { combineRows, readRow, rowOf } from "./shamir.ts";

const field = primeField(P);

export interface Recovered {
  /** S_U, centred. */
  secret: Int16Array<ArrayBuffer>;
  /** Holders, from 0, whose shares were wrong. It accuses them and the dealers; the degree test tells whom. */
  wrong: number[];
}

/**
 * S_U from the shares of the sum, the wrong ones found and left out.
 * @param shares by holder, from 0
 * @param devices |U|
 * @throws SumError `malformed` with the holder, `undecodable`, `garbage`
 */
export function recoverSecret(kernel: ShamirKernel, shares: ReadonlyMap<number, Uint8Array>, threshold: number, devices: number): Recovered {
  const read = (holders: readonly number[]): void => holders.forEach((holder, k) => readRow(kernel, k, shares.get(holder)!, SHARE_BYTES, holder));
  const { good, wrong } = sortOut(field, [...shares.keys()], threshold, "shares of the sum", (holders) => {
    read(holders);
    return disagreement(kernel, holders, threshold);
  });
  const base = good.slice(0, threshold);
  read(base);
  return { secret: centred(combineRows(kernel, field.lagrange(base.map(pointOf), 0)), devices), wrong };
}

/** Holder j's value is the polynomial's at j + 1: at 0 is the secret. */
export const pointOf = (holder: number): number => holder + 1;

/**
 * Finds the wrong rows of a codeword that is many columns wide: decodes a column in which the rows disagree,
 * leaves out what it finds there, and looks again.
 * @param disagreeing the values of such a column, or null if there is none
 * @throws SumError `undecodable`
 */
export function sortOut(
  code: PrimeField,
  members: readonly number[],
  threshold: number,
  what: string,
  disagreeing: (good: readonly number[]) => number[] | null,
): { good: number[]; wrong: number[] } {
  const all = [...members].sort((a, b) => a - b);
  const most = Math.floor((all.length - threshold) / 2);
  if (most < 0) throw new SumError("undecodable", `${all.length} ${what} where ${threshold} are needed; wait for more holders`);
  const wrong = new Set<number>();
  for (;;) {
    const good = all.filter((member) => !wrong.has(member));
    const column = disagreeing(good);
    if (column === null) return { good, wrong: [...wrong].sort((a, b) => a - b) };
    const found = code.wrongPositions(good.map(pointOf), column, threshold);
    found?.forEach((position) => wrong.add(good[position]!));
    if (found === null || wrong.size > most) throw new SumError("undecodable", `more than ${most} of ${all.length} ${what} are wrong; wait for more holders`);
  }
}

/** A coefficient's values in which the shares are not on one polynomial of degree < `threshold`. */
function disagreement(kernel: ShamirKernel, holders: readonly number[], threshold: number): number[] | null {
  const base = holders.slice(0, threshold).map(pointOf);
  for (let k = threshold; k < holders.length; k++) {
    const expected = combineRows(kernel, field.lagrange(base, pointOf(holders[k]!)));
    const column = rowOf(kernel, k).findIndex((value, i) => value !== expected[i]);
    if (column >= 0) return holders.map((_, row) => rowOf(kernel, row)[column]!);
  }
  return null;
}

function centred(residues: Uint32Array, devices: number): Int16Array<ArrayBuffer> {
  const secret = new Int16Array(N);
  const bound = sumBound(devices);
  for (let i = 0; i < N; i++) {
    const value = residues[i]! > P / 2 ? residues[i]! - P : residues[i]!;
    if (Math.abs(value) > bound) throw new SumError("garbage", `the sum of secrets has a coefficient of ${value}, beyond ±${Math.floor(bound)}; discard the round`);
    secret[i] = value;
  }
  return secret;
}
