import { loadPart, madd, storePart, sumLanes } from "./learn-math";

/** Layer norm over rows of `width`; stats[rows, 2] get each row's mean and 1 / deviation for the backward pass. */
export function layerNorm(x: usize, gain: usize, bias: usize, y: usize, stats: usize, rows: i32, width: i32, epsilon: f32): void {
  const whole = width & ~3;
  const rest = width - whole;
  const end = (<usize>whole) << 2;
  for (let row = 0; row < rows; row++) {
    let sums = f32x4.splat(0);
    for (let i: usize = 0; i < end; i += 16) sums = f32x4.add(sums, v128.load(x + i));
    if (rest) sums = f32x4.add(sums, loadPart(x + end, rest));
    const mean: f32 = sumLanes(sums) / <f32>width;
    const m = f32x4.splat(mean);
    let squares = f32x4.splat(0);
    for (let i: usize = 0; i < end; i += 16) {
      const d = f32x4.sub(v128.load(x + i), m);
      squares = madd(d, d, squares);
    }
    let square = sumLanes(squares);
    for (let i = whole; i < width; i++) {
      const d = load<f32>(x + ((<usize>i) << 2)) - mean;
      square += d * d;
    }
    const inverse: f32 = 1 / sqrt<f32>(square / <f32>width + epsilon);
    const s = f32x4.splat(inverse);
    for (let i: usize = 0; i < end; i += 16) v128.store(y + i, madd(f32x4.mul(f32x4.sub(v128.load(x + i), m), s), v128.load(gain + i), v128.load(bias + i)));
    if (rest) storePart(y + end, madd(f32x4.mul(f32x4.sub(loadPart(x + end, rest), m), s), loadPart(gain + end, rest), loadPart(bias + end, rest)), rest);
    store<f32>(stats, mean);
    store<f32>(stats, inverse, 4);
    stats += 8;
    x += (<usize>width) << 2;
    y += (<usize>width) << 2;
  }
}

/** dx[rows, width], dgain[width] and dbias[width]. */
export function layerNormGrad(x: usize, gain: usize, stats: usize, dy: usize, dx: usize, dgain: usize, dbias: usize, rows: i32, width: i32): void {
  const whole = width & ~3;
  const rest = width - whole;
  const end = (<usize>whole) << 2;
  memory.fill(dgain, 0, (<usize>width) << 2);
  memory.fill(dbias, 0, (<usize>width) << 2);
  for (let row = 0; row < rows; row++) {
    const m = v128.load32_splat(stats);
    const s = v128.load32_splat(stats, 4);
    let sums = f32x4.splat(0);
    let dots = f32x4.splat(0);
    for (let i: usize = 0; i < end; i += 16) {
      const d = v128.load(dy + i);
      const normal = f32x4.mul(f32x4.sub(v128.load(x + i), m), s);
      const g = f32x4.mul(d, v128.load(gain + i));
      sums = f32x4.add(sums, g);
      dots = madd(g, normal, dots);
      v128.store(dgain + i, madd(d, normal, v128.load(dgain + i)));
      v128.store(dbias + i, f32x4.add(d, v128.load(dbias + i)));
    }
    if (rest) {
      // Lanes beyond the row have a zero gradient, and so add nothing.
      const d = loadPart(dy + end, rest);
      const normal = f32x4.mul(f32x4.sub(loadPart(x + end, rest), m), s);
      const g = f32x4.mul(d, loadPart(gain + end, rest));
      sums = f32x4.add(sums, g);
      dots = madd(g, normal, dots);
      storePart(dgain + end, madd(d, normal, loadPart(dgain + end, rest)), rest);
      storePart(dbias + end, f32x4.add(d, loadPart(dbias + end, rest)), rest);
    }
    const sum = f32x4.splat(sumLanes(sums) / <f32>width);
    const dot = f32x4.splat(sumLanes(dots) / <f32>width);
    for (let i: usize = 0; i < end; i += 16) v128.store(dx + i, slope(v128.load(x + i), v128.load(dy + i), v128.load(gain + i), m, s, sum, dot));
    if (rest) storePart(dx + end, slope(loadPart(x + end, rest), loadPart(dy + end, rest), loadPart(gain + end, rest), m, s, sum, dot), rest);
    stats += 8;
    x += (<usize>width) << 2;
    dy += (<usize>width) << 2;
    dx += (<usize>width) << 2;
  }
}

// @ts-ignore: decorator
@inline
function slope(x: v128, dy: v128, gain: v128, m: v128, s: v128, sum: v128, dot: v128): v128 {
  const normal = f32x4.mul(f32x4.sub(x, m), s);
  return f32x4.mul(s, f32x4.sub(f32x4.sub(f32x4.mul(dy, gain), sum), f32x4.mul(normal, dot)));
}
