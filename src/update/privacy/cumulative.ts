import type { Words } from "./chance.ts";
import { expMinus, extend, FRACTION_BITS, narrow, WORKING_BITS } from "./exponential.ts";

/** Below this a weight does not count: exp(−x) < 2^-160. */
const TAIL = FRACTION_BITS * Math.LN2;
const GUIDE_BITS = 11;

/**
 * Draws k ≥ 0 with probability proportional to exp(−k²·numerator/denominator), by inversion of the cumulative
 * table. Its entries have 160 bits; a draw looks at the first 32, and at the rest only where those are a tie, which
 * happens about once in 2^32 draws an entry.
 *
 * @param denominator at least half of the numerator
 */
export function createCumulative(numerator: bigint, denominator: bigint): (words: Words) => number {
  const table = cumulative(numerator, denominator);
  const top = Uint32Array.from(table, (fraction) => Number(fraction >> BigInt(FRACTION_BITS - 32)));
  // Where the search for a first word of these leading bits begins.
  const guide = new Uint16Array(2 ** GUIDE_BITS);
  for (let i = 0, k = 0; i < guide.length; i++) {
    while (top[k]! < i * 2 ** (32 - GUIDE_BITS)) k++;
    guide[i] = k;
  }

  return (words) => {
    const word = words.next();
    let k = guide[word >>> (32 - GUIDE_BITS)]!;
    while (word > top[k]!) k++;
    if (word < top[k]!) return k;
    const fraction = extend(word, words);
    while (fraction > table[k]!) k++;
    return k;
  };
}

/** For each k the last 160-bit fraction that means k or less. */
function cumulative(numerator: bigint, denominator: bigint): bigint[] {
  const length = 1 + Math.ceil(Math.sqrt((TAIL * Number(denominator)) / Number(numerator)));
  // exp(−(k+1)²g) / exp(−k²g) = exp(−(2k+1)g), and that ratio falls by exp(−2g) each time.
  let ratio = expMinus(numerator, denominator);
  const fall = multiply(ratio, ratio);
  let weight = 1n << BigInt(WORKING_BITS);
  let sum = 0n;
  const sums: bigint[] = [];
  for (let k = 0; k < length; k++) {
    sum += weight;
    sums.push(sum);
    weight = multiply(weight, ratio);
    ratio = multiply(ratio, fall);
  }
  return sums.map((part) => narrow((part << BigInt(WORKING_BITS)) / sum) - 1n);
}

const multiply = (a: bigint, b: bigint): bigint => (a * b) >> BigInt(WORKING_BITS);
