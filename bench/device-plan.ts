import type { Engine } from "./training-measure.ts";
import type { TrialName } from "./training-trials.ts";

/** One thing that the page measures, in a worker of its own. */
export interface Measurement {
  trial: TrialName;
  engine: Engine;
}

export interface Outcome extends Measurement {
  unit: "samples/s" | "tokens/s";
  /** Null where it did not come to an end, for the reason `why`. */
  perSecond: number | null;
  firstLoss: number | null;
  /** Dispatches of a step, where they are counted. */
  dispatches: number | null;
  why: string | null;
}

/** The file that the page offers. */
export interface DeviceResult {
  v: 1;
  kind: "hromada-bench";
  /** ISO 8601. */
  at: string;
  browser: string;
  /** As far as the browser tells. */
  cores: number | null;
  memoryGiB: number | null;
  gpu: string | null;
  softwareGpu: boolean | null;
  isolated: boolean;
  outcomes: Outcome[];
}

/** Timed steps of one measurement. */
export const MEASURE_MS = 4_000;
/** A measurement that has not come to an end by then is given up. */
export const PATIENCE_MS = 60_000;

export const MODELS: readonly { trial: TrialName; unit: Outcome["unit"] }[] = [
  { trial: "mlp", unit: "samples/s" },
  { trial: "cnn", unit: "samples/s" },
  { trial: "gpt", unit: "tokens/s" },
];

const ENGINES: readonly Engine[] = ["wasm", "webgpu", "webgpu-stock", "cpu"];

/** All of them, the quick ones first. On WebGPU the GPT keeps params and optimiser on the GPU. */
export const PLAN: readonly Measurement[] = ENGINES.flatMap((engine) => MODELS.map(({ trial }) => ({ engine, trial: trial === "gpt" && engine === "webgpu" ? "gpt-resident" : trial })));
