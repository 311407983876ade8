import { FUSED } from "../ops/fused.ts";
import { ENTRY, gpuOf, registerGpuKernel, type Kernel } from "./gpu.ts";

const forward: Kernel = {
  name: FUSED.layerNorm,
  reads: { x: "f32", gain: "f32", bias: "f32" },
  writes: ["y", "stats"],
  scalars: { rows: "u32", width: "u32", epsilon: "f32" },
  code: `${ENTRY}
  if (group >= u.rows) { return; }
  let at = group * u.width;
  var sum = 0.0;
  for (var i = thread; i < u.width; i += THREADS) { sum += x[at + i]; }
  let mean = sumOf(sum, thread) / f32(u.width);
  var square = 0.0;
  for (var i = thread; i < u.width; i += THREADS) { let d = x[at + i] - mean; square += d * d; }
  let inverse = 1.0 / sqrt(sumOf(square, thread) / f32(u.width) + u.epsilon);
  for (var i = thread; i < u.width; i += THREADS) { y[at + i] = (x[at + i] - mean) * inverse * gain[i] + bias[i]; }
  if (thread == 0u) { stats[2u * group] = mean; stats[2u * group + 1u] = inverse; }
}`,
};

const byInput: Kernel = {
  name: `${FUSED.layerNormGrad}Input`,
  reads: { x: "f32", gain: "f32", stats: "f32", dy: "f32" },
  writes: ["dx"],
  scalars: { rows: "u32", width: "u32" },
  code: `${ENTRY}
  if (group >= u.rows) { return; }
  let at = group * u.width;
  let mean = stats[2u * group];
  let inverse = stats[2u * group + 1u];
  var sum = 0.0;
  var dot = 0.0;
  for (var i = thread; i < u.width; i += THREADS) {
    let g = dy[at + i] * gain[i];
    sum += g;
    dot += g * (x[at + i] - mean) * inverse;
  }
  let s = sumOf(sum, thread) / f32(u.width);
  let d = sumOf(dot, thread) / f32(u.width);
  for (var i = thread; i < u.width; i += THREADS) {
    let normal = (x[at + i] - mean) * inverse;
    dx[at + i] = inverse * (dy[at + i] * gain[i] - s - normal * d);
  }
}`,
};

/** Columns and rows of a workgroup's threads in sums over rows: few columns and many rows, since models are narrow and batches long. */
export const COLUMNS = 16;
export const COLUMN_ROWS = 16;

const byGainAndBias: Kernel = {
  name: `${FUSED.layerNormGrad}Parameters`,
  reads: { x: "f32", stats: "f32", dy: "f32" },
  writes: ["dgain", "dbias"],
  scalars: { rows: "u32", width: "u32" },
  threads: COLUMNS * COLUMN_ROWS,
  code: `
var<workgroup> gains: array<f32, THREADS>;
var<workgroup> biases: array<f32, THREADS>;
${ENTRY}
  let column = group * ${COLUMNS}u + thread % ${COLUMNS}u;
  var gainSum = 0.0;
  var biasSum = 0.0;
  if (column < u.width) {
    for (var row = thread / ${COLUMNS}u; row < u.rows; row += ${COLUMN_ROWS}u) {
      let d = dy[row * u.width + column];
      gainSum += d * (x[row * u.width + column] - stats[2u * row]) * stats[2u * row + 1u];
      biasSum += d;
    }
  }
  gains[thread] = gainSum;
  biases[thread] = biasSum;
  workgroupBarrier();
  if (thread < ${COLUMNS}u && column < u.width) {
    for (var i = thread + ${COLUMNS}u; i < THREADS; i += ${COLUMNS}u) { gainSum += gains[i]; biasSum += biases[i]; }
    dgain[column] = gainSum;
    dbias[column] = biasSum;
  }
}`,
};

export function registerNorm(): void {
  registerGpuKernel(FUSED.layerNorm, ({ inputs: { x, gain, bias }, attrs, backend }) => {
    const gpu = gpuOf(backend);
    const [rows, width] = x!.shape as [number, number];
    const [y, stats] = [gpu.output(x!.shape), gpu.output([rows, 2])];
    gpu.run(forward, { reads: { x: x!, gain: gain!, bias: bias! }, writes: { y, stats }, scalars: { rows, width, epsilon: attrs["epsilon"] as number }, groups: rows });
    return [y, stats];
  });

  registerGpuKernel(FUSED.layerNormGrad, ({ inputs: { x, gain, stats, dy }, backend }) => {
    const gpu = gpuOf(backend);
    const [rows, width] = x!.shape as [number, number];
    const [dx, dgain, dbias] = [gpu.output(x!.shape), gpu.output([width]), gpu.output([width])];
    const scalars = { rows, width };
    gpu.run(byInput, { reads: { x: x!, gain: gain!, stats: stats!, dy: dy! }, writes: { dx }, scalars, groups: rows });
    gpu.run(byGainAndBias, { reads: { x: x!, stats: stats!, dy: dy! }, writes: { dgain, dbias }, scalars, groups: Math.ceil(width / COLUMNS) });
    return [dx, dgain, dbias];
  });
}
