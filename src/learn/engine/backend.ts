import * as tf from "@tensorflow/tfjs-core";
import { EngineError } from "../errors.ts";
import type { Backend } from "../trainer.ts";
import { registerGradientKernels } from "./gradients.ts";
import { NEW_DEVICES } from "./limits.ts";
import { registerWasmKernels } from "./wasm/register.ts";
import { findAdapter } from "./webgpu/adapter.ts";
import { dropDevice, watchDevice } from "./webgpu/device.ts";

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

/** What has been started on this thread. */
const running = new Set<Backend>();

async function start(backend: Backend, wasmFiles: WasmFiles, byName: boolean): Promise<boolean> {
  if (running.has(backend) && tf.getBackend() === backend) return true;
  switch (backend) {
    case "webgpu":
      if (!(await hasGpu(byName))) return false;
      await import("@tensorflow/tfjs-backend-webgpu");
      (await import("./webgpu/register.ts")).registerGpuKernels();
      break;
    case "wasm": {
      if (typeof WebAssembly === "undefined") return false;
      const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
      // Not asked of tfjs: its findBackend starts a backend that it knows, before these settings. That, and not
      // isolation or the paths, is why `setThreadsCount(2)` once reported one thread: it came after the start.
      if (!running.has("wasm")) {
        // One thread. tfjs's threaded build starts 8 workers from blob: URLs, which the CSP forbids (worker-src 'self'),
        // whatever the count; and it would speed up tfjs's own kernels only, which are 8 % of a GPT's step and 19 % of a
        // CNN's (ours are 84 and 47 %, and cannot work on its shared memory). More cores are used by more devices.
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
  if (started && backend === "webgpu") watchDevice();
  if (started) running.add(backend);
  // Without SIMD the convolutions' gradients are put together from kernels that are there.
  if (started && backend === "wasm" && !registerWasmKernels()) registerGradientKernels("wasm");
  return started;
}

const hasGpu = async (softwareToo: boolean): Promise<boolean> => {
  const adapter = await findAdapter();
  return adapter !== null && (softwareToo || !adapter.software);
};

/** The backends that a device without a wish may train on, the likeliest first; the CPU's only where there is no other. */
export async function candidates(): Promise<Backend[]> {
  const able: Backend[] = [...((await hasGpu(false)) ? (["webgpu"] as const) : []), ...(typeof WebAssembly === "undefined" ? [] : (["wasm"] as const))];
  return able.length > 0 ? able : ["cpu"];
}

/**
 * After a loss of the GPU's device: another device for the first `NEW_DEVICES` times (`losses` counts from 1), then WASM
 * or the CPU. Whatever lay on the lost device is gone; models have to be made anew.
 * @throws EngineError `no-backend`
 */
export async function restartEngine(wasmFiles: WasmFiles, losses: number): Promise<Backend> {
  dropDevice();
  if (losses <= NEW_DEVICES && (await start("webgpu", wasmFiles, true).catch(() => false))) return "webgpu";
  // Not by name: a browser without WASM still has the CPU.
  for (const backend of ["wasm", "cpu"] as const) if (await start(backend, wasmFiles, true).catch(() => false)) return backend;
  throw new EngineError("no-backend", "the GPU was lost and no other engine could be started; reload the page");
}
