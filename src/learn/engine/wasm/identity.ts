import * as tf from "@tensorflow/tfjs-core";
import { registerWasmKernel } from "./heap.ts";

/**
 * A tensor that is kept for the backward pass shares its values instead of having a copy of them, as on tfjs's other
 * backends and in its own Reshape: copies were more than half of what a GPT's step held. No WASM kernel writes to its inputs.
 */
export function registerIdentity(): void {
  registerWasmKernel(tf.Identity, ({ inputs: { x } }) => {
    (tf.backend() as unknown as { incRef(dataId: object): void }).incRef(x!.dataId);
    return { dataId: x!.dataId, shape: x!.shape, dtype: x!.dtype };
  });
}
