/** Reed–Solomon codes over a prime field, column by column: a codeword is a polynomial's values at its positions. */
export interface PrimeField {
  /** Weights with which the values at `points` give the value at `x` of the polynomial through them. */
  lagrange(points: readonly number[], x: number): number[];
  /**
   * Which values of a codeword are wrong: Gao, "A new algorithm for decoding Reed–Solomon codes" (2003).
   * @returns positions, or null if no polynomial of degree < `threshold` is within ⌊(n − threshold) / 2⌋ of the values
   */
  wrongPositions(points: readonly number[], values: readonly number[], threshold: number): number[] | null;
}

/** A polynomial, lowest coefficient first, with no zeros at its end. */
type Polynomial = bigint[];

/** @param modulus a prime below 2^53. A column is short, so its arithmetic may be of any precision. */
export function primeField(modulus: number): PrimeField {
  const p = BigInt(modulus);
  const mod = (a: bigint): bigint => ((a % p) + p) % p;

  /** a^(p − 2): 1 / a (Fermat). */
  function inverse(a: bigint): bigint {
    let result = 1n;
    for (let power = mod(a), e = p - 2n; e > 0n; e >>= 1n, power = (power * power) % p) if (e & 1n) result = (result * power) % p;
    return result;
  }

  const trim = (a: Polynomial): Polynomial => {
    while (a.length > 0 && a[a.length - 1] === 0n) a.pop();
    return a;
  };

  function multiply(a: Polynomial, b: Polynomial): Polynomial {
    const product = new Array<bigint>(Math.max(0, a.length + b.length - 1)).fill(0n);
    a.forEach((x, i) => b.forEach((y, j) => (product[i + j] = (product[i + j]! + x * y) % p)));
    return trim(product);
  }

  const subtract = (a: Polynomial, b: Polynomial): Polynomial => trim(Array.from({ length: Math.max(a.length, b.length) }, (_, i) => mod((a[i] ?? 0n) - (b[i] ?? 0n))));

  function divide(a: Polynomial, b: Polynomial): { quotient: Polynomial; rest: Polynomial } {
    const rest = [...a];
    const quotient = new Array<bigint>(Math.max(0, a.length - b.length + 1)).fill(0n);
    const leading = inverse(b[b.length - 1]!);
    for (let at = quotient.length - 1; at >= 0; at--) {
      const factor = (rest[at + b.length - 1]! * leading) % p;
      quotient[at] = factor;
      b.forEach((y, j) => (rest[at + j] = mod(rest[at + j]! - factor * y)));
    }
    return { quotient: trim(quotient), rest: trim(rest) };
  }

  const evaluate = (a: Polynomial, x: bigint): bigint => a.reduceRight((sum, coefficient) => (sum * x + coefficient) % p, 0n);

  /** The polynomial through the points (Newton's form). */
  function interpolate(points: readonly bigint[], values: readonly bigint[]): Polynomial {
    let through: Polynomial = [];
    let zero: Polynomial = [1n];
    points.forEach((x, i) => {
      const factor = mod((values[i]! - evaluate(through, x)) * inverse(evaluate(zero, x)));
      through = subtract(through, zero.map((coefficient) => mod(-factor * coefficient)));
      zero = multiply(zero, [mod(-x), 1n]);
    });
    return through;
  }

  return {
    lagrange(points, x) {
      return points.map((own) => {
        let [top, bottom] = [1n, 1n];
        for (const other of points) {
          if (other === own) continue;
          top = mod(top * BigInt(x - other));
          bottom = mod(bottom * BigInt(own - other));
        }
        return Number(mod(top * inverse(bottom)));
      });
    },
    wrongPositions(points, values, threshold) {
      const [xs, ys] = [points.map(BigInt), values.map(BigInt)];
      const zero = xs.reduce<Polynomial>((product, x) => multiply(product, [mod(-x), 1n]), [1n]);
      let [before, now] = [zero, interpolate(xs, ys)];
      let [v0, v1]: Polynomial[] = [[], [1n]];
      while (2 * (now.length - 1) >= points.length + threshold) {
        const { quotient, rest } = divide(before, now);
        [before, now, v0, v1] = [now, rest, v1!, subtract(v0!, multiply(quotient, v1!))];
      }
      const { quotient, rest } = divide(now, v1!);
      if (rest.length > 0 || quotient.length > threshold) return null;
      const wrong = xs.flatMap((x, i) => (evaluate(quotient, x) === ys[i] ? [] : [i]));
      return 2 * wrong.length <= points.length - threshold ? wrong : null;
    },
  };
}
