import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import type { Effect, SwarmEvent } from "./events.ts";
import { aside, note } from "./handing-on.ts";
import { audience, hostsIn } from "./hosts.ts";
import { LIMITS } from "./limits.ts";
import { decodeMessage, encodeHeard, encodeMessage, isStands, sameList, signedBytes, type Above, type Message, type Spoken, type Stand, type Stands, type Word } from "./message.ts";
import { ascending, groupsIn, notePlaces, present, quick, rests } from "./peers.ts";
import { ringAbove, spokeHere } from "./speakers.ts";
import type { Heard, SwarmState } from "./state.ts";
import { restate } from "./tier/stating.ts";
import { withEntries } from "./versions.ts";

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
  return { type: "message", from, bytes: message.said.every(({ by }) => by.every((signer) => good.has(signer))) ? bytes : encodeHeard(said) };
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
      news.set(peer, heardAs(word, seq, signature, counting ? last.since : s.now, counting ? last.times + 1 : 1));
    }
  }
  if (news.size === 0) return;
  const fresh = [...news].map(([peer, word]) => ({ peer, word, last: before.get(peer) }));
  s.stands = withEntries(before, news);
  restate(s, before, fresh);
  notePlaces(s, [...news.keys()]);
  const groups = groupsIn(s);
  if (groups.alone || rests(s)) return;
  const host = hostsIn(s);
  const own = host(s.config.self);
  // What is only said again is for those who hear it first hand.
  const changed = fresh.filter(({ word, last }) => !sameWord(last, word)).map(({ peer }) => peer);
  const here = changed.filter((peer) => groups.nodeOf(peer) === groups.node);
  note(s, "unhanded", here.filter((peer) => host(peer) === own));
  if (host(from) !== own && !others(s, from, here)) note(s, "untold", here);
  if (groups.nodes === 1) return;
  const above = fresh.filter(({ peer, word, last }) => !sameAbove(last?.above, word.above) || changed.includes(peer)).map(({ peer }) => peer);
  const ring = ringAbove(s);
  if (spokeHere(s)) note(s, "unhandedAbove", above.filter((peer) => ring.includes(peer)));
  if (groups.nodeOf(from) !== groups.node) note(s, "untoldAbove", above.filter((peer) => groups.nodeOf(peer) !== groups.node));
}

/** All by name, for so much is heard that spreading would take most of the time. */
const heardAs = ({ kind, root, round, weight, target, taking, votes, busy, slow, part, cut, signed, above }: Word, seq: number, signature: Stand["signature"], since: number, times: number): Heard => ({ kind, root, round, weight, target, taking, votes, busy, slow, part, cut, signed, above, seq, signature, since, times });

/** Of those of a group who speak for the node, and hear it at once, one tells the others what another speaker says. */
function others(s: SwarmState, from: PeerId, said: readonly PeerId[]): boolean {
  const ring = ringAbove(s);
  if (!ring.includes(s.config.self) || said.length !== 1 || said[0] !== from || !ring.includes(from)) return false;
  const group = groupsIn(s).of(s.config.self);
  return quick(s, ring.filter((peer) => groupsIn(s).of(peer) === group && present(s, peer)))[0] !== s.config.self;
}

/** For those of its node: of what is said to other nodes the outcome concerns it. */
function sameWord(a: Word | undefined, b: Word): boolean {
  return a !== undefined && (["root", "round", "weight", "target", "taking", "busy", "slow", "part", "signed"] as const).every((key) => a[key] === b[key]) && a.cut?.hash === b.cut?.hash && sameList(a.votes, b.votes) && (a.above?.outcome ?? null) === (b.above?.outcome ?? null);
}

function sameAbove(a: Above | undefined, b: Above | undefined): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return a.part === b.part && a.signed === b.signed && a.outcome === b.outcome && a.cut?.hash === b.cut?.hash && a.votes.length === b.votes.length && a.votes.every(({ root, count }, i) => root === b.votes[i]!.root && count === b.votes[i]!.count);
}
