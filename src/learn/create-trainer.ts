import { batchOf, labelCounts, loadHeldOut, loadTraining, noSamples, priorOffsets, scaled, scaleOf } from "./dataset.ts";
import type { LoadPack } from "./digits.ts";
import { createDrift } from "./drift.ts";
import { startEngine, type WasmFiles } from "./engine/backend.ts";
import { breathe } from "./engine/breathe.ts";
import { EngineError, TaskError } from "./errors.ts";
import { EVALUATION_CHUNK } from "./limits.ts";
import { createModel, initialParams } from "./model.ts";
import { createOptimiser } from "./optimiser.ts";
import type { Samples } from "./pack.ts";
import { countHits, softmax, sumLoss } from "./score.ts";
import type { TaskManifest } from "./task.ts";
import { trainRound, type TrainingSession } from "./train.ts";
import type { Trainer } from "./trainer.ts";

export interface TrainerDeps {
  loadPack: LoadPack;
  wasmFiles: WasmFiles;
}

/** A task's model and data on this thread. `load` may be called again, for another task or other data. */
export function createTrainer({ loadPack, wasmFiles }: TrainerDeps): Trainer {
  let session: (TrainingSession & { task: TaskManifest }) | null = null;
  let heldOut: Promise<Samples> | null = null;

  const loaded = () => {
    if (!session) throw new TaskError("not-loaded", "no task is loaded yet; call load first");
    return session;
  };

  return {
    async load(task, data, dataSeed, wanted) {
      const backend = await startEngine(wasmFiles, wanted);
      const samples = data === null ? noSamples(task) : await loadTraining(task, data, loadPack);
      const model = createModel(task);
      session?.model.dispose();
      heldOut = null;
      session = {
        task,
        model,
        optimiser: createOptimiser(model.pieces, task.inner),
        drift: createDrift(model.parameters, task.inner.driftCorrection ?? 0),
        samples,
        offsets: priorOffsets(samples, task.inner.calibration ?? 0),
        scale: scaleOf(task),
        batch: task.inner.batch,
        gradientLimit: task.inner.gradientLimit ?? Infinity,
        dataSeed,
      };
      return { backend, parameters: model.parameters, samples: samples.labels.length, labelCounts: labelCounts(samples) };
    },

    initial: async () => initialParams(loaded().task),

    async *train(request) {
      if (loaded().samples.labels.length === 0) throw new TaskError("not-loaded", "no data are loaded to train on; call load with data first");
      return yield* trainRound(loaded(), request);
    },

    async evaluate(params) {
      const { task, model } = loaded();
      heldOut ??= loadHeldOut(task, loadPack).catch((cause: unknown) => {
        heldOut = null;
        throw cause;
      });
      const samples = await heldOut;
      const count = samples.labels.length;
      let hits = 0;
      let loss = 0;
      for (let from = 0; from < count; from += EVALUATION_CHUNK) {
        const chunk = batchOf(samples, Uint32Array.from({ length: Math.min(EVALUATION_CHUNK, count - from) }, (_, i) => from + i), scaleOf(task));
        const logits = await model.logits(params, chunk.pixels);
        hits += countHits(logits, chunk.labels);
        loss += sumLoss(logits, chunk.labels);
        await breathe();
      }
      if (!Number.isFinite(loss)) throw new EngineError("not-finite", "this model's loss is out of bounds; it must not be taken over");
      return { accuracy: hits / count, loss: loss / count, samples: count };
    },

    async predict(params, pixels) {
      const { task, model } = loaded();
      const [height, width] = task.data.shape;
      if (pixels.length !== height * width) throw new TaskError("wrong-length", `${pixels.length} pixels where ${height} × ${width} are needed`);
      const started = performance.now();
      const logits = await model.logits(params, scaled(pixels, scaleOf(task)));
      return { probabilities: softmax(logits), milliseconds: performance.now() - started };
    },

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
