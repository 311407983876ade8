import { UpdateError } from "../../update/errors.ts";
import { pack } from "../../update/pack.ts";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { WireError } from "../../wire/codec.ts";
import type { PeerId } from "../../wire/ids.ts";
import { countIn } from "../attempt.ts";
import { ask, exchangeDeadline, post, refuse } from "../bulk.ts";
import type { Effect } from "../events.ts";
import { LIMITS } from "../limits.ts";
import { lose } from "../membership.ts";
import type { Bulk, Want } from "../message.ts";
import { fellowStand, groupsIn, others, present } from "../peers.ts";
import { quorum, type Hash } from "../record.ts";
import { settle } from "../settle.ts";
import type { SwarmState } from "../state.ts";
import { addBounded, factorsOf } from "./bound.ts";
import { boundOf, chunkRange, decodePart, digestOf, encodePart, keepersOf, packChunk, unpackChunk, type Part } from "./part.ts";
import { agreedIn, contributorsIn, type Tier } from "./tier.ts";

type What = "part" | "chunk" | "total";
export const isTierKind = (what: string): what is What => what === "part" || what === "chunk" || what === "total";

const cutHash = (cut: readonly Hash[]): Hash => bytesToHex(cut.reduce((digest, hash) => digest.update(hexToBytes(hash)), sha256.create()).digest());

const partBound = (s: SwarmState, part: Part): number => boundOf(s.config, part.contributors.length);

const totalBound = (s: SwarmState, { cut, parts }: Tier): number => cut.reduce((bound, hash) => bound + partBound(s, parts.get(hash)!), 0);

const keeps = (s: SwarmState, tier: Tier, chunk: number): boolean => keepersOf(tier.parts.get(tier.own)!, chunk)[0] === s.config.self;

/** Each chunk of the own group's sum goes to who keeps that chunk in the other groups. */
export function offerChunks(s: SwarmState, out: Effect[]): void {
  const tier = s.round.tier!;
  const chunks = tier.chunks.map((known, chunk) => new Map(known).set(tier.own, tier.sum.subarray(...chunkRange(tier.sum.length, chunk))));
  s.round = { ...s.round, tier: { ...tier, chunks } };
  for (let chunk = 0; chunk < LIMITS.chunks; chunk++) {
    if (!keeps(s, tier, chunk)) continue;
    for (const hash of tier.cut) if (hash !== tier.own) give(s, out, keepersOf(tier.parts.get(hash)!, chunk)[0]!, "chunk", tier.own, chunk);
  }
}

/**
 * COMMIT among several groups, until the whole sum is there: chunks come from the other groups' keepers, sums of chunks
 * from the own group's. Every chunk can be had of everybody in its group, and every sum be made here: nobody's leaving
 * or lying stops it.
 */
export function gather(s: SwarmState, out: Effect[]): boolean {
  for (let chunk = 0; chunk < LIMITS.chunks; chunk++) addUp(s, out, chunk);
  const tier = s.round.tier!;
  const missing = tier.totals.flatMap((total, chunk) => (total === null ? [chunk] : []));
  if (missing.length === 0) {
    const sum = new Int32Array(countIn(s));
    tier.totals.forEach((total, chunk) => sum.set(total!.values, chunkRange(sum.length, chunk)[0]));
    return settle(s, sum, agreedIn(s));
  }
  if (s.now >= exchangeDeadline(s)) return lose(s, out);
  if (s.now - s.round.askedAt < (tier.doubted && tier.asked === 0 ? 0 : LIMITS.askAgain)) return false;
  s.round = { ...s.round, askedAt: s.now, tier: { ...tier, asked: tier.asked + 1 } };
  for (const chunk of missing) {
    const [keeper] = keepersOf(tier.parts.get(tier.own)!, chunk);
    // Whoever waited once in vain makes the sum itself.
    if (keeper !== s.config.self && tier.asked === 0 && !tier.doubted) ask(s, out, keeper!, cutHash(tier.cut), "total", chunk);
    else for (const hash of tier.cut) if (!tier.chunks[chunk]!.has(hash)) askFor(s, out, hash, chunk);
  }
  return false;
}

/** Of one of those who have it, each time of another. */
function askFor(s: SwarmState, out: Effect[], hash: Hash, chunk: number): void {
  const tier = s.round.tier!;
  const keepers = keepersOf(tier.parts.get(hash)!, chunk).filter((peer) => peer !== s.config.self && present(s, peer));
  const keeper = keepers[tier.asked % keepers.length];
  if (keeper) ask(s, out, keeper, hash, "chunk", chunk);
}

function addUp(s: SwarmState, out: Effect[], chunk: number): void {
  const tier = s.round.tier!;
  const known = tier.chunks[chunk]!;
  if (tier.totals[chunk] !== null || !tier.cut.every((hash) => known.has(hash))) return;
  const values = new Int32Array(known.get(tier.own)!.length);
  const factors = factorsOf(tier.cut.map((hash) => tier.parts.get(hash)!));
  const [from] = chunkRange(tier.sum.length, chunk);
  tier.cut.forEach((hash, i) => addBounded(values, known.get(hash)!, factors[i]!, from, s.head.params.length));
  keepTotal(s, chunk, values, null);
  const given = tier.doubted?.[chunk];
  if (given?.giver && given.values.some((value, i) => value !== values[i])) out.push({ type: "accused", peer: given.giver, what: "total", round: s.head.record.round + 1 });
  if (keeps(s, tier, chunk)) for (const peer of others(s)) give(s, out, peer, "total", cutHash(tier.cut), chunk);
}

function keepTotal(s: SwarmState, chunk: number, values: Int32Array, giver: PeerId | null): void {
  const tier = s.round.tier!;
  s.round = { ...s.round, tier: { ...tier, totals: tier.totals.with(chunk, { values, giver }) } };
}

/**
 * Others vote for another root than this device does: somebody of the own group gave it a wrong sum of a chunk. It
 * makes all of them again from what the groups certified.
 * @returns whether there is something to do again
 */
export function doubt(s: SwarmState): boolean {
  const { tier, candidate } = s.round;
  if (!tier || !candidate || tier.doubted || tier.totals.every((total) => total!.giver === null)) return false;
  const voters = contributorsIn(tier);
  const enough = voters.length - quorum(voters.length);
  const roots = voters.flatMap((peer) => fellowStand(s, peer)?.votes.filter((root) => root !== candidate.head.root) ?? []);
  if (!roots.some((root) => roots.filter((other) => other === root).length > enough)) return false;
  s.round = { ...s.round, candidate: null, tier: { ...tier, doubted: tier.totals, asked: 0, totals: tier.totals.map((total) => (total!.giver === null ? total : null)) } };
  return true;
}

function give(s: SwarmState, out: Effect[], to: PeerId, what: What, name: Hash, index: number): void {
  const tier = s.round.tier!;
  const part = tier.parts.get(name);
  if (what === "part" && part) return post(s, out, to, name, what, 0, encodePart(part));
  if (what === "chunk" && name === tier.own) return post(s, out, to, name, what, index, packChunk(tier.sum, index, partBound(s, part!)));
  const total = tier.totals[index];
  if (what === "total" && total && name === cutHash(tier.cut)) post(s, out, to, name, what, index, pack(total.values, totalBound(s, tier)));
}

export function answerTier(s: SwarmState, out: Effect[], to: PeerId, { root, what, view, from }: Want): void {
  if (s.round.tier && root === s.head.root && from < LIMITS.chunks) give(s, out, to, what as What, view, from);
}

export function takeTier(s: SwarmState, out: Effect[], from: PeerId, message: Bulk): void {
  if (s.round.tier === null || message.root !== s.head.root || message.index >= LIMITS.chunks) return;
  try {
    if (message.what === "part") takePart(s, message);
    else if (message.what === "chunk") takeChunk(s, message);
    else takeTotal(s, from, message);
  } catch (error) {
    if (!(error instanceof WireError || error instanceof UpdateError)) throw error;
    refuse(s, out, from, error);
  }
}

/** Only what somebody states to be its group's, so that what is kept stays small. @throws WireError */
function takePart(s: SwarmState, { view, payload }: Bulk): void {
  const tier = s.round.tier!;
  const stated = s.reachable.some((peer) => fellowStand(s, peer)?.part === view);
  if (!stated || tier.parts.has(view)) return;
  if (digestOf(payload) !== view) throw new WireError("malformed", "a part that is not the one of its hash");
  const part = decodePart(payload);
  const groups = groupsIn(s);
  if (part.root !== s.head.root || part.contributors.some((peer) => groups.of(peer) !== part.group)) throw new WireError("malformed", "a part of another round, or of devices of other groups");
  s.round = { ...s.round, tier: { ...tier, parts: new Map(tier.parts).set(view, part) } };
}

/** @throws WireError, UpdateError */
function takeChunk(s: SwarmState, { view, index, payload }: Bulk): void {
  const tier = s.round.tier!;
  const part = tier.parts.get(view);
  if (!part || tier.chunks[index]!.has(view)) return;
  if (digestOf(payload) !== part.digests[index]) throw new WireError("malformed", "a chunk that its group did not certify");
  const values = unpackChunk(payload, countIn(s), index, partBound(s, part));
  s.round = { ...s.round, tier: { ...tier, chunks: tier.chunks.with(index, new Map(tier.chunks[index]).set(view, values)) } };
}

/** @throws UpdateError */
function takeTotal(s: SwarmState, from: PeerId, { view, index, payload }: Bulk): void {
  const tier = s.round.tier!;
  if (tier.doubted || tier.totals[index] !== null || tier.cut.length === 0 || view !== cutHash(tier.cut) || !s.round.view.includes(from)) return;
  keepTotal(s, index, unpackChunk(payload, countIn(s), index, totalBound(s, tier)), from);
}
