import * as tf from "@tensorflow/tfjs-core";
import { registerWasmKernel, type Heap } from "./heap.ts";

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

/**
 * Matrix products of any batch and transposition. tfjs's own use XNNPACK only for a batch of 1 without transposes, and
 * plain loops for the rest, which is what gradients are made of.
 */
export function registerMatmul(heap: Heap): void {
  const fused = tf.getKernel(tf._FusedMatMul, "wasm");

  const multiply = (a: tf.TensorInfo, b: tf.TensorInfo, bias: tf.TensorInfo | undefined, transposeA: boolean, transposeB: boolean): tf.TensorInfo => {
    const [m, k] = sides(a.shape, transposeA);
    const [inner, n] = sides(b.shape, transposeB);
    if (k !== inner) throw new Error(`matMul: ${a.shape.join(" × ")} and ${b.shape.join(" × ")} do not fit`);
    if (a.dtype !== "float32" || b.dtype !== "float32") throw new Error(`matMul: float32 is multiplied here, not ${a.dtype} and ${b.dtype}`);
    const batches = tf.broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const batch = product(batches);
    const out = heap.output([...batches, m, n]);
    const step = ({ shape }: tf.TensorInfo): number => {
      const own = product(shape.slice(0, -2));
      if (own !== batch && own !== 1) throw new Error("matMul: batches that are spread along one axis only are not multiplied here");
      return own === 1 ? 0 : shape.at(-1)! * shape.at(-2)!;
    };
    const scratch = heap.scratch(heap.kernels.matmulScratchBytes());
    const { address } = heap;
    heap.kernels.matmulBatch(batch, m, n, k, address(a), step(a), +transposeA, address(b), step(b), +transposeB, address(out), bias ? address(bias) : 0, scratch);
    return out;
  };

  registerWasmKernel(tf.BatchMatMul, ({ inputs, attrs }) => multiply(inputs["a"]!, inputs["b"]!, undefined, attrs["transposeA"] === true, attrs["transposeB"] === true));

  registerWasmKernel(tf._FusedMatMul, (args) => {
    const { inputs, attrs } = args;
    const { a, b, bias } = inputs;
    const ours = attrs["activation"] === "linear" && (!bias || (bias.shape.length === 1 && bias.shape[0] === sides(b!.shape, attrs["transposeB"] === true)[1]));
    // Activations are fused outside training only.
    if (!ours) return fused!.kernelFunc(args as never);
    return multiply(a!, b!, bias, attrs["transposeA"] === true, attrs["transposeB"] === true);
  });
}

const sides = (shape: readonly number[], transposed: boolean): [number, number] => {
  const [rows, columns] = [shape.at(-2)!, shape.at(-1)!];
  return transposed ? [columns, rows] : [rows, columns];
};
