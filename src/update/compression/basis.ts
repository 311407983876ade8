import { createRandom, type SeedPart } from "../../wire/random.ts";

/** Bases are whole numbers of 2^-15. */
export const BASIS_ONE = 2 ** 15;
const MOST = BASIS_ONE - 1;

/**
 * Orthonormal columns that span what the given ones do, by Gram–Schmidt, each column twice (Giraud et al., 2005). The
 * same bits on every device: only sums, products and quotients of doubles in one order, which IEEE 754 rounds alike.
 * @param columns matrix [rows, rank], row by row; a column that hangs on those before it is drawn anew from `seed`
 */
export function orthonormal(columns: Float64Array, rank: number, seed: readonly SeedPart[]): Int16Array<ArrayBuffer> {
  const rows = columns.length / rank;
  const basis: Float64Array[] = [];
  for (let column = 0; column < rank; column++) {
    let own = scaled(Float64Array.from({ length: rows }, (_, row) => columns[row * rank + column]!));
    for (let attempt = 0; ; attempt++) {
      const before = dot(own, own);
      for (let pass = 0; pass < 2; pass++) for (const other of basis) subtract(own, other, dot(own, other));
      const square = dot(own, own);
      if (square > before * 2 ** -20) {
        const length = root(square);
        basis.push(own.map((value) => value / length));
        break;
      }
      const random = createRandom([...seed, "basis", column, attempt]);
      own = own.map(() => random.uniform() - 0.5);
    }
  }
  const whole = new Int16Array(columns.length);
  basis.forEach((values, column) => values.forEach((value, row) => (whole[row * rank + column] = Math.max(-MOST, Math.min(MOST, Math.round(value * BASIS_ONE))))));
  return whole;
}

/** Divided by the largest magnitude, so that no square overflows or vanishes. */
function scaled(column: Float64Array): Float64Array {
  const most = column.reduce((top, value) => Math.max(top, Math.abs(value)), 0);
  return most === 0 ? column : column.map((value) => value / most);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function subtract(from: Float64Array, other: Float64Array, times: number): void {
  for (let i = 0; i < from.length; i++) from[i] = from[i]! - times * other[i]!;
}

/** √x by Newton's method: `Math.sqrt` need not be exact (ECMA-262, 21.3.2.32). From above it falls until it is as near as it gets. */
function root(x: number): number {
  let guess = Math.max(1, x);
  for (;;) {
    const next = (guess + x / guess) / 2;
    if (next >= guess) return guess;
    guess = next;
  }
}
