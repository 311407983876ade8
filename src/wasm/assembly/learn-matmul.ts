// Matrix products after Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008): panels of A
// and B are packed so that the inner loop, a tile of 4 × 8 sums in registers, reads memory in one direction only.
import { madd } from "./learn-math";

const KC: i32 = 256;
const MC: i32 = 64;
const NC: i32 = 256;
const TILE_BYTES: usize = 4 * 8 * 4;

/** Bytes of scratch that `matmul` needs. */
export function matmulScratchBytes(): i32 {
  return <i32>TILE_BYTES + 4 * KC * (MC + NC);
}

/**
 * C[m × n] (rows `ldc` apart) = A[m × k] · B[k × n], plus what C holds where `add`, plus a bias[n] where it is not 0.
 * Element (i, p) of A lies at i·ars + p·acs, (p, j) of B at p·brs + j·bcs: so a transpose is a pair of strides.
 */
export function matmul(m: i32, n: i32, k: i32, a: usize, ars: i32, acs: i32, b: usize, brs: i32, bcs: i32, c: usize, ldc: i32, add: i32, bias: usize, scratch: usize): void {
  const packedB = scratch + TILE_BYTES;
  const packedA = packedB + ((<usize>(KC * NC)) << 2);
  let pc = 0;
  do {
    const kc = min(KC, k - pc);
    const more = pc > 0 || add != 0;
    const withBias = pc == 0 ? bias : 0;
    for (let jc = 0; jc < n; jc += NC) {
      const nc = min(NC, n - jc);
      packPanels(b + at(pc, brs) + at(jc, bcs), bcs, brs, nc, kc, packedB, 2);
      for (let ic = 0; ic < m; ic += MC) {
        const mc = min(MC, m - ic);
        packPanels(a + at(ic, ars) + at(pc, acs), ars, acs, mc, kc, packedA, 1);
        for (let j = 0; j < nc; j += 8) {
          const panelB = packedB + ((<usize>(j * kc)) << 2);
          const biasAt = withBias == 0 ? 0 : withBias + at(jc + j, 1);
          for (let i = 0; i < mc; i += 4) {
            const panelA = packedA + ((<usize>(i * kc)) << 2);
            const to = c + at(ic + i, ldc) + at(jc + j, 1);
            if (nc - j >= 8 && mc - i >= 4) tile(kc, panelA, panelB, to, (<usize>ldc) << 2, more, biasAt);
            else {
              tile(kc, panelA, panelB, scratch, 32, false, 0);
              copyPart(scratch, to, ldc, min(4, mc - i), min(8, nc - j), more, biasAt);
            }
          }
        }
      }
    }
    pc += KC;
  } while (pc < k);
}

/** Batches of products of contiguous matrices; `aStep` and `bStep` are 0 where one matrix serves all. */
export function matmulBatch(batch: i32, m: i32, n: i32, k: i32, a: usize, aStep: i32, transposeA: i32, b: usize, bStep: i32, transposeB: i32, c: usize, bias: usize, scratch: usize): void {
  const ars = transposeA ? 1 : k;
  const acs = transposeA ? m : 1;
  const brs = transposeB ? 1 : n;
  const bcs = transposeB ? k : 1;
  for (let i = 0; i < batch; i++) matmul(m, n, k, a + at(i, aStep), ars, acs, b + at(i, bStep), brs, bcs, c + at(i, m * n), n, 0, bias, scratch);
}

// @ts-ignore: decorator
@inline
function at(index: i32, stride: i32): usize {
  return (<usize>index * <usize>stride) << 2;
}

function tile(kc: i32, a: usize, b: usize, to: usize, ld: usize, add: bool, bias: usize): void {
  let c00 = f32x4.splat(0), c01 = f32x4.splat(0);
  let c10 = f32x4.splat(0), c11 = f32x4.splat(0);
  let c20 = f32x4.splat(0), c21 = f32x4.splat(0);
  let c30 = f32x4.splat(0), c31 = f32x4.splat(0);
  for (let p = 0; p < kc; p++) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    const a1 = v128.load32_splat(a, 4);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    const a2 = v128.load32_splat(a, 8);
    c20 = madd(a2, b0, c20);
    c21 = madd(a2, b1, c21);
    const a3 = v128.load32_splat(a, 12);
    c30 = madd(a3, b0, c30);
    c31 = madd(a3, b1, c31);
    a += 16;
    b += 32;
  }
  const b0 = bias == 0 ? f32x4.splat(0) : v128.load(bias);
  const b1 = bias == 0 ? f32x4.splat(0) : v128.load(bias, 16);
  put(to, f32x4.add(c00, b0), f32x4.add(c01, b1), add);
  put(to + ld, f32x4.add(c10, b0), f32x4.add(c11, b1), add);
  put(to + 2 * ld, f32x4.add(c20, b0), f32x4.add(c21, b1), add);
  put(to + 3 * ld, f32x4.add(c30, b0), f32x4.add(c31, b1), add);
}

// @ts-ignore: decorator
@inline
function put(to: usize, left: v128, right: v128, add: bool): void {
  if (add) {
    left = f32x4.add(left, v128.load(to));
    right = f32x4.add(right, v128.load(to, 16));
  }
  v128.store(to, left);
  v128.store(to, right, 16);
}

/** A tile at the edge: only what lies within C is written. */
function copyPart(from: usize, to: usize, ldc: i32, rows: i32, columns: i32, add: bool, bias: usize): void {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const place = to + at(i, ldc) + at(j, 1);
      let value = load<f32>(from + at(8 * i + j, 1));
      if (bias != 0) value += load<f32>(bias + at(j, 1));
      if (add) value += load<f32>(place);
      store<f32>(place, value);
    }
  }
}

/** Panels of 4 · `fours` lines (the last filled up with zeros), each `depth` long and interleaved. */
function packPanels(from: usize, lineStride: i32, depthStride: i32, lines: i32, depth: i32, to: usize, fours: i32): void {
  const width = 4 * fours;
  const step = (<usize>width) << 2;
  for (let line = 0; line < lines; line += width) {
    for (let four = 0; four < fours; four++) {
      const first = line + 4 * four;
      pack4(from + at(first, lineStride), lineStride, depthStride, max(0, min(4, lines - first)), depth, to + ((<usize>four) << 4), step);
    }
    to += step * depth;
  }
}

function pack4(from: usize, lineStride: i32, depthStride: i32, lines: i32, depth: i32, to: usize, step: usize): void {
  const ds = (<usize>depthStride) << 2;
  const ls = (<usize>lineStride) << 2;
  let p = 0;
  if (lines == 4 && lineStride == 1) {
    for (; p < depth; p++, from += ds, to += step) v128.store(to, v128.load(from));
    return;
  }
  if (lines == 4 && depthStride == 1) {
    for (; p + 4 <= depth; p += 4, from += 16, to += 4 * step) {
      const r0 = v128.load(from);
      const r1 = v128.load(from + ls);
      const r2 = v128.load(from + 2 * ls);
      const r3 = v128.load(from + 3 * ls);
      const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
      const t1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const t2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
      const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(t0, t2, 0, 1, 4, 5));
      v128.store(to + step, v128.shuffle<f32>(t0, t2, 2, 3, 6, 7));
      v128.store(to + 2 * step, v128.shuffle<f32>(t1, t3, 0, 1, 4, 5));
      v128.store(to + 3 * step, v128.shuffle<f32>(t1, t3, 2, 3, 6, 7));
    }
  }
  for (; p < depth; p++, from += ds, to += step) {
    let v = f32x4.splat(0);
    if (lines > 0) v = f32x4.replace_lane(v, 0, load<f32>(from));
    if (lines > 1) v = f32x4.replace_lane(v, 1, load<f32>(from + ls));
    if (lines > 2) v = f32x4.replace_lane(v, 2, load<f32>(from + 2 * ls));
    if (lines > 3) v = f32x4.replace_lane(v, 3, load<f32>(from + 3 * ls));
    v128.store(to, v);
  }
}
