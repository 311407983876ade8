import type { PeerId } from "../wire/ids.ts";
import type { Effect } from "./events.ts";
import { LIMITS } from "./limits.ts";
import { encodeMessage, type Stand, type Status } from "./message.ts";
import { groupsIn, hostsIn } from "./peers.ts";
import { reached } from "./phase.ts";
import type { Hash } from "./record.ts";
import type { Announced, Said, SwarmState } from "./state.ts";

const NO_CUT: readonly Hash[] = [];

/**
 * Says where this device stands: on every change, now and then, and when somebody new is there. Where there are several
 * groups its own hears how the sum goes, and all hear what the groups have to agree on.
 */
export function announce(s: SwarmState, out: Effect[]): void {
  const { record, root } = s.head;
  const { round } = s;
  const standing = { root, round: record.round, weight: record.weight, ...(s.sync && !s.sync.doubtful && { target: s.sync.root }), taking: s.taking };
  const status: Omit<Status, "seq"> = {
    kind: "status",
    ...standing,
    phase: round.phase,
    view: round.view,
    // What was signed holds for those who sign after it.
    ...(reached(round.phase, "reduce") ? { next: round.agreed, issuer: round.agreedIssuer } : { next: round.next, issuer: round.issuer }),
    commitment: round.attempt?.own?.commitment ?? null,
    set: round.attempt?.set ?? null,
    answer: round.attempt?.answer ?? null,
    votes: round.votes,
  };
  if (groupsIn(s).count === 1) return say(s, out, "announced", status, null);
  say(s, out, "announced", status, () => audience(s));
  const { tier } = round;
  const stand: Omit<Stand, "seq"> = { kind: "stand", ...standing, busy: round.view.length > 0, part: tier?.own ?? null, cut: tier?.cut ?? NO_CUT, signed: tier?.signed ?? false, votes: round.votes };
  say(s, out, "stood", stand, null);
}

/** Who sums with this device, or waits to. */
function audience(s: SwarmState): PeerId[] {
  const host = hostsIn(s);
  return s.reachable.filter((peer) => host(peer) === host(s.config.self));
}

/** @param to null: all */
function say(s: SwarmState, out: Effect[], last: "announced" | "stood", what: Said, to: (() => PeerId[]) | null): void {
  const peers = s.reachable.length;
  const before: Announced = s[last];
  if (alike(what, before.what) && peers <= before.peers && s.now - before.at < LIMITS.statusEvery) return;
  s[last] = { what, at: s.now, peers };
  if (peers === 0) return;
  s.seq++;
  const bytes = encodeMessage({ ...what, seq: s.seq } as Status | Stand);
  out.push(to === null ? { type: "broadcast", bytes } : { type: "tell", to: to(), bytes });
}

/** Lists that nothing happened to are the same ones, for states are never written to. */
function alike(a: Said, b: Said | null): boolean {
  if (b === null) return false;
  const keys = Object.keys(a) as (keyof Said)[];
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
