import { sha256 } from "@noble/hashes/sha2.js";
import { hexToBytes } from "@noble/hashes/utils.js";
import type { PeerId } from "../../wire/ids.ts";
import { endsEpoch } from "../epoch.ts";
import { LIMITS } from "../limits.ts";
import type { Cut } from "../message.ts";
import { ascending, groupsIn } from "../peers.ts";
import { hashOf, quorum, type Hash } from "../record.ts";
import type { SwarmState } from "../state.ts";
import { linearAt, type Agreed } from "../values.ts";
import { squareOf } from "./bound.ts";
import { someOf } from "./groups.ts";
import type { Stage } from "./stage.ts";
import { boundOf, chunkRange, digestOf, hashOfPart, packChunk, type Part } from "./part.ts";

/** At the sum of several groups' sums, or nodes'. Which of them are in it is agreed on first, and then they are added up by chunks. */
export interface Tier<P = Part> {
  /** When the own group's sum was open, or the own node's there. */
  since: number;
  /** That sum, and its part. */
  sum: Int32Array;
  own: Hash;
  /** The parts that this device knows, its own included. */
  parts: ReadonlyMap<Hash, P>;
  /** Hashes of the parts to be added up, by group; empty until it is proposed. No others once it is signed. */
  cut: readonly Hash[];
  /** When so many were proposed, and when this device went over to these. */
  proposedAt: number;
  cutAt: number;
  signed: boolean;
  /** The cut over which the own chunks went out. */
  offered: readonly Hash[];
  /** Chunks of parts, checked against their digests; chunk's number → part → values. */
  chunks: readonly ReadonlyMap<Hash, Int32Array>[];
  /** The sums of chunks over the cut. */
  totals: readonly (Total | null)[];
  /** What voters of the own part say the sum of a chunk is: chunk's number → giver → its digest, and the sum itself where it gave it. */
  said: readonly ReadonlyMap<PeerId, Pick<Total, "digest"> | Total>[];
  /** How often it was asked for what is missing; when which part was. */
  asked: number;
  askedFor: ReadonlyMap<Hash, number>;
}

export interface Total {
  /** SHA-256 of the packed values. */
  digest: Hash;
  values: Int32Array;
}

/** With another cut: what was said of the sums over the last one is of no use. */
export const withCut = <P>(tier: Tier<P>, cut: readonly Hash[]): Tier<P> => ({ ...tier, cut, totals: tier.totals.map(() => null), said: noChunks() });

const hashesOf = new WeakMap<readonly Hash[], Hash>();

/** SHA-256 of the parts' hashes. */
export function cutHash(cut: readonly Hash[]): Hash {
  const hash = hashesOf.get(cut) ?? hashOf(cut.reduce((digest, part) => digest.update(hexToBytes(part)), sha256.create()).digest());
  hashesOf.set(cut, hash);
  return hash;
}

type Units<P> = Pick<Stage<P>, "unitIn">;

const names = new WeakMap<readonly Hash[], Cut>();

/** As this device says it; the same object for the same cut. */
export function nameOfCut<P>({ unitIn }: Units<P>, { cut, parts }: Pick<Tier<P>, "cut" | "parts">): Cut | null {
  if (cut.length === 0) return null;
  const name = names.get(cut) ?? { hash: cutHash(cut), units: cut.reduce((units, hash) => units + 2 ** unitIn(parts.get(hash)!), 0) };
  names.set(cut, name);
  return name;
}

/** A group that says different things to different devices may have so many parts. */
const PARTS_TRIED = 64;

/** Of two that say the same hash one may lie about the rest. */
export const keyOfCut = ({ hash, units }: Cut): string => `${hash} ${units}`;

/** By the parts that are known: it is asked for at every step. */
const cutsOf = new WeakMap<ReadonlyMap<Hash, unknown>, Map<string, readonly Hash[] | null>>();

/** The parts that a cut stands for, by group; null where this device does not know them all. */
export function partsOfCut<P>(units: Units<P>, { cut, parts }: Pick<Tier<P>, "cut" | "parts">, named: Cut): readonly Hash[] | null {
  if (cut.length > 0 && cutHash(cut) === named.hash) return cut;
  const known = cutsOf.get(parts) ?? new Map<string, readonly Hash[] | null>();
  cutsOf.set(parts, known);
  const key = keyOfCut(named);
  const before = known.get(key);
  if (before !== undefined) return before;
  const found = findCut(units, parts, named);
  known.set(key, found);
  return found;
}

function findCut<P>({ unitIn }: Units<P>, parts: Tier<P>["parts"], { hash, units }: Cut): readonly Hash[] | null {
  let tried: Hash[][] = [[]];
  for (let unit = 0; unit < LIMITS.nodes; unit++) {
    if (Math.floor(units / 2 ** unit) % 2 === 0) continue;
    const known = [...parts].filter(([, part]) => unitIn(part) === unit);
    tried = tried.flatMap((before) => known.map(([part]) => [...before, part])).slice(0, PARTS_TRIED);
  }
  return tried.find((list) => list.length > 0 && cutHash(list) === hash) ?? null;
}

const noChunks = <K, V>(): Map<K, V>[] => Array.from({ length: LIMITS.chunks }, () => new Map<K, V>());

/** The own group's sum is open, of these devices' updates: it becomes a part of the round's. */
export function openTier(s: SwarmState, opened: Int32Array, devices: readonly PeerId[]): true {
  const { agreed, agreedIssuer } = s.round;
  const bound = boundOf(s.config, devices.length);
  // One of the group may have encrypted what is out of range; what is beyond the bound cannot be packed.
  const sum = opened.map((value) => Math.max(-bound, Math.min(bound, value)));
  const part: Part = { root: s.head.root, group: groupsIn(s).of(s.config.self), contributors: devices, members: agreed, issuer: agreedIssuer, ...measure(s, sum, bound) };
  const own = hashOfPart(part);
  s.round = { ...s.round, tier: newTier(s, sum, own, part) };
  return true;
}

export function newTier<P>(s: SwarmState, sum: Int32Array, own: Hash, part: P): Tier<P> {
  return { since: s.now, sum, own, parts: new Map([[own, part]]), cut: [], proposedAt: s.now, cutAt: s.now, signed: false, offered: [], chunks: noChunks(), totals: noChunks().map(() => null), said: noChunks(), asked: 0, askedFor: new Map() };
}

/** Squares and digests of a sum's chunks, packed for values within ±`bound`. */
export function measure(s: SwarmState, sum: Int32Array, bound: number): Pick<Part, "squares" | "digests"> {
  const digests = noChunks().map((_, chunk) => digestOf(packChunk(sum, chunk, bound)));
  const count = linearAt(s);
  const squares = noChunks().map((_, chunk) => {
    const [from, to] = chunkRange(sum.length, chunk);
    return squareOf(sum.subarray(from, to), count - from);
  });
  return { squares, digests };
}

const votersOf = new WeakMap<readonly Hash[], readonly PeerId[]>();

/** All who have a say in this cut. @returns ascending */
export function votersIn<P>(stage: { voters(part: P): readonly PeerId[] }, { parts, cut }: Pick<Tier<P>, "parts" | "cut">): readonly PeerId[] {
  // A hash stands for its part, so that a cut's voters are always the same.
  const list = votersOf.get(cut) ?? ascending(cut.flatMap((hash) => stage.voters(parts.get(hash)!)));
  votersOf.set(cut, list);
  return list;
}

/** What the groups of a cut agreed on for the next round: whoever one of them would have; an issuer that most name. */
export function agreedIn(s: SwarmState): Agreed {
  const { tier } = s.round;
  const parts = tier!.cut.map((hash) => tier!.parts.get(hash)!);
  const { record } = s.head;
  const ends = (round: number): boolean => endsEpoch(round, s.config.epochRounds);
  const contributors = votersIn({ voters: (part: Part) => part.contributors }, tier!);
  const names = (issuer: Hash | null): number => parts.reduce((count, part) => count + (part.issuer === issuer ? part.contributors.length : 0), 0);
  // What most name, so that one group cannot veto it.
  const named = parts.find((part) => names(part.issuer) >= quorum(contributors.length));
  const issuer = named ? named.issuer : ends(record.round) ? null : record.issuer;
  const expected = ascending(parts.flatMap((part) => part.members));
  return { contributors, members: ends(record.round + 1) ? [] : someOf(expected, LIMITS.devices, s.head.root), issuer, expected: expected.length };
}
