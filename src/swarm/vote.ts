import type { PeerId } from "../wire/ids.ts";
import { due } from "./due.ts";
import type { Effect } from "./events.ts";
import { LIMITS } from "./limits.ts";
import { fellow, fellowStand, newest, present } from "./peers.ts";
import { quorum, rootOf, type Hash } from "./record.ts";
import type { Candidate, Head, SwarmState } from "./state.ts";
import { type Change, isMuchWorse } from "./verdict.ts";

/**
 * The vote on a round's outcome. A device votes for the next model, or first for its refusal: a record under which
 * everything stays as it was. Of two outcomes at most one gets a quorum of first votes. Where it is plain that the
 * refusal will not, because too many voted otherwise, are gone or say nothing, those who would have refused vote for the
 * model as well: it is what the round came to, a majority that is not two thirds has no say over it, and a round that
 * nobody commits would cost all their work and leave them apart. So whoever refuses everything changes nothing as long
 * as a quorum does not, nor does whoever votes for everything, as long as a quorum remains without it.
 */

/** A head under which the model stays as it is: the round counts, its work does not. */
export function refusalOf(before: Head, { record, roll }: Head): Head {
  const refused = { ...record, model: before.record.model, weight: before.record.weight };
  return { ...before, record: refused, root: rootOf(refused), roll };
}

/** Has the model judged. Where the contributors are so few that all would have to refuse, whoever spoilt it too, that is no use. */
export function canvass(s: SwarmState, out: Effect[]): true {
  const { head } = s.round.candidate!;
  if (head.record.contributors.count < LIMITS.refusersAtLeast) return cast(s, head.root);
  out.push({ type: "judge", head, against: s.head });
  return true;
}

function cast(s: SwarmState, root: Hash): true {
  s.round = { ...s.round, votes: [...new Set([...s.round.votes, root])].slice(-LIMITS.members) };
  return true;
}

/** Of the candidate. What comes too late for the vote is of use all the same: it says what a round changes. */
export function keepVerdict(s: SwarmState, change: Change | null): void {
  s.round = { ...s.round, candidate: { ...s.round.candidate!, verdict: { change, refuses: change !== null && isMuchWorse(change, s.changes) } } };
}

/** This device's next vote. @returns whether there was one to give */
export function vote(s: SwarmState, candidate: Candidate): boolean {
  const { votes } = s.round;
  const { head, refusal, verdict } = candidate;
  if (votes.includes(head.root)) return false;
  if (votes.includes(refusal.root)) return !mayBeRefused(s, candidate) && cast(s, head.root);
  if (verdict === null && !due(s, judgedBy(s, candidate))) return false;
  return cast(s, verdict?.refuses ? refusal.root : head.root);
}

/** Whoever has not judged the model by then votes for it: a part of the time that the round took. */
function judgedBy({ round: { formedAt } }: SwarmState, { since }: Candidate): number {
  return since + Math.min(LIMITS.judgeAtMost, Math.max(LIMITS.judgeAtLeast, (since - formedAt) / 20));
}

/** Whether those who voted for the refusal alone, or for nothing yet, can be a quorum. */
function mayBeRefused(s: SwarmState, { head, refusal, since }: Candidate): boolean {
  const { contributors } = head.roll;
  const open = contributors.filter((peer) => voted(s, peer, refusal.root) || (present(s, peer) && !voted(s, peer, head.root)));
  return !due(s, since + LIMITS.refuseAtMost) && open.length >= quorum(contributors.length);
}

const voted = (s: SwarmState, peer: PeerId, root: Hash): boolean =>
  peer === s.config.self ? s.round.votes.includes(root) : newest(s, peer)?.root === root || [fellow(s, peer), fellowStand(s, peer)].some((said) => said?.votes.includes(root));

/** The outcome that a quorum of the contributors voted for; where it is both, the model. */
export const elected = (s: SwarmState, { head, refusal }: Candidate): Head | undefined =>
  [head, refusal].find(({ root, roll: { contributors } }) => contributors.filter((peer) => voted(s, peer, root)).length >= quorum(contributors.length));

/** Whether one of the two may still get a quorum. */
export function isOpen(s: SwarmState, { head, refusal }: Candidate): boolean {
  const { contributors } = head.roll;
  return [head, refusal].some(({ root }) => contributors.filter((peer) => present(s, peer) || voted(s, peer, root)).length >= quorum(contributors.length));
}
