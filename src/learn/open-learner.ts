import { createRandom } from "../wire/random.ts";
import { blankInput } from "./blank-input.ts";
import type { DataSources } from "./dataset.ts";
import { candidates, startEngine, type WasmFiles } from "./engine/backend.ts";
import { tensorBudget } from "./engine/budget.ts";
import { samplesWithin } from "./engine/micro-batches.ts";
import { useExactKernels } from "./engine/wasm/heap.ts";
import { type Choice, choiceKey, type ChoiceStore, chooseWay, type Trialled, waysOf } from "./engine/trial.ts";
import { findAdapter } from "./engine/webgpu/adapter.ts";
import { MAX_THREADS } from "./engine/limits.ts";
import { EngineError } from "./errors.ts";
import type { Learner } from "./learner.ts";
import { loadLearner } from "./load-learner.ts";
import { createOptimiser } from "./optimiser.ts";
import { createSlicePool, type SlicePool, type StartedSlicer } from "./parallel/slice-pool.ts";
import { mostThreads } from "./parallel/threads.ts";
import { modelHashOf } from "./signed-task.ts";
import { openStepper } from "./stepper.ts";
import type { TaskManifest } from "./task.ts";
import type { Backend, DataChoice, Way } from "./trainer.ts";

export interface OpenDeps extends DataSources {
  wasmFiles: WasmFiles;
  /** Where the choice of a way is kept; absent: the likeliest is taken without a trial. */
  choices?: ChoiceStore;
  /** A worker to train beside this one; absent: all is done on this thread. */
  startSlicer?: () => StartedSlicer;
}

export interface Opened {
  learner: Learner;
  leftOut: number;
  backend: Backend;
  /** What the choice was made by; empty where there was none. */
  trial: Choice["milliseconds"];
  /** Most samples that a thread takes at once: what memory has room for, and of several threads, a thread's part of the batch. */
  atOnce: number;
  /** Null: this thread is alone. */
  pool: SlicePool | null;
}

/** What a device or its person wants; absent: what a trial finds. */
export interface Wanted {
  backend?: Backend | undefined;
  threads?: number | undefined;
}

/** Where devices train again what another one did: all that a share of one has, whatever a device would choose. */
const PUBLIC: DataChoice = { kind: "share", share: 0, shares: 1 };

/**
 * A task's model with this device's data on the engine that is wanted, or on the one that a trial finds the fastest.
 * Where others have to come to the same bits, that is WASM, on one thread, in whole batches: WebGPU's sums differ from
 * machine to machine, and those of parts from the whole's.
 * @throws TaskError, DataError, BadRowsError, EngineError
 */
export async function openLearner(task: TaskManifest, data: DataChoice | null, wanted: Wanted, deps: OpenDeps): Promise<Opened> {
  if (task.audits !== "rerun") {
    useExactKernels(false);
    return openOwn(task, data, wanted, deps);
  }
  await startEngine(deps.wasmFiles, "wasm");
  if (!useExactKernels(true)) throw new EngineError("no-backend", "this task's audits need WebAssembly's SIMD; update the browser, or choose another task");
  const opened = await openOwn(task, data && PUBLIC, { backend: "wasm", threads: 1 }, deps);
  if (opened.atOnce === task.inner.batch) return opened;
  opened.learner.dispose();
  throw new EngineError("no-memory", `this task's audits need a batch of ${task.inner.batch} at once, and there is memory for ${opened.atOnce}; choose another task`);
}

async function openOwn(task: TaskManifest, data: DataChoice | null, wanted: Wanted, deps: OpenDeps): Promise<Opened> {
  const sources = remembering(deps);
  const threads = deps.startSlicer ? Math.min(MAX_THREADS, wanted.threads ?? mostThreads()) : 1;
  const choice = data === null ? null : await choose(task, data, wanted, threads, sources);
  const backend = await startEngine(deps.wasmFiles, choice?.way === "threads" ? "wasm" : (choice?.way ?? wanted.backend));
  const { learner, leftOut } = await loadLearner(task, data, sources);
  // The first answer compiles what all others run: a person does not wait for that.
  await learner.answer(learner.initial(), [blankInput(task.data)]);
  const cut = await cutFor(task, learner, choice?.way === "threads" ? threads : 1, sources);
  return { learner, leftOut, backend, trial: choice?.milliseconds ?? {}, ...cut };
}

async function choose(task: TaskManifest, data: DataChoice, wanted: Wanted, threads: number, sources: OpenDeps): Promise<Choice | null> {
  if (wanted.backend !== undefined && (wanted.backend !== "wasm" || threads === 1)) return null;
  const ways = waysOf(wanted.backend === undefined ? await candidates() : [wanted.backend], threads, wanted.threads !== undefined);
  if (ways.length === 1) return { way: ways[0]!, milliseconds: {} };
  if (!sources.choices) return null;
  const adapter = await findAdapter();
  const key = choiceKey(modelHashOf(task.model), navigator.userAgent, adapter?.name ?? null, threads);
  return chooseWay(key, { candidates: ways, open: (way) => openTrial(task, data, way, threads, sources), store: sources.choices, now: () => Date.now() });
}

/** Whole steps on the device's own data, on params that nobody keeps. */
async function openTrial(task: TaskManifest, data: DataChoice, way: Way, threads: number, sources: OpenDeps): Promise<Trialled> {
  const backend = await startEngine(sources.wasmFiles, way === "threads" ? "wasm" : way);
  const { learner } = await loadLearner(task, data, sources);
  const { inner } = task;
  const most = await samplesFor(learner, inner.batch);
  const { pool, atOnce } = way === "threads" ? await cutFor(task, learner, threads, sources) : { pool: null, atOnce: most };
  const stepper = openStepper({ learner, backend, optimiser: createOptimiser(learner.pieces, inner), inner, atOnce, dataSeed: 0, pool }, learner.initial(), null);
  const samples = first(learner, Math.min(inner.batch, most));
  const dispose = (): void => {
    pool?.close();
    stepper.dispose();
    learner.dispose();
  };
  // The stepper has called for them; a training would begin without them.
  if (way === "threads" && !(await pool?.ready())) {
    dispose();
    throw new EngineError("no-backend", "there is no memory for another thread, or its worker could not be started");
  }
  return { step: async () => void (await stepper.step(samples, 0)), dispose };
}

/** The batch cut for so many threads, or for as many fewer as there is memory for. */
async function cutFor(task: TaskManifest, learner: Learner, most: number, { startSlicer: start }: OpenDeps): Promise<Pick<Opened, "atOnce" | "pool">> {
  const { batch } = task.inner;
  for (let threads = Math.min(most, batch, learner.samples); start && threads > 1; threads--) {
    try {
      const atOnce = await samplesFor(learner, Math.ceil(batch / threads), threads);
      return { atOnce, pool: createSlicePool({ task, threads, start }) };
    } catch (cause) {
      if (!(cause instanceof EngineError && cause.code === "no-memory")) throw cause;
    }
  }
  return { atOnce: await samplesFor(learner, batch), pool: null };
}

/** Most samples of `batch` at once on each of the threads, which share the memory that there is. */
async function samplesFor(learner: Learner, batch: number, threads = 1): Promise<number> {
  if (learner.samples === 0) return batch;
  const params = learner.initial();
  return samplesWithin((count) => learner.gradient(params, learner.draw(first(learner, count), createRandom("memory"))), tensorBudget() / threads, batch);
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
