import type { PeerId } from "../../wire/ids.ts";
import { ask, exchangeDeadline } from "../bulk.ts";
import { due, dueAgain } from "../due.ts";
import type { Effect } from "../events.ts";
import { LIMITS } from "../limits.ts";
import { enter, lose } from "../membership.ts";
import type { Cut } from "../message.ts";
import { present, quick, setOf, turnOf } from "../peers.ts";
import { oneHonest, quorum, type Hash } from "../record.ts";
import { askWords } from "../handing-on.ts";
import type { SwarmState } from "../state.ts";
import { areGone, type Stage } from "./stage.ts";
import { cutHash, keyOfCut, nameOfCut, partsOfCut, votersIn, withCut } from "./tier.ts";
import { exchangeChunks } from "./totals.ts";

/** REDUCE among several groups, once the own one's sum is open; the same among nodes, after it. It ends when a cut is signed. */
export function combine<P>(s: SwarmState, out: Effect[], stage: Stage<P>): boolean {
  fetchParts(s, out, stage);
  askWords(s, out, stage.what);
  if (followCut(s, out, stage)) return true;
  if (stage.tier(s)!.cut.length === 0) return joinCut(s, stage) || propose(s, out, stage);
  if (approach(s, stage)) return true;
  exchangeChunks(s, out, stage);
  const tier = stage.tier(s)!;
  const voters = votersIn(stage, tier);
  const own = cutHash(tier.cut);
  // Who says otherwise follows those who have signed.
  const agree = voters.filter((peer) => peer === s.config.self || stage.said(s, peer)?.cut?.hash === own);
  if (agree.length >= quorum(voters.length)) return sign(s, stage);
  return due(s, tier.proposedAt + LIMITS.exchangeAtMost) && lose(s, out);
}

/** Parts that others state and this device has not seen yet, each of one that states it, and of another each time. */
function fetchParts<P>(s: SwarmState, out: Effect[], stage: Stage<P>): void {
  const tier = stage.tier(s)!;
  let asked: Map<Hash, PeerId[]> | null = null;
  for (const peer of stage.heard(s)) {
    const part = stage.said(s, peer)?.part;
    if (!part || tier.parts.has(part) || !present(s, peer)) continue;
    const known = asked?.get(part);
    if (known) known.push(peer);
    else if (dueAgain(s, tier.askedFor.get(part) ?? -Infinity, LIMITS.askAgain)) asked = (asked ?? new Map<Hash, PeerId[]>()).set(part, [peer]);
  }
  if (asked === null) return;
  for (const [part, peers] of asked) ask(s, out, turnOf(s, quick(s, peers), Math.floor(s.now / LIMITS.askAgain)), part, stage.what, 0);
  stage.put(s, { ...tier, askedFor: new Map([...[...tier.askedFor].filter(([part]) => !tier.parts.has(part)), ...[...asked.keys()].map((part) => [part, s.now] as const)]) });
}

/** The parts of all groups that are at this round, once they are certified; of most of them after a while. */
function propose<P>(s: SwarmState, out: Effect[], stage: Stage<P>): boolean {
  const tier = stage.tier(s)!;
  const served = (part: P): boolean => s.unserved.length === 0 || !stage.voters(part).some((peer) => s.unserved.includes(peer));
  const gone = areGone(s, tier.since);
  const certified = [...tier.parts].filter(([hash, part]) => isCertified(s, stage, hash, part) && stage.counts(s, part, tier.since) && (hash === tier.own || served(part)));
  const running = new Set(stage.coming(s).filter((unit) => !s.unserved.some((peer) => stage.unitOf(s, peer) === unit)));
  running.add(stage.own(s));
  const ready = new Set(certified.map(([, part]) => stage.unitIn(part))).size;
  if (ready < running.size && !due(s, partsDeadline(s, tier, ready >= quorum(running.size)))) return false;
  // Of two parts of one group the one with more of its members counts, so that a few who are not of it cannot void it.
  const single = certified.filter(([, part]) => certified.every(([, other]) => other === part || stage.unitIn(other) !== stage.unitIn(part) || stage.weight(s, part) > stage.weight(s, other)));
  if (!single.some(([hash]) => hash === tier.own)) return due(s, exchangeDeadline(s)) && (gone || !isCertified(s, stage, tier.own, tier.parts.get(tier.own)!)) && lose(s, out);
  const cut = single.sort(([, a], [, b]) => stage.unitIn(a) - stage.unitIn(b)).map(([hash]) => hash);
  return (isRound(s, stage, cut) || (gone && stage.mayGoOn)) && proposes(s, stage, cut);
}

/**
 * Without the groups of most of the frozen list it is no round, for the others may be at one without them. A group that is here with most
 * of its own is at no other, whoever of it is gone; newcomers say nothing of that.
 */
function isRound<P>(s: SwarmState, stage: Stage<P>, cut: readonly Hash[]): boolean {
  const { parts } = stage.tier(s)!;
  return stage.due(s) === 0 || 2 * cut.reduce((weight, hash) => weight + stage.dueOf(s, stage.unitIn(parts.get(hash)!)), 0) > stage.due(s);
}

/** Groups train as long as their slowest do: the others wait by the length of the round so far. */
function partsDeadline(s: SwarmState, tier: { since: number }, most: boolean): number {
  const took = tier.since - s.round.formedAt;
  return tier.since + Math.max(most ? LIMITS.openAtLeast : LIMITS.exchangeAtMost, took);
}

/** A cut that some of those who have a say in it would add up, this device's own part in it. */
interface Stated {
  cut: readonly Hash[];
  /** How many of them. */
  times: number;
}

function statedBy<P>(s: SwarmState, stage: Stage<P>, peers: Iterable<PeerId>): Stated[] {
  const tier = stage.tier(s)!;
  const said = new Map<string, { name: Cut; by: PeerId[] }>();
  for (const peer of peers) {
    const name = cutOf(s, stage, peer);
    const same = name && said.get(keyOfCut(name));
    if (same) same.by.push(peer);
    else if (name) said.set(keyOfCut(name), { name, by: [peer] });
  }
  return [...said.values()].flatMap(({ name, by }): Stated[] => {
    const cut = partsOfCut(stage, tier, name);
    if (!cut?.includes(tier.own)) return [];
    const voters = setOf(votersIn(stage, { ...tier, cut }));
    return [{ cut, times: by.filter((peer) => voters.has(peer)).length }];
  });
}

const cutOf = <P>(s: SwarmState, stage: Stage<P>, peer: PeerId): Cut | null => (peer === s.config.self ? nameOfCut(stage, stage.tier(s)!) : stage.said(s, peer)?.cut) ?? null;

const areCertified = <P>(s: SwarmState, stage: Stage<P>, cut: readonly Hash[]): boolean => cut.every((hash) => isCertified(s, stage, hash, stage.tier(s)!.parts.get(hash)!));

/** Whoever is late waits no longer than the others: what so many would add up, an honest one has waited for. */
function joinCut<P>(s: SwarmState, stage: Stage<P>): boolean {
  const tier = stage.tier(s)!;
  const joined = statedBy(s, stage, stage.heard(s)).find(({ cut, times }) => times >= oneHonest(votersIn(stage, { ...tier, cut }).length) && (isRound(s, stage, cut) || (stage.mayGoOn && areGone(s, tier.since))) && areCertified(s, stage, cut));
  return joined !== undefined && proposes(s, stage, joined.cut);
}

function proposes<P>(s: SwarmState, stage: Stage<P>, cut: readonly Hash[]): true {
  stage.put(s, { ...stage.tier(s)!, cut, proposedAt: s.now, cutAt: s.now });
  return true;
}

/**
 * Towards one cut. A part that too few have in theirs, or may yet, for a quorum is left out; one device alone leaves
 * nothing out. Where that does not help, all go over to the cut that most would add up, after a moment in which what
 * others say gets around.
 */
function approach<P>(s: SwarmState, stage: Stage<P>): boolean {
  const tier = stage.tier(s)!;
  const voters = votersIn(stage, tier);
  const stated = statedBy(s, stage, voters);
  const lost = voters.filter((peer) => cutOf(s, stage, peer) === null && !present(s, peer)).length;
  const without = (hash: Hash): number => stated.reduce((count, { cut, times }) => (cut.includes(hash) ? count : count + times), lost);
  const cut = tier.cut.filter((hash) => without(hash) <= voters.length - quorum(voters.length));
  if (cut.length < tier.cut.length && cut.includes(tier.own) && (isRound(s, stage, cut) || !isRound(s, stage, tier.cut))) {
    stage.put(s, { ...withCut(tier, cut), proposedAt: s.now, cutAt: s.now });
    return true;
  }
  const [most] = statedBy(s, stage, [...stage.heard(s), s.config.self])
    .filter((other) => other.cut === tier.cut || (isRound(s, stage, other.cut) && areCertified(s, stage, other.cut)))
    .sort(byTimes);
  if (most === undefined || most.cut === tier.cut || !due(s, tier.cutAt + LIMITS.cutAtLeast)) return false;
  stage.put(s, { ...withCut(tier, most.cut), cutAt: s.now });
  return true;
}

/** In the same order on every device. */
const byTimes = (a: Stated, b: Stated): number => b.times - a.times || b.cut.length - a.cut.length || (cutHash(a.cut) < cutHash(b.cut) ? -1 : 1);

/** What n − Q + 1 of a cut's contributors signed, an honest one did. Where the own part is not in it, the sum is made without it, if most of the frozen list are: a few are soon that many. */
function followCut<P>(s: SwarmState, out: Effect[], stage: Stage<P>): boolean {
  const tier = stage.tier(s)!;
  const signed = new Map<string, Cut>();
  for (const peer of stage.heard(s)) {
    const said = stage.said(s, peer);
    if (said?.signed && said.cut) signed.set(keyOfCut(said.cut), said.cut);
  }
  for (const said of signed.values()) {
    const cut = partsOfCut(stage, tier, said);
    if (cut === null || !(cut.includes(tier.own) || isWithout(s, stage, cut))) continue;
    const voters = votersIn(stage, { ...tier, cut });
    const signers = voters.filter((peer) => {
      const other = stage.said(s, peer);
      return other?.signed && other.cut?.hash === said.hash;
    }).length;
    if (signers < oneHonest(voters.length)) continue;
    if (!cut.includes(tier.own)) return lose(s, out);
    if (cut !== tier.cut) stage.put(s, withCut(tier, cut));
    return sign(s, stage);
  }
  return false;
}

/** Whether a cut without the own part may be the round's. */
const isWithout = <P>(s: SwarmState, stage: Stage<P>, cut: readonly Hash[]): boolean => stage.due(s) > 0 && isRound(s, stage, cut) && areCertified(s, stage, cut);

/** Into COMMIT, bound to this cut. */
function sign<P>(s: SwarmState, stage: Stage<P>): true {
  stage.put(s, { ...stage.tier(s)!, signed: true });
  return enter(s, "commit");
}

/** Whether a quorum of those who have a say in it state that this is their part. */
function isCertified<P>(s: SwarmState, stage: Stage<P>, hash: Hash, part: P): boolean {
  const says = (peer: PeerId): boolean => (peer === s.config.self ? stage.tier(s)!.own : stage.said(s, peer)?.part) === hash;
  const voters = stage.voters(part);
  return voters.filter(says).length >= quorum(voters.length);
}
