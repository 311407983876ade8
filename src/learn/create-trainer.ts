import { createDrift } from "./drift.ts";
import { restartEngine } from "./engine/backend.ts";
import { createRecovery, throughLosses, type Recovery } from "./engine/recovery.ts";
import { TaskError } from "./errors.ts";
import type { Learner } from "./learner.ts";
import { MAX_PREDICTIONS } from "./limits.ts";
import { loadLearner } from "./load-learner.ts";
import { openLearner, type OpenDeps } from "./open-learner.ts";
import { createOptimiser } from "./optimiser.ts";
import { softmax } from "./score.ts";
import type { TaskManifest } from "./task.ts";
import { trainThroughLosses, type TrainingSession } from "./train.ts";
import type { Trainer } from "./trainer.ts";

export type TrainerDeps = OpenDeps;

/** A task's model and data on this thread. `load` may be called again, for another task or other data; `close` ends the threads that help. */
export function createTrainer(deps: TrainerDeps): Trainer & { close(): void } {
  let session: (TrainingSession & { task: TaskManifest; recovery: Recovery }) | null = null;

  const loaded = () => {
    if (!session) throw new TaskError("not-loaded", "no task is loaded yet; call load first");
    return session;
  };
  /** On the learner, again from the start where a GPU is lost under it. */
  const onLearner = <T>(use: (learner: Learner) => Promise<T>): Promise<T> => {
    const own = loaded();
    return throughLosses(own.recovery, () => use(own.learner));
  };

  return {
    async load(task, data, dataSeed, wanted, threads) {
      const { learner, leftOut, backend, trial, atOnce, pool } = await openLearner(task, data, { backend: wanted, threads }, deps);
      session?.pool?.close();
      session?.learner.dispose();
      const opened = {
        task,
        learner,
        backend,
        optimiser: createOptimiser(learner.pieces, task.inner),
        drift: createDrift(learner.parameters, task.inner.driftCorrection ?? 0),
        inner: task.inner,
        atOnce,
        dataSeed,
        pool,
        recovery: createRecovery(async (losses) => {
          opened.backend = await restartEngine(deps.wasmFiles, losses);
          opened.learner = (await loadLearner(task, data, deps)).learner;
        }),
      };
      session = opened;
      const { parameters, shapes, samples, labelCounts } = learner;
      return { backend, threads: pool?.threads ?? 1, trial, atOnce, parameters, shapes, samples, labelCounts, leftOut };
    },

    close: () => session?.pool?.close(),

    initial: async () => loaded().learner.initial(),

    async *train(request) {
      if (loaded().learner.samples === 0) throw new TaskError("not-loaded", "no data are loaded to train on; call load with data first");
      return yield* trainThroughLosses(loaded(), request, loaded().recovery);
    },

    evaluate: async (params) => onLearner((learner) => learner.evaluate(params)),
    losses: async (params) => onLearner((learner) => learner.losses(params, loaded().dataSeed)),

    async predict(params, input) {
      const started = performance.now();
      const logits = await onLearner((learner) => learner.answer(params, [input]));
      return { probabilities: softmax(logits), milliseconds: performance.now() - started };
    },

    async predictMany(params, inputs) {
      if (inputs.length === 0 || inputs.length > MAX_PREDICTIONS) throw new TaskError("wrong-length", `${inputs.length} inputs; 1 to ${MAX_PREDICTIONS} are answered at once`);
      const started = performance.now();
      const logits = await onLearner((learner) => learner.answer(params, inputs));
      const outputs = logits.length / inputs.length;
      const probabilities = inputs.map((_, row) => softmax(logits.subarray(row * outputs, (row + 1) * outputs)));
      return { probabilities, milliseconds: performance.now() - started };
    },

    exportModel: async (params, format, about) => (await import("./export/export.ts")).exportModel(loaded().task, params, format, about),
    importModel: async (files) => (await import("./export/export.ts")).importModel(loaded().task, files),

    /** Length of the optimiser's part as big-endian u32, that part, then the drift's. */
    async saveState() {
      const { optimiser, drift } = loaded();
      if (optimiser.steps() === 0) return null;
      const [first, second] = [optimiser.save(), drift.save()];
      const state = new Uint8Array(4 + first.length + second.length);
      new DataView(state.buffer).setUint32(0, first.length);
      state.set(first, 4);
      state.set(second, 4 + first.length);
      return state;
    },

    async loadState(state) {
      const { optimiser, drift } = loaded();
      const length = state.length < 4 ? -1 : new DataView(state.buffer, state.byteOffset, state.byteLength).getUint32(0);
      if (length < 0 || length > state.length - 4) throw new TaskError("bad-state", "the kept training state is cut short; training goes on from a new one");
      drift.load(state.subarray(4 + length));
      optimiser.load(state.subarray(4, 4 + length));
    },
  };
}
