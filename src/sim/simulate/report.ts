import type { Hash } from "../../swarm/record.ts";

/** Exactly what `npm run simulate -- … --json` prints as its last line. Null: nothing of the kind happened. */
export interface SimulateLine {
  v: 1;
  command: "simulate";
  peers: number;
  minutes: number;
  seed: number;
  /** Chance that a device drops within a round. */
  churn: number;
  attack: string | null;
  rounds: { started: number; committed: number };
  /** Rounds that took longer than their training and two deadlines. */
  stalls: number;
  /** Different roots of one round among honest devices at the end. */
  roots: number;
  /** Bytes a device a round, with what it relayed; and the median in ciphertexts. */
  upload: { median: number | null; p95: number | null; inC: number | null };
  /** Commits that a newcomer saw before it trained. */
  joinRounds: { median: number | null; max: number | null };
  detectionSeconds: { median: number | null; p95: number | null };
  /** Live devices that somebody held for dead; of all deaths that were told. */
  falseSuspicions: { count: number; rate: number };
  /** On held-out digits, at the end. */
  accuracy: number;
  realCrypto: { devices: number; of: number };
  realTraining: { replicas: number };
  events: number;
  traceHash: Hash;
  wallSeconds: number;
  ok: boolean;
}

export interface Goal {
  what: string;
  value: string;
  bound: string;
  met: boolean;
}

export interface SimulateReport {
  line: SimulateLine;
  /** The design's goals that apply (swarm.md). */
  goals: readonly Goal[];
  /** By round: accuracy on held-out digits. */
  curve: readonly { round: number; seconds: number; accuracy: number; contributors: number; alive: number }[];
  /** Without an attack and without compression, after as many rounds. */
  reference: number;
  ciphertext: number;
  departures: number;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The design's goals, of those that this run says something of. */
export function goalsOf(line: Omit<SimulateLine, "ok">, reference: number): Goal[] {
  const { peers, minutes, churn, attack, rounds, upload, joinRounds, detectionSeconds, falseSuspicions } = line;
  const goals: Goal[] = [];
  const goal = (what: string, value: string, bound: string, met: boolean): void => void goals.push({ what, value, bound, met });
  // One group alone can commit only so many (swarm.md).
  const rate = churn <= 0.1 ? (peers < 64 ? 0.96 : 0.99) : churn <= 0.2 ? (peers < 64 ? 0.8 : 0.95) : null;
  const committed = rounds.started === 0 ? 0 : rounds.committed / rounds.started;
  goal("rounds commit", `${rounds.committed} of ${rounds.started}`, rate === null ? "some" : `≥ ${percent(rate)}`, rounds.committed > 0 && committed >= (rate ?? 0));
  goal("stalls over two deadlines", String(line.stalls), "none", line.stalls === 0);
  goal("roots of one round", String(line.roots), "one", line.roots === 1);
  if (peers >= 64 && upload.inC !== null) goal("upload a device a round", `${upload.inC.toFixed(2)} C`, "≤ 3.3 C", upload.inC <= 3.3);
  if (joinRounds.max !== null) goal("a newcomer trains", `within ${joinRounds.max} rounds`, "≤ 2", joinRounds.max <= 2);
  if (detectionSeconds.p95 !== null) goal("failures are seen", `95 % within ${detectionSeconds.p95.toFixed(1)} s`, "≤ 5 s", detectionSeconds.p95 <= 5);
  goal("false suspicions", `${falseSuspicions.count}, ${percent(falseSuspicions.rate)}`, "< 1 %", falseSuspicions.rate < 0.01);
  const share = attack === null ? 0 : Number(attack.split(":")[1]);
  const points = share <= 0 ? null : share <= 0.1 ? 3 : share <= 0.2 ? 12 : null;
  if (points !== null) goal("accuracy under attack", `${percent(line.accuracy)}, ${percent(reference)} without`, `≤ ${points} points less`, line.accuracy >= reference - points / 100);
  if (peers >= 10_000 && minutes >= 3) goal("wall time", `${line.wallSeconds.toFixed(0)} s`, "≤ 60 s", line.wallSeconds <= 60);
  return goals;
}
