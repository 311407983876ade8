/**
 * The negacyclic number-theoretic transform of Longa and Naehrig (CANS 2016), with the same root and the same
 * (bit-reversed) order as SEAL, so that both rings speak of the same bytes.
 */
import { multiply, N, positive, Q, ratioOf } from "./ring-field";

/** The least primitive 4096th root of 1. */
const ROOT: i64 = 263727199427;
/** 1 / 2048 mod q. */
const SCALE: i64 = 4501400604110851;

/** Powers of the root and of its inverse, each beside its ratio to q, in bit-reversed order. */
const FORWARD: usize = memory.data(N * 16, 16);
const BACKWARD: usize = memory.data(N * 16, 16);

function reversed(i: i32): i32 {
  let r = 0;
  for (let bit = 1; bit < N; bit <<= 1) r = (r << 1) | i32((i & bit) !== 0);
  return r;
}

function fill(table: usize, root: i64): i64 {
  const ratio = ratioOf(root);
  let power: i64 = 1;
  let last: i64 = 1;
  for (let i = 0; i < N; i++) {
    const at = table + (<usize>reversed(i) << 4);
    store<i64>(at, power);
    store<f64>(at, ratioOf(power), 8);
    last = power;
    power = multiply(power, root, ratio);
  }
  return last;
}

// The root's inverse is −root^(N − 1).
fill(BACKWARD, Q - fill(FORWARD, ROOT));

/** In place: coefficients to values. */
export function forward(x: usize): void {
  let gap: usize = (N >> 1) << 3;
  for (let m = 1; m < N; m <<= 1, gap >>= 1) {
    let at = x;
    for (let i = m; i < m << 1; i++, at += gap) {
      const w = load<i64>(FORWARD + (<usize>i << 4));
      const ratio = load<f64>(FORWARD + (<usize>i << 4), 8);
      for (const end = at + gap; at < end; at += 8) {
        const u = load<i64>(at);
        const v = multiply(load<i64>(at + gap), w, ratio);
        store<i64>(at, positive(u + v - Q));
        store<i64>(at + gap, positive(u - v));
      }
    }
  }
}

/** In place: values to coefficients. */
export function backward(x: usize): void {
  let gap: usize = 8;
  for (let m = N >> 1; m > 0; m >>= 1, gap <<= 1) {
    let at = x;
    for (let i = m; i < m << 1; i++, at += gap) {
      const w = load<i64>(BACKWARD + (<usize>i << 4));
      const ratio = load<f64>(BACKWARD + (<usize>i << 4), 8);
      for (const end = at + gap; at < end; at += 8) {
        const u = load<i64>(at);
        const v = load<i64>(at + gap);
        store<i64>(at, positive(u + v - Q));
        store<i64>(at + gap, multiply(positive(u - v), w, ratio));
      }
    }
  }
  const ratio = ratioOf(SCALE);
  for (let i = 0; i < N; i++, x += 8) store<i64>(x, multiply(load<i64>(x), SCALE, ratio));
}
