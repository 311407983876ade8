import type { PeerId } from "../../wire/ids.ts";
import { ask, exchangeDeadline } from "../bulk.ts";
import { due, dueAgain } from "../due.ts";
import type { Effect } from "../events.ts";
import { LIMITS } from "../limits.ts";
import { enter, lose } from "../membership.ts";
import { fellowStand, groupsIn, present, runningGroups, setOf } from "../peers.ts";
import { quorum, type Hash } from "../record.ts";
import { askWords } from "../stands.ts";
import type { SwarmState } from "../state.ts";
import type { Part } from "./part.ts";
import { contributorsIn, withCut } from "./tier.ts";
import { offerChunks } from "./totals.ts";

const sameCut = (a: readonly Hash[], b: readonly Hash[]): boolean => a.length === b.length && a.every((hash, i) => hash === b[i]);

/** Those who said it in one message share the list, so that most need no second look. */
function comparing(cut: readonly Hash[]): (other: readonly Hash[]) => boolean {
  const known = new Map<readonly Hash[], boolean>([[cut, true]]);
  return (other) => {
    const same = known.get(other) ?? sameCut(other, cut);
    known.set(other, same);
    return same;
  };
}

/** REDUCE among several groups, once the own one's sum is open. It ends when a cut is signed. */
export function combine(s: SwarmState, out: Effect[]): boolean {
  fetchParts(s, out);
  askWords(s, out);
  if (followCut(s, out)) return true;
  const tier = s.round.tier!;
  if (tier.cut.length === 0) return propose(s, out);
  if (shrinkCut(s)) return true;
  const voters = contributorsIn(tier);
  const isSame = comparing(tier.cut);
  // Who says otherwise follows those who have signed.
  const agree = voters.filter((peer) => peer === s.config.self || isSame(fellowStand(s, peer)?.cut ?? []));
  if (agree.length >= quorum(voters.length)) return sign(s, out);
  return due(s, tier.proposedAt + LIMITS.exchangeAtMost) && lose(s, out);
}

/** Parts that others state and this device has not seen yet, each of one that states it. */
function fetchParts(s: SwarmState, out: Effect[]): void {
  const tier = s.round.tier!;
  let askedFor: Map<Hash, number> | null = null;
  for (const peer of s.reachable) {
    const part = fellowStand(s, peer)?.part;
    if (!part || tier.parts.has(part) || askedFor?.has(part) || !dueAgain(s, tier.askedFor.get(part) ?? -Infinity, LIMITS.askAgain)) continue;
    askedFor = (askedFor ?? new Map<Hash, number>()).set(part, s.now);
    ask(s, out, peer, part, "part", 0);
  }
  if (askedFor) s.round = { ...s.round, tier: { ...tier, askedFor: new Map([...[...tier.askedFor].filter(([part]) => !tier.parts.has(part)), ...askedFor]) } };
}

/** The parts of all groups that are at this round, once they are certified; of most of them after a while. */
function propose(s: SwarmState, out: Effect[]): boolean {
  const tier = s.round.tier!;
  const served = ({ contributors }: Part): boolean => s.unserved.length === 0 || !contributors.some((peer) => s.unserved.includes(peer));
  const certified = [...tier.parts].filter(([hash, part]) => isCertified(s, hash, part) && isMost(s, part) && (hash === tier.own || served(part)));
  const groups = groupsIn(s);
  const running = new Set(Array.from({ length: groups.count }, (_, group) => group).filter((group) => mayCertify(s, group) && !s.unserved.some((peer) => groups.of(peer) === group)));
  running.add(groups.of(s.config.self));
  const ready = new Set(certified.map(([, { group }]) => group)).size;
  if (ready < running.size && !due(s, partsDeadline(s, ready >= quorum(running.size)))) return false;
  // Of two parts of one group the one with more of its members counts, so that a few who are not of it cannot void it.
  const single = certified.filter(([, part]) => certified.every(([, other]) => other === part || other.group !== part.group || weightOf(s, part) > weightOf(s, other)));
  if (!single.some(([hash]) => hash === tier.own)) return due(s, exchangeDeadline(s)) && lose(s, out);
  // Without most of the frozen list it is no round yet: the others may be at one without them. Newcomers say nothing of that.
  const many = 2 * single.reduce((weight, [, part]) => weight + weightOf(s, part), 0) > s.head.roll.members.length;
  if (!many && s.head.roll.members.length > 0 && !due(s, tier.since + LIMITS.reformAfter)) return false;
  const cut = single.sort(([, a], [, b]) => a.group - b.group).map(([hash]) => hash);
  s.round = { ...s.round, tier: { ...tier, cut, proposedAt: s.now } };
  return true;
}

/** Most of a group's frozen members are in its part; where none are frozen, whoever founded it. */
function isMost(s: SwarmState, part: Part): boolean {
  const members = groupsIn(s).members(part.group);
  return members === 0 || 2 * weightOf(s, part) > members;
}

/** Whether most of a group's frozen members may still come to a part: they are there, and have not said that they do nothing. */
function mayCertify(s: SwarmState, group: number): boolean {
  const members = s.head.roll.members.filter((peer) => groupsIn(s).of(peer) === group);
  if (members.length === 0) return runningGroups(s).has(group);
  return 2 * members.filter((peer) => present(s, peer) && fellowStand(s, peer)?.busy !== false).length > members.length;
}

const weightOf = (s: SwarmState, { contributors }: Part): number => contributors.filter((peer) => setOf(s.head.roll.members).has(peer)).length;

/** Groups train as long as their slowest do: the others wait by the length of the round so far. */
function partsDeadline(s: SwarmState, most: boolean): number {
  const { tier, formedAt } = s.round;
  const took = tier!.since - formedAt;
  return tier!.since + Math.max(most ? LIMITS.openAtLeast : LIMITS.exchangeAtMost, took);
}

/** A part that too few have in theirs, or may yet, for a quorum is left out; one device alone leaves nothing out. */
function shrinkCut(s: SwarmState): boolean {
  const tier = s.round.tier!;
  const voters = contributorsIn(tier);
  const stated = new Map<readonly Hash[], number>();
  let lost = 0;
  for (const peer of voters) {
    const cut = peer === s.config.self ? tier.cut : (fellowStand(s, peer)?.cut ?? []);
    if (cut.includes(tier.own)) stated.set(cut, (stated.get(cut) ?? 0) + 1);
    else if (!present(s, peer)) lost++;
  }
  const without = (hash: Hash): number => [...stated].reduce((count, [cut, times]) => (cut.includes(hash) ? count : count + times), lost);
  const cut = tier.cut.filter((hash) => without(hash) <= voters.length - quorum(voters.length));
  // With so many gone there is no quorum for anything.
  if (cut.length === tier.cut.length || !cut.includes(tier.own)) return false;
  s.round = { ...s.round, tier: { ...withCut(tier, cut), proposedAt: s.now } };
  return true;
}

/** What n − Q + 1 of a cut's contributors signed, an honest one did. */
function followCut(s: SwarmState, out: Effect[]): boolean {
  const tier = s.round.tier!;
  const signed = new Set(s.reachable.flatMap((peer): (readonly Hash[])[] => {
    const stand = fellowStand(s, peer);
    return stand?.signed ? [stand.cut] : [];
  }));
  for (const cut of signed) {
    if (!cut.includes(tier.own) || !cut.every((hash) => tier.parts.has(hash))) continue;
    const voters = contributorsIn({ ...tier, cut });
    const isSame = comparing(cut);
    const signers = voters.filter((peer) => {
      const stand = fellowStand(s, peer);
      return stand?.signed && isSame(stand.cut);
    }).length;
    if (signers <= voters.length - quorum(voters.length)) continue;
    if (!sameCut(cut, tier.cut)) s.round = { ...s.round, tier: withCut(tier, cut) };
    return sign(s, out);
  }
  return false;
}

/** Into COMMIT, bound to this cut. */
function sign(s: SwarmState, out: Effect[]): true {
  s.round = { ...s.round, tier: { ...s.round.tier!, signed: true } };
  enter(s, "commit");
  offerChunks(s, out);
  return true;
}

/** Whether a quorum of those whose updates are in it say that this is their group's part. */
function isCertified(s: SwarmState, hash: Hash, part: Part): boolean {
  const says = (peer: PeerId): boolean => (peer === s.config.self ? s.round.tier!.own : fellowStand(s, peer)?.part) === hash;
  return part.contributors.filter(says).length >= quorum(part.contributors.length);
}
