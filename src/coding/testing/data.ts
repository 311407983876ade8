/** The oracles' data: Marsaglia's xorshift, a byte a step. */
export function xorshift(length: number, seed = 0x12345678): Uint8Array {
  let x = seed | 0 || 1;
  return new Uint8Array(length).map(() => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x & 255;
  });
}

let seeds = 1;
/** Other bytes at every call, the same in every run. */
export const randomBytes = (length: number): Uint8Array => xorshift(length, 0x9e3779b9 * seeds++);

/** Every choice of `count` of the numbers below n. */
export function* patterns(n: number, count: number, from = 0): Generator<number[]> {
  if (count === 0) yield [];
  else for (let first = from; first <= n - count; first++) for (const rest of patterns(n, count - 1, first + 1)) yield [first, ...rest];
}
