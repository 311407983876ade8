import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import { ask } from "./bulk.ts";
import { due, dueAgain } from "./due.ts";
import type { Effect, SwarmEvent } from "./events.ts";
import { LIMITS } from "./limits.ts";
import { decodeMessage, encodeMessage, isStands, NO_VIEW, signedBytes, type Message, type Stand, type Stands, type Word } from "./message.ts";
import { ascending, audience, groupsIn, hostsIn, newest, notePlaces } from "./peers.ts";
import { quorum } from "./record.ts";
import type { Heard, SwarmState } from "./state.ts";

/**
 * What several groups have to agree on is said in signed words: a device tells its own group, a few of which hand the
 * group's words on, together and each with its signature, to one device of every other group, and that one tells its
 * fellows. So nobody has to be believed but the signers, and nobody floods.
 */

/** Whether this device signed this; null where its key is not known yet. */
export type Verify = (peer: PeerId, message: Uint8Array, signature: Uint8Array) => boolean | null;

/**
 * What a message is to the core. Whoever performs its effects checks signatures for it: of stands it hears those that
 * are new, of devices whose keys are known here. An honest device hands on only what it has checked, so that one wrong
 * signature is enough.
 * @returns null where nothing is left to hear
 */
export function heard(s: Pick<SwarmState, "stands">, from: PeerId, bytes: Uint8Array, verify: Verify): HeardEvent | null {
  const message = isStands(bytes) ? readable(bytes) : null;
  if (message?.kind !== "stands") return { type: "message", from, bytes };
  const fresh = message.by.filter(({ peer, seq }) => (s.stands.get(peer)?.seq ?? -1) < seq);
  const checked = fresh.map(({ peer, seq, signature }) => verify(peer, signedBytes(message.word, seq), signature));
  if (checked.includes(false)) return { type: "forged", from };
  const by = fresh.filter((_, i) => checked[i] === true);
  if (by.length === 0) return null;
  return { type: "message", from, bytes: by.length === message.by.length ? bytes : encodeMessage({ ...message, by }) };
}

type HeardEvent = { type: "message"; from: PeerId; bytes: Uint8Array } | { type: "forged"; from: PeerId };

/** Null of what the core will refuse. */
function readable(bytes: Uint8Array): Message | null {
  try {
    return decodeMessage(bytes);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return null;
  }
}

/** This device's word is signed: its group hears it; all do where it is the last one under this name. */
export function keepSigned(s: SwarmState, out: Effect[], { seq, signature }: SwarmEvent & { type: "signed" }): void {
  if (seq !== s.stood.seq || groupsIn(s).count === 1) return;
  const last = s.word;
  s.word = { ...(s.stood.what as Word), seq, signature };
  const { self } = s.config;
  const news = !sameWord(last ?? undefined, s.word);
  for (const bytes of messagesOf([[self, s.word]])) out.push(s.parting ? { type: "broadcast", bytes } : { type: "tell", to: audience(s), bytes });
  if (news) note(s, [self]);
}

/** New words are kept, and those of other groups told to the own one. */
export function takeStands(s: SwarmState, out: Effect[], from: PeerId, { word, by }: Stands): void {
  const fresh = by.flatMap(({ peer, seq, signature }): [PeerId, Heard][] => {
    const before = s.stands.get(peer);
    if (peer === s.config.self || s.refused.includes(peer) || (before ? before.seq >= seq : s.stands.size >= 2 * LIMITS.devices)) return [];
    const counting = before !== undefined && s.now - before.since < LIMITS.statusEvery;
    // Whoever says more than an honest device does is not handed on.
    if (counting && before.times >= LIMITS.wordsAtMost) return [];
    return [[peer, { ...word, seq, signature, since: counting ? before.since : s.now, times: counting ? before.times + 1 : 1 }]];
  });
  if (fresh.length === 0) return;
  const before = s.stands;
  s.stands = new Map([...before, ...fresh]);
  notePlaces(s, fresh.map(([peer]) => peer));
  if (groupsIn(s).count === 1) return;
  const host = hostsIn(s);
  const own = host(s.config.self);
  // What is only said again is for those who hear it first hand.
  const news = fresh.filter(([peer, said]) => !sameWord(before.get(peer), said));
  note(s, news.map(([peer]) => peer).filter((peer) => host(peer) === own));
  if (host(from) === own) return;
  const to = s.reachable.filter((peer) => peer !== from && host(peer) === own);
  tell(out, to, news);
}

const sameList = (a: readonly string[], b: readonly string[]): boolean => a === b || (a.length === b.length && a.every((item, i) => item === b[i]));

function sameWord(a: Word | undefined, b: Word): boolean {
  return a !== undefined && (["root", "round", "weight", "target", "taking", "busy", "part", "signed"] as const).every((key) => a[key] === b[key]) && sameList(a.cut, b.cut) && sameList(a.votes, b.votes);
}

function note(s: SwarmState, peers: readonly PeerId[]): void {
  const { of, since, renewedAt } = s.unhanded;
  if (peers.length > 0) s.unhanded = { of: [...of, ...peers.filter((peer) => !of.includes(peer))], since: of.length > 0 ? since : s.now, renewedAt };
}

/** Who hands on first; in each round another. 0 for the first. */
function rankIn(s: SwarmState, group: readonly PeerId[]): number {
  const near = ascending([...group, s.config.self]);
  return (near.indexOf(s.config.self) + s.head.record.round) % near.length;
}

/**
 * What the group said since goes to one device of every other group, each carrier's to another one. The first carrier
 * sends as soon as a quorum has spoken, for the word of so many is enough; the rest goes with the next one, or a moment
 * later. The second is there for where it does not, and what is known already goes no further than to whom it sends it.
 * Whoever waits for what neither hands on asks for it. Now and then all goes on again, should something have been lost.
 */
export function handOn(s: SwarmState, out: Effect[]): void {
  const { of, since, renewedAt } = s.unhanded;
  const renews = dueAgain(s, renewedAt, LIMITS.standEvery);
  if (of.length === 0 && !renews) return;
  const host = hostsIn(s);
  const own = host(s.config.self);
  const group = s.reachable.filter((peer) => host(peer) === own);
  const rank = rankIn(s, group);
  const carries = rank < (renews ? 1 : LIMITS.carriers);
  const patience = of.length >= quorum(group.length + 1) ? 0 : LIMITS.handOnAfter;
  if (carries && !renews && !due(s, since + patience + rank * LIMITS.handOnStep)) return;
  s.unhanded = { of: [], since: s.now, renewedAt: renews ? s.now : renewedAt };
  if (carries) tell(out, receivers(s, host, rank), (renews ? [s.config.self, ...group] : of).flatMap((peer): [PeerId, Stand][] => entryOf(s, peer)));
}

const entryOf = (s: SwarmState, peer: PeerId): [PeerId, Stand][] => {
  const stand = peer === s.config.self ? s.word : s.stands.get(peer);
  return stand ? [[peer, stand]] : [];
};

/** One of each other group, if it can be of those who stand on the same head: they know whom to tell. */
function receivers(s: SwarmState, host: (peer: PeerId) => number, rank: number): PeerId[] {
  const own = host(s.config.self);
  const groups = new Map<number, PeerId[]>();
  for (const peer of s.reachable) if (host(peer) !== own) groups.set(host(peer), [...(groups.get(host(peer)) ?? []), peer]);
  return [...groups.values()].map((peers) => {
    const fellows = peers.filter((peer) => newest(s, peer)?.root === s.head.root);
    const choice = (fellows.length > 0 ? fellows : peers).sort();
    return choice[(rank + own + s.head.record.round) % choice.length]!;
  });
}

/** Who has just come into its sight hears where this device stands, and of two of the group all that they have heard. */
export function greet(s: SwarmState, out: Effect[]): void {
  if (s.newcomers.length === 0) return;
  const group = audience(s);
  const to = s.newcomers.filter((peer) => group.includes(peer));
  s.newcomers = [];
  if (to.length === 0) return;
  const { what, seq } = s.announced;
  if (what?.kind === "status") out.push({ type: "tell", to, bytes: encodeMessage({ ...what, seq }) });
  const known = rankIn(s, group) < LIMITS.carriers ? [...s.stands].filter(([peer]) => !to.includes(peer)) : [];
  tell(out, to, [...entryOf(s, s.config.self), ...known]);
}

/**
 * Of whoever waits for other groups: those who should have told it may have told only some. It asks one after another
 * of all who are there, so that nobody can keep it from hearing.
 */
export function askWords(s: SwarmState, out: Effect[]): void {
  const { phaseSince, wordsAt } = s.round;
  if (s.reachable.length === 0 || !dueAgain(s, Math.max(phaseSince, wordsAt), LIMITS.askWords)) return;
  s.round = { ...s.round, wordsAt: s.now };
  // Spread by its name and by how much it has said so far.
  ask(s, out, s.reachable[(parseInt(s.config.self.slice(0, 8), 16) + s.seq) % s.reachable.length]!, NO_VIEW, "words", 0);
}

export function answerWords(s: SwarmState, out: Effect[], from: PeerId): void {
  if (groupsIn(s).count > 1) tell(out, [from], [...entryOf(s, s.config.self), ...s.stands].filter(([peer]) => peer !== from));
}

function tell(out: Effect[], to: readonly PeerId[], said: readonly (readonly [PeerId, Stand])[]): void {
  if (to.length > 0) for (const bytes of messagesOf(said)) out.push({ type: "tell", to, bytes });
}

/** Those who say the same say it in one message. */
function messagesOf(said: readonly (readonly [PeerId, Stand])[]): Uint8Array<ArrayBuffer>[] {
  const words = new Map<string, (readonly [PeerId, Stand])[]>();
  for (const entry of [...said].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { root, round, weight, target, taking, busy, part, signed, cut, votes } = entry[1];
    const key = [root, round, weight, target, taking, busy, part, signed, ...cut, "", ...votes].join(" ");
    const same = words.get(key);
    if (same) same.push(entry);
    else words.set(key, [entry]);
  }
  return [...words.values()].flatMap((same) =>
    Array.from({ length: Math.ceil(same.length / LIMITS.signers) }, (_, i) => {
      const by = same.slice(i * LIMITS.signers, (i + 1) * LIMITS.signers).map(([peer, { seq, signature }]) => ({ peer, seq, signature }));
      return encodeMessage({ kind: "stands", word: same[0]![1], by });
    }),
  );
}
