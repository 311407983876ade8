import * as tf from "@tensorflow/tfjs-core";
import { openHeap } from "./wasm/heap.ts";

/**
 * Hands a float32 tensor's values to `use`, which may not keep them, and frees the tensor. On WASM they are its memory
 * itself: copies of a model's size, one a step, would take up most of a phone's memory until the garbage is collected.
 */
export async function takeValues<Result>(tensor: tf.Tensor, use: (values: Float32Array) => Result): Promise<Result> {
  try {
    const heap = tf.getBackend() === "wasm" ? openHeap() : null;
    return use(heap?.values(tensor) ?? ((await tensor.data()) as Float32Array));
  } finally {
    tensor.dispose();
  }
}
