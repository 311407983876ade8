import type { PeerId } from "../wire/ids.ts";
import { due } from "./due.ts";
import type { Effect } from "./events.ts";
import { LIMITS } from "./limits.ts";
import { later, present } from "./peers.ts";
import { oneHonest, quorum, rootOf, type Hash } from "./record.ts";
import type { Count } from "./message.ts";
import type { Candidate, Head, SwarmState } from "./state.ts";
import type { NodePart } from "./tier/node.ts";
import { aboveOf, isHeld, speaks } from "./tier/stage.ts";
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

type Said = Pick<SwarmState, "stands" | "peers"> & Pick<SwarmState["round"], "votes">;

const tallies = new WeakMap<Candidate, { from: Said; counts: readonly Count[] }>();

/** How many of those of this node who took part voted for the model, and for its refusal. */
function tally(s: SwarmState, candidate: Candidate): readonly Count[] {
  const { stands, peers, round: { votes } } = s;
  const before = tallies.get(candidate);
  if (before?.from.stands === stands && before.from.peers === peers && before.from.votes === votes) return before.counts;
  const counts = [candidate.head, candidate.refusal].map(({ root, roll }): Count => ({ root, count: roll.contributors.filter((peer) => voted(s, peer, root)).length }));
  tallies.set(candidate, { from: { stands, peers, votes }, counts });
  return counts;
}

/** How many voted for a root, so many of them of this node; of other nodes what those who speak for them say. */
function votesFor(s: SwarmState, { root, count: here }: Count): number {
  const { upper } = s.round;
  if (upper === null) return here;
  return upper.cut.reduce((sum, hash) => (hash === upper.own ? sum : sum + saidOf(s, upper.parts.get(hash)!, root)), here);
}

/**
 * The most that so many of a node's voters say at least that one of them is honest, for nobody knows here who of the
 * others is gone; all of it, where they stand on the root.
 */
function saidOf(s: SwarmState, { voters, contributors }: NodePart, root: Hash): number {
  const counts = voters.map((peer) => (s.places.get(peer)?.root === root ? contributors.count : (aboveOf(s, peer)?.votes.find((count) => count.root === root)?.count ?? 0)));
  return Math.min(contributors.count, counts.sort((a, b) => b - a)[oneHonest(voters.length) - 1] ?? 0);
}

/** What a speaker says of its node's votes: once a quorum of it voted, or a moment later; then again as more do. */
export function countVotes(s: SwarmState, candidate: Candidate): void {
  const { counted, upper } = s.round;
  if (upper === null || !speaks(s)) return;
  const { head: { roll: { contributors } }, since } = candidate;
  const votes = tally(s, candidate).filter(({ count }) => count > 0);
  const sum = (counts: readonly Count[]): number => counts.reduce((total, { count }) => total + count, 0);
  if (sum(votes) <= sum(counted.votes)) return;
  const enough = votes.some(({ count }) => count >= quorum(contributors.length)) || sum(votes) >= contributors.length;
  if (!enough && !due(s, since + LIMITS.countAtMost)) return;
  if (!due(s, counted.at + LIMITS.countEvery)) return;
  s.round = { ...s.round, counted: { votes, at: s.now } };
}

/** Whether those who voted for the refusal alone, or for nothing yet, can be a quorum. */
function mayBeRefused(s: SwarmState, { head, refusal, since }: Candidate): boolean {
  const { contributors } = head.roll;
  const open = contributors.filter((peer) => voted(s, peer, refusal.root) || (present(s, peer) && !voted(s, peer, head.root)));
  return !due(s, since + LIMITS.refuseAtMost) && open.length >= quorum(contributors.length);
}

function voted(s: SwarmState, peer: PeerId, root: Hash): boolean {
  if (peer === s.config.self) return s.round.votes.includes(root);
  const [status, stand] = [s.peers.get(peer), s.stands.get(peer)];
  const last = later(status, stand)?.root;
  // What it said of this round counts in its group as long as it stands on the same head.
  return last === root || (last === s.head.root && status?.root === last && status.votes.includes(root)) || (stand?.root === s.head.root && stand.votes.includes(root));
}

type Counted = Pick<SwarmState, "stands" | "peers" | "places"> & Pick<SwarmState["round"], "votes" | "upper">;

const counts = new WeakMap<Candidate, { from: Counted; elected: Head | undefined }>();

/** The outcome that a quorum of the contributors voted for; where it is both, the model. It is asked for at every step: what nothing has changed of is not counted again. */
export function elected(s: SwarmState, candidate: Candidate): Head | undefined {
  const { stands, peers, places, round: { votes, upper } } = s;
  const from: Counted = { stands, peers, places, votes, upper };
  const before = counts.get(candidate);
  if (before && (Object.keys(from) as (keyof Counted)[]).every((key) => before.from[key] === from[key])) return before.elected;
  const head = electedNow(s, candidate);
  counts.set(candidate, { from, elected: head });
  return head;
}

function electedNow(s: SwarmState, candidate: Candidate): Head | undefined {
  const counts = tally(s, candidate);
  return [candidate.head, candidate.refusal].find(({ root, record }, i) => votesFor(s, counts[i]!) >= quorum(record.contributors.count) || isHeld(s, root));
}

/** Whether one of the two may still get a quorum. */
export function isOpen(s: SwarmState, { head, refusal }: Candidate): boolean {
  const { contributors } = head.roll;
  // Of several nodes the others may make up for what is missing here.
  if (s.round.upper) return true;
  return [head, refusal].some(({ root }) => contributors.filter((peer) => present(s, peer) || voted(s, peer, root)).length >= quorum(contributors.length));
}
