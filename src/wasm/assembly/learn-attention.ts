import { exp4, log, maxLane, sumLanes } from "./learn-math";
import { matmul, matmulScratchBytes } from "./learn-matmul";

/** Queries handled at once: no more keys are multiplied than the last of them may see. */
const BLOCK: i32 = 32;

/** Bytes of scratch that the two kernels need for `time` positions. */
export function attentionScratchBytes(time: i32): i32 {
  return matmulScratchBytes() + 2 * 4 * BLOCK * time;
}

/**
 * Causal attention of many heads. qkv[batch, time, 3 · heads · size] holds queries, keys and values side by side;
 * out[batch, time, heads · size]; logs[batch, heads, time] get the log of each softmax's sum, from which the backward
 * pass makes the weights again instead of keeping them (Dao et al., FlashAttention, 2022).
 */
export function attention(qkv: usize, out: usize, logs: usize, batch: i32, time: i32, heads: i32, size: i32, scale: f32, scratch: usize): void {
  const weights = scratch + matmulScratchBytes();
  const width = heads * size;
  for (let head = 0; head < batch * heads; head++) {
    const sample = head / heads;
    const q = qkv + bytes(sample * time * 3 * width + (head % heads) * size);
    const k = q + bytes(width);
    const v = k + bytes(width);
    const o = out + bytes(sample * time * width + (head % heads) * size);
    for (let first = 0; first < time; first += BLOCK) {
      const rows = min(BLOCK, time - first);
      const seen = first + rows;
      matmul(rows, seen, size, q + bytes(first * 3 * width), 3 * width, 1, k, 1, 3 * width, weights, seen, 0, 0, scratch);
      for (let row = 0; row < rows; row++) {
        const logSum = softmaxRow(weights + bytes(row * seen), first + row + 1, seen, scale);
        store<f32>(logs + bytes(head * time + first + row), logSum);
      }
      matmul(rows, size, seen, weights, seen, 1, v, 3 * width, 1, o + bytes(first * width), width, 0, 0, scratch);
    }
  }
}

/** The gradient of `attention` by qkv: dqkv[batch, time, 3 · heads · size] from dout and what the forward pass left. */
export function attentionGrad(qkv: usize, logs: usize, dout: usize, dqkv: usize, batch: i32, time: i32, heads: i32, size: i32, scale: f32, scratch: usize): void {
  const weights = scratch + matmulScratchBytes();
  const dweights = weights + bytes(BLOCK * time);
  const width = heads * size;
  memory.fill(dqkv, 0, bytes(batch * time * 3 * width));
  for (let head = 0; head < batch * heads; head++) {
    const sample = head / heads;
    const place = bytes(sample * time * 3 * width + (head % heads) * size);
    const q = qkv + place;
    const k = q + bytes(width);
    const v = k + bytes(width);
    const dq = dqkv + place;
    const dk = dq + bytes(width);
    const dv = dk + bytes(width);
    const dO = dout + bytes(sample * time * width + (head % heads) * size);
    for (let first = 0; first < time; first += BLOCK) {
      const rows = min(BLOCK, time - first);
      const seen = first + rows;
      const qRows = q + bytes(first * 3 * width);
      const dORows = dO + bytes(first * width);
      matmul(rows, seen, size, qRows, 3 * width, 1, k, 1, 3 * width, weights, seen, 0, 0, scratch);
      matmul(rows, seen, size, dORows, width, 1, v, 1, 3 * width, dweights, seen, 0, 0, scratch);
      for (let row = 0; row < rows; row++) {
        const logSum = load<f32>(logs + bytes(head * time + first + row));
        softmaxRowGrad(weights + bytes(row * seen), dweights + bytes(row * seen), first + row + 1, seen, scale, logSum);
      }
      matmul(seen, size, rows, weights, 1, seen, dORows, width, 1, dv, 3 * width, 1, 0, scratch);
      matmul(rows, size, seen, dweights, seen, 1, k, 3 * width, 1, dq + bytes(first * 3 * width), 3 * width, 0, 0, scratch);
      matmul(seen, size, rows, dweights, 1, seen, qRows, 3 * width, 1, dk, 3 * width, 1, 0, scratch);
    }
  }
}

// @ts-ignore: decorator
@inline
function bytes(values: i32): usize {
  return (<usize>values) << 2;
}

/** Scores to weights in place: those beyond `visible` become 0. Returns the log of the sum of exponentials. */
function softmaxRow(row: usize, visible: i32, length: i32, scale: f32): f32 {
  const whole = visible & ~3;
  let top = f32x4.splat(-Infinity);
  for (let i = 0; i < whole; i += 4) top = f32x4.max(top, v128.load(row + bytes(i)));
  let highest = maxLane(top);
  for (let i = whole; i < visible; i++) highest = max(highest, load<f32>(row + bytes(i)));
  highest *= scale;
  const shift = f32x4.splat(highest);
  const s = f32x4.splat(scale);
  let sums = f32x4.splat(0);
  for (let i = 0; i < whole; i += 4) {
    const e = exp4(f32x4.sub(f32x4.mul(v128.load(row + bytes(i)), s), shift));
    sums = f32x4.add(sums, e);
    v128.store(row + bytes(i), e);
  }
  let sum = sumLanes(sums);
  for (let i = whole; i < visible; i++) {
    const e = f32x4.extract_lane(exp4(f32x4.splat(load<f32>(row + bytes(i)) * scale - highest)), 0);
    sum += e;
    store<f32>(row + bytes(i), e);
  }
  const inverse: f32 = 1 / sum;
  const by = f32x4.splat(inverse);
  for (let i = 0; i < whole; i += 4) v128.store(row + bytes(i), f32x4.mul(v128.load(row + bytes(i)), by));
  for (let i = whole; i < visible; i++) store<f32>(row + bytes(i), load<f32>(row + bytes(i)) * inverse);
  for (let i = visible; i < length; i++) store<f32>(row + bytes(i), 0);
  return highest + log(sum);
}

/** In place: scores to weights, and the weights' gradient to that of the unscaled scores. */
function softmaxRowGrad(row: usize, drow: usize, visible: i32, length: i32, scale: f32, logSum: f32): void {
  const whole = visible & ~3;
  const s = f32x4.splat(scale);
  const shift = f32x4.splat(logSum);
  let dots = f32x4.splat(0);
  for (let i = 0; i < whole; i += 4) {
    const w = exp4(f32x4.sub(f32x4.mul(v128.load(row + bytes(i)), s), shift));
    v128.store(row + bytes(i), w);
    dots = f32x4.add(dots, f32x4.mul(w, v128.load(drow + bytes(i))));
  }
  let dot = sumLanes(dots);
  for (let i = whole; i < visible; i++) {
    const w = f32x4.extract_lane(exp4(f32x4.splat(load<f32>(row + bytes(i)) * scale - logSum)), 0);
    store<f32>(row + bytes(i), w);
    dot += w * load<f32>(drow + bytes(i));
  }
  const d = f32x4.splat(dot);
  for (let i = 0; i < whole; i += 4) v128.store(drow + bytes(i), f32x4.mul(f32x4.mul(v128.load(row + bytes(i)), f32x4.sub(v128.load(drow + bytes(i)), d)), s));
  for (let i = whole; i < visible; i++) store<f32>(drow + bytes(i), load<f32>(row + bytes(i)) * (load<f32>(drow + bytes(i)) - dot) * scale);
  for (let i = visible; i < length; i++) {
    store<f32>(row + bytes(i), 0);
    store<f32>(drow + bytes(i), 0);
  }
}
