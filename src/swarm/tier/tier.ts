import type { PeerId } from "../../wire/ids.ts";
import { endsEpoch } from "../epoch.ts";
import { LIMITS } from "../limits.ts";
import { ascending, groupsIn } from "../peers.ts";
import { quorum, type Hash } from "../record.ts";
import type { SwarmState } from "../state.ts";
import { linearAt, type Agreed } from "../values.ts";
import { squareOf } from "./bound.ts";
import { someOf } from "./groups.ts";
import { boundOf, chunkRange, digestOf, hashOfPart, packChunk, type Part } from "./part.ts";

/** At the sum of several groups' sums. Which of them are in it is agreed on first, and then they are added up by chunks. */
export interface Tier {
  /** When the own group's sum was open. */
  since: number;
  /** The own group's sum, and its part. */
  sum: Int32Array;
  own: Hash;
  /** The parts that this device knows, its own included. */
  parts: ReadonlyMap<Hash, Part>;
  /** Hashes of the parts to be added up, by group; empty until it is proposed. Only shrinks, and not once it is signed. */
  cut: readonly Hash[];
  proposedAt: number;
  signed: boolean;
  /** Chunks of parts, checked against their digests; chunk's number → part → values. */
  chunks: readonly ReadonlyMap<Hash, Int32Array>[];
  /** The sums of chunks over the cut. */
  totals: readonly (Total | null)[];
  /** What members of the own group say the sum of a chunk is: chunk's number → giver → its digest, and the sum itself where it gave it. */
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
export const withCut = (tier: Tier, cut: readonly Hash[]): Tier => ({ ...tier, cut, totals: tier.totals.map(() => null), said: tier.said.map(() => new Map<PeerId, Total>()) });

const noChunks = (): Map<Hash, Int32Array>[] => Array.from({ length: LIMITS.chunks }, () => new Map());

/** The own group's sum is open, of these devices' updates: it becomes a part of the round's. */
export function openTier(s: SwarmState, opened: Int32Array, devices: readonly PeerId[]): true {
  const { agreed, agreedIssuer } = s.round;
  const bound = boundOf(s.config, devices.length);
  // One of the group may have encrypted what is out of range; what is beyond the bound cannot be packed.
  const sum = opened.map((value) => Math.max(-bound, Math.min(bound, value)));
  const digests = noChunks().map((_, chunk) => digestOf(packChunk(sum, chunk, bound)));
  const count = linearAt(s);
  const squares = noChunks().map((_, chunk) => {
    const [from, to] = chunkRange(sum.length, chunk);
    return squareOf(sum.subarray(from, to), count - from);
  });
  const part: Part = { root: s.head.root, group: groupsIn(s).of(s.config.self), contributors: devices, members: agreed, issuer: agreedIssuer, squares, digests };
  const own = hashOfPart(part);
  const tier: Tier = { since: s.now, sum, own, parts: new Map([[own, part]]), cut: [], proposedAt: s.now, signed: false, chunks: noChunks(), totals: noChunks().map(() => null), said: noChunks().map(() => new Map<PeerId, Total>()), asked: 0, askedFor: new Map() };
  s.round = { ...s.round, tier };
  return true;
}

const contributors = new WeakMap<readonly Hash[], readonly PeerId[]>();

/** All whose updates would be in this cut. @returns ascending */
export function contributorsIn({ parts, cut }: Pick<Tier, "parts" | "cut">): readonly PeerId[] {
  // A hash stands for its part, so that a cut's contributors are always the same.
  const list = contributors.get(cut) ?? ascending(cut.flatMap((hash) => parts.get(hash)!.contributors));
  contributors.set(cut, list);
  return list;
}

/** What the groups of a cut agreed on for the next round: whoever one of them would have; an issuer that most name. */
export function agreedIn(s: SwarmState): Agreed {
  const { tier } = s.round;
  const parts = tier!.cut.map((hash) => tier!.parts.get(hash)!);
  const { record } = s.head;
  const ends = (round: number): boolean => endsEpoch(round, s.config.epochRounds);
  const contributors = contributorsIn(tier!);
  const names = (issuer: Hash | null): number => parts.reduce((count, part) => count + (part.issuer === issuer ? part.contributors.length : 0), 0);
  // What most name, so that one group cannot veto it.
  const named = parts.find((part) => names(part.issuer) >= quorum(contributors.length));
  const issuer = named ? named.issuer : ends(record.round) ? null : record.issuer;
  const members = someOf(ascending(parts.flatMap((part) => part.members)), LIMITS.devices, s.head.root);
  return { contributors, members: ends(record.round + 1) ? [] : members, issuer };
}
