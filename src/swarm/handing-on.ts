import type { PeerId } from "../wire/ids.ts";
import { ask } from "./bulk.ts";
import { due, dueAgain } from "./due.ts";
import type { Effect } from "./events.ts";
import { audience, hostsIn } from "./hosts.ts";
import { LIMITS } from "./limits.ts";
import { encodeMessage, inMessages, NO_VIEW, type Spoken, type Stand, type Word } from "./message.ts";
import { ascending, groupsIn, near, newest, present, quick, turnOf } from "./peers.ts";
import { quorum } from "./record.ts";
import { contactsIn, ringAbove, speakersHere, spokeHere } from "./speakers.ts";
import type { SwarmState } from "./state.ts";

/** To be handed on to other groups or nodes, or told to those of the own one. */
export function note(s: SwarmState, what: "unhanded" | "unhandedAbove" | "untold" | "untoldAbove", peers: readonly PeerId[]): void {
  const { of, since } = s[what];
  if (peers.length > 0) s[what] = { ...s[what], of: [...of, ...peers.filter((peer) => !of.includes(peer))], since: of.length > 0 ? since : s.now };
}

/** Who hands on first; in each turn another. 0 for the first; of those who are for it alone. */
function rankIn(s: SwarmState, group: readonly PeerId[], turn = s.head.record.round): number {
  const near = quick(s, ascending([...group, s.config.self]));
  const place = near.indexOf(s.config.self);
  return place < 0 ? Infinity : (place + turn) % near.length;
}

/**
 * What the group said since goes to one device of every other group, each carrier's to another one. The first carrier
 * sends as soon as a quorum has spoken, for the word of so many is enough; the rest goes with the next one, or a moment
 * later. The second is there for where it does not, and what is known already goes no further than to whom it sends it.
 * Whoever waits for what neither hands on asks for it. Now and then all goes on again, should something have been lost.
 */
export function handOn(s: SwarmState, out: Effect[]): void {
  const { round } = s.head.record;
  pass(s, out, "unhanded", () => ({ fellows: audience(s), turn: round, to: (rank) => receivers(s, hostsIn(s), rank) }));
  // Those who committed it and those who are about to are of one mind about whose turn it is.
  const turn = round + (s.round.upper ? 1 : 0);
  if (spokeHere(s)) pass(s, out, "unhandedAbove", () => ({ fellows: ringAbove(s).filter((peer) => peer !== s.config.self && present(s, peer)), turn, to: (rank) => receiversAbove(s, rank) }));
}

function pass(s: SwarmState, out: Effect[], what: "unhanded" | "unhandedAbove", among: () => { fellows: readonly PeerId[]; turn: number; to(rank: number): PeerId[] }): void {
  const { of, since, renewedAt } = s[what];
  const renews = dueAgain(s, renewedAt, LIMITS.standEvery);
  if (of.length === 0 && !renews) return;
  const { fellows, turn, to } = among();
  const rank = rankIn(s, fellows, turn);
  const carries = rank < (renews ? 1 : LIMITS.carriers);
  const patience = of.length >= quorum(fellows.length + 1) ? 0 : LIMITS.handOnAfter;
  if (carries && !renews && !due(s, since + patience + rank * LIMITS.handOnStep)) return;
  s[what] = { of: [], since: s.now, renewedAt: renews ? s.now : renewedAt };
  if (carries) tell(out, to(rank), (renews ? [s.config.self, ...fellows] : of).flatMap((peer): [PeerId, Stand][] => entryOf(s, peer)));
}

export const entryOf = (s: SwarmState, peer: PeerId): [PeerId, Stand][] => {
  const stand = peer === s.config.self ? s.word : s.stands.get(peer);
  return stand ? [[peer, stand]] : [];
};

/** What other groups say is told to the own one, what other nodes say to those who speak for the own one: all that has come within a moment together. */
export function tellOn(s: SwarmState, out: Effect[]): void {
  if (isToTell(s, "untold")) telling(s, out, "untold", audience(s));
  if (isToTell(s, "untoldAbove")) telling(s, out, "untoldAbove", speakersHere(s).filter((peer) => present(s, peer)));
}

const isToTell = (s: SwarmState, what: "untold" | "untoldAbove"): boolean => s[what].of.length > 0 && due(s, s[what].since + LIMITS.tellAfter);

function telling(s: SwarmState, out: Effect[], what: "untold" | "untoldAbove", to: readonly PeerId[]): void {
  const { of } = s[what];
  s[what] = { ...s[what], of: [] };
  tell(out, to, of.flatMap((peer) => entryOf(s, peer)));
}

/** One of each other group, if it can be of those who stand on the same head: they know whom to tell. */
function receivers(s: SwarmState, host: (peer: PeerId) => number, rank: number): PeerId[] {
  const own = host(s.config.self);
  const groups = new Map<number, PeerId[]>();
  for (const peer of near(s)) if (host(peer) !== own) groups.set(host(peer), [...(groups.get(host(peer)) ?? []), peer]);
  return [...groups.values()].map((peers) => {
    const fellows = peers.filter((peer) => newest(s, peer)?.root === s.head.root);
    const choice = [...quick(s, fellows.length > 0 ? fellows : peers)].sort();
    return choice[(rank + own + s.head.record.round) % choice.length]!;
  });
}

function otherNodes(s: SwarmState): number[] {
  const { nodes, node: own } = groupsIn(s);
  return Array.from({ length: nodes }, (_, node) => node).filter((node) => node !== own);
}

/** Of those who speak for each other node one, each time another; two where nobody knows whether they are there. */
function receiversAbove(s: SwarmState, rank: number): PeerId[] {
  return otherNodes(s).flatMap((node) => {
    const { peers: all, spoke } = contactsIn(s, node);
    const peers = quick(s, all);
    if (peers.length === 0) return [];
    return spoke ? [turnOf(s, peers, rank)] : ascending([turnOf(s, peers, 2 * rank), turnOf(s, peers, 2 * rank + 1)]);
  });
}

/**
 * Whom a speaker's word for the node reaches at once: its fellow speakers, and where the node waits for it, one device
 * of each group that has none.
 */
export function aside(s: SwarmState, news: boolean): PeerId[] {
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
 * Of whoever waits for other groups, or nodes: those who should have told it may have told only some. It asks one after
 * another of all who are there, so that nobody can keep it from hearing.
 */
export function askWords(s: SwarmState, out: Effect[], of: "part" | "node"): void {
  const { phaseSince, wordsAt } = s.round;
  if (!dueAgain(s, Math.max(phaseSince, wordsAt), LIMITS.askWords)) return;
  s.round = { ...s.round, wordsAt: s.now };
  const peers = of === "part" ? near(s) : otherNodes(s).flatMap((node) => contactsIn(s, node).peers);
  if (peers.length === 0) return;
  // Spread by its name and by how much it has said so far.
  ask(s, out, turnOf(s, peers, 0), NO_VIEW, "words", 0);
}

export function answerWords(s: SwarmState, out: Effect[], from: PeerId): void {
  const groups = groupsIn(s);
  if (groups.alone) return;
  const known = speakersHere(s).includes(from) ? [...s.stands] : groups.nodeOf(from) === groups.node ? heardHere(s) : heardHere(s).filter(([peer, { above }]) => above !== undefined || ringAbove(s).includes(peer));
  tell(out, [from], [...entryOf(s, s.config.self), ...known].filter(([peer]) => peer !== from));
}

/** What this device has heard of its own node. */
const heardHere = (s: SwarmState): [PeerId, Stand][] => [...s.stands].filter(([peer]) => groupsIn(s).nodeOf(peer) === groupsIn(s).node);

export function tell(out: Effect[], to: readonly PeerId[], said: readonly (readonly [PeerId, Stand])[]): void {
  if (to.length > 0) for (const bytes of messagesOf(said)) out.push({ type: "tell", to, bytes });
}

/** Those who say the same say it once. */
function messagesOf(said: readonly (readonly [PeerId, Stand])[]): Uint8Array<ArrayBuffer>[] {
  const words = new Map<string, { word: Word; by: Spoken["by"][number][] }>();
  for (const [peer, stand] of [...said].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { root, round, weight, target, taking, busy, slow, part, signed, cut, votes, above } = stand;
    const upper = above && [above.part, above.signed, above.outcome, above.cut, above.votes];
    const key = JSON.stringify([root, round, weight, target, taking, busy, slow, part, signed, cut, votes, upper]);
    const same = words.get(key) ?? { word: stand, by: [] };
    same.by.push({ peer, seq: stand.seq, signature: stand.signature });
    words.set(key, same);
  }
  return inMessages([...words.values()]);
}
