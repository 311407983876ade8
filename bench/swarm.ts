import { ATTACKS, HIDDEN } from "../src/sim/simulate/options.ts";
import { createMlp } from "../src/sim/simulate/learning/mlp.ts";
import { referenceCurve } from "../src/sim/simulate/learning/reference.ts";
import type { SimulateReport } from "../src/sim/simulate/report.ts";
import { simulateBeside } from "../tools/simulate/beside.ts";
import { simulationData } from "../tools/simulate/run.ts";
import { compare, type Bench, type Row } from "./harness.ts";

/** Devices, virtual minutes that they run for, and at how many of the churns. */
const SIZES = [
  [16, 3, 2],
  [64, 1.5, 2],
  // Two nodes, four, and eight.
  [128, 1.5, 2],
  [200, 1.5, 2],
  [400, 1.5, 1],
  // Of these a sample takes part.
  [1_000, 1.5, 1],
  [10_000, 1, 1],
] as const;
const CHURNS = [
  [0.1, 99, 96],
  [0.2, 95, 80],
] as const;
/** From so many devices on the design's goals hold in full; one group alone can commit less. */
const SEVERAL_GROUPS = 64;
/** Too few rounds to get to an accuracy. */
const LARGE = 400;
/** A model as large as that of the design's experiments, 110,000 parameters, and how many devices train it. */
const LARGER = { hidden: 531, minutes: 1.5, peers: [128] };
const ATTACKED = { peers: 20, minutes: 2 };
const ATTACK_SHARES = [
  [0.1, 3],
  [0.2, 12],
] as const;
const TARGET = 0.85;
const SEED = 1;
const GOAL = "the design's goal";

type Measured = Omit<Parameters<typeof compare>[0], "against" | "theirs" | "goal">;

/** Ours has to be as good as the bound. */
const bounded = (row: Measured, bound: number): Row => compare({ ...row, against: GOAL, theirs: bound, goal: 1 });

/** Nothing of the kind happened, or nothing is asked. */
const shown = (row: Measured, against: string, why: string): Row => compare({ ...row, against, theirs: null, goal: null, why });

function rowsOf({ line }: SimulateReport, commits: number): Row[] {
  const at = `, ${line.peers} devices, ${100 * line.churn} % drop`;
  const several = line.peers >= SEVERAL_GROUPS;
  const { started, committed } = line.rounds;
  const rows = [
    bounded({ what: `rounds that commit${at}`, ours: (100 * committed) / Math.max(1, started), unit: "%" }, commits),
    bounded({ what: `rounds without a stall over two deadlines${at}`, ours: (100 * (started - Math.min(started, line.stalls))) / Math.max(1, started), unit: "%" }, 100),
    bounded({ what: `roots of one round${at}`, ours: line.roots, unit: "", lessIsBetter: true }, 1),
  ];
  const upload = { what: `upload a device a round${at}`, ours: line.upload.inC ?? NaN, unit: "C", lessIsBetter: true };
  rows.push(several ? bounded(upload, 3.3) : shown(upload, GOAL, "asked from 64 devices on"));
  if (line.joinRounds.max !== null) rows.push(bounded({ what: `commits before a newcomer trains, at most${at}`, ours: line.joinRounds.max, unit: "", lessIsBetter: true }, 2));
  if (line.detectionSeconds.p95 !== null) rows.push(bounded({ what: `95 % of failures seen within${at}`, ours: line.detectionSeconds.p95, unit: "s", lessIsBetter: true }, 5));
  rows.push(bounded({ what: `deaths told that were true${at}`, ours: 100 * (1 - line.falseSuspicions.rate), unit: "%" }, 99));
  const wall = { what: `wall time of ${line.minutes} min${at}`, ours: line.wallSeconds, unit: "s", lessIsBetter: true };
  rows.push(line.peers >= 10_000 ? bounded(wall, 20 * line.minutes) : shown(wall, "20 s a minute for 10,000 devices", "asked for 10,000"));
  return rows;
}

/** What the words of a round take, which are as long for any model, is less beside a larger one. */
function largerRows({ line }: SimulateReport): Row[] {
  const at = `, ${line.peers} devices, ${100 * line.churn} % drop, ${(createMlp(LARGER.hidden).parameters / 1000).toFixed(0)},000 parameters`;
  return [
    bounded({ what: `rounds that commit${at}`, ours: (100 * line.rounds.committed) / Math.max(1, line.rounds.started), unit: "%" }, CHURNS[0][1]),
    bounded({ what: `upload a device a round${at}`, ours: line.upload.inC ?? NaN, unit: "C", lessIsBetter: true }, 3.3),
  ];
}

/** Upload from 64 devices up, where the design wants it flat within a tenth. */
function flat(reports: readonly SimulateReport[]): Row {
  const uploads = reports.map(({ line }) => line).filter(({ peers, churn }) => peers >= SEVERAL_GROUPS && churn === CHURNS[0][0]).map(({ upload }) => upload.inC ?? NaN);
  return bounded({ what: "upload a device a round, the most by the least from 64 devices up, 10 % drop", ours: Math.max(...uploads) / Math.min(...uploads), unit: "", lessIsBetter: true }, 1.1);
}

/** Rounds until a curve is at the target; null where it never is. */
const roundsTo = (accuracies: readonly number[]): number | null => {
  const at = accuracies.findIndex((accuracy) => accuracy >= TARGET);
  return at < 0 ? null : at + 1;
};

async function bytesToTarget({ line, curve }: SimulateReport): Promise<Row[]> {
  const mlp = createMlp(HIDDEN);
  const floats = referenceCurve(await simulationData(), mlp, line.peers, line.seed, Math.max(1, curve.length));
  const [ours, theirs] = [roundsTo(curve.map(({ accuracy }) => accuracy)), roundsTo(floats)];
  const up = { what: `bytes up to ${100 * TARGET} %, ${line.peers} devices`, ours: ours === null ? NaN : (ours * (line.upload.median ?? NaN)) / 1e6, unit: "MB", lessIsBetter: true };
  const bytes = (each: number): number | null => (theirs === null ? null : (theirs * each) / 1e6);
  return [
    compare({ ...up, against: "fp32 averaging in the clear, 2 (N − 1) / N · 4 · P (computed)", theirs: bytes(((2 * (line.peers - 1)) / line.peers) * 4 * mlp.parameters), goal: null }),
    compare({ ...up, against: "DISCO in the clear, (N − 1) · 4 · P (computed)", theirs: bytes((line.peers - 1) * 4 * mlp.parameters), goal: null }),
  ];
}

export const swarm: Bench = {
  name: "swarm",
  about: "simulated swarms against the design's goals: commits, stalls, bytes, joining, detection, attacks",
  async run(say) {
    const swarms = SIZES.flatMap(([peers, minutes, churns]) => CHURNS.slice(0, churns).map(([churn, several, one]) => ({ options: { peers, minutes, churn, attack: null, seed: SEED }, commits: peers >= SEVERAL_GROUPS ? several : one })));
    const attacks = ATTACK_SHARES.flatMap(([share, points]) => ATTACKS.map((kind) => ({ options: { ...ATTACKED, churn: 0.1, attack: { kind, share }, seed: SEED }, points })));
    const larger = LARGER.peers.map((peers) => ({ options: { peers, minutes: LARGER.minutes, churn: CHURNS[0][0], attack: null, seed: SEED, hidden: LARGER.hidden } }));
    const reports = await simulateBeside([...swarms, ...attacks, ...larger].map(({ options }) => options), say);
    const rows: Row[] = [];
    for (const [index, { options, commits }] of swarms.entries()) {
      const report = reports[index]!;
      rows.push(...rowsOf(report, commits));
      if (options.churn === CHURNS[0][0] && options.peers < LARGE) rows.push(...(await bytesToTarget(report)));
    }
    rows.push(flat(reports.slice(0, swarms.length)), ...reports.slice(-larger.length).flatMap(largerRows));
    for (const [index, { options, points }] of attacks.entries()) {
      const { line, reference } = reports[swarms.length + index]!;
      const row = { what: `accuracy, ${100 * options.attack.share} % of ${ATTACKED.peers} devices attack: ${options.attack.kind}`, ours: 100 * line.accuracy, unit: "%" };
      rows.push(compare({ ...row, against: "plain averaging without them", theirs: 100 * reference, goal: (100 * reference - points) / (100 * reference) }));
    }
    return rows;
  },
};
