import type { Announcement, Charter } from "../identity/committee/announce.ts";
import { membershipIn, startDkg, stepDkg, type DkgEffect, type DkgState, type Membership } from "../identity/committee/dkg.ts";
import type { Random } from "../identity/suite.ts";
import type { PeerId } from "../wire/ids.ts";
import type { EpochGuard } from "./guard.ts";

/** Messages of a generation that the others began first. */
const EARLY = 128;

export interface GenerationDeps {
  self: PeerId;
  guard: EpochGuard;
  random: Random;
  now: () => number;
  broadcast(bytes: Uint8Array): void;
  /** Sealed. */
  send(to: PeerId, bytes: Uint8Array): void;
  onDone(announcement: Announcement): void;
}

/** The generation of a committee's keys, as far as this device takes part: one at a time. */
export interface Generation {
  readonly running: boolean;
  /** Does nothing where the charter does not name this device. */
  start(charter: Charter): void;
  receive(from: PeerId, bytes: Uint8Array): void;
  tick(): void;
  /** What this device holds of the announced committee; the generation is over. */
  finish(announcement: Announcement): Membership | null;
}

export function createGeneration({ self, guard, random, now, broadcast, send, onDone }: GenerationDeps): Generation {
  let state: DkgState | null = null;
  let early: { from: PeerId; bytes: Uint8Array }[] = [];

  function follow([next, effects]: [DkgState, DkgEffect[]]): void {
    state = next;
    for (const effect of effects) {
      if (effect.type === "broadcast") broadcast(effect.bytes);
      else if (effect.type === "send") send(effect.to, effect.bytes);
      else if (effect.type === "done") onDone(effect.announcement);
      else state = null; // the next commit draws others
    }
  }

  function receive(from: PeerId, bytes: Uint8Array): void {
    if (state) follow(stepDkg(state, { type: "message", now: now(), from, bytes }));
    else early = [...early, { from, bytes }].slice(-EARLY);
  }

  return {
    get running() {
      return state !== null;
    },
    start(charter) {
      if (!charter.members.includes(self)) return;
      follow(startDkg(charter, { self, random, sign: guard.sign, verify: guard.signedBy }, now()));
      const waiting = early;
      early = [];
      for (const { from, bytes } of waiting) receive(from, bytes);
    },
    receive,
    tick() {
      if (state) follow(stepDkg(state, { type: "tick", now: now() }));
    },
    finish(announcement) {
      const membership = state && membershipIn(state, announcement);
      state = null;
      return membership;
    },
  };
}
