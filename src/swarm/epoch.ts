import type { PeerId } from "../wire/ids.ts";
import { endRound } from "./attempt.ts";
import type { Effect } from "./events.ts";
import { UNSAID, type SwarmState } from "./state.ts";

/** Devices of a group, at least, unless the task says otherwise. */
export const GROUP_SIZE = 8;

/** Rounds of an epoch, unless the task says otherwise. */
export const EPOCH_ROUNDS = 20;

/** The epoch in which the round after `round` is run. */
export const epochOf = (round: number, rounds: number): number => Math.floor(round / rounds);

/** Whether this round is its epoch's last: its commit freezes no list, for nobody of it is known in the next. */
export const endsEpoch = (round: number, rounds: number): boolean => round % rounds === 0;

/**
 * This device goes on under another name, among others who do. Nothing that it knew of them by name holds any
 * more; the model does, and those who wait on it found the next round together.
 */
export function beginEpoch(s: SwarmState, out: Effect[], self: PeerId): void {
  if (s.round.trainingAsked && s.round.update === null) out.push({ type: "stop-training" });
  s.config = { ...s.config, self };
  s.reachable = [];
  s.pending = [];
  s.reachableSince = s.now;
  s.peers = new Map();
  s.stands = new Map();
  s.refused = [];
  s.issuer = null;
  s.announced = s.stood = UNSAID;
  endRound(s, out);
  s.sync = null;
}
