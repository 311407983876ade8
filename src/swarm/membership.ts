import { groupOf } from "../securesum/params.ts";
import type { PeerId } from "../wire/ids.ts";
import { erase, eraseRound, sameView } from "./attempt.ts";
import { ownLot } from "./audit/lot.ts";
import { trails } from "./claims.ts";
import { due } from "./due.ts";
import { endsEpoch } from "./epoch.ts";
import type { Effect } from "./events.ts";
import { LIMITS } from "./limits.ts";
import { ascending, fellow, groupsIn, near, neighbours, newest, others, present, rests } from "./peers.ts";
import { reached, type Phase } from "./phase.ts";
import { quorum } from "./record.ts";
import type { SwarmState } from "./state.ts";
import { startAt } from "./values.ts";

export function enter(s: SwarmState, phase: Phase): true {
  s.round = { ...s.round, phase, phaseSince: s.now, askedAt: s.now };
  return true;
}

function begin(s: SwarmState, out: Effect[], view: readonly PeerId[], base: number): true {
  s.round = { ...s.round, view, base, withdrawn: false, heldSince: null, formedAt: s.now, readyAt: new Map() };
  out.push({ type: "group", peers: others(s) });
  // Its update is in a U that was signed, whose sum somebody may open: it never goes into another.
  if (s.round.signed !== null) s.round = { ...s.round, signed: null, update: null, trainingAsked: false, lost: s.round.lost + 1, early: [] };
  if (s.round.update === null && !s.round.trainingAsked) {
    s.round = { ...s.round, trainingAsked: true };
    out.push({ type: "train", head: s.head, start: startAt(s), lost: s.round.lost, ...ownLot(s) });
  }
  return enter(s, "train");
}

/**
 * JOIN-CUTOFF: the members were frozen by the commit before, so nothing is negotiated. Where there is no
 * such list (the task's first round, or too few of it are left) those who wait on the same head found one.
 */
export function joinCutoff(s: SwarmState, out: Effect[]): boolean {
  // Whoever trails another lineage catches up first.
  const { self } = s.config;
  const groups = groupsIn(s);
  if (!s.taking || trails(s) || rests(s)) return false;
  const members = groups.membersOf(groups.of(self));
  if (members.includes(self) && !s.round.withdrawn) {
    const view = members.filter((peer) => joins(s, peer));
    if (view.length >= least(s, members.length) && hides(s, view)) return begin(s, out, view, members.length);
    s.round = { ...s.round, heldSince: s.round.heldSince ?? s.now, withdrawn: true };
  }

  const near = neighbours(s);
  const busy = near.filter((peer) => (fellow(s, peer)?.view.length ?? 0) > 0).sort();
  // A device that fell out of a view does not go back to it; a held one follows who founds a new one.
  if (!s.round.withdrawn || s.round.heldSince !== null) {
    const named = busy.map((peer) => fellow(s, peer)!).find(({ view, phase }) => view.includes(self) && !reached(phase, "send"))?.view;
    const here = named?.filter((peer) => joins(s, peer)) ?? [];
    if (named && here.length === named.length && here.every((peer) => groups.of(peer) === groups.of(self)) && isMost(s, here) && hides(s, here) && fellowsIn(s, here, here.length).length >= quorum(here.length)) return begin(s, out, here, here.length);
  }
  if (busy.length > 0) return false;

  if (s.round.heldSince !== null && !due(s, s.round.heldSince + LIMITS.reformAfter)) return false;
  const unheard = s.pending.length > 0 || near.some((peer) => !s.peers.has(peer));
  if (!due(s, s.round.startedAt + companyAtMost(s, unheard))) return false;
  if (!due(s, s.reachableSince + LIMITS.foundingQuiet)) return false;
  const view = ascending([self, ...waiting(s)]).slice(0, LIMITS.members);
  return view.includes(self) && hides(s, view) && begin(s, out, view, view.length);
}

/**
 * How long those who ended the last epoch together are waited for, or a node's part of them: they have new names, and some get theirs late. Most
 * of them soon go on; the others wait longer, for rounds of their own would lead them away from the rest.
 */
function companyAtMost(s: SwarmState, unheard: boolean): number {
  const { round, contributors, nodes } = s.head.record;
  // How many of them an arc holds is chance: few hold less than two deviations below the mean.
  const mean = contributors.count / nodes;
  const company = endsEpoch(round, s.config.epochRounds) ? Math.floor(nodes === 1 ? mean : mean - 2 * Math.sqrt(mean)) : 0;
  const here = 1 + near(s).filter((peer) => newest(s, peer)?.root === s.head.root).length;
  if (here >= company) return unheard ? LIMITS.foundingAtMost : 0;
  return here >= quorum(company) ? LIMITS.foundingAtMost : LIMITS.foundingApart;
}

/**
 * How many of `base` a view needs, so that there is no other: a quorum of a room of one group, for they commit alone.
 * One of several groups does not, and its part counts if most of the group are in it.
 */
const least = (s: SwarmState, base: number): number => (groupsIn(s).count > 1 ? Math.floor(base / 2) + 1 : quorum(base));

const joins = (s: SwarmState, peer: PeerId): boolean => present(s, peer) && (peer === s.config.self || s.peers.get(peer)?.taking !== false);

const waiting = (s: SwarmState): PeerId[] => neighbours(s).filter((peer) => fellow(s, peer)?.taking);

/** Whether a view that somebody names is most of those who could be in it: nobody is led into a small one, where the sum says more. */
const isMost = (s: SwarmState, view: readonly PeerId[]): boolean => view.length >= quorum(Math.min(LIMITS.members, 1 + waiting(s).length));

/**
 * Whether such a view hides each of its devices: from the other groups, who see its sum, and as the task's privacy
 * promises, by the noise of those who are honest.
 */
function hides(s: SwarmState, view: readonly PeerId[]): boolean {
  const { privacy } = s.config;
  if (!groupsIn(s).alone && view.length < LIMITS.groupAtLeast) return false;
  return privacy === null || (view.length > 1 && groupOf(view.length).threshold >= privacy.honest);
}

/**
 * The view shrinks to those who can finish together: without the ones that left, without the ones whose own view has
 * too little in common with this one, and to the intersection with what the others say. An attempt under way starts
 * again among the rest, with the updates that are there and fresh keys. Once U is signed it stays as it is.
 */
export function shrink(s: SwarmState, out: Effect[]): boolean {
  const { self } = s.config;
  const { view, phase, base } = s.round;
  if (view.length === 0 || reached(phase, "reduce")) return false;
  // Whoever has not begun by then fell out of a view, and nobody goes back to one.
  const begun = due(s, s.round.formedAt + LIMITS.beginAtMost) ? view.filter((peer) => peer === self || (fellow(s, peer)?.view.length ?? 0) > 0) : view;
  const rest = fellowsIn(s, begun, base);
  return rest.length < view.length && narrow(s, out, rest, false);
}

/** Those of a view who can finish together with this device. */
function fellowsIn(s: SwarmState, view: readonly PeerId[], base: number): PeerId[] {
  const { self } = s.config;
  const stated = (peer: PeerId): readonly PeerId[] => (peer === self ? [] : (fellow(s, peer)?.view ?? []));
  // The usual case, in which nothing shrinks, is looked at after every event.
  if (view.every((peer) => joins(s, peer) && isAlike(stated(peer), view))) return [...view];
  const agrees = (peer: PeerId): boolean => stated(peer).length === 0 || (stated(peer).includes(self) && view.filter((other) => stated(peer).includes(other)).length >= least(s, base));
  const fellows = view.filter((peer) => joins(s, peer) && agrees(peer));
  return fellows.filter((peer) => fellows.every((other) => stated(other).length === 0 || stated(other).includes(peer)));
}

const isAlike = (stated: readonly PeerId[], view: readonly PeerId[]): boolean => stated.length === 0 || sameView(stated, view);

/** Goes on without everybody who is not in `rest`. */
export function narrow(s: SwarmState, out: Effect[], rest: readonly PeerId[], late: boolean): true {
  const { phase, view, base } = s.round;
  const round = s.head.record.round + 1;
  for (const peer of view) if (!rest.includes(peer)) out.push({ type: "departed", peer, round, phase, late });
  if (rest.length < least(s, base) || !hides(s, rest)) {
    withdraw(s, out);
    s.round = { ...s.round, heldSince: s.now };
    return true;
  }
  if (s.round.attempt && s.round.attempt.id !== s.round.kept?.id) erase(s.round.attempt);
  s.round = { ...s.round, view: rest, attempt: null, next: [], issuer: null };
  if (!reached(phase, "send")) return true;
  s.round = { ...s.round, retries: s.round.retries + 1 };
  return enter(s, "ready");
}

/** Back to waiting. The local update is kept: unless its U was signed, it still counts if the survivors start this round again. */
export function withdraw(s: SwarmState, out: Effect[]): true {
  out.push({ type: "erase" });
  eraseRound(s);
  s.round = { ...s.round, view: [], attempt: null, kept: null, early: [], tier: null, upper: null, unplaced: new Map(), outcomes: new Map(), outcome: null, candidate: null, next: [], issuer: null, withdrawn: true };
  return enter(s, "join-cutoff");
}

/**
 * U is signed and its sum will not be opened here, but may be elsewhere: this update never goes into another sum.
 * After two deadlines those who are left found a new view, each with an update from other samples.
 */
export function lose(s: SwarmState, out: Effect[]): true {
  const round = s.head.record.round + 1;
  const { phase } = s.round;
  for (const peer of s.round.view) if (!present(s, peer)) out.push({ type: "departed", peer, round, phase, late: false });
  const spent = [...(s.round.attempt?.commitments?.values() ?? [])];
  withdraw(s, out);
  s.round = { ...s.round, heldSince: s.now, spent: [...s.round.spent, ...spent].slice(-LIMITS.spent) };
  return true;
}
