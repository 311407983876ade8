import { outerBytes, outerFrom } from "../learn/outer-optimiser.ts";
import type { Trainer } from "../learn/trainer.ts";
import type { Kept, Midway, Store } from "../store/store.ts";
import type { Hash } from "../swarm/record.ts";
import { type Commit, decodeCommit, encodeCommit } from "../swarm/roll.ts";
import type { Head } from "../swarm/state.ts";
import { carryBytes, carryFrom, type Carry } from "../update/compression/carry.ts";
import { sharedBytes, sharedFrom } from "../update/compression/shared.ts";
import { UpdateError } from "../update/errors.ts";
import { WireError } from "../wire/codec.ts";
import type { RoundRecord } from "./api.ts";
import type { Training } from "./training.ts";

/** What a device keeps of one task between visits, so that it goes on where it was. */
export interface Keeping {
  /** Decides, with the round, in which order the samples come; drawn once. */
  dataSeed(): Promise<number>;
  /** Where the kept model stands. */
  standing(): Promise<{ round: number; weight: number }>;
  /** The head of an earlier visit, if it is whole and of this task. @param fresh the task's first */
  head(fresh: Head): Promise<Head | null>;
  /** What this device's updates to that head have left unsaid; empty where that cannot be read. @param fresh an empty one */
  carry(fresh: Carry): Promise<Carry>;
  /** Of the kept model; another task's are no past of this one, nor is its trainer's state. */
  rounds(): Promise<RoundRecord[]>;
  keepHead(head: Head, carry: Carry, rounds: readonly RoundRecord[]): Promise<void>;
  keepMidway(midway: Midway): Promise<void>;
  keepTrainer(training: Training): Promise<void>;
  /** The trainer goes on where it was: in mid-round where the round is still to be done, else with the state that it had last. */
  takeUp(trainer: Trainer, training: Training, head: Head): Promise<void>;
}

export function createKeeping(store: Store, task: Hash, now: () => number): Keeping {
  function commitIn({ commit: bytes, shared }: Kept["head"]): Commit | null {
    if (bytes === undefined || shared === undefined) return null; // of an older version: nothing to go on from
    try {
      const commit = decodeCommit(bytes);
      return commit.record.task === task ? commit : null;
    } catch (cause) {
      if (!(cause instanceof WireError)) throw cause;
      return null;
    }
  }

  async function keptCommit(): Promise<Commit | null> {
    const kept = await store.get("head");
    return kept && commitIn(kept);
  }

  return {
    async dataSeed() {
      const kept = await store.get("seed");
      if (kept !== null) return kept;
      const seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
      await store.put({ seed });
      return seed;
    },
    standing: async () => (await keptCommit())?.record ?? { round: 0, weight: 0 },
    async head(fresh) {
      const kept = await store.get("head");
      const commit = kept && commitIn(kept);
      if (!commit || kept.params.length !== fresh.params.length) return null;
      return { ...commit, params: new Int32Array(kept.params), outer: outerFrom(kept.outer, fresh.outer), shared: sharedFrom(kept.shared!, fresh.shared) };
    },
    async carry(fresh) {
      const kept = await store.get("carry");
      try {
        return kept === null ? fresh : carryFrom(kept, fresh.residual.length);
      } catch (cause) {
        if (!(cause instanceof UpdateError)) throw cause;
        return fresh;
      }
    },
    async rounds() {
      // Those of older versions do not say how many devices.
      const counted = (round: RoundRecord): RoundRecord => ({ ...round, devices: round.devices ?? round.participants.length });
      if (await keptCommit()) return (((await store.get("rounds")) ?? []) as RoundRecord[]).map(counted);
      await store.remove("trainer");
      return [];
    },
    keepHead: (head, carry, rounds) => store.put({ head: { commit: encodeCommit(head), params: head.params, outer: outerBytes(head.outer), shared: sharedBytes(head.shared) }, carry: carryBytes(carry), rounds: [...rounds] }),
    keepMidway: (midway) => store.put({ midway: { ...midway, task, at: now() } }),
    async keepTrainer(training) {
      const state = await training.saveState();
      if (state) await store.put({ trainer: state, trainerAt: now() });
    },
    async takeUp(trainer, training, { record }) {
      const kept = await store.get("midway");
      const midway = kept?.task === record.task ? kept : null;
      const own = midway?.round === record.round + 1 && midway.model === record.model ? midway : null;
      const later = midway !== null && midway.at > ((await store.get("trainerAt")) ?? 0) ? midway : null;
      const state = (own ?? later)?.state ?? (record.round > 0 ? await store.get("trainer") : null);
      if (state) await trainer.loadState(state);
      training.goOn(own);
    },
  };
}
