import { loadPacks, packName } from "../../src/learn/digits.ts";
import { readPackFile } from "../../src/learn/testing/node.ts";
import { dataOf, type Data } from "../../src/sim/simulate/learning/replicas.ts";
import type { SimulateOptions } from "../../src/sim/simulate/options.ts";
import type { SimulateReport } from "../../src/sim/simulate/report.ts";
import { simulate, type Progress } from "../../src/sim/simulate/simulate.ts";
import { buildDigits } from "../digits.ts";

/** Packs of 1,000 digits that the replicas' shards are dealt from, and that the model is scored on. */
const TRAIN_PACKS = 20;
const TEST_PACKS = 4;

let loaded: Promise<Data> | null = null;

/** The digits that every simulation here learns, read once. */
export const simulationData = (): Promise<Data> => (loaded ??= load());

async function load(): Promise<Data> {
  await buildDigits();
  const names = (set: "train" | "test", packs: number): string[] => Array.from({ length: packs }, (_, index) => packName(set, index));
  return dataOf(await loadPacks(readPackFile, names("train", TRAIN_PACKS)), await loadPacks(readPackFile, names("test", TEST_PACKS)));
}

/** Runs one simulation to its end. @throws SimulateError */
export async function runSimulation(options: SimulateOptions, tell: (progress: Progress) => void = () => undefined): Promise<SimulateReport> {
  const data = await simulationData();
  const running = simulate(options, { data, clock: () => performance.now() / 1000 });
  for (;;) {
    const next = running.next();
    if (next.done) return next.value;
    tell(next.value);
  }
}
