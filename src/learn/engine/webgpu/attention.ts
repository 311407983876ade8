import type * as tf from "@tensorflow/tfjs-core";
import { FUSED } from "../ops/fused.ts";
import { ENTRY, gpuOf, registerGpuKernel, type Gpu, type Kernel } from "./gpu.ts";

/** Where query, key and value of this workgroup's head and position lie, and of position 0. */
const PLACES = `
  if (group >= u.rows) { return; }
  let width = u.heads * u.size;
  let triple = 3u * width;
  let head = group / u.time;
  let place = group - head * u.time;
  let sample = head / u.heads;
  let column = (head - sample * u.heads) * u.size;
  let first = sample * u.time * triple + column;
  let own = first + place * triple;
  let outFirst = sample * u.time * width + column;`;

const scalars = { rows: "u32", time: "u32", heads: "u32", size: "u32", scale: "f32" } as const;

/** One workgroup for each head and query: its weights of all the keys that it sees fit in the workgroup's memory. */
const forward = (time: number): Kernel => ({
  name: `${FUSED.attention}${time}`,
  reads: { qkv: "f32" },
  writes: ["out", "logs"],
  scalars,
  code: `
var<workgroup> weights: array<f32, ${time}>;
${ENTRY}${PLACES}
  var top = -3.4e38;
  for (var key = thread; key <= place; key += THREADS) {
    var score = 0.0;
    for (var i = 0u; i < u.size; i++) { score += qkv[own + i] * qkv[first + key * triple + width + i]; }
    score *= u.scale;
    weights[key] = score;
    top = max(top, score);
  }
  let highest = maxOf(top, thread);
  var part = 0.0;
  for (var key = thread; key <= place; key += THREADS) {
    let weight = exp(weights[key] - highest);
    weights[key] = weight;
    part += weight;
  }
  let sum = sumOf(part, thread);
  for (var i = thread; i < u.size; i += THREADS) {
    var value = 0.0;
    for (var key = 0u; key <= place; key++) { value += weights[key] * qkv[first + key * triple + 2u * width + i]; }
    out[outFirst + place * width + i] = value / sum;
  }
  if (thread == 0u) { logs[group] = highest + log(sum); }
}`,
});

/**
 * One workgroup for each head and position, first as a query and then as a key. Weights are made again from the log
 * of each softmax's sum, and Σ weight · dweight is out · dout (Dao et al., FlashAttention, 2022).
 */
const backward = (time: number): Kernel => ({
  name: `${FUSED.attentionGrad}${time}`,
  reads: { qkv: "f32", out: "f32", logs: "f32", dy: "f32" },
  writes: ["dqkv"],
  scalars,
  code: `
var<workgroup> weights: array<f32, ${time}>;
var<workgroup> slopes: array<f32, ${time}>;
${ENTRY}${PLACES}
  let outOwn = outFirst + place * width;
  let log0 = head * u.time;
  var part = 0.0;
  for (var i = thread; i < u.size; i += THREADS) { part += out[outOwn + i] * dy[outOwn + i]; }
  let dot0 = sumOf(part, thread);
  for (var key = thread; key <= place; key += THREADS) {
    let other = first + key * triple;
    var score = 0.0;
    var slope = 0.0;
    for (var i = 0u; i < u.size; i++) {
      score += qkv[own + i] * qkv[other + width + i];
      slope += dy[outOwn + i] * qkv[other + 2u * width + i];
    }
    slopes[key] = exp(score * u.scale - logs[log0 + place]) * (slope - dot0) * u.scale;
  }
  workgroupBarrier();
  for (var i = thread; i < u.size; i += THREADS) {
    var dq = 0.0;
    for (var key = 0u; key <= place; key++) { dq += slopes[key] * qkv[first + key * triple + width + i]; }
    dqkv[own + i] = dq;
  }
  workgroupBarrier();
  for (var query = place + thread; query < u.time; query += THREADS) {
    let other = first + query * triple;
    let outOther = outFirst + query * width;
    var score = 0.0;
    var slope = 0.0;
    var dot = 0.0;
    for (var i = 0u; i < u.size; i++) {
      score += qkv[other + i] * qkv[own + width + i];
      slope += dy[outOther + i] * qkv[own + 2u * width + i];
      dot += out[outOther + i] * dy[outOther + i];
    }
    let weight = exp(score * u.scale - logs[log0 + query]);
    weights[query] = weight;
    slopes[query] = weight * (slope - dot) * u.scale;
  }
  workgroupBarrier();
  for (var i = thread; i < u.size; i += THREADS) {
    var dk = 0.0;
    var dv = 0.0;
    for (var query = place; query < u.time; query++) {
      dk += slopes[query] * qkv[first + query * triple + i];
      dv += weights[query] * dy[outFirst + query * width + i];
    }
    dqkv[own + width + i] = dk;
    dqkv[own + 2u * width + i] = dv;
  }
}`,
});

export function registerAttention(): void {
  registerGpuKernel(FUSED.attention, ({ inputs: { qkv }, attrs, backend }) => {
    const gpu = gpuOf(backend);
    const { batch, width, kernelTime, scalars: shape } = shapeOf(gpu, qkv!, attrs);
    const [out, logs] = [gpu.output([batch, shape.time, width]), gpu.output([batch, shape.heads, shape.time])];
    gpu.run(forward(kernelTime), { reads: { qkv: qkv! }, writes: { out, logs }, scalars: shape, groups: shape.rows });
    return [out, logs];
  });

  registerGpuKernel(FUSED.attentionGrad, ({ inputs: { qkv, out, logs, dy }, attrs, backend }) => {
    const gpu = gpuOf(backend);
    const { kernelTime, scalars: shape } = shapeOf(gpu, qkv!, attrs);
    const dqkv = gpu.output(qkv!.shape);
    gpu.run(backward(kernelTime), { reads: { qkv: qkv!, out: out!, logs: logs!, dy: dy! }, writes: { dqkv }, scalars: shape, groups: shape.rows });
    return dqkv;
  });
}

const STEP = 64;

function shapeOf({ backend }: Gpu, { shape }: tf.TensorInfo, attrs: Record<string, unknown>) {
  const [batch, time, triple] = shape as [number, number, number];
  const heads = attrs["heads"] as number;
  const width = triple / 3;
  const size = width / heads;
  if (!Number.isInteger(size)) throw new Error(`attention: ${heads} heads do not divide a width of ${width}`);
  // One shader for all lengths up to a multiple of STEP.
  const kernelTime = Math.ceil(time / STEP) * STEP;
  const most = backend.device.limits.maxComputeWorkgroupStorageSize / 8 - 2 * STEP;
  if (kernelTime > most) throw new Error(`attention: ${time} positions, and this GPU has room for ${most}; train on WASM or with a shorter context`);
  return { batch, width, kernelTime, scalars: { rows: batch * heads * time, time, heads, size, scale: 1 / Math.sqrt(size) } };
}
