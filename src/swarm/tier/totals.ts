import { UpdateError } from "../../update/errors.ts";
import { pack } from "../../update/pack.ts";
import { sha256 } from "@noble/hashes/sha2.js";
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
import { ascending, fellowStand, groupsIn, others, present } from "../peers.ts";
import type { Hash } from "../record.ts";
import { settle } from "../settle.ts";
import type { SwarmState } from "../state.ts";
import { linearAt } from "../values.ts";
import { addBounded, factorsOf, squareOf } from "./bound.ts";
import { boundOf, chunkRange, decodePart, digestOf, encodePart, keepersOf, packChunk, unpackChunk, type Part } from "./part.ts";
import { agreedIn, type Tier, type Total } from "./tier.ts";

type What = "part" | "chunk" | "total" | "digest";
const WHATS: readonly string[] = ["part", "chunk", "total", "digest"] satisfies What[];
export const isTierKind = (what: string): what is What => WHATS.includes(what);

const DIGEST_BYTES = 32;

const cutHash = (cut: readonly Hash[]): Hash => bytesToHex(cut.reduce((digest, hash) => digest.update(hexToBytes(hash)), sha256.create()).digest());

const partBound = (s: SwarmState, part: Part): number => boundOf(s.config, part.contributors.length);

const totalBound = (s: SwarmState, { cut, parts }: Tier): number => cut.reduce((bound, hash) => bound + partBound(s, parts.get(hash)!), 0);

/**
 * So many of a group that one of them is honest: that many keep each chunk, and a sum of it counts once that many said
 * the same. The first of them gives it to the group, the others what its digest is.
 */
const witnesses = ({ contributors }: Part): number => Math.floor(contributors.length / 3) + 1;

/** Of those who are there. Devices may see that differently for a moment: what comes of it is asked for. */
const witnessesOf = (s: SwarmState, part: Part, chunk: number): PeerId[] => keepersOf(part, chunk).filter((peer) => present(s, peer)).slice(0, witnesses(part));

/** Of a chunk, readings and counters left out. */
const squareIn = (values: Int32Array, chunk: number, s: SwarmState): number => squareOf(values, linearAt(s) - chunkRange(countIn(s), chunk)[0]);

const keeps = (s: SwarmState, tier: Tier, chunk: number): boolean => witnessesOf(s, tier.parts.get(tier.own)!, chunk).includes(s.config.self);

/** Each chunk of the own group's sum goes to who keeps that chunk in the other groups. */
export function offerChunks(s: SwarmState, out: Effect[]): void {
  const tier = s.round.tier!;
  const chunks = tier.chunks.map((known, chunk) => new Map(known).set(tier.own, tier.sum.subarray(...chunkRange(tier.sum.length, chunk))));
  s.round = { ...s.round, tier: { ...tier, chunks } };
  for (let chunk = 0; chunk < LIMITS.chunks; chunk++) {
    if (witnessesOf(s, tier.parts.get(tier.own)!, chunk)[0] !== s.config.self) continue;
    for (const hash of tier.cut) if (hash !== tier.own) for (const peer of witnessesOf(s, tier.parts.get(hash)!, chunk)) give(s, out, peer, "chunk", tier.own, chunk);
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
    return settle(s, out, sum, agreedIn(s));
  }
  if (due(s, exchangeDeadline(s))) {
    const never = tier.cut.filter((hash) => hash !== tier.own && missing.some((chunk) => !tier.chunks[chunk]!.has(hash)));
    s.unserved = ascending([...s.unserved, ...never.flatMap((hash) => tier.parts.get(hash)!.contributors)]);
    return lose(s, out);
  }
  if (!dueAgain(s, s.round.askedAt, LIMITS.askAgain)) return false;
  s.round = { ...s.round, askedAt: s.now, tier: { ...tier, asked: tier.asked + 1 } };
  for (const chunk of missing) {
    // Whoever waited once in vain makes the sum itself.
    if (!keeps(s, tier, chunk) && tier.asked === 0) for (const keeper of witnessesOf(s, tier.parts.get(tier.own)!, chunk)) ask(s, out, keeper, cutHash(tier.cut), "total", chunk);
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
  tier.cut.forEach((hash, i) => addBounded(values, known.get(hash)!, factors[i]!, from, linearAt(s)));
  keepTotal(s, out, chunk, { digest: digestOf(pack(values, totalBound(s, tier))), values });
  if (!keeps(s, tier, chunk)) return;
  const isFirst = witnessesOf(s, tier.parts.get(tier.own)!, chunk)[0] === s.config.self;
  for (const peer of others(s)) give(s, out, peer, isFirst ? "total" : "digest", cutHash(tier.cut), chunk);
}

/** A sum of a chunk that counts. Whoever said that it is another one is named. */
function keepTotal(s: SwarmState, out: Effect[], chunk: number, total: Total): void {
  const tier = s.round.tier!;
  s.round = { ...s.round, tier: { ...tier, totals: tier.totals.with(chunk, total) } };
  for (const [peer, said] of tier.said[chunk]!) if (said.digest !== total.digest) accuse(s, out, peer);
}

const accuse = (s: SwarmState, out: Effect[], peer: PeerId): void => void out.push({ type: "accused", peer, what: "total", round: s.head.record.round + 1 });

function give(s: SwarmState, out: Effect[], to: PeerId, what: What, name: Hash, index: number): void {
  const tier = s.round.tier!;
  const part = tier.parts.get(name);
  if (what === "part" && part) return post(s, out, to, name, what, 0, encodePart(part));
  if (what === "chunk" && name === tier.own) return post(s, out, to, name, what, index, packChunk(tier.sum, index, partBound(s, part!)));
  const total = tier.totals[index];
  if (!total || name !== cutHash(tier.cut)) return;
  if (what === "total") post(s, out, to, name, what, index, pack(total.values, totalBound(s, tier)));
  if (what === "digest") post(s, out, to, name, what, index, hexToBytes(total.digest));
}

export function answerTier(s: SwarmState, out: Effect[], to: PeerId, { root, what, view, from }: Want): void {
  if (s.round.tier && root === s.head.root && from < LIMITS.chunks) give(s, out, to, what as What, view, from);
}

export function takeTier(s: SwarmState, out: Effect[], from: PeerId, message: Bulk): void {
  if (s.round.tier === null || message.root !== s.head.root || message.index >= LIMITS.chunks) return;
  try {
    if (message.what === "part") takePart(s, message);
    else if (message.what === "chunk") takeChunk(s, message);
    else takeTotal(s, out, from, message);
  } catch (error) {
    if (!(error instanceof WireError || error instanceof UpdateError)) throw error;
    refuse(s, out, from, error);
  }
}

/** Only what somebody states to be its group's, so that what is kept stays small. @throws WireError */
function takePart(s: SwarmState, { view, payload }: Bulk): void {
  const tier = s.round.tier!;
  const stated = new Set(s.reachable.flatMap((peer) => fellowStand(s, peer)?.part ?? []));
  if (!stated.has(view) || tier.parts.has(view)) return;
  if (digestOf(payload) !== view) throw new WireError("malformed", "a part that is not the one of its hash");
  const part = decodePart(payload);
  const groups = groupsIn(s);
  if (part.root !== s.head.root || part.contributors.some((peer) => groups.of(peer) !== part.group)) throw new WireError("malformed", "a part of another round, or of devices of other groups");
  s.round = { ...s.round, tier: { ...tier, parts: new Map([...tier.parts].filter(([hash]) => hash === tier.own || tier.cut.includes(hash) || stated.has(hash))).set(view, part) } };
}

/** @throws WireError, UpdateError */
function takeChunk(s: SwarmState, { view, index, payload }: Bulk): void {
  const tier = s.round.tier!;
  const part = tier.parts.get(view);
  if (!part || tier.chunks[index]!.has(view)) return;
  // Its length first, so that nothing long is hashed.
  const values = unpackChunk(payload, countIn(s), index, partBound(s, part));
  if (digestOf(payload) !== part.digests[index] || squareIn(values, index, s) !== part.squares[index]) throw new WireError("malformed", "a chunk that its group did not certify");
  s.round = { ...s.round, tier: { ...tier, chunks: tier.chunks.with(index, new Map(tier.chunks[index]).set(view, values)) } };
}

/** The sum of a chunk, or its digest, as one of those who keep it has it. @throws UpdateError, WireError */
function takeTotal(s: SwarmState, out: Effect[], from: PeerId, { what, view, index, payload }: Bulk): void {
  const tier = s.round.tier!;
  // Others may have signed the same cut a moment earlier.
  if (tier.cut.length === 0 || view !== cutHash(tier.cut)) return;
  const own = tier.parts.get(tier.own)!;
  if (!own.contributors.includes(from)) return;
  const values = what === "total" ? unpackChunk(payload, countIn(s), index, totalBound(s, tier)) : null;
  if (values === null && payload.length !== DIGEST_BYTES) throw new WireError("malformed", `a digest of ${payload.length} bytes`);
  const digest = values ? digestOf(payload) : bytesToHex(payload);
  const before = tier.said[index]!.get(from);
  if (before?.digest === digest && (values === null || "values" in before)) return;
  const said = new Map(tier.said[index]).set(from, values ? { digest, values } : { digest });
  s.round = { ...s.round, tier: { ...tier, said: tier.said.with(index, said) } };
  const known = tier.totals[index];
  if (known) return digest === known.digest ? undefined : accuse(s, out, from);
  const alike = [...said.values()].filter((other) => other.digest === digest);
  const given = alike.find((other) => "values" in other);
  if (given && alike.length >= witnesses(own)) keepTotal(s, out, index, given);
}
