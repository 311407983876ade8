import sealUrl from "../../node_modules/node-seal/dist/seal_throws.wasm?url";
import { compileRing } from "../securesum/kernel.ts";
import { createSumPool, type StartedWorker, type SumPool } from "../securesum/pool.ts";

/**
 * The secure sum's pool: cores − 1 workers, one compiled SEAL for all. Where SEAL does not load (Safari before 18.4)
 * our own ring does the same arithmetic, byte for byte.
 */
export async function startSumPool(): Promise<SumPool> {
  const seal = await WebAssembly.compileStreaming(fetch(sealUrl)).catch(() => null);
  return createSumPool({ size: navigator.hardwareConcurrency - 1, modules: { ring: compileRing(), seal }, startWorker });
}

function startWorker(): StartedWorker {
  const worker = new Worker(new URL("../workers/entry/seal.ts", import.meta.url), { type: "module", name: "seal" });
  const gone = new AbortController();
  worker.addEventListener("error", ({ message }) => gone.abort(new Error(message || "a worker of the secure sum could not be loaded; check the connection and reload")));
  return { port: worker, gone: gone.signal, terminate: () => worker.terminate() };
}
