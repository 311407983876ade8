import * as tf from "@tensorflow/tfjs-core";
import { ENTRY, gpuOf, registerGpuKernel, sizeOf, THREADS, type Kernel } from "./gpu.ts";
import { sumColumns } from "./reduce.ts";

/** Threads that fill a GPU. A small filter's own values are too few, so each is put together from parts of the batch. */
const ENOUGH = 2 ** 18;

/** Each thread adds up one value of the filter's gradient over `per` rows of the outputs. Neighbours read neighbouring outputs. */
const parts: Kernel = {
  name: "HromadaConv2DBackpropFilter",
  reads: { x: "f32", dy: "f32" },
  writes: ["sums"],
  scalars: {
    size: "u32", total: "u32", rows: "u32", per: "u32",
    height: "u32", width: "u32", channels: "u32", outHeight: "u32", outWidth: "u32", outChannels: "u32",
    columns: "u32", down: "u32", right: "u32", top: "i32", left: "i32",
  },
  code: `${ENTRY}
  let i = group * THREADS + thread;
  if (i >= u.total) { return; }
  let part = i / u.size;
  let value = i - part * u.size;
  let k = value % u.outChannels;
  let c = value / u.outChannels % u.channels;
  let tap = value / (u.outChannels * u.channels);
  let tapY = i32(tap / u.columns) - u.top;
  let tapX = i32(tap % u.columns) - u.left;
  var sum = 0.0;
  for (var row = part * u.per; row < min(u.rows, (part + 1u) * u.per); row++) {
    let sample = row / u.outHeight;
    let y = i32((row - sample * u.outHeight) * u.down) + tapY;
    if (y < 0 || y >= i32(u.height)) { continue; }
    let line = (sample * u.height + u32(y)) * u.width;
    for (var column = 0u; column < u.outWidth; column++) {
      let at = i32(column * u.right) + tapX;
      if (at >= 0 && at < i32(u.width)) { sum += x[(line + u32(at)) * u.channels + c] * dy[(row * u.outWidth + column) * u.outChannels + k]; }
    }
  }
  sums[i] = sum;
}`,
};

/** tfjs 4.22 gives each value of a filter's gradient one thread for the whole batch: on an H100 that was 7 of a CNN step's 9 ms. */
export function registerConvolution(): void {
  const general = tf.getKernel(tf.Conv2DBackpropFilter, "webgpu")!;
  registerGpuKernel(tf.Conv2DBackpropFilter, (args) => {
    const { x, dy } = args.inputs;
    const { strides, pad, dataFormat, dimRoundingMode, filterShape } = args.attrs as unknown as tf.Conv2DBackpropFilterAttrs;
    if (dataFormat !== "NHWC" || sizeOf(dy!) === 0) return general.kernelFunc(args as never);
    const info = tf.backend_util.computeConv2DInfo(x!.shape as [number, number, number, number], filterShape, strides, 1, pad, dimRoundingMode);
    const gpu = gpuOf(args.backend);
    const size = filterShape.reduce((product, side) => product * side, 1);
    const rows = info.batchSize * info.outHeight;
    const per = Math.ceil(rows / Math.min(rows, Math.max(1, Math.floor(ENOUGH / size))));
    const count = Math.ceil(rows / per);
    const sums = gpu.output([count, size]);
    gpu.run(parts, {
      reads: { x: x!, dy: dy! },
      writes: { sums },
      scalars: {
        size, total: count * size, rows, per,
        height: info.inHeight, width: info.inWidth, channels: info.inChannels, outHeight: info.outHeight, outWidth: info.outWidth, outChannels: info.outChannels,
        columns: info.filterWidth, down: info.strideHeight, right: info.strideWidth, top: info.padInfo.top, left: info.padInfo.left,
      },
      groups: Math.ceil((count * size) / THREADS),
    });
    const gradient = sumColumns(gpu, sums, count, filterShape);
    gpu.backend.disposeData(sums.dataId);
    return gradient;
  });
}
