/**
 * One block of the secure sum: see src/securesum. The host writes to and reads from the regions that are
 * exported here; all residues are 64-bit words.
 */
import { KEY, keystream } from "./ring-chacha";
import { multiply, N, positive, Q, ratioOf } from "./ring-field";
import { backward, forward } from "./ring-ntt";
import { accumulate as accumulateWire, pack as packWire, reduce as reduceSums, unpack as unpackWire, WIRE_BYTES } from "./ring-wire";

/** More fields than any width in use allows. */
const MOST_FIELDS = 21;
/** Bytes of keystream that one number of CBD(42) takes: twice 42 bits, each from a byte boundary. */
const CBD_BYTES = 12;
const CBD_MASK: u64 = 0x3ffffffffff;
const PLAIN_BITS = 42;
const PLAIN_MASK: i64 = 0x3ffffffffff;
/** 2^52 − q: the plain modulus divides 2^52, so that ⌊q·m / 2^42⌋ is 2^10·m − ⌈4095·m / 2^42⌉. */
const GAP: i64 = 4095;

export { KEY };
/** Keystream, and room for the last unaligned reads. */
export const STREAM: usize = memory.data(N * CBD_BYTES + 64, 16);
/** A secret or a sum of secrets: N signed 16-bit coefficients. */
export const SECRET: usize = memory.data(N * 2, 16);
/** The block's common random residues, in NTT form. */
export const A: usize = memory.data(N * 8, 16);
/** The residues that are worked on. */
export const X: usize = memory.data(N * 8, 16);
/** The secret in NTT form, each residue beside its ratio to q. */
export const HELD: usize = memory.data(N * 16, 16);
export const SUMS: usize = memory.data(N * 8, 16);
export const WIRE: usize = memory.data(WIRE_BYTES + 16, 16);
/** Signed 32-bit words: values going in, their sums coming out. */
export const VALUES: usize = memory.data(N * MOST_FIELDS * 4, 16);

/** Fills A from the key and nonce: the low 52 bits of each 8 bytes of keystream that are below q, in turn. */
export function expand(nonce0: u32, nonce1: u32, nonce2: u32): void {
  let filled = 0;
  for (let counter: u32 = 0; filled < N; counter += 256) {
    keystream(nonce0, nonce1, nonce2, counter, STREAM, 256);
    filled = sift(filled);
  }
}

/** Takes what is below q of 2,048 candidates in the stream. @returns how many residues A then has */
export function sift(filled: i32): i32 {
  for (let i = 0; i < N && filled < N; i++) {
    const x = load<i64>(STREAM + (<usize>i << 3)) & 0xfffffffffffff;
    store<i64>(A + (<usize>filled << 3), x);
    filled += i32(x < Q);
  }
  return filled;
}

/** Fills the stream with what N numbers of CBD(42) take. */
export function draw(nonce0: u32, nonce1: u32, nonce2: u32): void {
  keystream(nonce0, nonce1, nonce2, 0, STREAM, (N * CBD_BYTES) / 64);
}

/** The centred binomial distribution: 42 fair bits less 42 others. */
// @ts-ignore: decorator
@inline
function binomial(i: i32): i64 {
  const at = STREAM + <usize>(i * CBD_BYTES);
  return popcnt<u64>(load<u64>(at) & CBD_MASK) - popcnt<u64>(load<u64>(at, 6) & CBD_MASK);
}

export function sampleSecret(): void {
  for (let i = 0; i < N; i++) store<i16>(SECRET + (<usize>i << 1), <i16>binomial(i));
}

export function addErrors(): void {
  for (let i = 0; i < N; i++) {
    const at = X + (<usize>i << 3);
    store<i64>(at, positive(positive(load<i64>(at) + binomial(i) - Q)));
  }
}

/** ±SECRET to X. */
export function lift(sign: i32): void {
  for (let i = 0; i < N; i++) store<i64>(X + (<usize>i << 3), positive(sign * <i64>load<i16>(SECRET + (<usize>i << 1))));
}

/** Holds ±SECRET for `hide` and `reveal`. */
export function hold(sign: i32): void {
  lift(sign);
  forward(X);
  for (let i = 0; i < N; i++) {
    const x = load<i64>(X + (<usize>i << 3));
    store<i64>(HELD + (<usize>i << 4), x);
    store<f64>(HELD + (<usize>i << 4), ratioOf(x), 8);
  }
  memory.fill(X, 0, N * 8);
}

/** X + A · held, in NTT form. */
function addProduct(): void {
  for (let i = 0; i < N; i++) {
    const at = <usize>i << 3;
    const product = multiply(load<i64>(A + at), load<i64>(HELD + (at << 1)), load<f64>(HELD + (at << 1), 8));
    store<i64>(X + at, positive(load<i64>(X + at) + product - Q));
  }
}

/** X from coefficients to NTT form, plus A · held. */
export function hide(): void {
  forward(X);
  addProduct();
}

/** X plus A · held, back to coefficients. */
export function reveal(): void {
  addProduct();
  backward(X);
}

/**
 * ⌊q·m / t⌋ to X, where each m is made of `fields` signed values at distances of `width` bits, modulo t.
 * @returns whether every value is within ±limit
 */
export function packFields(fields: i32, width: i32, limit: i32): bool {
  let from = VALUES;
  let worst: i64 = 0;
  for (let i = 0; i < N; i++) {
    let m: i64 = 0;
    for (let at = 0; at < fields * width; at += width, from += 4) {
      const value = <i64>load<i32>(from);
      // Negative as soon as one is beyond the limit.
      worst |= (value + limit) | (limit - value);
      m += value << at;
    }
    m &= PLAIN_MASK;
    store<i64>(X + (<usize>i << 3), (m << 10) - ((GAP * m + PLAIN_MASK) >> PLAIN_BITS));
  }
  return worst >= 0;
}

/**
 * Rounds t/q · X to sums of fields, each within ±bound, to VALUES.
 * @returns the largest distance of a coefficient from what it was rounded to
 */
export function unpackFields(fields: i32, width: i32, bound: i32): i32 {
  let to = VALUES;
  let worst: i64 = 0;
  const mask: i64 = (<i64>1 << width) - 1;
  // With the bound added to each, no field borrows from the next.
  let lift: i64 = 0;
  for (let at = 0; at < fields * width; at += width) lift += <i64>bound << at;
  for (let i = 0; i < N; i++) {
    const x = load<i64>(X + (<usize>i << 3));
    const scaled = x + (((x >> 12) * GAP) >> 40) + 512;
    const noise = (scaled & 1023) - 512;
    worst = max(worst, max(noise, -noise));
    const m = ((scaled >> 10) + lift) & PLAIN_MASK;
    for (let at = 0; at < fields * width; at += width, to += 4) store<i32>(to, <i32>(((m >> at) & mask) - bound));
  }
  return <i32>worst;
}

/** WIRE to X. @returns whether every residue is below q */
export function unpack(): bool {
  return unpackWire(WIRE, X);
}

/** X to WIRE. */
export function pack(): void {
  packWire(X, WIRE);
}

/** Adds WIRE to SUMS. @returns whether every residue is below q */
export function accumulate(): bool {
  return accumulateWire(WIRE, SUMS);
}

/** Adds `weight` · WIRE to SUMS; X is overwritten. @param weight below q @returns whether every residue is below q */
export function accumulateScaled(weight: f64): bool {
  const valid = unpackWire(WIRE, X);
  const w = <i64>weight;
  const ratio = ratioOf(w);
  for (let i = 0; i < N; i++) {
    const at = <usize>i << 3;
    store<i64>(SUMS + at, load<i64>(SUMS + at) + multiply(load<i64>(X + at), w, ratio));
  }
  return valid;
}

/** SUMS mod q to X, and clears them. */
export function reduce(): void {
  reduceSums(SUMS, X);
  memory.fill(SUMS, 0, N * 8);
}
