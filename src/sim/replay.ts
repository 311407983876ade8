import { bytesToHex } from "@noble/hashes/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Hash } from "../swarm/record.ts";
import type { Recording } from "../swarm/recording.ts";
import type { Head } from "../swarm/state.ts";
import { step } from "../swarm/step.ts";
import type { PeerId } from "../wire/ids.ts";

export interface Replay {
  /** Roots that each device committed or took over, by round. */
  roots: Map<number, Hash>[];
  /** Hashes of its committed models, by round. */
  models: Map<number, Hash>[];
  /** Its committed heads, and its updates, by the root that they build on: never sent but encrypted, and here for whoever has the recording. */
  heads: Map<Hash, Head>[];
  updates: Map<Hash, { self: PeerId; values: Int8Array }>[];
  /** Messages that a device received and that no recorded device sends when it lives its events again. */
  unexplained: number;
}

/** Lives the recorded events of several devices again, with the swarm's own code and nothing else. */
export function replay(recordings: readonly Recording[]): Replay {
  const digest = (bytes: Uint8Array): string => bytesToHex(sha256(bytes));
  const sent = new Set<string>();
  const updates = recordings.map(() => new Map<Hash, { self: PeerId; values: Int8Array }>());
  const heads = recordings.map(({ start, events }, device) => {
    const committed = new Map<number, Head>([[start.head.record.round, start.head]]);
    let state = start;
    for (const event of events) {
      const [next, effects] = step(state, event);
      state = next;
      if (state.round.update) updates[device]!.set(state.head.root, { self: state.config.self, values: state.round.update.values });
      for (const effect of effects) {
        if (effect.type === "broadcast" || effect.type === "tell" || effect.type === "send") sent.add(digest(effect.bytes));
        if (effect.type === "committed" || effect.type === "adopted") committed.set(effect.head.record.round, effect.head);
      }
    }
    return committed;
  });
  const received = recordings.flatMap(({ events }) => events.flatMap((event) => (event.type === "message" ? [digest(event.bytes)] : [])));
  const each = (hash: (head: Head) => Hash): Map<number, Hash>[] => heads.map((committed) => new Map([...committed].map(([round, head]) => [round, hash(head)])));
  return {
    roots: each(({ root }) => root),
    models: each(({ record }) => record.model),
    heads: heads.map((committed) => new Map([...committed.values()].map((head) => [head.root, head]))),
    updates,
    unexplained: received.filter((hash) => !sent.has(hash)).length,
  };
}
