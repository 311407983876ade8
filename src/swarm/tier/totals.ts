import { UpdateError } from "../../update/errors.ts";
import { pack } from "../../update/pack.ts";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { WireError } from "../../wire/codec.ts";
import type { PeerId } from "../../wire/ids.ts";
import { countIn } from "../attempt.ts";
import { ask, exchangeDeadline, post, refuse } from "../bulk.ts";
import { due, dueAgain } from "../due.ts";
import type { Effect } from "../events.ts";
import { LIMITS } from "../limits.ts";
import { lose } from "../membership.ts";
import type { Bulk, Want } from "../message.ts";
import { ascending, present, quickFirst } from "../peers.ts";
import type { Hash } from "../record.ts";
import type { SwarmState } from "../state.ts";
import { linearAt } from "../values.ts";
import { addBounded, factorsOf, squareOf } from "./bound.ts";
import { chunkRange, digestOf, keepersOf, packChunk, unpackChunk, type Part } from "./part.ts";
import type { NodePart } from "./node.ts";
import { GROUPS, NODES, type Stage } from "./stage.ts";
import { cutHash, type Tier, type Total } from "./tier.ts";

const DIGEST_BYTES = 32;

/** A sum over a tier's cut is within ±this. */
export const totalBound = <P>(s: SwarmState, stage: Stage<P>, { cut, parts }: Tier<P>): number => cut.reduce((bound, hash) => bound + stage.bound(s, parts.get(hash)!), 0);

/**
 * So many of those who have a say in a part keep each chunk, and a sum of it counts once that many said the same: in a
 * small group so many that one of them is honest. Where all of them lie, that group's root is another one than the
 * others', which commit without its votes.
 */
const witnesses = (voters: readonly PeerId[]): number => Math.min(LIMITS.witnesses, Math.floor(voters.length / 3) + 1);

/** Of those who are there, and have quick links. Devices may see that differently for a moment: what comes of it is asked for. */
const witnessesOf = (s: SwarmState, voters: readonly PeerId[], chunk: number): PeerId[] => quickFirst(s, keepersOf(voters, chunk).filter((peer) => present(s, peer))).slice(0, witnesses(voters));

const ownVoters = <P>(stage: Stage<P>, tier: Tier<P>): readonly PeerId[] => stage.voters(tier.parts.get(tier.own)!);

/** Of a chunk, readings and counters left out. */
const squareIn = (values: Int32Array, chunk: number, s: SwarmState): number => squareOf(values, linearAt(s) - chunkRange(countIn(s), chunk)[0]);

const keeps = <P>(s: SwarmState, stage: Stage<P>, tier: Tier<P>, chunk: number): boolean => witnessesOf(s, ownVoters(stage, tier), chunk).includes(s.config.self);

/** From the proposal of a cut on, for it is most often the one that is signed: the own chunks go out, and those of others that came too early find their place. */
export function exchangeChunks<P>(s: SwarmState, out: Effect[], stage: Stage<P>): void {
  placeEarly(s, out);
  offerChunks(s, out, stage);
}

/** Each chunk of the own sum goes to who keeps that chunk elsewhere, to every group or node from another one of those who have it. */
function offerChunks<P>(s: SwarmState, out: Effect[], stage: Stage<P>): void {
  const tier = stage.tier(s)!;
  if (tier.offered === tier.cut) return;
  const chunks = tier.chunks.map((known, chunk) => new Map(known).set(tier.own, tier.sum.subarray(...chunkRange(tier.sum.length, chunk))));
  stage.put(s, { ...tier, chunks, offered: tier.cut });
  const own = ownVoters(stage, tier);
  for (let chunk = 0; chunk < LIMITS.chunks; chunk++) {
    tier.cut.forEach((hash, at) => {
      if (hash === tier.own || witnessesOf(s, own, chunk + LIMITS.chunks * at)[0] !== s.config.self) return;
      for (const peer of witnessesOf(s, stage.voters(tier.parts.get(hash)!), chunk)) give(s, out, stage, peer, "chunk", tier.own, chunk);
    });
  }
}

/**
 * COMMIT among several groups, until the whole sum is there: chunks come from the other groups' keepers, sums of chunks
 * from the own group's. Every chunk can be had of everybody in its group, and every sum be made here: nobody's leaving
 * or lying stops it.
 * @param then goes on with the sum
 */
export function gather<P>(s: SwarmState, out: Effect[], stage: Stage<P>, then: (sum: Int32Array<ArrayBuffer>) => true): boolean {
  exchangeChunks(s, out, stage);
  for (let chunk = 0; chunk < LIMITS.chunks; chunk++) addUp(s, out, stage, chunk);
  const tier = stage.tier(s)!;
  const missing = tier.totals.flatMap((total, chunk) => (total === null ? [chunk] : []));
  if (missing.length === 0) return then(sumOf(s, tier));
  if (due(s, exchangeDeadline(s))) {
    const never = tier.cut.filter((hash) => hash !== tier.own && missing.some((chunk) => !tier.chunks[chunk]!.has(hash)));
    s.unserved = ascending([...s.unserved, ...never.flatMap((hash) => stage.voters(tier.parts.get(hash)!))]);
    return lose(s, out);
  }
  const { asked } = tier;
  if (!dueAgain(s, s.round.askedAt, asked < 2 ? LIMITS.askChunk / 2 : LIMITS.askChunk)) return false;
  s.round = { ...s.round, askedAt: s.now };
  stage.put(s, { ...tier, asked: asked + 1 });
  for (const chunk of missing) {
    // First those who keep a chunk ask for what it is made of, then the others ask them, and whoever did so in vain makes the sum itself.
    if (asked > 1 || keeps(s, stage, tier, chunk)) {
      for (const hash of tier.cut) if (!tier.chunks[chunk]!.has(hash)) askFor(s, out, stage, hash, chunk);
    } else if (asked === 1) for (const keeper of silent(s, stage, tier, chunk)) ask(s, out, keeper, cutHash(tier.cut), "total", chunk);
  }
  return false;
}

/** Of the witnesses of a chunk's sum those who have not said what it is, and one of those who have where none gave it. */
function silent<P>(s: SwarmState, stage: Stage<P>, tier: Tier<P>, chunk: number): PeerId[] {
  const said = tier.said[chunk]!;
  const keepers = witnessesOf(s, ownVoters(stage, tier), chunk);
  const giver = [...said.values()].some((total) => "values" in total) ? undefined : keepers.find((peer) => said.has(peer));
  return keepers.filter((peer) => peer === giver || !said.has(peer));
}

/** Once all of a tier's totals are known. */
export function sumOf(s: SwarmState, { totals }: Pick<Tier, "totals">): Int32Array<ArrayBuffer> {
  const sum = new Int32Array(countIn(s));
  totals.forEach((total, chunk) => sum.set(total!.values, chunkRange(sum.length, chunk)[0]));
  return sum;
}

/** Of one of those who have it, each time of another. */
function askFor<P>(s: SwarmState, out: Effect[], stage: Stage<P>, hash: Hash, chunk: number): void {
  const tier = stage.tier(s)!;
  const keepers = quickFirst(s, keepersOf(stage.voters(tier.parts.get(hash)!), chunk).filter((peer) => peer !== s.config.self && present(s, peer)));
  const keeper = keepers[tier.asked % keepers.length];
  if (keeper) ask(s, out, keeper, hash, "chunk", chunk);
}

function addUp<P>(s: SwarmState, out: Effect[], stage: Stage<P>, chunk: number): void {
  const tier = stage.tier(s)!;
  const known = tier.chunks[chunk]!;
  if (tier.totals[chunk] !== null || !tier.cut.every((hash) => known.has(hash))) return;
  const values = new Int32Array(known.get(tier.own)!.length);
  const parts = tier.cut.map((hash) => tier.parts.get(hash)!);
  const factors = factorsOf(parts.map((part) => ({ squares: stage.squares(part), devices: stage.devices(part) })));
  const [from] = chunkRange(tier.sum.length, chunk);
  tier.cut.forEach((hash, i) => addBounded(values, known.get(hash)!, factors[i]!, from, linearAt(s)));
  keepTotal(s, out, stage, chunk, { digest: digestOf(pack(values, totalBound(s, stage, tier))), values });
  const own = ownVoters(stage, tier);
  const keepers = witnessesOf(s, own, chunk);
  const rank = keepers.indexOf(s.config.self);
  // Each gives the sum to its share of them, so that none of them has to be quick.
  if (rank >= 0) own.forEach((peer, at) => peer !== s.config.self && give(s, out, stage, peer, at % keepers.length === rank ? "total" : "digest", cutHash(tier.cut), chunk));
}

/** A sum of a chunk that counts. Whoever said that it is another one is named. */
function keepTotal<P>(s: SwarmState, out: Effect[], stage: Stage<P>, chunk: number, total: Total): void {
  const tier = stage.tier(s)!;
  stage.put(s, { ...tier, totals: tier.totals.with(chunk, total) });
  for (const [peer, said] of tier.said[chunk]!) if (said.digest !== total.digest) accuse(s, out, peer);
}

const accuse = (s: SwarmState, out: Effect[], peer: PeerId): void => void out.push({ type: "accused", peer, what: "total", round: s.head.record.round + 1 });

function give<P>(s: SwarmState, out: Effect[], stage: Stage<P>, to: PeerId, what: Stage<P>["what"] | "chunk" | "total" | "digest", name: Hash, index: number): void {
  const tier = stage.tier(s)!;
  const part = tier.parts.get(name);
  if (what === stage.what && part) return post(s, out, to, name, what, 0, stage.encode(part));
  if (what === "chunk" && name === tier.own) return post(s, out, to, name, what, index, packChunk(tier.sum, index, stage.bound(s, part!)));
  const total = tier.totals[index];
  if (!total || name !== cutHash(tier.cut)) return;
  if (what === "total") post(s, out, to, name, what, index, pack(total.values, totalBound(s, stage, tier)));
  if (what === "digest") post(s, out, to, name, what, index, hexToBytes(total.digest));
}

/** What was asked for, or came, concerns the groups, or the nodes. @returns whether it is of either */
function atStage(s: SwarmState, what: Bulk["what"], name: Hash, act: <P>(stage: Stage<P>, tier: Tier<P>) => void): boolean {
  const ofSum = what === "total" || what === "digest";
  const isOf = <P>(stage: Stage<P>, tier: Tier<P>): boolean => what === stage.what || (what === "chunk" && tier.parts.has(name)) || (ofSum && tier.cut.length > 0 && name === cutHash(tier.cut));
  const { tier, upper } = s.round;
  if (tier && isOf<Part>(GROUPS, tier)) act<Part>(GROUPS, tier);
  else if (upper && isOf<NodePart>(NODES, upper)) act<NodePart>(NODES, upper);
  else return false;
  return true;
}

export function answerTier(s: SwarmState, out: Effect[], to: PeerId, { root, what, view, from }: Want): void {
  if (root === s.head.root && from < LIMITS.chunks) atStage(s, what as Bulk["what"], view, (stage) => give(s, out, stage, to, what as "chunk", view, from));
}

export function takeTier(s: SwarmState, out: Effect[], from: PeerId, message: Bulk): void {
  const { root, what, view, index } = message;
  if (root !== s.head.root || index >= LIMITS.chunks) return;
  try {
    const isKnown = atStage(s, what, view, (stage, tier) => {
      if (what === "chunk") takeChunk(s, stage, tier, message);
      else if (what === "total" || what === "digest") takeTotal(s, out, stage, tier, from, message);
      else takePart(s, stage, tier, message);
    });
    if (!isKnown) keepUnplaced(s, from, message);
  } catch (error) {
    if (!(error instanceof WireError || error instanceof UpdateError)) throw error;
    refuse(s, out, from, error);
  }
}

/** Chunks, and sums of them, whose part or cut may still be on its way to here: others are as far already. No more than one sum takes. */
function keepUnplaced(s: SwarmState, from: PeerId, message: Bulk): void {
  const { what, index, payload } = message;
  if (what !== "chunk" && what !== "total" && what !== "digest") return;
  const { unplaced } = s.round;
  const bytes = [...unplaced.values()].reduce((sum, early) => sum + early.message.payload.length, payload.length);
  if (unplaced.size >= LIMITS.unplaced || bytes > countIn(s) * Int32Array.BYTES_PER_ELEMENT) return;
  s.round = { ...s.round, unplaced: new Map(unplaced).set(`${from} ${what} ${index}`, { from, message: { ...message, payload: payload.slice() } }) };
}

/** What came too early, as far as its part or cut is known by now. */
function placeEarly(s: SwarmState, out: Effect[]): void {
  for (const [key, { from, message }] of s.round.unplaced) {
    if (!atStage(s, message.what, message.view, () => undefined)) continue;
    const unplaced = new Map(s.round.unplaced);
    unplaced.delete(key);
    s.round = { ...s.round, unplaced };
    takeTier(s, out, from, message);
  }
}

/** Only what somebody states to be its group's, or node's, so that what is kept stays small. @throws WireError */
function takePart<P>(s: SwarmState, stage: Stage<P>, tier: Tier<P>, { view, payload }: Bulk): void {
  const stated = new Set([...stage.heard(s)].flatMap((peer) => stage.said(s, peer)?.part ?? []));
  if (!stated.has(view) || tier.parts.has(view)) return;
  if (digestOf(payload) !== view) throw new WireError("malformed", "a part that is not the one of its hash");
  const part = stage.decode(payload);
  stage.check(s, part);
  stage.put(s, { ...tier, parts: new Map([...tier.parts].filter(([hash]) => hash === tier.own || tier.cut.includes(hash) || stated.has(hash))).set(view, part) });
}

/** @throws WireError, UpdateError */
function takeChunk<P>(s: SwarmState, stage: Stage<P>, tier: Tier<P>, { view, index, payload }: Bulk): void {
  const part = tier.parts.get(view);
  if (!part || tier.chunks[index]!.has(view)) return;
  // Its length first, so that nothing long is hashed.
  const values = unpackChunk(payload, countIn(s), index, stage.bound(s, part));
  if (digestOf(payload) !== stage.digests(part)[index] || squareIn(values, index, s) !== stage.squares(part)[index]) throw new WireError("malformed", "a chunk that its group did not certify");
  stage.put(s, { ...tier, chunks: tier.chunks.with(index, new Map(tier.chunks[index]).set(view, values)) });
}

/** The sum of a chunk, or its digest, as one of those who keep it has it. @throws UpdateError, WireError */
function takeTotal<P>(s: SwarmState, out: Effect[], stage: Stage<P>, tier: Tier<P>, from: PeerId, { what, index, payload }: Bulk): void {
  const own = ownVoters(stage, tier);
  if (!own.includes(from)) return;
  const values = what === "total" ? unpackChunk(payload, countIn(s), index, totalBound(s, stage, tier)) : null;
  if (values === null && payload.length !== DIGEST_BYTES) throw new WireError("malformed", `a digest of ${payload.length} bytes`);
  const digest = values ? digestOf(payload) : bytesToHex(payload);
  const before = tier.said[index]!.get(from);
  if (before?.digest === digest && (values === null || "values" in before)) return;
  const said = new Map(tier.said[index]).set(from, values ? { digest, values } : { digest });
  stage.put(s, { ...tier, said: tier.said.with(index, said) });
  const known = tier.totals[index];
  if (known) return digest === known.digest ? undefined : accuse(s, out, from);
  const alike = [...said.values()].filter((other) => other.digest === digest);
  const given = alike.find((other) => "values" in other);
  if (given && alike.length >= witnesses(own)) keepTotal(s, out, stage, index, given);
}
