import { SumError } from "./errors.ts";
import type { ShamirKernel } from "./kernel.ts";
import { N, P, SHARE_BYTES, sumBound } from "./params.ts";
import { combineRows, inverse, lagrange, readRow, rowOf } from "./shamir.ts";

/** A polynomial over GF(4093), lowest coefficient first, with no zeros at its end. */
type Polynomial = number[];

const trim = (a: Polynomial): Polynomial => {
  while (a.length > 0 && a[a.length - 1] === 0) a.pop();
  return a;
};

function multiply(a: Polynomial, b: Polynomial): Polynomial {
  const product = new Array<number>(Math.max(0, a.length + b.length - 1)).fill(0);
  a.forEach((x, i) => b.forEach((y, j) => (product[i + j] = (product[i + j]! + x * y) % P)));
  return trim(product);
}

const subtract = (a: Polynomial, b: Polynomial): Polynomial =>
  trim(Array.from({ length: Math.max(a.length, b.length) }, (_, i) => ((a[i] ?? 0) + P - (b[i] ?? 0)) % P));

function divide(a: Polynomial, b: Polynomial): { quotient: Polynomial; rest: Polynomial } {
  const rest = [...a];
  const quotient = new Array<number>(Math.max(0, a.length - b.length + 1)).fill(0);
  const leading = inverse(b[b.length - 1]!);
  for (let at = quotient.length - 1; at >= 0; at--) {
    const factor = (rest[at + b.length - 1]! * leading) % P;
    quotient[at] = factor;
    b.forEach((y, j) => (rest[at + j] = (rest[at + j]! + (P - factor) * y) % P));
  }
  return { quotient: trim(quotient), rest: trim(rest) };
}

const evaluate = (a: Polynomial, x: number): number => a.reduceRight((sum, coefficient) => (sum * x + coefficient) % P, 0);

/** The polynomial through the points (Newton's form). */
function interpolate(points: readonly number[], values: readonly number[]): Polynomial {
  let through: Polynomial = [];
  let zero: Polynomial = [1];
  points.forEach((x, i) => {
    const factor = ((values[i]! + P - evaluate(through, x)) * inverse(evaluate(zero, x))) % P;
    through = subtract(through, zero.map((coefficient) => (P - factor) * coefficient % P));
    zero = multiply(zero, [P - x, 1]);
  });
  return through;
}

/**
 * Which values of a Reed–Solomon codeword are wrong: Gao, "A new algorithm for decoding Reed–Solomon codes" (2003).
 * @returns positions, or null if no polynomial of degree < `threshold` is within ⌊(n − threshold) / 2⌋ of the values
 */
export function wrongPositions(points: readonly number[], values: readonly number[], threshold: number): number[] | null {
  const zero = points.reduce<Polynomial>((product, x) => multiply(product, [P - x, 1]), [1]);
  let [before, now] = [zero, interpolate(points, values)];
  let [v0, v1]: Polynomial[] = [[], [1]];
  while (2 * (now.length - 1) >= points.length + threshold) {
    const { quotient, rest } = divide(before, now);
    [before, now, v0, v1] = [now, rest, v1!, subtract(v0!, multiply(quotient, v1!))];
  }
  const { quotient, rest } = divide(now, v1!);
  if (rest.length > 0 || quotient.length > threshold) return null;
  const wrong = points.flatMap((x, i) => (evaluate(quotient, x) === values[i] ? [] : [i]));
  return 2 * wrong.length <= points.length - threshold ? wrong : null;
}

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
  const holders = [...shares.keys()].sort((a, b) => a - b);
  const most = Math.floor((holders.length - threshold) / 2);
  if (most < 0) throw new SumError("undecodable", `${holders.length} shares of the sum where ${threshold} are needed; wait for more holders`);
  const wrong = new Set<number>();
  for (;;) {
    const good = holders.filter((holder) => !wrong.has(holder));
    good.forEach((holder, k) => readRow(kernel, k, shares.get(holder)!, SHARE_BYTES, holder));
    const column = disagreement(kernel, good, threshold);
    if (column === null) return { secret: centred(combineRows(kernel, lagrange(good.slice(0, threshold).map(pointOf), 0)), devices), wrong: [...wrong].sort((a, b) => a - b) };
    const found = wrongPositions(good.map(pointOf), good.map((_, k) => rowOf(kernel, k)[column]!), threshold);
    found?.forEach((position) => wrong.add(good[position]!));
    if (found === null || wrong.size > most) throw new SumError("undecodable", `more than ${most} of ${holders.length} shares of the sum are wrong; wait for more holders`);
  }
}

const pointOf = (holder: number): number => holder + 1;

/** A coefficient in which the shares are not on one polynomial of degree < `threshold`; null if there is none. */
function disagreement(kernel: ShamirKernel, holders: readonly number[], threshold: number): number | null {
  const base = holders.slice(0, threshold).map(pointOf);
  for (let k = threshold; k < holders.length; k++) {
    const expected = combineRows(kernel, lagrange(base, pointOf(holders[k]!)));
    const column = rowOf(kernel, k).findIndex((value, i) => value !== expected[i]);
    if (column >= 0) return column;
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
