import { Worker } from "node:worker_threads";
import { expose } from "comlink";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { buildDigits } from "../../../tools/digits.ts";
import { buildTexts } from "../../../tools/texts.ts";
import { createTrainer } from "../create-trainer.ts";
import { startEngine } from "../engine/backend.ts";
import { HELPER_IDLE_MS, HELPER_PATIENCE } from "../engine/limits.ts";
import type { Learner } from "../learner.ts";
import { loadLearner } from "../load-learner.ts";
import { createOptimiser } from "../optimiser.ts";
import { openStepper } from "../stepper.ts";
import type { TaskManifest } from "../task.ts";
import { digitsTask } from "../tasks/digits.ts";
import { mobyDickTask } from "../tasks/texts.ts";
import { nodeWasmFiles, readPackFile } from "../testing/node.ts";
import { runRound } from "../testing/rounds.ts";
import { createSlicePool, type SlicePool, type StartedSlicer } from "./slice-pool.ts";
import { serveSlices, type Slicer } from "./slicer.ts";
import { mostThreads } from "./threads.ts";

const deps = { loadPack: readPackFile, wasmFiles: nodeWasmFiles };
const share = { kind: "share", share: 0, shares: 60 } as const;

beforeAll(async () => {
  await Promise.all([buildDigits(), buildTexts()]);
  await startEngine(nodeWasmFiles, "wasm");
}, 60_000);

const ending: (() => unknown)[] = [];
afterEach(async () => void (await Promise.all(ending.splice(0).map((end) => end()))));

/** The worker's code over a channel on this thread. */
function onThisThread(serve: () => Slicer = () => serveSlices(deps)) {
  const state = { started: 0, running: 0, fail: new AbortController() };
  const start = (): StartedSlicer => {
    const { port1, port2 } = new MessageChannel();
    state.started += 1;
    state.running += 1;
    expose(serve(), port1);
    return { port: port2, gone: state.fail.signal, terminate: () => void (port1.close(), port2.close(), (state.running -= 1)) };
  };
  return { state, start };
}

/** A thread of its own, with its own engine. */
function inAThread(): StartedSlicer {
  const { port1, port2 } = new MessageChannel();
  const gone = new AbortController();
  const worker = new Worker(new URL("../testing/slicer.mjs", import.meta.url), { workerData: { port: port2 }, transferList: [port2] as never });
  worker.on("error", (cause) => gone.abort(cause));
  ending.push(() => worker.terminate());
  return { port: port1, gone: gone.signal, terminate: () => void worker.terminate() };
}

const layer = (class_name: string, config: Record<string, unknown>) => ({ class_name, config });
const withLayers = (layers: object[]): TaskManifest => ({ ...digitsTask, model: { className: "Sequential", config: { layers } } }) as TaskManifest;

const TASKS: Record<string, TaskManifest> = {
  mlp: withLayers([layer("Flatten", {}), layer("Dense", { units: 16, activation: "relu" }), layer("Dropout", { rate: 0.2 }), layer("Dense", { units: 10 })]),
  cnn: { ...digitsTask, data: { ...digitsTask.data, augment: { shift: 2, rotate: 10, flip: false } } },
  gpt: { ...mobyDickTask, model: { className: "Gpt", config: { vocabulary: 256, context: 32, layers: 2, heads: 2, width: 32, dropout: 0.1 } } },
};

const learnerOf = async (task: TaskManifest): Promise<Learner> => (await loadLearner(task, share, deps)).learner;

/** Params, losses and threads of so many steps. */
async function descend(task: TaskManifest, learner: Learner, pool: SlicePool | null, atOnce: number, steps = 20) {
  const { inner } = task;
  const stepper = openStepper({ learner, backend: "wasm", optimiser: createOptimiser(learner.pieces, inner), inner, atOnce, dataSeed: 7, pool }, learner.initial(), null);
  if (pool) await pool.ready();
  const order = learner.order(7, 0);
  const seen = { losses: [] as number[], threads: [] as number[] };
  for (let at = 0; at < steps; at++) {
    const { loss, threads } = await stepper.step(order.subarray(at * inner.batch, (at + 1) * inner.batch), at);
    seen.losses.push(loss);
    seen.threads.push(threads);
  }
  return { ...seen, params: await stepper.params() };
}

describe("a batch cut for several threads", () => {
  it.each(["mlp", "cnn", "gpt"])("comes to the same bytes in 20 steps of the %s on one, two and four threads", async (name) => {
    const task = TASKS[name]!;
    const learner = await learnerOf(task);
    const slice = task.inner.batch / 4;
    const alone = await descend(task, learner, null, slice);
    expect(alone.losses.at(-1)).toBeLessThan(alone.losses[0]!);
    for (const threads of [2, 4]) {
      const { state, start } = onThisThread();
      const pool = createSlicePool({ task, threads, start });
      const together = await descend(task, learner, pool, slice);
      expect(new Set(together.threads)).toEqual(new Set([threads]));
      expect(together.losses).toEqual(alone.losses);
      expect(Buffer.compare(Buffer.from(together.params.buffer as ArrayBuffer), Buffer.from(alone.params.buffer as ArrayBuffer))).toBe(0);
      pool.close();
      expect(state).toMatchObject({ started: threads - 1, running: 0 });
    }
    // So the cut is what counts: the test would see a difference.
    const whole = await descend(task, learner, null, task.inner.batch);
    expect(Buffer.compare(Buffer.from(whole.params.buffer as ArrayBuffer), Buffer.from(alone.params.buffer as ArrayBuffer))).not.toBe(0);
  }, 60_000);

  it("comes to the same bytes on a thread of its own, with an engine of its own", async () => {
    const task = TASKS["gpt"]!;
    const learner = await learnerOf(task);
    const pool = createSlicePool({ task, threads: 2, start: inAThread });
    const alone = await descend(task, learner, null, 4);
    const together = await descend(task, learner, pool, 4);
    pool.close();
    expect(new Set(together.threads)).toEqual(new Set([2]));
    expect(together.losses).toEqual(alone.losses);
    expect(together.params).toEqual(alone.params);
  }, 120_000);
});

describe("helpers", () => {
  const task = TASKS["mlp"]!;
  const never = () => new Promise<never>(() => undefined);

  it("cost no step where they are slow to start, fail, or die", async () => {
    const learner = await learnerOf(task);
    const alone = await descend(task, learner, null, 8, 6);
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    ending.push(() => vi.restoreAllMocks());

    const slow = onThisThread(() => ({ ...serveSlices(deps), open: never }));
    const waiting = createSlicePool({ task, threads: 4, start: slow.start });
    vi.spyOn(waiting, "ready").mockResolvedValue(0);
    expect(await descend(task, learner, waiting, 8, 6)).toEqual({ ...alone, threads: Array<number>(6).fill(1) });
    waiting.close();
    expect(slow.state.running).toBe(0);

    const failing = onThisThread(() => ({ ...serveSlices(deps), open: () => Promise.reject(new Error("no memory")) }));
    const none = createSlicePool({ task, threads: 3, start: failing.start });
    expect(await descend(task, learner, none, 8, 6)).toEqual({ ...alone, threads: Array<number>(6).fill(1) });
    expect(failing.state.running).toBe(0);

    // One throws at its third slice, and all are gone at once with the fourth.
    let slices = 0;
    const dying = onThisThread(() => {
      const slicer = serveSlices(deps);
      return {
        ...slicer,
        async gradient(...args) {
          slices += 1;
          if (slices === 3) throw new Error("out of memory");
          if (slices > 6) {
            dying.state.fail.abort(new Error("the workers are gone"));
            return never();
          }
          return slicer.gradient(...args);
        },
      };
    });
    const pool = createSlicePool({ task, threads: 3, start: dying.start });
    const { threads, ...rest } = await descend(task, learner, pool, 8, 6);
    expect(rest).toEqual({ losses: alone.losses, params: alone.params });
    expect(threads[0]).toBe(3);
    expect(threads.at(-1)).toBe(1);
    expect(dying.state.running).toBe(0);
    pool.close();
  });

  it("are not waited for longer than the patience says, and what they write then is read by nobody", async () => {
    const learner = await learnerOf(task);
    const alone = await descend(task, learner, null, 16, 3);
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    ending.push(() => (vi.useRealTimers(), vi.restoreAllMocks()));
    let late: Float32Array | undefined;
    const hanging = onThisThread(() => ({ ...serveSlices(deps), gradient: (_params, _drawn, into) => ((late = into), vi.advanceTimersByTime(1e3 * HELPER_PATIENCE.ms), never()) }));
    const pool = createSlicePool({ task, threads: 2, start: hanging.start });
    const first = await descend(task, learner, pool, 16, 3);
    late!.fill(NaN);
    expect(first).toEqual({ ...alone, threads: [2, 1, 1] });
    expect(hanging.state.running).toBe(0);
  });

  it("are ended when they have nothing to do, and started anew with the next steps", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    ending.push(() => vi.useRealTimers());
    const learner = await learnerOf(task);
    const { state, start } = onThisThread();
    const pool = createSlicePool({ task, threads: 2, start });
    await descend(task, learner, pool, 16, 2);
    expect(state).toMatchObject({ started: 1, running: 1 });
    vi.advanceTimersByTime(HELPER_IDLE_MS);
    expect(state).toMatchObject({ started: 1, running: 0 });
    expect((await descend(task, learner, pool, 16, 2)).threads).toEqual([2, 2]);
    expect(state).toMatchObject({ started: 2, running: 1 });
    pool.close();
    expect((await descend(task, learner, pool, 16, 2)).threads).toEqual([1, 1]);
    expect(state).toMatchObject({ started: 2, running: 0 });
  });
});

describe("a trainer on several threads", () => {
  it("says so, comes to the same result each time, and ends them with the task and with itself", async () => {
    const { state, start } = onThisThread();
    const trainer = createTrainer({ ...deps, startSlicer: start });
    const info = await trainer.load(digitsTask, share, 7, "wasm", 2);
    expect(info).toMatchObject({ backend: "wasm", threads: 2, atOnce: 16 });
    const request = { params: await trainer.initial(), round: 1, localSteps: 30 };
    // They are started with the first round, which does not wait for them.
    await runRound(trainer, request);
    await vi.waitFor(async () => expect((await runRound(trainer, { ...request, localSteps: 1 })).progress[0]!.engine!.threads).toBe(2));
    // SGD keeps nothing between two runs of one round.
    const both = await runRound(trainer, request);
    expect((await runRound(trainer, request)).result).toEqual(both.result);
    expect(new Set(both.progress.map(({ engine }) => engine!.threads))).toEqual(new Set([2]));
    expect(state).toMatchObject({ started: 1, running: 1 });
    expect(await trainer.load(digitsTask, share, 7, "wasm", 1)).toMatchObject({ threads: 1, atOnce: 32 });
    expect(state.running).toBe(0);
    await trainer.load(digitsTask, share, 7, "wasm", 3);
    await runRound(trainer, request);
    trainer.close();
    expect(state).toMatchObject({ started: 3, running: 0 });
  }, 30_000);

  it("is on one thread where nobody asked and Node tells of no cores, and where there are no workers", async () => {
    expect((await createTrainer({ ...deps, startSlicer: onThisThread().start }).load(digitsTask, share, 7, "wasm")).threads).toBe(1);
    expect((await createTrainer(deps).load(digitsTask, share, 7, "wasm", 4)).threads).toBe(1);
  });
});

describe("how many threads", () => {
  it("follows from cores and memory", () => {
    const laptop = { deviceMemory: 8, userAgent: "X11; Linux" };
    expect([1, 2, 3, 4, 8, 64].map((hardwareConcurrency) => mostThreads({ ...laptop, hardwareConcurrency }))).toEqual([1, 1, 2, 3, 4, 4]);
    expect(mostThreads({ hardwareConcurrency: 8, deviceMemory: 4 })).toBe(1);
    expect(mostThreads({ hardwareConcurrency: 8, userAgentData: { mobile: true } })).toBe(1);
    expect(mostThreads({})).toBe(1);
  });
});
