/** Linear algebra over GF(4093) on rows of coefficients, for Shamir's sharing: see src/securesum/shamir.ts. */
import { KEY, keystream } from "./ring-chacha";

const P: u32 = 4093;
/** Coefficients of a row: the ring's 2,048 and the 8 masks of the degree test. */
const CHECKS: i32 = 8;
const LENGTH: i32 = 2048 + CHECKS;
/** Sums of so many products of two residues fit 32 bits. */
const MOST_ROWS = 96;
const ROW_BYTES: usize = LENGTH * 4;

export { KEY };
export const ROWS: usize = memory.data(MOST_ROWS * LENGTH * 4, 16);
export const WEIGHTS: usize = memory.data(MOST_ROWS * 4, 16);
export const OUT: usize = memory.data(LENGTH * 4, 16);
/** 12 bits a coefficient, and room for the last word. */
export const WIRE: usize = memory.data((LENGTH * 3) / 2 + 8, 16);
const TESTS: usize = memory.data(CHECKS * LENGTH * 4, 16);
const STREAM: usize = memory.data(128, 16);

/** Fills rows with uniform residues: 16-bit words of keystream, cut to 12 bits, that are below 4093. */
export function draw(nonce0: u32, nonce1: u32, nonce2: u32, from: i32, to: i32): void {
  fill(ROWS + <usize>from * ROW_BYTES, ROWS + <usize>to * ROW_BYTES, nonce0, nonce1, nonce2);
}

/** Fills the weights of the degree test: uniform for the secret, and for the masks each test's own alone. */
export function challenge(): void {
  fill(TESTS, TESTS + <usize>CHECKS * ROW_BYTES, 0, 0, 0);
  for (let test = 0; test < CHECKS; test++) {
    const masks = TESTS + <usize>(test + 1) * ROW_BYTES - CHECKS * 4;
    memory.fill(masks, 0, CHECKS * 4);
    store<u32>(masks + (<usize>test << 2), 1);
  }
}

/** The weighted sums of a row, one a test, to OUT. */
export function check(row: i32): void {
  const from = ROWS + <usize>row * ROW_BYTES;
  for (let test = 0; test < CHECKS; test++) {
    const weights = TESTS + <usize>test * ROW_BYTES;
    let sum: u64 = 0;
    for (let i: usize = 0; i < ROW_BYTES; i += 4) sum += <u64>(load<u32>(from + i) * load<u32>(weights + i));
    store<u32>(OUT + (<usize>test << 2), <u32>(sum % P));
  }
}

function fill(at: usize, end: usize, nonce0: u32, nonce1: u32, nonce2: u32): void {
  for (let counter: u32 = 0; at < end; counter += 2) {
    keystream(nonce0, nonce1, nonce2, counter, STREAM, 2);
    for (let i: usize = 0; i < 128 && at < end; i += 2) {
      const x: u32 = load<u16>(STREAM + i) & 0xfff;
      store<u32>(at, x);
      at += x < P ? 4 : 0;
    }
  }
}

/** OUT = Σ WEIGHTS[k] · ROWS[k] over the first `count` rows. */
export function combine(count: i32): void {
  for (let i: usize = 0; i < ROW_BYTES; i += 16) {
    let sum = i32x4.splat(0);
    for (let k = 0; k < count; k++) {
      sum = i32x4.add(sum, i32x4.mul(v128.load(ROWS + <usize>k * ROW_BYTES + i), v128.load32_splat(WEIGHTS + (<usize>k << 2))));
    }
    v128.store(OUT + i, sum);
  }
  for (let i: usize = 0; i < ROW_BYTES; i += 4) store<u32>(OUT + i, load<u32>(OUT + i) % P);
}

/** OUT to WIRE. */
export function pack(): void {
  let to = WIRE;
  for (let i: usize = 0; i < ROW_BYTES; i += 8, to += 3) store<u32>(to, load<u32>(OUT + i) | (load<u32>(OUT + i, 4) << 12));
}

/** WIRE to a row. @returns whether every coefficient is below 4093 */
export function unpack(row: i32): bool {
  let from = WIRE;
  let to = ROWS + <usize>row * ROW_BYTES;
  let good = true;
  for (const end = to + ROW_BYTES; to < end; to += 8, from += 3) {
    const pair = load<u32>(from);
    const first = pair & 0xfff;
    const second = (pair >> 12) & 0xfff;
    good = good && first < P && second < P;
    store<u32>(to, first);
    store<u32>(to, second, 4);
  }
  return good;
}
