import * as tf from "@tensorflow/tfjs-core";
import { webgpu_util } from "@tensorflow/tfjs-backend-webgpu";
import { registerGpuKernel } from "./gpu.ts";

/** From here on tfjs may split the inner sum and add the parts atomically, in an order that changes from run to run. */
const SPLIT = 2_000;
const FLAG = "WEBGPU_MATMUL_PROGRAM_TYPE";

/** Keeps tfjs's matrix products, but not that one: what one seed gives is to be the same on every run. */
export function registerMatmul(): void {
  for (const kernelName of [tf.BatchMatMul, tf._FusedMatMul]) {
    const general = tf.getKernel(kernelName, "webgpu")!;
    registerGpuKernel(kernelName, (args) => {
      const inner = args.inputs["a"]!.shape.at(args.attrs["transposeA"] === true ? -2 : -1)!;
      if (inner < SPLIT) return general.kernelFunc(args as never);
      const before = tf.env().getNumber(FLAG);
      tf.env().set(FLAG, webgpu_util.MatMulProgramType.MatMulPackedProgram);
      try {
        return general.kernelFunc(args as never);
      } finally {
        tf.env().set(FLAG, before);
      }
    });
  }
}
