// A module of its own, with a memory of its own: it serves whatever backend the gradient came from.

/**
 * One step of AdamW over values `from` to `to`: the same double
 * precision arithmetic, and so the same bits, as the loop in src/learn/optimiser.ts.
 */
export function adamw(params: usize, gradient: usize, mean: usize, square: usize, from: i32, to: i32, beta1: f64, beta2: f64, keep: f64, rate: f64, correction: f64, epsilon: f64): void {
  const b1 = f64x2.splat(beta1);
  const b2 = f64x2.splat(beta2);
  const c1 = f64x2.splat(1 - beta1);
  const c2 = f64x2.splat(1 - beta2);
  const k = f64x2.splat(keep);
  const r = f64x2.splat(rate);
  const c = f64x2.splat(correction);
  const e = f64x2.splat(epsilon);
  let i = from;
  for (; i + 2 <= to; i += 2) {
    const at = (<usize>i) << 2;
    const g = wide(gradient + at);
    const m = f64x2.add(f64x2.mul(b1, wide(mean + at)), f64x2.mul(c1, g));
    const s = f64x2.add(f64x2.mul(b2, wide(square + at)), f64x2.mul(f64x2.mul(c2, g), g));
    narrow(mean + at, m);
    narrow(square + at, s);
    const down = f64x2.div(f64x2.mul(r, m), f64x2.add(f64x2.sqrt(f64x2.mul(s, c)), e));
    narrow(params + at, f64x2.sub(f64x2.mul(k, wide(params + at)), down));
  }
  for (; i < to; i++) {
    const at = (<usize>i) << 2;
    const g = <f64>load<f32>(gradient + at);
    const m = beta1 * <f64>load<f32>(mean + at) + (1 - beta1) * g;
    const s = beta2 * <f64>load<f32>(square + at) + (1 - beta2) * g * g;
    store<f32>(mean + at, <f32>m);
    store<f32>(square + at, <f32>s);
    store<f32>(params + at, <f32>(keep * <f64>load<f32>(params + at) - (rate * m) / (sqrt<f64>(s * correction) + epsilon)));
  }
}

// @ts-ignore: decorator
@inline
function wide(at: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(at));
}

// @ts-ignore: decorator
@inline
function narrow(at: usize, v: v128): void {
  v128.store64_lane(at, f32x4.demote_f64x2_zero(v), 0);
}
