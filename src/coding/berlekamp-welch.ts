import type { Code } from "./code.ts";
import type { Field } from "./field.ts";

/** Coefficients, the constant first; the last is not 0. */
type Polynomial = readonly number[];

/**
 * Which symbols of one column are wrong: Berlekamp's and Welch's key equation Q(x) = y · E(x), solved by Euclid's
 * algorithm (Gao, "A new algorithm for decoding Reed–Solomon codes", 2003).
 * @param symbols a symbol for each shard that is there, at least one of which is wrong
 * @returns the shards that differ from the only codeword within (symbols − k) / 2 errors, or null where there is none
 */
export function locateErrors(code: Code, symbols: ReadonlyMap<number, number>): number[] | null {
  const { field, k, point } = code;
  const scales = code.scales();
  const shards = [...symbols.keys()];
  const points = shards.map(point);
  const values = shards.map((shard) => field.divide(symbols.get(shard)!, scales[shard]!));
  const all = points.reduce<Polynomial>((product, p) => multiply(field, product, [p, 1]), [1]);
  let [a, b] = [all, through(field, all, points, values)];
  let [u, v]: Polynomial[] = [[], [1]];
  while (2 * (b.length - 1) >= shards.length + k) {
    const { quotient, remainder } = divide(field, a, b);
    [a, b] = [b, remainder];
    [u, v] = [v!, add(u!, multiply(field, quotient, v!))];
  }
  const { quotient: decoded, remainder } = divide(field, b, v!);
  if (remainder.length > 0 || decoded.length > k) return null;
  // Not the roots of the locator, some of which may lie at right symbols.
  const wrong = shards.filter((_, i) => evaluate(field, decoded, points[i]!) !== values[i]);
  return 2 * wrong.length <= shards.length - k ? wrong : null;
}

/** The polynomial with these values at these points; `all` vanishes there. */
function through(field: Field, all: Polynomial, points: readonly number[], values: readonly number[]): Polynomial {
  return points.reduce<Polynomial>((sum, p, i) => {
    const { quotient } = divide(field, all, [p, 1]);
    return add(sum, multiply(field, quotient, [field.divide(values[i]!, evaluate(field, quotient, p))]));
  }, []);
}

function trim(polynomial: number[]): Polynomial {
  while (polynomial.at(-1) === 0) polynomial.pop();
  return polynomial;
}

function add(a: Polynomial, b: Polynomial): Polynomial {
  return trim(Array.from({ length: Math.max(a.length, b.length) }, (_, i) => (a[i] ?? 0) ^ (b[i] ?? 0)));
}

function multiply({ multiply }: Field, a: Polynomial, b: Polynomial): Polynomial {
  const product = new Array<number>(Math.max(0, a.length + b.length - 1)).fill(0);
  a.forEach((x, i) => b.forEach((y, j) => (product[i + j]! ^= multiply(x, y))));
  return trim(product);
}

function divide({ multiply, divide }: Field, a: Polynomial, b: Polynomial): { quotient: Polynomial; remainder: Polynomial } {
  const rest = [...a];
  const quotient = new Array<number>(Math.max(0, a.length - b.length + 1)).fill(0);
  for (let at = quotient.length - 1; at >= 0; at--) {
    const factor = divide(rest[at + b.length - 1]!, b.at(-1)!);
    quotient[at] = factor;
    b.forEach((y, j) => (rest[at + j]! ^= multiply(factor, y)));
  }
  return { quotient: trim(quotient), remainder: trim(rest) };
}

const evaluate = ({ multiply }: Field, polynomial: Polynomial, x: number): number => polynomial.reduceRight((sum, coefficient) => multiply(sum, x) ^ coefficient, 0);
