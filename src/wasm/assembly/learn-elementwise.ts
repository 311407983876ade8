import { exp4, loadPart, storePart } from "./learn-math";

/** 2 · √(2 / π), and Hendrycks and Gimpel's factor of the cube. */
const SLOPE: f32 = 1.5957691216057308;
const CUBE: f32 = 0.044715;

/** GELU in the tanh form of GPT-2: ½x(1 + tanh u) = x / (1 + e^(−2u)), which does not cancel where u is far below 0. */
export function gelu(x: usize, y: usize, length: i32): void {
  const whole = length & ~3;
  const end = (<usize>whole) << 2;
  for (let i: usize = 0; i < end; i += 16) v128.store(y + i, gelu4(v128.load(x + i)));
  if (whole < length) storePart(y + end, gelu4(loadPart(x + end, length - whole)), length - whole);
}

export function geluGrad(x: usize, dy: usize, dx: usize, length: i32): void {
  const whole = length & ~3;
  const end = (<usize>whole) << 2;
  for (let i: usize = 0; i < end; i += 16) v128.store(dx + i, f32x4.mul(v128.load(dy + i), geluSlope4(v128.load(x + i))));
  if (whole < length) storePart(dx + end, f32x4.mul(loadPart(dy + end, length - whole), geluSlope4(loadPart(x + end, length - whole))), length - whole);
}

// @ts-ignore: decorator
@inline
function sigmoid2u(x: v128): v128 {
  const inner = f32x4.mul(x, f32x4.add(f32x4.splat(SLOPE), f32x4.mul(f32x4.splat(SLOPE * CUBE), f32x4.mul(x, x))));
  return f32x4.div(f32x4.splat(1), f32x4.add(f32x4.splat(1), exp4(f32x4.neg(inner))));
}

// @ts-ignore: decorator
@inline
function gelu4(x: v128): v128 {
  return f32x4.mul(x, sigmoid2u(x));
}

// @ts-ignore: decorator
@inline
function geluSlope4(x: v128): v128 {
  const s = sigmoid2u(x);
  const inner = f32x4.add(f32x4.splat(SLOPE), f32x4.mul(f32x4.splat(3 * SLOPE * CUBE), f32x4.mul(x, x)));
  return f32x4.add(s, f32x4.mul(f32x4.mul(x, inner), f32x4.mul(s, f32x4.sub(f32x4.splat(1), s))));
}

/**
 * Keeps what `keep` (0 to 2^31) of 2^31 decide and scales it, sets the rest to 0. Chance is a hash of seed and place
 * (lowbias32, Wellons 2018), so the backward pass is the same call on the gradient, and no mask is kept.
 */
export function dropout(x: usize, y: usize, length: i32, seed: i32, keep: i32, scale: f32): void {
  for (let i = 0; i < length; i += 4) {
    let h = i32x4.add(i32x4.mul(i32x4.add(i32x4.splat(i), i32x4(0, 1, 2, 3)), i32x4.splat(0x9e3779b9)), i32x4.splat(seed));
    h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 16)), i32x4.splat(0x7feb352d));
    h = i32x4.mul(v128.xor(h, i32x4.shr_u(h, 15)), i32x4.splat(0x846ca68b));
    h = i32x4.shr_u(v128.xor(h, i32x4.shr_u(h, 16)), 1);
    const kept = v128.and(i32x4.lt_s(h, i32x4.splat(keep)), f32x4.splat(scale));
    const place = (<usize>i) << 2;
    if (length - i >= 4) v128.store(y + place, f32x4.mul(v128.load(x + place), kept));
    else storePart(y + place, f32x4.mul(loadPart(x + place, length - i), kept), length - i);
  }
}
