import { sumDealings } from "../securesum/shamir.ts";
import type { PeerId } from "../wire/ids.ts";
import { contextIn, countIn, endRound, groupIn, holds, layoutIn, summed, type Attempt } from "./attempt.ts";
import { beginAudit } from "./audit/audit.ts";
import { ask, exchangeDeadline, post } from "./bulk.ts";
import { due, dueAgain } from "./due.ts";
import { endsEpoch } from "./epoch.ts";
import type { Effect, SwarmEvent } from "./events.ts";
import { LIMITS } from "./limits.ts";
import { enter, lose } from "./membership.ts";
import { fellow, groupsIn, others, present } from "./peers.ts";
import { reached } from "./phase.ts";
import { askWords } from "./handing-on.ts";
import type { Head, SwarmState } from "./state.ts";
import { ascend, openNode, pastOf } from "./tier/above.ts";
import { combine } from "./tier/agree.ts";
import { GROUPS, speaks } from "./tier/stage.ts";
import { openTier } from "./tier/tier.ts";
import { gather } from "./tier/totals.ts";
import { settle } from "./settle.ts";
import { remember } from "./verdict.ts";
import { countVotes, elected, isOpen, vote } from "./vote.ts";

/**
 * REDUCE ends when the sum is open. This device's share of its key goes out once U has its signatures, and never for
 * another U. From here on nobody's leaving matters while a threshold of shares and pieces can still come.
 */
export function reduce(s: SwarmState, out: Effect[]): boolean {
  if (s.round.tier) return combine(s, out, GROUPS);
  release(s, out);
  const attempt = s.round.attempt!;
  if (attempt.audited === s.config.self && signatures(s, attempt) >= groupIn(attempt).quorum) beginAudit(s, out, attempt);
  const { view, pieces, shares } = attempt;
  const { threshold } = groupIn(attempt);
  const gave = (member: number): boolean => pieces.has(member) && shares.has(member);
  const awaited = view.filter((peer, member) => peer !== s.config.self && !gave(member) && fellow(s, peer) !== null && present(s, peer));
  const count = pieces.size + shares.size;
  const settled = awaited.length === 0 || due(s, s.round.phaseSince + LIMITS.openAtLeast);
  if (settled && pieces.size >= threshold && shares.size >= threshold && count > attempt.tried) {
    s.round = { ...s.round, attempt: { ...attempt, tried: count } };
    out.push({ type: "open", attempt: attempt.id, context: contextIn(s, attempt), devices: view.length, layout: layoutIn(s, attempt), count: countIn(s), pieces, shares });
    return true;
  }
  const possible = view.filter((peer, member) => gave(member) || present(s, peer)).length;
  if (possible < threshold || due(s, exchangeDeadline(s))) return lose(s, out);
  if (!dueAgain(s, s.round.askedAt, LIMITS.askAgain)) return false;
  s.round = { ...s.round, askedAt: s.now };
  for (const peer of awaited) {
    const member = view.indexOf(peer);
    if (!pieces.has(member)) ask(s, out, peer, attempt.name, "sum", member);
    if (!shares.has(member)) ask(s, out, peer, attempt.name, "share", member);
  }
  return false;
}

/** This device's share of U's key: only with all dealings at hand, and a quorum of signatures under this very U. */
function release(s: SwarmState, out: Effect[]): void {
  const attempt = s.round.attempt!;
  const self = attempt.view.indexOf(s.config.self);
  const dealings = summed(attempt).map((peer) => (holds(s, attempt, peer) ? attempt.parcels.get(peer)!.dealing : undefined));
  if (attempt.shares.has(self) || dealings.includes(undefined) || signatures(s, attempt) < groupIn(attempt).quorum) return;
  const share = sumDealings(s.config.kernels.shamir, dealings as Uint8Array[]);
  for (const peer of others(s)) post(s, out, peer, attempt.name, "share", self, share);
  s.round = { ...s.round, attempt: { ...attempt, shares: new Map(attempt.shares).set(self, share) } };
}

const signatures = (s: SwarmState, attempt: Attempt): number =>
  attempt.view.filter((peer) => {
    if (peer === s.config.self) return s.round.signed === attempt.set;
    const status = fellow(s, peer);
    return status !== null && reached(status.phase, "reduce") && status.set === attempt.set && (status.audited ?? null) === attempt.audited;
  }).length;

export function keepSum(s: SwarmState, out: Effect[], { attempt: id, sum, wrongShares, wrongPieces }: SwarmEvent & { type: "opened" }): void {
  const { attempt, phase } = s.round;
  if (attempt?.id !== id || phase !== "reduce" || sum === null) return;
  const round = s.head.record.round + 1;
  for (const member of wrongShares) out.push({ type: "accused", peer: attempt.view[member]!, what: "share", round });
  for (const member of wrongPieces) out.push({ type: "accused", peer: attempt.view[member]!, what: "piece", round });
  conclude(s, out, sum);
}

/** The group's sum is open. Alone it is the round's; among several groups it is a part of it. */
export function conclude(s: SwarmState, out: Effect[], sum: Int32Array): true {
  const { agreed, agreedIssuer } = s.round;
  if (!groupsIn(s).alone) return openTier(s, sum, contributorsIn(s));
  const members = endsEpoch(s.head.record.round + 1, s.config.epochRounds) ? [] : agreed;
  enter(s, "commit");
  return settle(s, out, sum, { contributors: contributorsIn(s), members, issuer: agreedIssuer });
}

const contributorsIn = ({ round: { attempt, view } }: SwarmState): readonly PeerId[] => (attempt ? summed(attempt) : view);

/** COMMIT ends when a quorum of the contributors voted for this device's root, or for refusing it. */
export function commit(s: SwarmState, out: Effect[]): boolean {
  const { candidate } = s.round;
  if (candidate === null) return s.round.upper ? ascend(s, out) : gather(s, out, GROUPS, (sum) => openNode(s, out, sum));
  countVotes(s, candidate);
  const head = elected(s, candidate);
  if (head) return finish(s, out, head);
  if (vote(s, candidate)) return true;
  if (s.round.tier) askWords(s, out, speaks(s) ? "node" : "part");
  return (!isOpen(s, candidate) || due(s, exchangeDeadline(s))) && lose(s, out);
}

/** @param head the candidate, or its refusal */
export function finish(s: SwarmState, out: Effect[], head: Head): true {
  const { counters, verdict, refusal } = s.round.candidate!;
  const refused = head === refusal;
  // Whoever is not in the sum has said nothing yet.
  if (!refused && s.round.update && head.roll.contributors.includes(s.config.self)) s.carry = s.round.update.carry;
  if (refused) s.changes = remember(s.changes, 0);
  else if (verdict?.change) s.changes = remember(s.changes, verdict.change.mean);
  out.push({ type: "committed", head, refused, group: contributorsIn(s), carry: s.carry, counters, startedAt: s.round.startedAt, retries: s.round.retries });
  s.past = pastOf(s);
  if (s.round.attempt) beginAudit(s, out, s.round.attempt);
  endRound(s, out);
  s.parting = endsEpoch(head.record.round, s.config.epochRounds);
  s.previous = s.head;
  s.head = head;
  return true;
}
