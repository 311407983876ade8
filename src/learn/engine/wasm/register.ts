import { registerConvolutionGradients, registerConvolutions, registerDepthwiseGradients, registerPoolGradient } from "./convolution.ts";
import { registerFused } from "./fused.ts";
import { openHeap } from "./heap.ts";
import { registerIdentity } from "./identity.ts";
import { registerMatmul } from "./matmul.ts";
import { registerReductions } from "./reduce.ts";

let registered = false;

/**
 * Puts our kernels into tfjs's WASM backend, which must be started and the current one: those that it lacks, and those
 * that it has as plain loops. False where there is no SIMD for them.
 */
export function registerWasmKernels(): boolean {
  if (registered) return true;
  const heap = openHeap();
  if (!heap) return false;
  registerIdentity();
  registerMatmul(heap);
  registerConvolutions(heap);
  registerConvolutionGradients(heap);
  registerDepthwiseGradients(heap);
  registerPoolGradient(heap);
  registerReductions(heap);
  registerFused(heap);
  registered = true;
  return true;
}
