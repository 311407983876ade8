import { UpdateError } from "../../update/errors.ts";
import { pack } from "../../update/pack.ts";
import { WireError } from "../../wire/codec.ts";
import type { PeerId } from "../../wire/ids.ts";
import { countIn } from "../attempt.ts";
import { ask, exchangeDeadline, post, refuse } from "../bulk.ts";
import { due, dueAgain } from "../due.ts";
import type { Effect } from "../events.ts";
import { LIMITS } from "../limits.ts";
import { enter, lose } from "../membership.ts";
import { encodeMessage, type Bulk, type Want } from "../message.ts";
import { ascending, groupsIn, present, quick, quickFirst, setOf, turnOf } from "../peers.ts";
import { listed, quorum, type Hash } from "../record.ts";
import type { NodeRow } from "../roll.ts";
import { settle } from "../settle.ts";
import type { Past, SwarmState } from "../state.ts";
import { endsEpoch } from "../epoch.ts";
import { combine } from "./agree.ts";
import { groupsFor, someOf } from "./groups.ts";
import { decodeOutcome, encodeOutcome, hashOfNodePart, hashOfOutcome, type NamedOutcome, type NodePart, type Outcome } from "./node.ts";
import { digestOf, keepersOf, unpackChunk } from "./part.ts";
import { aboveOf, enoughHere, GROUPS, NODES, speaks, votersHere } from "./stage.ts";
import { agreedIn, measure, newTier } from "./tier.ts";
import { gather, sumOf, totalBound } from "./totals.ts";

/**
 * Above a node: what its groups add up to is a part of the room's sum. Those who speak for it agree on the nodes' parts
 * with those who speak for the others, and add them up; what that comes to is the outcome, which the rest of the node
 * takes over once a quorum of its own speakers states it. So a device hears its own node, and a few of each other one.
 */

/** The own node's sum is there: alone it is the round's; among several nodes it is a part of it. */
export function openNode(s: SwarmState, out: Effect[], sum: Int32Array<ArrayBuffer>): true {
  const agreed = agreedIn(s);
  const { nodes, node } = groupsIn(s);
  if (nodes === 1) return settle(s, out, sum, agreed);
  const { contributors, members, issuer, expected } = agreed;
  const frozen = s.head.roll.rows[node]?.speakers ?? [];
  const stayed = frozen.filter((peer) => setOf(contributors).has(peer));
  // Where others have to make up for those who left, they are believed later (stage.ts).
  const voters = 2 * stayed.length > frozen.length ? stayed : ascending([...stayed, ...someOf(contributors.filter((peer) => !stayed.includes(peer)), s.config.speakers - stayed.length, s.head.root)]);
  const bound = totalBound(s, GROUPS, s.round.tier!);
  // Who was in this round speaks in the next: a newcomer may not be as far by then.
  const row: NodeRow = { contributors: listed(contributors), members: listed(members), groups: groupsFor(members.length, s.config.groupSize), speakers: someOf(members.filter((peer) => setOf(contributors).has(peer)), s.config.speakers, s.head.root) };
  const part: NodePart = { ...row, root: s.head.root, node, voters, expected: expected ?? 0, issuer, bound, ...measure(s, sum, bound) };
  s.round = { ...s.round, upper: newTier(s, sum, hashOfNodePart(part), part) };
  return enter(s, "commit");
}

/** COMMIT among several nodes, until the whole sum is there. */
export function ascend(s: SwarmState, out: Effect[]): boolean {
  const upper = s.round.upper!;
  if (s.round.outcome) return collect(s, out);
  if (fetchOutcome(s, out)) return true;
  // A node that lost too many founds its groups anew, and trains again: so long the others wait for it.
  if (!upper.signed && due(s, exchangeDeadline(s) + LIMITS.exchangeAtMost + LIMITS.reformAfter + upper.since - s.round.formedAt)) return lose(s, out);
  if (!speaks(s)) return false;
  return upper.signed ? gather(s, out, NODES, (sum) => conclude(s, out, sum)) : combine(s, out, NODES);
}

/** What the nodes' sum comes to, worked out here. */
function conclude(s: SwarmState, out: Effect[], sum: Int32Array<ArrayBuffer>): true {
  const outcome = outcomeOf(s);
  s.round = { ...s.round, outcome: { hash: hashOfOutcome(outcome), outcome } };
  giveOutcome(s, out);
  giveWanted(s, out);
  return finish(s, out, sum);
}

/** Each of those who speak for the node gives it to its share of the rest, who ask where it does not. */
function giveOutcome(s: SwarmState, out: Effect[]): void {
  const { hash, outcome } = s.round.outcome!;
  const voters = quick(s, votersHere(s).filter((peer) => present(s, peer)));
  const rest = agreedIn(s).contributors.filter((peer) => !votersHere(s).includes(peer));
  const bytes = encodeOutcome(outcome);
  rest.forEach((peer, at) => voters[at % voters.length] === s.config.self && post(s, out, peer, hash, "outcome", 0, bytes));
}

function finish(s: SwarmState, out: Effect[], sum: Int32Array<ArrayBuffer>): true {
  const { rows, expected, issuer } = s.round.outcome!.outcome;
  const { contributors, members } = agreedIn(s);
  enter(s, "commit");
  return settle(s, out, sum, { contributors, members, node: groupsIn(s).node, rows, expected, issuer });
}

function outcomeOf(s: SwarmState): Outcome {
  const upper = s.round.upper!;
  const { config: { epochRounds }, head: { record, roll } } = s;
  const parts = upper.cut.map((hash) => upper.parts.get(hash)!);
  const bound = totalBound(s, NODES, upper);
  const rows = Array.from({ length: record.nodes }, (_, node): NodeRow => {
    const part = parts.find((other) => other.node === node);
    return part ? { contributors: part.contributors, members: part.members, groups: part.groups, speakers: part.speakers } : leftOut(endsEpoch(record.round + 1, epochRounds) ? undefined : roll.rows[node]);
  });
  const devices = parts.reduce((sum, { contributors }) => sum + contributors.count, 0);
  const names = (issuer: Hash | null): number => parts.reduce((count, part) => count + (part.issuer === issuer ? part.contributors.count : 0), 0);
  const named = parts.find((part) => names(part.issuer) >= quorum(devices));
  const issuer = named ? named.issuer : endsEpoch(record.round, epochRounds) ? null : record.issuer;
  const digests = upper.totals.map((total) => total!.digest);
  return { rows, expected: parts.reduce((sum, part) => sum + part.expected, 0), issuer, bound, digests };
}

/** A node that is not in the cut is as it was: its devices come after the round. */
const leftOut = (before: NodeRow | undefined): NodeRow => ({ ...(before ?? { members: listed([]), groups: 1, speakers: [] }), contributors: listed([]) });

/** What enough of the own node's voters state. */
function stated(s: SwarmState): { hash: Hash; by: PeerId[] } | null {
  const voters = votersHere(s);
  const by = new Map<Hash, PeerId[]>();
  for (const peer of voters) {
    const hash = aboveOf(s, peer)?.outcome;
    if (hash) by.set(hash, [...(by.get(hash) ?? []), peer]);
  }
  const enough = enoughHere(s);
  for (const [hash, peers] of by) if (peers.length >= enough) return { hash, by: peers };
  return null;
}

/** @returns whether it is there */
function fetchOutcome(s: SwarmState, out: Effect[]): boolean {
  const known = stated(s);
  if (known === null) return false;
  const given = [...s.round.outcomes.values()].find(({ hash }) => hash === known.hash);
  if (given) return takeOutcome(s, given);
  if (!dueAgain(s, s.round.outcomeAskedAt, LIMITS.askChunk)) return false;
  s.round = { ...s.round, outcomeAskedAt: s.now };
  const by = quick(s, known.by.filter((peer) => present(s, peer)));
  if (by.length > 0) ask(s, out, turnOf(s, by, Math.floor(s.now / LIMITS.askChunk)), known.hash, "outcome", 0);
  return false;
}

/** The outcome is known: each chunk of the sum comes to one of a group from those who speak for the node, and the others have it of that one. */
function collect(s: SwarmState, out: Effect[]): boolean {
  const upper = s.round.upper!;
  const missing = upper.totals.flatMap((total, chunk) => (total === null ? [chunk] : []));
  if (missing.length === 0) return finish(s, out, sumOf(s, upper));
  if (due(s, exchangeDeadline(s))) return lose(s, out);
  const first = upper.asked === 0;
  if (!first && !dueAgain(s, s.round.askedAt, LIMITS.askChunk)) return false;
  s.round = { ...s.round, askedAt: s.now, upper: { ...upper, asked: upper.asked + 1 } };
  const { hash } = s.round.outcome!;
  // Who has gone on to the next round still gives what the last one came to.
  const gives = (peer: PeerId): boolean => aboveOf(s, peer)?.outcome === hash || (s.places.get(peer)?.round ?? 0) > s.head.record.round;
  const by = quick(s, votersHere(s).filter((peer) => peer !== s.config.self && present(s, peer) && gives(peer)));
  for (const chunk of missing) {
    const keeper = quickFirst(s, keepersOf(ownGroup(s), chunk))[0]!;
    // Whoever waited once in vain asks those who speak for the node.
    if (first && keeper !== s.config.self) ask(s, out, keeper, hash, "total", chunk);
    else if (by.length > 0) ask(s, out, turnOf(s, by, chunk + upper.asked), hash, "total", chunk);
  }
  return false;
}

const ownGroup = ({ round: { tier } }: SwarmState): readonly PeerId[] => tier!.parts.get(tier!.own)!.contributors;

/** To those of the group who asked before this device had it. */
function giveWanted(s: SwarmState, out: Effect[]): void {
  const { wanted, outcome, upper } = s.round;
  if (wanted.size === 0 || outcome === null) return;
  const left = new Map(wanted);
  upper!.totals.forEach((total, chunk) => {
    const key = `${outcome.hash} ${chunk}`;
    if (total) for (const peer of left.get(key) ?? []) post(s, out, peer, outcome.hash, "total", chunk, pack(total.values, outcome.outcome.bound));
    if (total) left.delete(key);
  });
  if (left.size < wanted.size) s.round = { ...s.round, wanted: left };
}

/** Of its own group alone, and no more than they have use for. */
function noteWanted(s: SwarmState, from: PeerId, view: Hash, chunk: number): void {
  const { tier, wanted } = s.round;
  if (tier === null || chunk >= LIMITS.chunks || !ownGroup(s).includes(from)) return;
  const key = `${view} ${chunk}`;
  if (wanted.size < 2 * LIMITS.chunks || wanted.has(key)) s.round = { ...s.round, wanted: new Map(wanted).set(key, ascending([...(wanted.get(key) ?? []), from])) };
}

/** What those need who are not as far, once the round is over here. */
export function pastOf(s: SwarmState): Past | null {
  const { upper, outcome } = s.round;
  return upper && outcome && { root: s.head.root, voters: votersHere(s), heard: [...NODES.heard(s)].filter((peer) => aboveOf(s, peer)), outcome, totals: upper.totals };
}

/** @returns whether it is of what concerns the outcome */
export function answerAbove(s: SwarmState, out: Effect[], to: PeerId, { root, what, view, from }: Want): boolean {
  if (what !== "outcome" && what !== "total") return false;
  const known = root === s.head.root ? pastOf(s) : s.past;
  if (known?.root !== root || known.outcome.hash !== view) {
    // It may be of an outcome that this device has not heard of yet.
    if (what === "total" && root === s.head.root && s.round.upper && s.round.outcome === null) noteWanted(s, to, view, from);
    return what === "outcome";
  }
  const { outcome } = known.outcome;
  const total = known.totals[from];
  const give = (payload: Uint8Array): void => void out.push({ type: "send", to, what, bytes: encodeMessage({ kind: "bulk", what, root, view, index: from, payload }) });
  if (what === "outcome") give(encodeOutcome(outcome));
  else if (total) give(pack(total.values, outcome.bound));
  else noteWanted(s, to, view, from);
  return true;
}

/** @returns whether it is of what concerns the outcome */
export function takeAbove(s: SwarmState, out: Effect[], from: PeerId, message: Bulk): boolean {
  const { root, what, view } = message;
  if (what !== "outcome" && (what !== "total" || view !== s.round.outcome?.hash)) return false;
  if (root !== s.head.root || s.round.upper === null || s.round.candidate !== null) return true;
  try {
    if (what === "outcome") keepOutcome(s, from, message);
    else takeWhole(s, out, message);
  } catch (error) {
    if (!(error instanceof WireError || error instanceof UpdateError)) throw error;
    refuse(s, out, from, error);
  }
  return true;
}

/** It may come before enough have stated it. @throws WireError */
function keepOutcome(s: SwarmState, from: PeerId, { view, payload }: Bulk): void {
  if (s.round.outcome !== null || !votersHere(s).includes(from)) return;
  if (digestOf(payload) !== view) throw new WireError("malformed", "an outcome that is not the one of its hash");
  s.round = { ...s.round, outcomes: new Map(s.round.outcomes).set(from, { hash: view, outcome: decodeOutcome(payload) }) };
}

/** Once enough of the own node have stated it. */
function takeOutcome(s: SwarmState, { hash, outcome }: NamedOutcome): boolean {
  const upper = s.round.upper!;
  const row = outcome.rows[groupsIn(s).node];
  // Its own node knows of itself.
  const own = upper.parts.get(upper.own)!;
  if (row?.contributors.root !== own.contributors.root || row.members.root !== own.members.root) return false;
  s.round = { ...s.round, outcome: { hash, outcome }, upper: { ...upper, totals: upper.totals.map(() => null), asked: 0 } };
  return enter(s, "commit");
}

/** A chunk of the sum. @throws WireError, UpdateError */
function takeWhole(s: SwarmState, out: Effect[], { index, payload }: Bulk): void {
  const upper = s.round.upper!;
  const { bound, digests } = s.round.outcome!.outcome;
  if (index >= LIMITS.chunks || upper.totals[index]) return;
  // Its length first, so that nothing long is hashed.
  const values = unpackChunk(payload, countIn(s), index, bound);
  if (digestOf(payload) !== digests[index]) throw new WireError("malformed", "a chunk that is not the outcome's");
  s.round = { ...s.round, upper: { ...upper, totals: upper.totals.with(index, { digest: digests[index]!, values }) } };
  giveWanted(s, out);
}
