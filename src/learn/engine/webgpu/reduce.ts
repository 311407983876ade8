import * as tf from "@tensorflow/tfjs-core";
import { ENTRY, gpuOf, registerGpuKernel, sizeOf, type Gpu, type Kernel } from "./gpu.ts";
import { COLUMN_ROWS, COLUMNS } from "./norm.ts";

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

/** Rows that one workgroup adds up; of more, the workgroups' sums are summed once more. */
const ROWS_AT_ONCE = 1_024;

const columnSums: Kernel = {
  name: "HromadaColumnSums",
  reads: { x: "f32" },
  writes: ["sums"],
  scalars: { rows: "u32", width: "u32", across: "u32" },
  threads: COLUMNS * COLUMN_ROWS,
  code: `
var<workgroup> parts: array<f32, THREADS>;
${ENTRY}
  let part = group / u.across;
  let column = (group - part * u.across) * ${COLUMNS}u + thread % ${COLUMNS}u;
  let end = min(u.rows, (part + 1u) * ${ROWS_AT_ONCE}u);
  var sum = 0.0;
  if (column < u.width) {
    for (var row = part * ${ROWS_AT_ONCE}u + thread / ${COLUMNS}u; row < end; row += ${COLUMN_ROWS}u) { sum += x[row * u.width + column]; }
  }
  parts[thread] = sum;
  workgroupBarrier();
  if (thread < ${COLUMNS}u && column < u.width && part * ${ROWS_AT_ONCE}u < u.rows) {
    for (var i = thread + ${COLUMNS}u; i < THREADS; i += ${COLUMNS}u) { sum += parts[i]; }
    sums[part * u.width + column] = sum;
  }
}`,
};

/** Sums of the columns of x, read as [rows, width], in `shape`. */
export function sumColumns(gpu: Gpu, x: tf.TensorInfo, rows: number, shape: number[]): tf.TensorInfo {
  const width = product(shape);
  const across = Math.ceil(width / COLUMNS);
  const parts = Math.ceil(rows / ROWS_AT_ONCE);
  const sums = gpu.output(parts === 1 ? shape : [parts, width]);
  gpu.run(columnSums, { reads: { x }, writes: { sums }, scalars: { rows, width, across }, groups: across * parts });
  if (parts === 1) return sums;
  const whole = sumColumns(gpu, sums, parts, shape);
  gpu.backend.disposeData(sums.dataId);
  return whole;
}

/** One workgroup for each segment, which reads all ids: no atomic addition, whose order would change from run to run. */
const segmentSum: Kernel = {
  name: tf.UnsortedSegmentSum,
  reads: { x: "f32", ids: "i32" },
  writes: ["sums"],
  scalars: { rows: "u32", width: "u32", segments: "u32" },
  code: `${ENTRY}
  if (group >= u.segments) { return; }
  for (var column = thread; column < u.width; column += THREADS) {
    var sum = 0.0;
    for (var row = 0u; row < u.rows; row++) {
      if (ids[row] == i32(group)) { sum += x[row * u.width + column]; }
    }
    sums[group * u.width + column] = sum;
  }
}`,
};

export function registerReductions(): void {
  const general = tf.getKernel(tf.Sum, "webgpu")!;
  const addMany = tf.getKernel(tf.AddN, "webgpu")!;

  /** The gradient of a bias sums over the leading axes, for which tfjs turns the whole tensor round first. */
  registerGpuKernel(tf.Sum, (args) => {
    const x = args.inputs["x"]!;
    const { axis, keepDims } = args.attrs as unknown as tf.SumAttrs;
    const axes = tf.util.parseAxisParam(axis as number | number[], x.shape);
    const leading = axes.length > 0 && axes.length < x.shape.length && axes.every((a) => a < axes.length);
    if (!leading || x.dtype !== "float32" || sizeOf(x) === 0) return general.kernelFunc(args as never);
    const rest = x.shape.slice(axes.length);
    return sumColumns(gpuOf(args.backend), x, product(x.shape.slice(0, axes.length)), keepDims ? [...axes.map(() => 1), ...rest] : rest);
  });

  const segments = tf.getKernel(tf.UnsortedSegmentSum, "webgpu")!;
  registerGpuKernel(tf.UnsortedSegmentSum, (args) => {
    const { x, segmentIds: ids } = args.inputs;
    if (x!.dtype !== "float32" || ids!.dtype !== "int32" || sizeOf(x!) === 0) return segments.kernelFunc(args as never);
    const gpu = gpuOf(args.backend);
    const count = args.attrs["numSegments"] as number;
    const sums = gpu.output([count, ...x!.shape.slice(1)]);
    gpu.run(segmentSum, { reads: { x: x!, ids: ids! }, writes: { sums }, scalars: { rows: x!.shape[0]!, width: product(x!.shape.slice(1)), segments: count }, groups: count });
    return sums;
  });

  /** tfjs 4.22 binds as many tensors as it is given, and beyond the limit of a shader silently gives garbage. */
  registerGpuKernel(tf.AddN, (args) => {
    const most = gpuOf(args.backend).backend.device.limits.maxStorageBuffersPerShaderStage - 1;
    let terms = Object.values(args.inputs);
    const partial: tf.TensorInfo[] = [];
    while (terms.length > most) {
      const sum = addMany.kernelFunc({ ...args, inputs: terms.slice(0, most) } as never) as tf.TensorInfo;
      partial.push(sum);
      terms = [sum, ...terms.slice(most)];
    }
    const sum = addMany.kernelFunc({ ...args, inputs: terms } as never) as tf.TensorInfo;
    for (const { dataId } of partial) gpuOf(args.backend).backend.disposeData(dataId);
    return sum;
  });
}
