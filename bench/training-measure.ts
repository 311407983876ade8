/** One model on one backend, in a page or worker of its own. */
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import * as tf from "@tensorflow/tfjs-core";
import { startEngine, type WasmFiles } from "../src/learn/engine/backend.ts";
import { dispatchesSoFar, watchDevice } from "../src/learn/engine/webgpu/device.ts";
import { createTrial, type Trial, type TrialName } from "./training-trials.ts";

/** `-stock`: tfjs's backend without our kernels. WebGL has none of ours. */
export type Engine = "cpu" | "wasm" | "webgpu" | "webgl" | "wasm-stock" | "webgpu-stock";

export interface Measured {
  /** Samples or tokens a second, in the fastest of the timed stretches. */
  perSecond: number;
  firstLoss: number;
  /** Dispatches of the last step, where they are counted. */
  dispatches: number | null;
}

/** The clock of a page that is not isolated ticks every 0.1 ms, so short steps are timed together. */
const LEAST_MILLISECONDS = 20;

async function start(engine: Engine, files: WasmFiles): Promise<void> {
  switch (engine) {
    case "cpu":
    case "wasm":
    case "webgpu":
      return void (await startEngine(files, engine));
    case "webgl":
      await import("@tensorflow/tfjs-backend-webgl");
      break;
    case "webgpu-stock":
      await import("@tensorflow/tfjs-backend-webgpu");
      break;
    case "wasm-stock": {
      const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
      tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
      setWasmPaths({ "tfjs-backend-wasm.wasm": files.plain, "tfjs-backend-wasm-simd.wasm": files.simd, "tfjs-backend-wasm-threaded-simd.wasm": files.simd });
    }
  }
  if (!(await tf.setBackend(engine.replace("-stock", "")))) throw new Error(`${engine} cannot be started here`);
  await tf.ready();
  if (engine === "webgpu-stock") watchDevice();
}

export const wasmFiles = (): WasmFiles => ({ plain: new URL(plain, location.href).href, simd: new URL(simd, location.href).href });

export async function measure(engine: Engine, name: TrialName, milliseconds: number): Promise<Measured> {
  await start(engine, wasmFiles());
  return timed(createTrial(name), milliseconds);
}

/** Steps for about `milliseconds` and at least one, the first one untimed. */
export async function timed({ units, step }: Trial, milliseconds: number): Promise<Measured> {
  const firstLoss = await step();
  const end = performance.now() + milliseconds;
  let fastest = Infinity;
  let dispatches: number | null = null;
  do {
    const started = performance.now();
    let steps = 0;
    while (steps === 0 || performance.now() - started < LEAST_MILLISECONDS) {
      const before = dispatchesSoFar();
      await step();
      dispatches = before === null ? null : dispatchesSoFar()! - before;
      steps += 1;
    }
    fastest = Math.min(fastest, (performance.now() - started) / steps);
  } while (performance.now() < end);
  return { perSecond: (1000 * units) / fastest, firstLoss, dispatches };
}
