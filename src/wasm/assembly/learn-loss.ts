import { exp4, loadPart, log, maxLane, storePart, sumLanes } from "./learn-math";

/** losses[rows] = log Σ exp(logits[row]) − logits[row, label]; logs[rows] get the first term for the backward pass. A label out of range has no loss (NaN). */
export function crossEntropy(logits: usize, labels: usize, losses: usize, logs: usize, rows: i32, width: i32): void {
  const whole = width & ~3;
  const end = (<usize>whole) << 2;
  for (let row = 0; row < rows; row++) {
    let top = f32x4.splat(-Infinity);
    for (let i: usize = 0; i < end; i += 16) top = f32x4.max(top, v128.load(logits + i));
    let highest = maxLane(top);
    for (let i = whole; i < width; i++) highest = max(highest, load<f32>(logits + ((<usize>i) << 2)));
    const shift = f32x4.splat(highest);
    let sums = f32x4.splat(0);
    for (let i: usize = 0; i < end; i += 16) sums = f32x4.add(sums, exp4(f32x4.sub(v128.load(logits + i), shift)));
    let sum = sumLanes(sums);
    for (let i = whole; i < width; i++) sum += f32x4.extract_lane(exp4(f32x4.splat(load<f32>(logits + ((<usize>i) << 2)) - highest)), 0);
    const logSum: f32 = highest + log(sum);
    store<f32>(logs, logSum);
    const label = load<i32>(labels);
    store<f32>(losses, label >= 0 && label < width ? logSum - load<f32>(logits + ((<usize>label) << 2)) : NaN);
    logits += (<usize>width) << 2;
    labels += 4;
    losses += 4;
    logs += 4;
  }
}

/** dlogits = (softmax − one-hot) · dlosses[row]. */
export function crossEntropyGrad(logits: usize, labels: usize, logs: usize, dlosses: usize, dlogits: usize, rows: i32, width: i32): void {
  const whole = width & ~3;
  const end = (<usize>whole) << 2;
  for (let row = 0; row < rows; row++) {
    const shift = v128.load32_splat(logs);
    const factor = v128.load32_splat(dlosses);
    for (let i: usize = 0; i < end; i += 16) v128.store(dlogits + i, f32x4.mul(exp4(f32x4.sub(v128.load(logits + i), shift)), factor));
    if (whole < width) {
      storePart(dlogits + end, f32x4.mul(exp4(f32x4.sub(loadPart(logits + end, width - whole), shift)), factor), width - whole);
    }
    const label = load<i32>(labels);
    if (label >= 0 && label < width) {
      const own = dlogits + ((<usize>label) << 2);
      store<f32>(own, load<f32>(own) - load<f32>(dlosses));
    }
    logits += (<usize>width) << 2;
    dlogits += (<usize>width) << 2;
    labels += 4;
    logs += 4;
    dlosses += 4;
  }
}
