import type { PeerId } from "../../wire/ids.ts";
import { ask, exchangeDeadline } from "../bulk.ts";
import type { Effect } from "../events.ts";
import { LIMITS } from "../limits.ts";
import { enter, lose } from "../membership.ts";
import { fellowStand, present, runningGroups } from "../peers.ts";
import { quorum, type Hash } from "../record.ts";
import type { SwarmState } from "../state.ts";
import type { Part } from "./part.ts";
import { contributorsIn } from "./tier.ts";
import { offerChunks } from "./totals.ts";

const sameCut = (a: readonly Hash[], b: readonly Hash[]): boolean => a.length === b.length && a.every((hash, i) => hash === b[i]);

/** REDUCE among several groups, once the own one's sum is open. It ends when a cut is signed. */
export function combine(s: SwarmState, out: Effect[]): boolean {
  fetchParts(s, out);
  if (followCut(s, out)) return true;
  const tier = s.round.tier!;
  if (tier.cut.length === 0) return propose(s, out);
  if (shrinkCut(s)) return true;
  const voters = contributorsIn(tier);
  const agree = voters.filter((peer) => peer === s.config.self || sameCut(fellowStand(s, peer)?.cut ?? [], tier.cut));
  const awaited = voters.filter((peer) => !agree.includes(peer) && present(s, peer));
  const enough = agree.length >= quorum(voters.length);
  if (enough && (awaited.length === 0 || s.now - tier.proposedAt >= LIMITS.openAtLeast)) return sign(s, out);
  return s.now >= tier.proposedAt + LIMITS.exchangeAtMost && lose(s, out);
}

/** Parts that others state and this device has not seen yet, each of one that states it. */
function fetchParts(s: SwarmState, out: Effect[]): void {
  for (const peer of s.reachable) {
    const tier = s.round.tier!;
    const part = fellowStand(s, peer)?.part;
    if (!part || tier.parts.has(part) || s.now - (tier.askedFor.get(part) ?? -Infinity) < LIMITS.askAgain) continue;
    s.round = { ...s.round, tier: { ...tier, askedFor: new Map(tier.askedFor).set(part, s.now) } };
    ask(s, out, peer, part, "part", 0);
  }
}

/** The parts of all groups that are at this round, once they are certified; of most of them after a while. */
function propose(s: SwarmState, out: Effect[]): boolean {
  const tier = s.round.tier!;
  const certified = [...tier.parts].filter(([hash, part]) => isCertified(s, hash, part));
  const running = runningGroups(s);
  if (new Set(certified.map(([, { group }]) => group)).size < running.size && s.now < partsDeadline(s, certified.length >= quorum(running.size))) return false;
  // Two parts of one group: its members are not of one mind, and none of them counts.
  const single = certified.filter(([, { group }]) => certified.filter(([, other]) => other.group === group).length === 1);
  if (!single.some(([hash]) => hash === tier.own)) return s.now >= exchangeDeadline(s) && lose(s, out);
  const cut = single.sort(([, a], [, b]) => a.group - b.group).map(([hash]) => hash);
  s.round = { ...s.round, tier: { ...tier, cut, proposedAt: s.now } };
  return true;
}

/** Groups train as long as their slowest do: the others wait by the length of the round so far. */
function partsDeadline(s: SwarmState, most: boolean): number {
  const { tier, startedAt } = s.round;
  const took = tier!.since - startedAt;
  return tier!.since + (most ? Math.max(LIMITS.openAtLeast, took / 4) : Math.max(LIMITS.exchangeAtMost, took / 2));
}

/** A part that so many would leave out that one of them is honest will not get a quorum; one device alone leaves nothing out. */
function shrinkCut(s: SwarmState): boolean {
  const tier = s.round.tier!;
  const voters = contributorsIn(tier);
  const stated = voters.flatMap((peer): (readonly Hash[])[] => {
    const cut = fellowStand(s, peer)?.cut ?? [];
    return cut.includes(tier.own) ? [cut] : [];
  });
  const cut = tier.cut.filter((hash) => stated.filter((other) => !other.includes(hash)).length <= voters.length - quorum(voters.length));
  if (cut.length === tier.cut.length) return false;
  s.round = { ...s.round, tier: { ...tier, cut, proposedAt: s.now } };
  return true;
}

/** What n − Q + 1 of a cut's contributors signed, an honest one did: one cut gets a quorum or none does. */
function followCut(s: SwarmState, out: Effect[]): boolean {
  const tier = s.round.tier!;
  const signed = s.reachable.flatMap((peer): (readonly Hash[])[] => {
    const stand = fellowStand(s, peer);
    return stand?.signed && stand.cut.includes(tier.own) && stand.cut.every((hash) => tier.parts.has(hash)) ? [stand.cut] : [];
  });
  for (const cut of signed) {
    const voters = contributorsIn({ ...tier, cut });
    const signers = voters.filter((peer) => fellowStand(s, peer)?.signed && sameCut(fellowStand(s, peer)!.cut, cut)).length;
    if (signers <= voters.length - quorum(voters.length)) continue;
    s.round = { ...s.round, tier: { ...tier, cut } };
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
