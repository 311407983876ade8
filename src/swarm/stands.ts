import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import { ask } from "./bulk.ts";
import { due, dueAgain } from "./due.ts";
import type { Effect, SwarmEvent } from "./events.ts";
import { LIMITS } from "./limits.ts";
import { decodeMessage, encodeMessage, inMessages, isStands, NO_VIEW, signedBytes, type Above, type Message, type Spoken, type Stand, type Stands, type Word } from "./message.ts";
import { ascending, audience, fellowStand, groupsIn, hostsIn, near, newest, notePlaces, present, turnOf } from "./peers.ts";
import { quorum, type Hash } from "./record.ts";
import type { Heard, SwarmState } from "./state.ts";
import { someOf } from "./tier/groups.ts";
import { votersHere } from "./tier/stage.ts";

/**
 * What several groups have to agree on is said in signed words: a device tells its own group, a few of which hand the
 * group's words on, together and each with its signature, to one device of every other group, and that one tells its
 * fellows. So nobody has to be believed but the signers, and nobody floods. Among nodes it is the same one stage up: those
 * who speak for a node tell each other, and hand the node's words on to one who speaks for each other node.
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
  const good = new Set<Spoken["by"][number]>();
  for (const { word, by } of message.said) {
    for (const signer of by) {
      if ((s.stands.get(signer.peer)?.seq ?? -1) >= signer.seq) continue;
      const checked = verify(signer.peer, signedBytes(word, signer.seq), signer.signature);
      if (checked === false) return { type: "forged", from };
      if (checked) good.add(signer);
    }
  }
  const said = message.said.map(({ word, by }): Spoken => ({ word, by: by.filter((signer) => good.has(signer)) })).filter(({ by }) => by.length > 0);
  if (said.length === 0) return null;
  return { type: "message", from, bytes: message.said.every(({ by }) => by.every((signer) => good.has(signer))) ? bytes : encodeMessage({ kind: "stands", said }) };
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
  if (seq !== s.stood.seq || groupsIn(s).alone) return;
  const last = s.word;
  s.word = { ...(s.stood.what as Word), seq, signature };
  const { self } = s.config;
  const news = !sameWord(last ?? undefined, s.word);
  const above = spokeHere(s) && !sameAbove(last?.above, s.word.above);
  // What those who speak for a node tell each other on the way to an outcome is of no use to the rest of it.
  const to = ascending([...(above && !news ? [] : audience(s)), ...(above ? aside(s, news) : [])]);
  const bytes = encodeMessage({ kind: "stands", said: [{ word: s.word, by: [{ peer: self, seq, signature }] }] });
  if (s.parting) return part(s, out, bytes);
  if (to.length > 0) out.push({ type: "tell", to, bytes });
  if (news) note(s, "unhanded", [self]);
  if (above) note(s, "unhandedAbove", [self]);
}

/** The last word under a name goes to all who are still there, and where it is a speaker's to those who speak for the other nodes. */
function part(s: SwarmState, out: Effect[], bytes: Uint8Array<ArrayBuffer>): void {
  out.push({ type: "broadcast", bytes });
  const voters = s.past?.voters ?? [];
  const to = voters.includes(s.config.self) ? (s.previous?.roll.rows ?? []).flatMap(({ speakers }) => speakers).filter((peer) => !voters.includes(peer)) : [];
  if (to.length > 0) out.push({ type: "tell", to, bytes });
}

/** New words are kept, and those of other groups told to the own one. */
export function takeStands(s: SwarmState, from: PeerId, { said }: Stands): void {
  const before = s.stands;
  const news = new Map<PeerId, Heard>();
  for (const { word, by } of said) {
    for (const { peer, seq, signature } of by) {
      const last = news.get(peer) ?? before.get(peer);
      if (peer === s.config.self || s.refused.includes(peer) || (last ? last.seq >= seq : before.size + news.size >= 2 * LIMITS.devices + 2 * LIMITS.nodes * LIMITS.speakers)) continue;
      const counting = last !== undefined && s.now - last.since < LIMITS.statusEvery;
      // Whoever says more than an honest device does is not handed on.
      if (counting && last.times >= LIMITS.wordsAtMost) continue;
      news.set(peer, { ...word, seq, signature, since: counting ? last.since : s.now, times: counting ? last.times + 1 : 1 });
    }
  }
  const fresh = [...news];
  if (fresh.length === 0) return;
  s.stands = new Map([...before, ...fresh]);
  notePlaces(s, fresh.map(([peer]) => peer));
  const groups = groupsIn(s);
  if (groups.alone) return;
  const host = hostsIn(s);
  const own = host(s.config.self);
  // What is only said again is for those who hear it first hand.
  const changed = fresh.filter(([peer, word]) => !sameWord(before.get(peer), word));
  const here = changed.filter(([peer]) => groups.nodeOf(peer) === groups.node);
  note(s, "unhanded", here.map(([peer]) => peer).filter((peer) => host(peer) === own));
  if (host(from) !== own && !others(s, from, here)) note(s, "untold", here.map(([peer]) => peer));
  if (groups.nodes === 1) return;
  const above = fresh.filter(([peer, word]) => !sameAbove(before.get(peer)?.above, word.above) || !sameWord(before.get(peer), word));
  const ring = ringAbove(s);
  if (spokeHere(s)) note(s, "unhandedAbove", above.map(([peer]) => peer).filter((peer) => ring.includes(peer)));
  if (groups.nodeOf(from) !== groups.node) note(s, "untoldAbove", above.map(([peer]) => peer).filter((peer) => groups.nodeOf(peer) !== groups.node));
}

/** Of those of a group who speak for the node, and hear it at once, one tells the others what another speaker says. */
function others(s: SwarmState, from: PeerId, said: readonly (readonly [PeerId, Stand])[]): boolean {
  const ring = ringAbove(s);
  if (!ring.includes(s.config.self) || said.length !== 1 || said[0]![0] !== from || !ring.includes(from)) return false;
  const group = groupsIn(s).of(s.config.self);
  return ring.find((peer) => groupsIn(s).of(peer) === group && present(s, peer)) !== s.config.self;
}

const guessed = new WeakMap<readonly PeerId[], { root: Hash; of: Map<number, readonly PeerId[]> }>();

/** Those who speak for a node in this round, as far as this device can tell: where none were frozen, as many as it knows of, drawn by the head's root. */
function speakersOf(s: SwarmState, node: number): readonly PeerId[] {
  const frozen = s.head.roll.rows[node]?.speakers ?? [];
  if (frozen.length > 0) return frozen;
  const before = guessed.get(s.reachable);
  const { of } = before?.root === s.head.root ? before : { of: new Map<number, readonly PeerId[]>() };
  guessed.set(s.reachable, { root: s.head.root, of });
  const { nodeOf } = groupsIn(s);
  const speakers = of.get(node) ?? someOf(s.reachable.filter((peer) => nodeOf(peer) === node).sort(), s.config.speakers, s.head.root);
  of.set(node, speakers);
  return speakers;
}

/** Whose words for the node are handed on to the others: those who speak in this round, or spoke in the last one, for it ends there first or here. */
const ringAbove = (s: SwarmState): readonly PeerId[] => (s.round.upper ? votersHere(s) : (s.past?.voters ?? []));

const spokeHere = (s: SwarmState): boolean => ringAbove(s).includes(s.config.self);

/** The same of the own node, this device not included. */
function speakersHere(s: SwarmState): readonly PeerId[] {
  const known = votersHere(s);
  return (known.length > 0 ? known : speakersOf(s, groupsIn(s).node)).filter((peer) => peer !== s.config.self);
}

const sameList = (a: readonly string[], b: readonly string[]): boolean => a === b || (a.length === b.length && a.every((item, i) => item === b[i]));

/** For those of its node: of what is said to other nodes the outcome concerns it. */
function sameWord(a: Word | undefined, b: Word): boolean {
  return a !== undefined && (["root", "round", "weight", "target", "taking", "busy", "part", "signed"] as const).every((key) => a[key] === b[key]) && a.cut?.hash === b.cut?.hash && sameList(a.votes, b.votes) && (a.above?.outcome ?? null) === (b.above?.outcome ?? null);
}

function sameAbove(a: Above | undefined, b: Above | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return a.part === b.part && a.signed === b.signed && a.outcome === b.outcome && a.cut?.hash === b.cut?.hash && a.votes.length === b.votes.length && a.votes.every(({ root, count }, i) => root === b.votes[i]!.root && count === b.votes[i]!.count);
}

function note(s: SwarmState, what: "unhanded" | "unhandedAbove" | "untold" | "untoldAbove", peers: readonly PeerId[]): void {
  const { of, since } = s[what];
  if (peers.length > 0) s[what] = { ...s[what], of: [...of, ...peers.filter((peer) => !of.includes(peer))], since: of.length > 0 ? since : s.now };
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
  pass(s, out, "unhanded", () => {
    const host = hostsIn(s);
    const own = host(s.config.self);
    return { fellows: near(s).filter((peer) => host(peer) === own), to: (rank) => receivers(s, host, rank) };
  });
  if (spokeHere(s)) pass(s, out, "unhandedAbove", () => ({ fellows: ringAbove(s).filter((peer) => peer !== s.config.self && present(s, peer)), to: (rank) => receiversAbove(s, rank) }));
}

function pass(s: SwarmState, out: Effect[], what: "unhanded" | "unhandedAbove", among: () => { fellows: readonly PeerId[]; to(rank: number): PeerId[] }): void {
  const { of, since, renewedAt } = s[what];
  const renews = dueAgain(s, renewedAt, LIMITS.standEvery);
  if (of.length === 0 && !renews) return;
  const { fellows, to } = among();
  const rank = rankIn(s, fellows);
  const carries = rank < (renews ? 1 : LIMITS.carriers);
  const patience = of.length >= quorum(fellows.length + 1) ? 0 : LIMITS.handOnAfter;
  if (carries && !renews && !due(s, since + patience + rank * LIMITS.handOnStep)) return;
  s[what] = { of: [], since: s.now, renewedAt: renews ? s.now : renewedAt };
  if (carries) tell(out, to(rank), (renews ? [s.config.self, ...fellows] : of).flatMap((peer): [PeerId, Stand][] => entryOf(s, peer)));
}

const entryOf = (s: SwarmState, peer: PeerId): [PeerId, Stand][] => {
  const stand = peer === s.config.self ? s.word : s.stands.get(peer);
  return stand ? [[peer, stand]] : [];
};

/** What other groups say is told to the own one, what other nodes say to those who speak for the own one: all that has come within a moment together. */
export function tellOn(s: SwarmState, out: Effect[]): void {
  const host = hostsIn(s);
  const telling = (what: "untold" | "untoldAbove", to: () => readonly PeerId[]): void => {
    const { of, since } = s[what];
    if (of.length === 0 || !due(s, since + LIMITS.tellAfter)) return;
    s[what] = { ...s[what], of: [] };
    tell(out, to(), of.flatMap((peer) => entryOf(s, peer)));
  };
  telling("untold", () => near(s).filter((peer) => host(peer) === host(s.config.self)));
  telling("untoldAbove", () => speakersHere(s).filter((peer) => present(s, peer)));
}

/** One of each other group, if it can be of those who stand on the same head: they know whom to tell. */
function receivers(s: SwarmState, host: (peer: PeerId) => number, rank: number): PeerId[] {
  const own = host(s.config.self);
  const groups = new Map<number, PeerId[]>();
  for (const peer of near(s)) if (host(peer) !== own) groups.set(host(peer), [...(groups.get(host(peer)) ?? []), peer]);
  return [...groups.values()].map((peers) => {
    const fellows = peers.filter((peer) => newest(s, peer)?.root === s.head.root);
    const choice = (fellows.length > 0 ? fellows : peers).sort();
    return choice[(rank + own + s.head.record.round) % choice.length]!;
  });
}

/** One who speaks for each other node. */
function receiversAbove(s: SwarmState, rank: number): PeerId[] {
  const { nodes, node: own } = groupsIn(s);
  return Array.from({ length: nodes }, (_, node) => node).flatMap((node) => {
    const all = node === own ? [] : speakersOf(s, node).filter((peer) => present(s, peer));
    // Of these nobody says who is gone: who spoke in this round was there a moment ago.
    const heardOf = all.filter((peer) => fellowStand(s, peer)?.above);
    const choice = heardOf.length > 0 ? heardOf : all;
    return choice.length > 0 ? [choice[(rank + own + s.head.record.round) % choice.length]!] : [];
  });
}

/**
 * Whom a speaker's word for the node reaches at once: its fellow speakers, and where the node waits for it, one device
 * of each group that has none.
 */
function aside(s: SwarmState, news: boolean): PeerId[] {
  const ring = ringAbove(s).filter((peer) => peer !== s.config.self && present(s, peer));
  if (!news) return ring;
  const host = hostsIn(s);
  const told = new Set(ring.map(host));
  return [...ring, ...receivers(s, host, ringAbove(s).indexOf(s.config.self)).filter((peer) => !told.has(host(peer)))];
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
  const known = rankIn(s, group) < LIMITS.carriers ? heardHere(s).filter(([peer]) => !to.includes(peer)) : [];
  tell(out, to, [...entryOf(s, s.config.self), ...known]);
}

/**
 * Of whoever waits for other groups: those who should have told it may have told only some. It asks one after another
 * of all who are there, so that nobody can keep it from hearing.
 */
export function askWords(s: SwarmState, out: Effect[], peers: readonly PeerId[]): void {
  const { phaseSince, wordsAt } = s.round;
  if (peers.length === 0 || !dueAgain(s, Math.max(phaseSince, wordsAt), LIMITS.askWords)) return;
  s.round = { ...s.round, wordsAt: s.now };
  // Spread by its name and by how much it has said so far.
  ask(s, out, turnOf(s, peers, 0), NO_VIEW, "words", 0);
}

export function answerWords(s: SwarmState, out: Effect[], from: PeerId): void {
  const groups = groupsIn(s);
  if (groups.alone) return;
  const known = speakersHere(s).includes(from) ? [...s.stands] : groups.nodeOf(from) === groups.node ? heardHere(s) : heardHere(s).filter(([, { above }]) => above !== undefined);
  tell(out, [from], [...entryOf(s, s.config.self), ...known].filter(([peer]) => peer !== from));
}

/** What this device has heard of its own node. */
const heardHere = (s: SwarmState): [PeerId, Stand][] => [...s.stands].filter(([peer]) => groupsIn(s).nodeOf(peer) === groupsIn(s).node);

function tell(out: Effect[], to: readonly PeerId[], said: readonly (readonly [PeerId, Stand])[]): void {
  if (to.length > 0) for (const bytes of messagesOf(said)) out.push({ type: "tell", to, bytes });
}

/** Those who say the same say it once. */
function messagesOf(said: readonly (readonly [PeerId, Stand])[]): Uint8Array<ArrayBuffer>[] {
  const words = new Map<string, { word: Word; by: Spoken["by"][number][] }>();
  for (const [peer, stand] of [...said].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { root, round, weight, target, taking, busy, part, signed, cut, votes, above } = stand;
    const upper = above && [above.part, above.signed, above.outcome, above.cut, above.votes];
    const key = JSON.stringify([root, round, weight, target, taking, busy, part, signed, cut, votes, upper]);
    const same = words.get(key) ?? { word: stand, by: [] };
    same.by.push({ peer, seq: stand.seq, signature: stand.signature });
    words.set(key, same);
  }
  return inMessages([...words.values()]);
}
