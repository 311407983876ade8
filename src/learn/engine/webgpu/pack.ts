import type * as tf from "@tensorflow/tfjs-core";
import { FUSED } from "../ops/fused.ts";
import { gpuOf, registerGpuKernel, sizeOf } from "./gpu.ts";

/** Many tensors to one vector and back, by copies between buffers: no dispatch, and no limit on how many. */
export function registerPack(): void {
  registerGpuKernel(FUSED.pack, ({ inputs, backend }) => {
    const gpu = gpuOf(backend);
    const parts = Object.values(inputs);
    const to = gpu.output([parts.reduce((sum, part) => sum + sizeOf(part), 0)]);
    let at = 0;
    gpu.copy(
      parts.map((from) => {
        const length = sizeOf(from);
        at += length;
        return { from, fromAt: 0, to, toAt: at - length, length };
      }),
    );
    return to;
  });

  registerGpuKernel(FUSED.unpack, ({ inputs: { vector }, attrs, backend }) => {
    const gpu = gpuOf(backend);
    const { shapes, from: start } = attrs as { shapes: number[][]; from: number };
    const parts: tf.TensorInfo[] = shapes.map((shape) => gpu.output(shape));
    let at = start;
    gpu.copy(
      parts.map((to) => {
        const length = sizeOf(to);
        at += length;
        return { from: vector!, fromAt: at - length, to, toAt: 0, length };
      }),
    );
    return parts;
  });
}
