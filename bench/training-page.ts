/** Runs in Chromium, built by training.ts: one model on one backend in a fresh page. */
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import * as tf from "@tensorflow/tfjs-core";
import { startEngine, type WasmFiles } from "../src/learn/engine/backend.ts";
import { createTrial, type TrialName } from "./training-trials.ts";

export type Engine = "cpu" | "wasm" | "webgpu" | "wasm-stock";

export interface Measured {
  /** Samples or tokens a second, in the fastest of the timed stretches. */
  perSecond: number;
  firstLoss: number;
}

/** The clock of a page that is not isolated ticks every 0.1 ms, so short steps are timed together. */
const LEAST_MILLISECONDS = 20;

async function start(engine: Engine, files: WasmFiles): Promise<void> {
  if (engine !== "wasm-stock") return void (await startEngine(files, engine));
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  setWasmPaths({ "tfjs-backend-wasm.wasm": files.plain, "tfjs-backend-wasm-simd.wasm": files.simd, "tfjs-backend-wasm-threaded-simd.wasm": files.simd });
  await tf.setBackend("wasm");
  await tf.ready();
}

/** Steps for about `milliseconds` and at least one, the first one untimed. */
export async function measure(engine: Engine, name: TrialName, milliseconds: number): Promise<Measured> {
  await start(engine, { plain: new URL(plain, location.href).href, simd: new URL(simd, location.href).href });
  const { units, step } = createTrial(name);
  const firstLoss = await step();
  const end = performance.now() + milliseconds;
  let fastest = Infinity;
  do {
    const started = performance.now();
    let steps = 0;
    while (steps === 0 || performance.now() - started < LEAST_MILLISECONDS) {
      await step();
      steps += 1;
    }
    fastest = Math.min(fastest, (performance.now() - started) / steps);
  } while (performance.now() < end);
  return { perSecond: (1000 * units) / fastest, firstLoss };
}

Object.assign(globalThis, { measure });
