import { cpus } from "node:os";
import { compare, median, type Bench, type Row } from "./harness.ts";
import { openStage, type Run, type Stage } from "./training-browser.ts";
import type { Engine } from "./training-measure.ts";
import { torchTokensPerSecond } from "./training-torch.ts";
import type { TrialName } from "./training-trials.ts";

const MILLISECONDS = 5_000;
const MEMORY_BUDGET = 300 * 2 ** 20;
const PHONE_BUDGET = 200 * 2 ** 20;
const DISPATCHES = 200;
const ANSWER_MS = 20;
const MEMORY_RUNS = 3;
/** The most that V8 keeps as its young generation on Android, in MB (heap.h: no pointer multiplier there); a desktop keeps more. */
const PHONE_FLAGS = ["--js-flags=--max-semi-space-size=8"];
const GPT_BATCH = 8;

const PEERS: readonly { engine: Engine; against: string }[] = [
  { engine: "cpu", against: "tfjs-cpu" },
  { engine: "wasm-stock", against: "tfjs-wasm as it comes" },
  { engine: "webgl", against: "tfjs-webgl on SwiftShader" },
  { engine: "webgpu", against: "our kernels on WebGPU, on SwiftShader" },
];

/** `software`: what stands for it on adapters that are put together on the CPU. */
const MODELS: readonly { trial: TrialName; what: string; unit: string; goal: number | null; software?: { trial: TrialName; what: string } }[] = [
  { trial: "mlp", what: "MLP of 51 k", unit: "samples/s", goal: null },
  { trial: "cnn", what: "CNN of 43 k", unit: "samples/s", goal: 20 },
  { trial: "digits", what: "the digits' CNN of 9 k", unit: "samples/s", goal: null },
  { trial: "gpt", what: "GPT of 0.88 M", unit: "tokens/s", goal: 40, software: { trial: "gpt-one", what: "GPT of 0.88 M, one sequence" } },
];

export const training: Bench = {
  name: "training",
  about: "training on this device in Chromium: MLP, CNN and GPT on WASM against tfjs's own backends, DISCO's models and torch; WebGPU; memory",
  async run(say) {
    const stage = await openStage();
    try {
      return [...(await models(stage, say)), ...(await threads(stage, say)), ...(await gpu(stage, say)), ...(await torch(stage, say)), ...(await disco(stage, say)), ...(await answers(stage, say)), ...(await memory(stage, say))];
    } finally {
      await stage.close();
    }
  },
};

async function models(stage: Stage, say: (line: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const model of MODELS) {
    const { unit, goal } = model;
    for (const { engine, against } of PEERS) {
      const { trial, what } = (engine.startsWith("webg") ? model.software : undefined) ?? model;
      // Ours each time anew, beside the peer: what else the machine does changes.
      const ours = await said(stage, say, "wasm", trial, unit);
      const row = { what, unit, ours: ours.perSecond, against, goal: engine === "cpu" ? goal : null };
      const held = { what: `${what}: peak memory`, unit: "MiB", against, goal: null, lessIsBetter: true };
      try {
        const theirs = await said(stage, say, engine, trial, unit);
        rows.push(compare({ ...row, theirs: theirs.perSecond }));
        if (ours.peakBytes !== null && theirs.peakBytes !== null) rows.push(compare({ ...held, ours: ours.peakBytes / 2 ** 20, theirs: theirs.peakBytes / 2 ** 20 }));
      } catch (error) {
        rows.push(compare({ ...row, theirs: null, why: reason(error) }));
      }
    }
  }
  return rows;
}

/** A batch in two halves on two threads, the sum and the messages included, against all of it on one. */
async function threads(stage: Stage, say: (line: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { trial, what, unit } of MODELS) {
    if (trial !== "mlp" && trial !== "cnn" && trial !== "gpt") continue;
    const one = await said(stage, say, "wasm", trial, unit);
    const two = tell(say, `${trial} on wasm, two threads`, unit, await stage.measureThreads(trial, 2, MILLISECONDS));
    const against = `one thread, of ${cpus().length} cores`;
    rows.push(compare({ what: `${what}, two threads`, unit, ours: two.perSecond, against, theirs: one.perSecond, goal: null }));
    if (two.peakBytes !== null && one.peakBytes !== null) rows.push(compare({ what: `${what}, two threads: peak memory`, unit: "MiB", ours: two.peakBytes / 2 ** 20, against, theirs: one.peakBytes / 2 ** 20, goal: null, lessIsBetter: true }));
  }
  return rows;
}

/** On a software adapter the arithmetic is all of the time, so only what is dispatched tells of a GPU. */
async function gpu(stage: Stage, say: (line: string) => void): Promise<Row[]> {
  const ours = await said(stage, say, "webgpu", "gpt-one-resident", "tokens/s");
  const stock = await said(stage, say, "webgpu-stock", "gpt-one", "tokens/s");
  const what = "GPT of 0.88 M on WebGPU";
  return [
    compare({ what: `${what}, on SwiftShader`, unit: "tokens/s", ours: ours.perSecond, against: "tfjs-webgpu as it comes", theirs: stock.perSecond, goal: null }),
    compare({ what: `${what}: dispatches a step`, unit: "dispatches", ours: ours.dispatches!, against: "the goal's most", theirs: DISPATCHES, goal: 1, lessIsBetter: true }),
    compare({ what: `${what}: dispatches a step`, unit: "dispatches", ours: ours.dispatches!, against: "tfjs-webgpu as it comes", theirs: stock.dispatches, goal: null, lessIsBetter: true }),
  ];
}

async function torch(stage: Stage, say: (line: string) => void): Promise<Row[]> {
  const row = { what: "GPT of 0.88 M", unit: "tokens/s", against: "torch on one thread", goal: 0.5 };
  const ours = await said(stage, say, "wasm", "gpt", "tokens/s");
  const theirs = await torchTokensPerSecond(GPT_BATCH);
  if (theirs === null) return [compare({ ...row, ours: ours.perSecond, theirs, why: "Debian's python3-torch is not installed" })];
  say(`gpt in torch: ${theirs.toFixed(0)} tokens/s`);
  return [compare({ ...row, ours: ours.perSecond, theirs })];
}

/** Its library is not on npm, so its models are written anew; sizes from its default tasks. */
async function disco(stage: Stage, say: (line: string) => void): Promise<Row[]> {
  const cnn = await said(stage, say, "wasm", "cnn", "samples/s");
  const mnist = await said(stage, say, "cpu", "disco-mnist", "samples/s");
  const mnistHere = await said(stage, say, "wasm", "disco-mnist", "samples/s");
  const nano = await said(stage, say, "wasm", "nano", "tokens/s");
  const nanoOnCpu = await said(stage, say, "cpu", "nano", "tokens/s");
  return [
    compare({ what: "CNN of 43 k", unit: "samples/s", ours: cnn.perSecond, against: "DISCO's mnist layers, written anew, on tfjs-cpu", theirs: mnist.perSecond, goal: 50 }),
    compare({ what: "DISCO's mnist layers on our kernels", unit: "samples/s", ours: mnistHere.perSecond, against: "the same on tfjs-cpu", theirs: mnist.perSecond, goal: null }),
    compare({ what: "GPT-nano of 2.5 M", unit: "tokens/s", ours: nano.perSecond, against: "DISCO's GPT-nano sizes, written anew, on tfjs-cpu", theirs: nanoOnCpu.perSecond, goal: null }),
  ];
}

async function answers(stage: Stage, say: (line: string) => void): Promise<Row[]> {
  const { perSecond } = await said(stage, say, "wasm", "drawing", "answers/s");
  return [compare({ what: "a drawing answered by the digits' CNN", unit: "ms", ours: 1000 / perSecond, against: "the goal's most", theirs: ANSWER_MS, goal: 1, lessIsBetter: true })];
}

async function memory(stage: Stage, say: (line: string) => void): Promise<Row[]> {
  const budgets = [
    { trial: "gpt-batch-4", what: "peak memory, GPT of 0.88 M at batch 4", budget: MEMORY_BUDGET, flags: [] },
    { trial: "gpt-phone", what: "peak memory, the same batch one sequence at a time, V8's heap as on a phone", budget: PHONE_BUDGET, flags: PHONE_FLAGS },
  ] as const;
  const empty = await stage.emptyPageBytes();
  if (empty !== null) say(`an empty page's process: peak ${(empty / 2 ** 20).toFixed(0)} MiB`);
  const rows: Row[] = [];
  for (const { trial, what, budget, flags } of budgets) {
    // A peak hangs on when the collector came by.
    const peaks: (number | null)[] = [];
    for (let run = 0; run < MEMORY_RUNS; run++) peaks.push((await said(stage, say, "wasm", trial, "tokens/s", flags)).peakBytes);
    const peakBytes = peaks.includes(null) ? null : median(peaks.map(Number));
    const row = { what: `${what}, median of ${MEMORY_RUNS} runs`, unit: "bytes", against: `budget of ${budget / 2 ** 20} MiB`, lessIsBetter: true, goal: 1 };
    rows.push(peakBytes === null ? compare({ ...row, ours: NaN, theirs: null, why: "only Linux tells a process's peak" }) : compare({ ...row, ours: peakBytes, theirs: budget }));
    if (peakBytes !== null && empty !== null) rows.push(compare({ ...row, what: `${row.what}: beyond an empty page's ${(empty / 2 ** 20).toFixed(0)} MiB`, ours: peakBytes - empty, theirs: budget, goal: null }));
  }
  return rows;
}

async function said(stage: Stage, say: (line: string) => void, engine: Engine, trial: TrialName, unit: string, flags: readonly string[] = []): Promise<Run> {
  return tell(say, `${trial} on ${engine}`, unit, await stage.measure(engine, trial, MILLISECONDS, flags));
}

function tell(say: (line: string) => void, what: string, unit: string, run: Run): Run {
  const peak = run.peakBytes === null ? "" : `, peak ${(run.peakBytes / 2 ** 20).toFixed(0)} MiB`;
  const dispatches = run.dispatches === null ? "" : `, ${run.dispatches} dispatches`;
  say(`${what}: ${run.perSecond.toFixed(0)} ${unit}, first loss ${run.firstLoss.toFixed(6)}${peak}${dispatches}`);
  return run;
}

/** What a page's exception says, without its stack. */
const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split("\n")[0]!.replace(/^page\.evaluate: (Error: )?/, "");
