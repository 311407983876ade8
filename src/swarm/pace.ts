import type { PeerId } from "../wire/ids.ts";
import { due } from "./due.ts";
import type { Effect } from "./events.ts";
import { LIMITS } from "./limits.ts";
import { startSending } from "./exchange.ts";
import { enter, narrow } from "./membership.ts";
import { fellow } from "./peers.ts";
import { reached } from "./phase.ts";
import { quorum } from "./record.ts";
import type { SwarmState } from "./state.ts";

/** TRAIN ends when this device's own update is there. */
export function train(s: SwarmState): boolean {
  return s.round.update !== null && enter(s, "ready");
}

const median = (sorted: readonly number[]): number => sorted[sorted.length >> 1] ?? 0;

/**
 * READY ends when all of the view are ready, else at the adaptive deadline: once a quorum is ready the rest have
 * until median + k·MAD of the arrivals (Leys et al. 2013 on the MAD), and never longer than the hard bound.
 */
export function ready(s: SwarmState, out: Effect[]): boolean {
  const { view, formedAt } = s.round;
  const more = view.filter((peer) => !s.round.readyAt.has(peer) && isReady(s, peer));
  if (more.length > 0) s.round = { ...s.round, readyAt: new Map([...s.round.readyAt, ...more.map((peer) => [peer, s.now] as const)]) };
  const { readyAt } = s.round;
  const there = view.filter((peer) => readyAt.has(peer));
  if (there.length === view.length) return startSending(s, out);
  if (!due(s, readyDeadline(s, there.map((peer) => readyAt.get(peer)! - formedAt)))) return false;
  return narrow(s, out, there, true);
}

function isReady(s: SwarmState, peer: PeerId): boolean {
  return peer === s.config.self || reached(fellow(s, peer)?.phase ?? "join-cutoff", "ready");
}

function readyDeadline(s: SwarmState, arrivals: number[]): number {
  const { view, formedAt } = s.round;
  const hard = formedAt + LIMITS.trainAtMost;
  const needed = quorum(view.length);
  if (arrivals.length < needed) return hard;
  arrivals.sort((a, b) => a - b);
  const middle = median(arrivals);
  const spread = arrivals.map((at) => Math.abs(at - middle)).sort((a, b) => a - b);
  const mad = Math.max(median(spread), middle / 4);
  return Math.min(hard, formedAt + Math.max(middle + LIMITS.readyMads * mad, arrivals[needed - 1]! + LIMITS.readyAtLeast));
}
