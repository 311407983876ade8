import { createRandom } from "../wire/random.ts";
import { blankInput } from "./blank-input.ts";
import type { DataSources } from "./dataset.ts";
import { candidates, startEngine, type WasmFiles } from "./engine/backend.ts";
import { tensorBudget } from "./engine/budget.ts";
import { samplesWithin } from "./engine/micro-batches.ts";
import { type Choice, choiceKey, type ChoiceStore, chooseBackend, type Trialled } from "./engine/trial.ts";
import { findAdapter } from "./engine/webgpu/adapter.ts";
import type { Learner } from "./learner.ts";
import { loadLearner } from "./load-learner.ts";
import { createOptimiser } from "./optimiser.ts";
import { modelHashOf } from "./signed-task.ts";
import { openStepper } from "./stepper.ts";
import type { TaskManifest } from "./task.ts";
import type { Backend, DataChoice } from "./trainer.ts";

export interface OpenDeps extends DataSources {
  wasmFiles: WasmFiles;
  /** Where the choice of a backend is kept; absent: the likeliest is taken without a trial. */
  choices?: ChoiceStore;
}

export interface Opened {
  learner: Learner;
  leftOut: number;
  backend: Backend;
  /** What the choice between backends was made by; empty where there was none. */
  trial: Choice["milliseconds"];
  /** Most samples that fit into this device's memory at once. */
  atOnce: number;
}

/**
 * A task's model with this device's data on the engine that is wanted, or on the one that a trial finds the fastest.
 * @throws TaskError, DataError, BadRowsError, EngineError
 */
export async function openLearner(task: TaskManifest, data: DataChoice | null, wanted: Backend | undefined, deps: OpenDeps): Promise<Opened> {
  const sources = remembering(deps);
  const choice = wanted !== undefined || data === null || !deps.choices ? null : await choose(task, data, deps.choices, sources);
  const backend = await startEngine(deps.wasmFiles, wanted ?? choice?.backend);
  const { learner, leftOut } = await loadLearner(task, data, sources);
  // The first answer compiles what all others run: a person does not wait for that.
  await learner.answer(learner.initial(), [blankInput(task.data)]);
  return { learner, leftOut, backend, trial: choice?.milliseconds ?? {}, atOnce: await atOnce(learner, task.inner.batch) };
}

async function choose(task: TaskManifest, data: DataChoice, store: ChoiceStore, sources: OpenDeps): Promise<Choice> {
  const adapter = await findAdapter();
  const key = choiceKey(modelHashOf(task.model), navigator.userAgent, adapter?.name ?? null);
  return chooseBackend(key, { candidates: await candidates(), open: (backend) => openTrial(task, data, backend, sources), store, now: () => Date.now() });
}

/** Whole steps on the device's own data, on params that nobody keeps. */
async function openTrial(task: TaskManifest, data: DataChoice, backend: Backend, sources: OpenDeps): Promise<Trialled> {
  await startEngine(sources.wasmFiles, backend);
  const { learner } = await loadLearner(task, data, sources);
  const { inner } = task;
  const most = await atOnce(learner, inner.batch);
  const stepper = openStepper({ learner, backend, optimiser: createOptimiser(learner.pieces, inner), inner, atOnce: most, dataSeed: 0 }, learner.initial(), null);
  const samples = first(learner, Math.min(inner.batch, most));
  return {
    step: async () => void (await stepper.step(samples, 0)),
    dispose() {
      stepper.dispose();
      learner.dispose();
    },
  };
}

async function atOnce(learner: Learner, batch: number): Promise<number> {
  if (learner.samples === 0) return batch;
  const params = learner.initial();
  return samplesWithin((count) => learner.gradient(params, first(learner, count), createRandom("memory")), tensorBudget(), batch);
}

const first = ({ samples }: Learner, count: number): Uint32Array => Uint32Array.from({ length: count }, (_, i) => i % samples);

/** Packs are fetched once, however many backends are tried with them. */
function remembering(deps: OpenDeps): OpenDeps {
  const packs = new Map<string, Promise<Uint8Array>>();
  return {
    ...deps,
    loadPack(path) {
      const known = packs.get(path) ?? deps.loadPack(path);
      packs.set(path, known);
      // What failed may be asked for again.
      known.catch(() => packs.delete(path));
      return known;
    },
  };
}
