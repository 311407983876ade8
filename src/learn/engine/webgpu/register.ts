import { registerAdamW } from "./adamw.ts";
import { registerAttention } from "./attention.ts";
import { registerConvolution } from "./convolution.ts";
import { registerElementwise } from "./elementwise.ts";
import { registerLoss } from "./loss.ts";
import { registerMatmul } from "./matmul.ts";
import { registerNorm } from "./norm.ts";
import { registerPack } from "./pack.ts";
import { registerReductions } from "./reduce.ts";

let registered = false;

/** Puts our kernels into tfjs's WebGPU backend. They stay with the backend's name when its device is another one. */
export function registerGpuKernels(): void {
  if (registered) return;
  registerNorm();
  registerLoss();
  registerElementwise();
  registerAttention();
  registerReductions();
  registerMatmul();
  registerConvolution();
  registerAdamW();
  registerPack();
  registered = true;
}
