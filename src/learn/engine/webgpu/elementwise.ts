import type * as tf from "@tensorflow/tfjs-core";
import { FUSED } from "../ops/fused.ts";
import { ENTRY, gpuOf, registerGpuKernel, sizeOf, THREADS, type Gpu, type Kernel } from "./gpu.ts";

const EACH = `${ENTRY}
  let i = group * THREADS + thread;
  if (i >= u.size) { return; }`;

/** As `gelu` in src/wasm/assembly/learn-elementwise.ts: ½x(1 + tanh v) = x / (1 + e^(−2v)), which does not cancel far below 0. */
const SIGMOID = `
const SLOPE = 1.5957691216057308;
const CUBE = 0.044715;
fn sigmoid2v(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(min(-x * (SLOPE + SLOPE * CUBE * x * x), 88.0)));
}`;

const gelu: Kernel = {
  name: FUSED.gelu,
  reads: { x: "f32" },
  writes: ["y"],
  scalars: { size: "u32" },
  code: `${SIGMOID}${EACH}
  y[i] = x[i] * sigmoid2v(x[i]);
}`,
};

const geluGrad: Kernel = {
  name: FUSED.geluGrad,
  reads: { x: "f32", dy: "f32" },
  writes: ["dx"],
  scalars: { size: "u32" },
  code: `${SIGMOID}${EACH}
  let v = x[i];
  let s = sigmoid2v(v);
  dx[i] = dy[i] * (s + v * (SLOPE + 3.0 * SLOPE * CUBE * v * v) * s * (1.0 - s));
}`,
};

/** lowbias32 (Wellons, 2018) of seed and place, the same on every backend. */
const dropout: Kernel = {
  name: FUSED.dropout,
  reads: { x: "f32" },
  writes: ["y"],
  scalars: { size: "u32", seed: "u32", keep: "u32", scale: "f32" },
  code: `${EACH}
  var h = i * 0x9e3779b9u + u.seed;
  h = (h ^ (h >> 16u)) * 0x7feb352du;
  h = (h ^ (h >> 15u)) * 0x846ca68bu;
  h = (h ^ (h >> 16u)) >> 1u;
  y[i] = select(0.0, x[i] * u.scale, h < u.keep);
}`,
};

function each(gpu: Gpu, kernel: Kernel, reads: Record<string, tf.TensorInfo>, scalars: Record<string, number> = {}): tf.TensorInfo {
  const shape = Object.values(reads)[0]!.shape;
  const out = gpu.output(shape);
  const size = sizeOf(out);
  gpu.run(kernel, { reads, writes: { [kernel.writes[0]!]: out }, scalars: { ...scalars, size }, groups: Math.ceil(size / THREADS) });
  return out;
}

export function registerElementwise(): void {
  registerGpuKernel(FUSED.gelu, ({ inputs: { x }, backend }) => each(gpuOf(backend), gelu, { x: x! }));
  registerGpuKernel(FUSED.geluGrad, ({ inputs: { x, dy }, backend }) => each(gpuOf(backend), geluGrad, { x: x!, dy: dy! }));
  registerGpuKernel(FUSED.dropout, ({ inputs: { x }, attrs, backend }) => each(gpuOf(backend), dropout, { x: x! }, attrs as Record<string, number>));
}
