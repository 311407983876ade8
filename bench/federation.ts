import { createTrainer } from "../src/learn/create-trainer.ts";
import { digitsTask } from "../src/learn/tasks/digits.ts";
import { nodeWasmFiles, readPackFile } from "../src/learn/testing/node.ts";
import { runSwarm } from "../tools/swarm/run.ts";
import { compare, median, type Bench, type Row } from "./harness.ts";

const PEERS = 4;
const SEED = 1;
const STEPS = digitsTask.inner.localSteps;
/** Where both curves still rise: at their ends all methods meet. Each score is the mean of five rounds' around it. */
const SCORED = [8, 16];
const AROUND = 2;
const ROUNDS = Math.max(...SCORED) + AROUND;
const MAX_GAP = 0.01;

/** The same model trained in one place by the same optimiser: for each round as many steps as all devices together make. */
async function central(say: (line: string) => void): Promise<Map<number, number>> {
  const task = { ...digitsTask, inner: { ...digitsTask.inner, driftCorrection: 0 } };
  const trainer = createTrainer({ loadPack: readPackFile, wasmFiles: nodeWasmFiles });
  // The four shares together.
  await trainer.load(task, { kind: "share", share: 0, shares: 1 }, SEED, "wasm");
  let params = await trainer.initial();
  const accuracies = new Map<number, number>();
  for (let round = 1; round <= ROUNDS; round++) {
    const training = trainer.train({ params, round, localSteps: PEERS * STEPS });
    let step = await training.next();
    while (!step.done) step = await training.next();
    const { delta } = step.value;
    params = params.map((value, i) => value + delta[i]!);
    const { accuracy } = await trainer.evaluate(params);
    accuracies.set(round, accuracy);
    say(`in one place, round ${round}: accuracy ${(100 * accuracy).toFixed(2)} %`);
  }
  return accuracies;
}

const around = (accuracies: ReadonlyMap<number, number>, round: number): number => {
  const values = Array.from({ length: 2 * AROUND + 1 }, (_, i) => accuracies.get(round - AROUND + i)!);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
};

export const federation: Bench = {
  name: "federation",
  about: "a swarm of 4 tabs against the same model trained in one place, and its bytes against DISCO's",
  async run(say) {
    const swarm = await runSwarm(
      { peers: PEERS, task: "digits", rounds: ROUNDS, seed: SEED, backend: "wasm", alpha: null, steps: null, kills: [], joins: [], json: true },
      say,
      new AbortController().signal,
    );
    if (!swarm.ok) throw new Error(`the swarm did not finish: ${swarm.error}`);
    const ours = new Map(swarm.rounds.map(({ round, accuracy }) => [round, accuracy!]));
    const theirs = await central(say);
    const samples = (round: number): number => round * STEPS * PEERS * digitsTask.inner.batch;
    const rows: Row[] = SCORED.map((round) => {
      const last = round === Math.max(...SCORED);
      const [a, b] = [around(ours, round), around(theirs, round)];
      return compare({ what: `accuracy after ${samples(round)} samples`, ours: 100 * a, unit: "%", against: "in one place", theirs: 100 * b, goal: last ? (b - MAX_GAP) / b : null });
    });
    const parameters = await parameterCount();
    const bytes = median(swarm.rounds.map(({ bytesUp }) => bytesUp!));
    // Set when updates went in the clear. Encrypted, and of a model this small, shares of keys and whole blocks are the larger part.
    const up = { what: "bytes up, a device a round", ours: bytes, unit: "bytes", lessIsBetter: true };
    rows.push(
      compare({ ...up, against: "DISCO's secure shares, 2 (N − 1) · 4 · P (computed)", theirs: 2 * (PEERS - 1) * 4 * parameters, goal: null }),
      compare({ ...up, against: "DISCO in the clear, (N − 1) · 4 · P (computed)", theirs: (PEERS - 1) * 4 * parameters, goal: 4 }),
    );
    return rows;
  },
};

async function parameterCount(): Promise<number> {
  const trainer = createTrainer({ loadPack: readPackFile, wasmFiles: nodeWasmFiles });
  return (await trainer.load(digitsTask, null, SEED, "wasm")).parameters;
}
