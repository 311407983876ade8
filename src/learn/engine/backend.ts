import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../errors.ts";
import type { Backend } from "../trainer.ts";
import { registerGradientKernels } from "./gradients.ts";
import { registerWasmKernels } from "./wasm/register.ts";

/** Where the backend's two binaries lie: URLs in a browser, file paths in Node. */
export interface WasmFiles {
  simd: string;
  plain: string;
}

const ORDER: readonly Backend[] = ["webgpu", "wasm", "cpu"];

/**
 * Starts the engine of this thread: the wanted backend and no other, or the first of WebGPU, WASM and CPU that works.
 * @throws EngineError `no-backend`
 */
export async function startEngine(wasmFiles: WasmFiles, wanted?: Backend): Promise<Backend> {
  const reasons: string[] = [];
  for (const backend of wanted ? [wanted] : ORDER) {
    try {
      if (await start(backend, wasmFiles, wanted !== undefined)) return backend;
      reasons.push(`${backend}: not available`);
    } catch (cause) {
      reasons.push(`${backend}: ${String(cause)}`);
    }
  }
  throw new EngineError("no-backend", `no engine could be started (${reasons.join("; ")}); ${wanted ? "try another backend" : "update the browser"}`);
}

async function start(backend: Backend, wasmFiles: WasmFiles, byName: boolean): Promise<boolean> {
  if (tf.findBackend(backend) !== null && tf.getBackend() === backend) return true;
  switch (backend) {
    case "webgpu":
      if (!(await hasGpu(byName))) return false;
      await import("@tensorflow/tfjs-backend-webgpu");
      break;
    case "wasm": {
      if (typeof WebAssembly === "undefined") return false;
      const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
      if (tf.findBackend("wasm") === null) {
        // The threaded build starts workers from blob: URLs, which the CSP forbids; a device has one train worker.
        tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
        setWasmPaths({
          "tfjs-backend-wasm.wasm": wasmFiles.plain,
          "tfjs-backend-wasm-simd.wasm": wasmFiles.simd,
          "tfjs-backend-wasm-threaded-simd.wasm": wasmFiles.simd,
        });
      }
      break;
    }
    case "cpu":
      await import("@tensorflow/tfjs-backend-cpu");
      break;
  }
  const started = await tf.setBackend(backend);
  if (started) await tf.ready();
  // Without SIMD the convolutions' gradients are put together from kernels that are there.
  if (started && backend === "wasm" && !registerWasmKernels()) registerGradientKernels("wasm");
  return started;
}

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|software|basic render/i;

/** A software adapter is slower than WASM, so it counts only when it was asked for by name. */
async function hasGpu(softwareToo: boolean): Promise<boolean> {
  const gpu = (globalThis.navigator as unknown as { gpu?: { requestAdapter(): Promise<GpuAdapter | null> } } | undefined)?.gpu;
  const adapter = await gpu?.requestAdapter();
  if (!adapter) return false;
  if (softwareToo) return true;
  const { info } = adapter;
  const fallback = adapter.isFallbackAdapter === true || info?.isFallbackAdapter === true;
  return !fallback && !SOFTWARE.test([info?.vendor, info?.architecture, info?.device, info?.description].join(" "));
}

/** The part of `GPUAdapter` that is read here (WebGPU, section 4.3). */
interface GpuAdapter {
  isFallbackAdapter?: boolean;
  info?: { vendor?: string; architecture?: string; device?: string; description?: string; isFallbackAdapter?: boolean };
}
