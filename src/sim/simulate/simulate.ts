import type { Head } from "../../swarm/state.ts";
import type { Sizes } from "../../swarm/tier/groups.ts";
import { createRandom } from "../../wire/random.ts";
import { exponential, ln } from "./chance.ts";
import { createLearning } from "./learning/learning.ts";
import { createMlp } from "./learning/mlp.ts";
import { referenceCurve } from "./learning/reference.ts";
import type { Data } from "./learning/replicas.ts";
import { attackText, checkOptions, HIDDEN, type SimulateOptions } from "./options.ts";
import { goalsOf, type SimulateLine, type SimulateReport } from "./report.ts";
import { createRoom, type Room, type Tamper } from "./room.ts";
import { KIND, SETTING } from "./setting.ts";
import { createRealSums } from "./sums/real.ts";
import { createStandInSums } from "./sums/stand-in.ts";
import { REAL_DEVICES } from "./sums/sums.ts";

export interface Progress {
  /** Of the virtual time, 0 to 1. */
  share: number;
  round: number;
  events: number;
}

export interface Means {
  data: Data;
  /** Seconds of the wall's clock, for the report alone. */
  clock: () => number;
  tamper?: Tamper;
  /** Of groups, nodes and rounds, where they are not the usual ones. */
  sizes?: Partial<Sizes>;
  /** Sees every round's first commit, and the room. */
  watch?: (room: Room) => void;
}

/**
 * Runs a swarm of `peers` devices for so many virtual minutes. Everything but the wall time follows from the options.
 * @throws SimulateError
 */
export function* simulate(options: SimulateOptions, { data, clock, tamper, sizes, watch }: Means): Generator<Progress, SimulateReport> {
  checkOptions(options);
  const began = clock();
  const { peers, minutes, churn, attack, seed, hidden } = options;
  const mlp = createMlp(hidden ?? HIDDEN);
  const learning = createLearning(data, mlp, peers, seed, attack?.kind ?? null);
  const sums = peers <= REAL_DEVICES ? createRealSums(createRandom(["simulate", "sums", seed])) : createStandInSums();
  const room = createRoom(options, learning, sums, tamper, sizes);
  const { timeline, devices, measures } = room;
  const chance = createRandom(["simulate", "churn", seed]);
  const curve: SimulateReport["curve"][number][] = [];
  const end = minutes * 60e6;
  let departures = 0;
  let reported = 0;

  /** The next one to leave: sessions are exponential, so it may be anyone, and another comes in its place. */
  function plan(): void {
    if (churn === 0) return;
    const lasted = measures.rounds.slice(-5);
    const usual = lasted.length === 0 ? SETTING.firstRound : lasted.reduce((sum, { since, at }) => sum + at - since, 0) / lasted.length;
    // A round that has taken longer already is a longer one.
    const length = Math.max(usual, timeline.now - (measures.last?.at ?? 0));
    const mean = length / (-ln(1 - churn) * devices.alive.size);
    timeline.put(Math.ceil(timeline.now + exponential(chance, mean)), KIND.depart, 0, 0, 0, null);
  }

  function depart(): void {
    const device = devices.pick();
    room.trace.event(timeline.now, KIND.depart, device.number, 0, 0);
    room.kill(device);
    room.join(device.attacks);
    departures++;
    plan();
  }

  plan();
  for (let due = timeline.take(end); due !== null; due = timeline.take(end)) {
    if (due.kind === KIND.depart) depart();
    else room.handle(due);
    if (measures.rounds.length > curve.length) {
      const { round, root, at, contributors, alive } = measures.last!;
      const head = [...devices.alive].find(({ state }) => state.head.root === root)!.state.head;
      curve.push({ round, seconds: at / 1e6, accuracy: learning.score(head), contributors, alive });
      watch?.(room);
    }
    if (timeline.now - reported >= SETTING.progressEvery) {
      reported = timeline.now;
      yield { share: timeline.now / end, round: measures.last?.round ?? 1, events: room.trace.events };
    }
  }

  const line: Omit<SimulateLine, "ok"> = {
    v: 1,
    command: "simulate",
    peers,
    minutes,
    seed,
    churn,
    attack: attackText(attack),
    ...measured(room, end),
    accuracy: learning.score(heaviest(room)),
    realCrypto: { devices: sums.real ? peers : 0, of: peers },
    realTraining: { replicas: learning.replicas },
    events: room.trace.events,
    traceHash: room.trace.end(),
    wallSeconds: clock() - began,
  };
  const reference = attack === null ? line.accuracy : (referenceCurve(data, mlp, peers, seed, measures.rounds.length).at(-1) ?? line.accuracy);
  const goals = goalsOf(line, reference);
  return { line: { ...line, ok: goals.every(({ met }) => met) }, goals, curve, reference, ciphertext: median(measures.ciphertexts) ?? 0, departures };
}

const honest = ({ devices }: Room) => [...devices.alive].filter(({ attacks }) => !attacks);

const heaviest = (room: Room): Head => honest(room).map(({ state }) => state.head).reduce((best, head) => (head.record.weight > best.record.weight ? head : best));

function measured(room: Room, end: number): Pick<SimulateLine, "rounds" | "stalls" | "roots" | "upload" | "joinRounds" | "detectionSeconds" | "falseSuspicions"> {
  const { measures } = room;
  const roots = new Map<number, Set<string>>();
  for (const { state } of honest(room)) {
    for (const head of [state.head, state.previous]) if (head) roots.set(head.record.round, (roots.get(head.record.round) ?? new Set()).add(head.root));
  }
  const upload = { median: median(measures.uploads), p95: quantile(measures.uploads, 0.95) };
  const ciphertext = median(measures.ciphertexts);
  const joins = measures.joinRounds();
  const { after, wrong } = measures.verdicts;
  return {
    rounds: { started: measures.started(end), committed: measures.rounds.length },
    stalls: measures.stalls(end),
    roots: Math.max(...[...roots.values()].map(({ size }) => size)),
    upload: { ...upload, inC: upload.median !== null && ciphertext !== null ? upload.median / ciphertext : null },
    joinRounds: { median: median(joins), max: quantile(joins, 1) },
    detectionSeconds: { median: median(after), p95: quantile(after, 0.95) },
    falseSuspicions: { count: wrong, rate: wrong === 0 ? 0 : wrong / (wrong + after.length) },
  };
}

const median = (values: readonly number[]): number | null => quantile(values, 0.5);

/** @param share 0 to 1 */
function quantile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
