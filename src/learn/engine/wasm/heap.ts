import * as tf from "@tensorflow/tfjs-core";
import plain from "../../../wasm/build/learn.ts";
import relaxed from "../../../wasm/build/learn-relaxed.ts";
import { compileKernel } from "../../../wasm/load.ts";
import type { LearnKernels } from "./exports.ts";

/** The part of tfjs-backend-wasm 4.22 that is used here; `asm` are the exports of its binary, its memory among them. */
interface WasmBackend {
  wasm: { asm: { memory?: unknown }; _malloc(bytes: number): number; _free(address: number): void };
  dataIdMap: { get(dataId: object): { memoryOffset: number } };
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
}

/**
 * Our kernels on the heap of tfjs's WASM backend. They are instantiated with that backend's own memory, so they read
 * and write tensors where they lie: nothing is copied on the way in or out, and tensors of both kinds of kernel mix.
 */
export interface Heap {
  kernels: LearnKernels;
  /** Byte address of a tensor's values. */
  address(tensor: tf.TensorInfo): number;
  /** A float32 tensor's values where they lie; the view ends when the memory grows. */
  values(tensor: tf.TensorInfo): Float32Array;
  output(shape: number[], dtype?: "float32" | "int32"): tf.TensorInfo;
  /** Byte address of at least `bytes` that stay ours until the next call. */
  scratch(bytes: number): number;
}

let heap: (Heap & { use(exact: boolean): void }) | null = null;

/** Heap of the WASM backend, which must be the current one; null where its memory or SIMD cannot be had. */
export function openHeap(): Heap | null {
  heap ??= createHeap(tf.backend() as unknown as WasmBackend);
  return heap;
}

/**
 * Whether the kernels, which must be registered, multiply and add with the same bits on every machine (`learn-math.ts`),
 * or as fast as this one can. False where there are none of ours.
 */
export function useExactKernels(exact: boolean): boolean {
  heap?.use(exact);
  return heap !== null;
}

function createHeap(backend: WasmBackend): typeof heap {
  const { memory } = backend.wasm.asm;
  const best = compile([relaxed, plain]);
  if (!(memory instanceof WebAssembly.Memory) || !best) return null;
  const instance = (module: WebAssembly.Module) => new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as LearnKernels;
  const fast = instance(best);
  let exactly: LearnKernels | null = null;
  const kernels = { ...fast };
  let held = { at: 0, bytes: 0 };
  const address = ({ dataId }: tf.TensorInfo): number => backend.dataIdMap.get(dataId).memoryOffset;
  return {
    kernels,
    use: (exact) => void Object.assign(kernels, exact ? (exactly ??= instance(compile([plain])!)) : fast),
    address,
    values: (tensor) => new Float32Array(memory.buffer, address(tensor), tf.util.sizeFromShape(tensor.shape)),
    output: (shape, dtype = "float32") => backend.makeOutput(shape, dtype),
    scratch(bytes) {
      if (bytes > held.bytes) {
        if (held.bytes > 0) backend.wasm._free(held.at);
        held = { at: backend.wasm._malloc(bytes) >>> 0, bytes };
      }
      return held.at;
    },
  };
}

/** With fused multiply-add where the engine has it, which is up to a third faster in matrix products. */
function compile(builds: readonly string[]): WebAssembly.Module | null {
  for (const base64 of builds) {
    try {
      return compileKernel(base64);
    } catch (error) {
      if (!(error instanceof WebAssembly.CompileError)) throw error;
    }
  }
  return null;
}

/** Registers one of our kernels, in place of tfjs's own where it has one. */
export function registerWasmKernel(kernelName: string, kernelFunc: (args: { inputs: Record<string, tf.TensorInfo>; attrs: Record<string, unknown> }) => tf.TensorInfo | tf.TensorInfo[]): void {
  if (tf.getKernel(kernelName, "wasm")) tf.unregisterKernel(kernelName, "wasm");
  tf.registerKernel({ kernelName, backendName: "wasm", kernelFunc: kernelFunc as unknown as tf.KernelFunc });
}
