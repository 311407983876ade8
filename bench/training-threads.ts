/** A model on WASM on several threads, as a trainer has it, on made-up data. */
import type { Drawn } from "../src/learn/learner.ts";
import { loadLearner } from "../src/learn/load-learner.ts";
import { startEngine } from "../src/learn/engine/backend.ts";
import { createOptimiser } from "../src/learn/optimiser.ts";
import { createSlicePool, type StartedSlicer } from "../src/learn/parallel/slice-pool.ts";
import type { TaskManifest } from "../src/learn/task.ts";
import { createRandom } from "../src/wire/random.ts";
import { type Measured, timed, wasmFiles } from "./training-measure.ts";
import { pooledTrials, type PooledName } from "./training-trials.ts";

function start(): StartedSlicer {
  const worker = new Worker(new URL("./training-slice.ts", import.meta.url), { type: "module", name: "slice" });
  const gone = new AbortController();
  worker.addEventListener("error", ({ message }) => gone.abort(new Error(message || "the worker could not be loaded")));
  return { port: worker, gone: gone.signal, terminate: () => worker.terminate() };
}

export async function measureThreads(name: PooledName, threads: number, milliseconds: number): Promise<Measured> {
  await startEngine(wasmFiles(), "wasm");
  const { task, batch, units, draw } = pooledTrials[name]();
  const { learner } = await loadLearner(task as TaskManifest, null, { loadPack: () => Promise.reject(new Error("no data are loaded here")) });
  const optimiser = createOptimiser(learner.pieces, task.inner);
  const pool = createSlicePool({ task: task as TaskManifest, threads, start });
  let seed = 0;
  const shared = pool.open({ ...learner, draw: (rows): Drawn => draw(rows, seed) }, learner.initial());
  if ((await pool.ready()) !== threads - 1) throw new Error("a worker could not be started");
  const sum = new Float32Array(learner.parameters);
  const samples = Uint32Array.from({ length: batch }, (_, i) => i);
  const trial = {
    units,
    async step() {
      const { loss, gradient, threads: used } = await shared.gradient(samples, Math.ceil(batch / threads), createRandom("unused"), sum);
      if (used !== threads) throw new Error(`${used} threads took part, not ${threads}`);
      seed += 1;
      optimiser.step(shared.params, gradient);
      return loss;
    },
  };
  return timed(trial, milliseconds);
}
