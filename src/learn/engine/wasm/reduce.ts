import * as tf from "@tensorflow/tfjs-core";
import { registerWasmKernel, type Heap } from "./heap.ts";

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

export function registerReductions({ kernels, address, output }: Heap): void {
  const general = tf.getKernel(tf.Sum, "wasm");

  /** The gradient of a bias sums over the leading axes, for which tfjs turns the whole tensor round first. */
  registerWasmKernel(tf.Sum, (args) => {
    const x = args.inputs["x"]!;
    const { axis, keepDims } = args.attrs as unknown as tf.SumAttrs;
    const axes = tf.util.parseAxisParam(axis as number | number[], x.shape);
    const leading = axes.length > 0 && axes.length < x.shape.length && axes.every((a) => a < axes.length);
    if (!leading || x.dtype !== "float32") return general!.kernelFunc(args as never);
    const rest = x.shape.slice(axes.length);
    const sums = output(keepDims ? [...axes.map(() => 1), ...rest] : rest);
    kernels.columnSums(address(x), address(sums), product(x.shape.slice(0, axes.length)), product(rest));
    return sums;
  });

  /** The gradient of a lookup in a table of embeddings. */
  registerWasmKernel(tf.UnsortedSegmentSum, ({ inputs, attrs }) => {
    const { x, segmentIds } = inputs;
    const segments = attrs["numSegments"] as number;
    const width = product(x!.shape.slice(1));
    if (x!.dtype !== "float32" || segmentIds!.dtype !== "int32") throw new Error(`UnsortedSegmentSum: float32 rows of int32 segments are summed here, not ${x!.dtype} of ${segmentIds!.dtype}`);
    const out = output([segments, ...x!.shape.slice(1)]);
    kernels.segmentSum(address(x!), address(segmentIds!), address(out), x!.shape[0]!, width, segments);
    return out;
  });
}
