import { ATTACKS } from "../src/sim/simulate/options.ts";
import { PARAMETERS } from "../src/sim/simulate/learning/mlp.ts";
import { referenceCurve } from "../src/sim/simulate/learning/reference.ts";
import type { SimulateReport } from "../src/sim/simulate/report.ts";
import { runSimulation, simulationData } from "../tools/simulate/run.ts";
import { compare, type Bench, type Row } from "./harness.ts";

/** Devices, and virtual minutes that they run for. */
const SIZES = [
  [16, 3],
  [64, 1.5],
  // Two nodes, and four.
  [128, 1.5],
  [200, 1.5],
] as const;
const CHURNS = [
  [0.1, 99, 96],
  [0.2, 95, 80],
] as const;
/** From so many devices on the design's goals hold in full; one group alone can commit less. */
const SEVERAL_GROUPS = 64;
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
  rows.push(shown({ what: `wall time of ${line.minutes} min${at}`, ours: line.wallSeconds, unit: "s", lessIsBetter: true }, "60 s for 10,000 devices", "for the swarm's code runs fewer yet"));
  return rows;
}

/** Rounds until a curve is at the target; null where it never is. */
const roundsTo = (accuracies: readonly number[]): number | null => {
  const at = accuracies.findIndex((accuracy) => accuracy >= TARGET);
  return at < 0 ? null : at + 1;
};

async function bytesToTarget({ line, curve }: SimulateReport): Promise<Row[]> {
  const floats = referenceCurve(await simulationData(), line.peers, line.seed, Math.max(1, curve.length));
  const [ours, theirs] = [roundsTo(curve.map(({ accuracy }) => accuracy)), roundsTo(floats)];
  const up = { what: `bytes up to ${100 * TARGET} %, ${line.peers} devices`, ours: ours === null ? NaN : (ours * (line.upload.median ?? NaN)) / 1e6, unit: "MB", lessIsBetter: true };
  const bytes = (each: number): number | null => (theirs === null ? null : (theirs * each) / 1e6);
  return [
    compare({ ...up, against: "fp32 averaging in the clear, 2 (N − 1) / N · 4 · P (computed)", theirs: bytes(((2 * (line.peers - 1)) / line.peers) * 4 * PARAMETERS), goal: null }),
    compare({ ...up, against: "DISCO in the clear, (N − 1) · 4 · P (computed)", theirs: bytes((line.peers - 1) * 4 * PARAMETERS), goal: null }),
  ];
}

export const swarm: Bench = {
  name: "swarm",
  about: "simulated swarms against the design's goals: commits, stalls, bytes, joining, detection, attacks",
  async run(say) {
    const rows: Row[] = [];
    for (const [peers, minutes] of SIZES) {
      for (const [churn, several, one] of CHURNS) {
        const report = await runSimulation({ peers, minutes, churn, attack: null, seed: SEED });
        say(JSON.stringify(report.line));
        rows.push(...rowsOf(report, peers >= SEVERAL_GROUPS ? several : one));
        if (churn === 0.1) rows.push(...(await bytesToTarget(report)));
      }
    }
    for (const [share, points] of ATTACK_SHARES) {
      for (const kind of ATTACKS) {
        const { line, reference } = await runSimulation({ ...ATTACKED, churn: 0.1, attack: { kind, share }, seed: SEED });
        say(JSON.stringify(line));
        const row = { what: `accuracy, ${100 * share} % of ${ATTACKED.peers} devices attack: ${kind}`, ours: 100 * line.accuracy, unit: "%" };
        rows.push(compare({ ...row, against: "plain averaging without them", theirs: 100 * reference, goal: (100 * reference - points) / (100 * reference) }));
      }
    }
    return rows;
  },
};
