import { parcelBytes } from "../../swarm/attempt.ts";
import type { Hash } from "../../swarm/record.ts";
import type { Head, SwarmState } from "../../swarm/state.ts";
import type { SimulatedDevice } from "./devices.ts";
import { SETTING } from "./setting.ts";

export interface RoundMeasured {
  round: number;
  root: Hash;
  /** Microseconds: when the round before was first committed, and this one. */
  since: number;
  at: number;
  contributors: number;
  alive: number;
}

export interface Measures {
  begun(device: SimulatedDevice, at: number): void;
  committed(device: SimulatedDevice, at: number): void;
  verdict(observer: SimulatedDevice, about: SimulatedDevice, at: number): void;
  joined(device: SimulatedDevice): void;
  /** The latest round that anybody honest committed. */
  readonly last: RoundMeasured | null;
  readonly rounds: readonly RoundMeasured[];
  readonly verdicts: { after: number[]; wrong: number };
  /** Bytes that a device sent in a round, for each of those who take part in this epoch, and each round. */
  readonly uploads: readonly number[];
  /** Bytes of C, for each round: ciphertext, dealings and parity of a group's device. */
  readonly ciphertexts: readonly number[];
  started(now: number): number;
  stalls(now: number): number;
  joinRounds(): number[];
}

/** @param begun the head that the room is at when it begins */
export function createMeasures(begun: Head, alive: ReadonlySet<SimulatedDevice>, sent: (device: number) => number, partakes: (device: SimulatedDevice) => boolean): Measures {
  const rounds: RoundMeasured[] = [];
  /** By head: which devices began a round on it, and how often. */
  const tries = new Map<Hash, Map<number, number>>();
  const joins = new Map<SimulatedDevice, { rounds: number; done: number | null }>();
  const before = new Map<SimulatedDevice, number>();
  const uploads: number[] = [];
  const ciphertexts: number[] = [];
  const verdicts = { after: [] as number[], wrong: 0 };
  let { weight } = begun.record;
  let since = 0;
  let first: number | null = null;

  function count(): void {
    for (const device of alive) {
      if (!partakes(device)) continue;
      const known = before.get(device);
      const total = sent(device.number);
      if (known !== undefined) uploads.push(total - known);
      before.set(device, total);
    }
    for (const device of before.keys()) if (device.diedAt !== null) before.delete(device);
  }

  /** C where groups are of the usual size. */
  function ciphertext(state: SwarmState): number {
    const { contributors, groups, nodes } = state.head.record;
    const size = Math.max(2, Math.round(contributors.count / (nodes * groups)));
    return size * parcelBytes(state, size);
  }

  /** How often a round was begun on a head by half of those who ever did. */
  function timesTried(by: ReadonlyMap<number, number>): number {
    for (let times = 2; ; times++) if (2 * [...by.values()].filter((count) => count >= times).length < by.size) return times - 1;
  }

  return {
    rounds,
    verdicts,
    uploads,
    ciphertexts,
    get last() {
      return rounds.at(-1) ?? null;
    },
    begun(device, at) {
      first ??= at;
      const { root } = device.state.head;
      const by = tries.get(root) ?? new Map<number, number>();
      by.set(device.number, (by.get(device.number) ?? 0) + 1);
      tries.set(root, by);
      const join = joins.get(device);
      if (join && join.done === null) join.done = rounds.length - join.rounds;
    },
    committed(device, at) {
      const { record, root } = device.state.head;
      // One whom nobody let in has rounds of its own, which the heavier lineage takes no notice of.
      if (device.attacks || record.weight < weight || record.round <= (rounds.at(-1)?.round ?? begun.record.round)) return;
      ({ weight } = record);
      rounds.push({ round: record.round, root, since, at, contributors: record.contributors.count, alive: alive.size });
      since = at;
      count();
      ciphertexts.push(ciphertext(device.state));
    },
    verdict(observer, about, at) {
      if (about.diedAt !== null) verdicts.after.push((at - Math.max(about.diedAt, observer.epochAt)) / 1e6);
      else if (about.epoch === observer.epoch) verdicts.wrong++;
    },
    joined: (device) => void joins.set(device, { rounds: rounds.length, done: null }),
    started(now) {
      // The round under way counts once it is a stall.
      const open = now - since > SETTING.stallAfter ? 1 : 0;
      let started = rounds.length + open;
      for (const by of tries.values()) started += timesTried(by) - 1;
      return first === null ? Math.max(1, started) : started;
    },
    stalls: (now) => [...rounds.map(({ since: from, at }) => at - from), now - since].filter((took) => took > SETTING.stallAfter).length,
    joinRounds() {
      // Whoever left before it could have trained says nothing; whoever waits has waited so long.
      return [...joins].flatMap(([{ diedAt }, join]) => (join.done !== null ? [join.done] : diedAt === null ? [rounds.length - join.rounds] : []));
    },
  };
}
