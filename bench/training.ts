import { compare, type Bench, type Row } from "./harness.ts";
import { openStage, type Run, type Stage } from "./training-browser.ts";
import type { Engine } from "./training-page.ts";
import type { TrialName } from "./training-trials.ts";

const MILLISECONDS = 5_000;
const MEMORY_BUDGET = 300 * 2 ** 20;

const PEERS: readonly { engine: Engine; against: string }[] = [
  { engine: "cpu", against: "tfjs-cpu" },
  { engine: "wasm-stock", against: "tfjs-wasm as it comes" },
  { engine: "webgpu", against: "tfjs-webgpu on SwiftShader" },
];

const MODELS: readonly { trial: TrialName; what: string; unit: string; goal: number | null }[] = [
  { trial: "mlp", what: "MLP of 51 k", unit: "samples/s", goal: null },
  { trial: "cnn", what: "CNN of 43 k", unit: "samples/s", goal: 20 },
  { trial: "digits", what: "the digits' CNN of 9 k", unit: "samples/s", goal: null },
  { trial: "gpt", what: "GPT of 0.88 M", unit: "tokens/s", goal: 40 },
];

export const training: Bench = {
  name: "training",
  about: "training on this device in Chromium: MLP, CNN and GPT on WASM against tfjs's own backends, and memory",
  async run(say) {
    const stage = await openStage();
    try {
      return [...(await models(stage, say)), ...(await disco(stage, say)), await memory(stage, say)];
    } finally {
      await stage.close();
    }
  },
};

async function models(stage: Stage, say: (line: string) => void): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { trial, what, unit, goal } of MODELS) {
    for (const { engine, against } of PEERS) {
      // Ours each time anew, beside the peer: what else the machine does changes.
      const ours = await said(stage, say, "wasm", trial, unit);
      const row = { what, unit, ours: ours.perSecond, against, goal: engine === "cpu" ? goal : null };
      try {
        rows.push(compare({ ...row, theirs: (await said(stage, say, engine, trial, unit)).perSecond }));
      } catch (error) {
        rows.push(compare({ ...row, theirs: null, why: reason(error) }));
      }
    }
  }
  return rows;
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

async function memory(stage: Stage, say: (line: string) => void): Promise<Row> {
  const { peakBytes } = await said(stage, say, "wasm", "gpt-batch-4", "tokens/s");
  const row = { what: "peak memory, GPT of 0.88 M at batch 4", unit: "bytes", against: "budget of 300 MiB", lessIsBetter: true, goal: 1 };
  if (peakBytes === null) return compare({ ...row, ours: NaN, theirs: null, why: "only Linux tells a process's peak" });
  return compare({ ...row, ours: peakBytes, theirs: MEMORY_BUDGET });
}

async function said(stage: Stage, say: (line: string) => void, engine: Engine, trial: TrialName, unit: string): Promise<Run> {
  const run = await stage.measure(engine, trial, MILLISECONDS);
  const peak = run.peakBytes === null ? "" : `, peak ${(run.peakBytes / 2 ** 20).toFixed(0)} MiB`;
  say(`${trial} on ${engine}: ${run.perSecond.toFixed(0)} ${unit}, first loss ${run.firstLoss.toFixed(6)}${peak}`);
  return run;
}

/** What a page's exception says, without its stack. */
const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split("\n")[0]!.replace(/^page\.evaluate: (Error: )?/, "");
