import { startEngine } from "../src/learn/engine/backend.ts";
import { nodeWasmFiles } from "../src/learn/testing/node.ts";
import { buildDigits } from "../tools/digits.ts";
import { federate, type Learners, type Method, type Plan, type Run } from "./compression-experiment.ts";
import { digitMlps, unevenTabs, writers } from "./compression-learners.ts";
import { loadDigits } from "./compression-mlp.ts";
import { compare, type Bench, type Row } from "./harness.ts";
import { mobyDick } from "./text-experiment.ts";

const FLOATS: Method = { kind: "fp32" };
const DENSE: Method = { kind: "compressed", compression: { kind: "dense" }, bits: 4 };
const LOW_RANK: Method = { kind: "compressed", compression: { kind: "low-rank", rank: 8 }, bits: 4 };
const FRAGMENTS: Method = { kind: "compressed", compression: { kind: "fragments", fragments: 8 }, bits: 4 };

/** Points of accuracy that compression may cost. */
const POINTS = 0.5;
const SEEDS = [1, 2];

/** The same method with each seed: what it scored, and the bytes that a device sent, at each round that was scored. */
interface Curve {
  rounds: number[];
  scores: number[];
  bytes: number[];
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

async function curveOf(learners: (seed: number) => Learners | Promise<Learners>, method: Method, plan: Omit<Plan, "seed">, say: (line: string) => void, name: string): Promise<Curve> {
  const runs: Run[] = [];
  for (const seed of SEEDS) {
    runs.push(await federate(await learners(seed), method, { ...plan, seed }));
    say(`${name}, seed ${seed}: ${[...runs.at(-1)!.scores].map(([round, score]) => `${round}: ${score.toFixed(3)}`).join(", ")}`);
  }
  const rounds = [...runs[0]!.scores.keys()];
  return { rounds, scores: rounds.map((round) => mean(runs.map(({ scores }) => scores.get(round)!))), bytes: rounds.map((round) => runs[0]!.bytes[round - 1]!) };
}

/** Where a curve first is as good as `target`; its end where it never is. */
function reached({ rounds, scores, bytes }: Curve, target: number, lessIsBetter: boolean): { rounds: number; bytes: number; ever: boolean } {
  const at = scores.findIndex((score) => (lessIsBetter ? score <= target : score >= target));
  const place = at < 0 ? rounds.length - 1 : at;
  return { rounds: rounds[place]!, bytes: bytes[place]!, ever: at >= 0 };
}

interface Goals {
  aRound: number | null;
  toTarget: number | null;
  rounds: number | null;
}

/** How our bytes and rounds compare with the mean of floats, and with DISCO's (N − 1) · 4 · P, to a target that floats reach. */
function bytesRows(name: string, ours: Curve, floats: Curve, target: number, { devices, lessIsBetter, goals }: { devices: number; lessIsBetter: boolean; goals: Goals }): Row[] {
  const aRound = (curve: Curve): number => curve.bytes.at(-1)! / curve.rounds.at(-1)!;
  const [a, b] = [reached(ours, target, lessIsBetter), reached(floats, target, lessIsBetter)];
  const never = a.ever ? {} : { why: "the target was not reached" };
  const missed = (goal: number | null): number | null => (a.ever ? goal : Infinity);
  const up = { what: `${name}: bytes a round`, ours: aRound(ours), unit: "bytes", lessIsBetter: true };
  const to = { what: `${name}: bytes to ${target.toFixed(3)}`, ours: a.bytes, unit: "bytes", lessIsBetter: true, ...never };
  return [
    compare({ ...up, against: "32-bit floats", theirs: aRound(floats), goal: goals.aRound }),
    compare({ ...up, against: "DISCO, (N − 1) · 4 · P (computed)", theirs: (devices - 1) * aRound(floats), goal: null }),
    compare({ ...to, against: "32-bit floats", theirs: b.bytes, goal: missed(goals.toTarget) }),
    compare({ ...to, against: "DISCO, (N − 1) · 4 · P (computed)", theirs: (devices - 1) * b.bytes, goal: null }),
    compare({ what: `${name}: rounds to ${target.toFixed(3)}`, ours: a.rounds, unit: "rounds", lessIsBetter: true, against: "32-bit floats", theirs: b.rounds, goal: goals.rounds }),
  ];
}

/** The mean of a curve's last three scores. */
const end = ({ scores }: Curve): number => mean(scores.slice(-3));

const accuracyRow = (what: string, ours: number, floats: number): Row =>
  compare({ what, ours: 100 * ours, unit: "%", against: "32-bit floats", theirs: 100 * floats, goal: (100 * floats - POINTS) / (100 * floats) });

async function uneven(say: (line: string) => void): Promise<Row[]> {
  const plan = { rounds: 32, every: 4, stepExponent: 12 };
  const run = (method: Method, name: string) => curveOf(unevenTabs, method, plan, say, `two or three labels a device, ${name}`);
  const [floats, dense, before] = [await run(FLOATS, "floats"), await run(DENSE, "4 bits"), await run({ kind: "one-step", bits: 4 }, "4 bits, one step")];
  return [
    accuracyRow("two or three labels a device, 4 bits", end(dense), end(floats)),
    compare({ what: "two or three labels a device, 4 bits", ours: 100 * end(dense), unit: "%", against: "4 bits with one step for all", theirs: 100 * end(before), goal: null }),
  ];
}

async function digits(say: (line: string) => void): Promise<Row[]> {
  const devices = 8;
  const data = { train: await loadDigits("train", 16), test: await loadDigits("test", 4) };
  const rows: Row[] = [];
  for (const [split, alpha] of [["even", 1e5], ["uneven (α = 0.3)", 0.3]] as const) {
    const learners = (seed: number) => digitMlps(data, { devices, alpha, steps: 20, seed });
    const run = (method: Method, name: string) => curveOf(learners, method, { rounds: 60, every: 2, stepExponent: 12 }, say, `digits, ${split}, ${name}`);
    const [floats, dense, lowRank] = [await run(FLOATS, "floats"), await run(DENSE, "4 bits"), await run(LOW_RANK, "low rank")];
    const target = end(floats) - 0.01;
    const name = `digits, ${split}`;
    rows.push(
      accuracyRow(`${name}: 4 bits`, end(dense), end(floats)),
      ...bytesRows(`${name}: 4 bits`, dense, floats, target, { devices, lessIsBetter: false, goals: { aRound: null, toTarget: null, rounds: null } }),
      accuracyRow(`${name}: low rank`, end(lowRank), end(floats)),
      ...bytesRows(`${name}: low rank`, lowRank, floats, target, { devices, lessIsBetter: false, goals: { aRound: 32, toTarget: 20, rounds: null } }),
    );
  }
  return rows;
}

async function book(say: (line: string) => void): Promise<Row[]> {
  await startEngine(nodeWasmFiles, "wasm");
  const corpus = mobyDick();
  const learners = (seed: number) => writers(corpus, { context: 48, layers: 2, heads: 4, width: 64, dropout: 0 }, { steps: 20, seed });
  const run = (method: Method, name: string) => curveOf(learners, method, { rounds: 64, every: 2, stepExponent: 10 }, say, `Moby-Dick, ${name}`);
  const [floats, fragments] = [await run(FLOATS, "floats"), await run(FRAGMENTS, "fragments")];
  // What floats have after two thirds of the rounds.
  const target = floats.scores[Math.floor((2 * floats.scores.length) / 3)]!;
  return bytesRows("Moby-Dick, fragments", fragments, floats, target, { devices: corpus.shards.length, lessIsBetter: true, goals: { aRound: 32, toTarget: 20, rounds: 1 / 1.5 } });
}

export const compression: Bench = {
  name: "compression",
  about: "updates of few bits, of low rank and in fragments against 32-bit floats: bytes, rounds and accuracy",
  async run(say) {
    await buildDigits();
    return [...(await uneven(say)), ...(await digits(say)), ...(await book(say))];
  },
};
