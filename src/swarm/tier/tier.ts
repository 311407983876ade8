import type { PeerId } from "../../wire/ids.ts";
import { endsEpoch } from "../epoch.ts";
import { LIMITS } from "../limits.ts";
import { ascending, groupsIn } from "../peers.ts";
import type { Hash } from "../record.ts";
import type { SwarmState } from "../state.ts";
import { squareOf } from "./bound.ts";
import { boundOf, digestOf, hashOfPart, packChunk, type Part } from "./part.ts";

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
  /** The sums of chunks over the cut, and who gave each; null for those that this device added up itself. */
  totals: readonly (Total | null)[];
  /** What others gave, set when most vote for another root: every chunk is then added up here. */
  doubted: readonly (Total | null)[] | null;
  /** How often it was asked for what is missing; when which part was. */
  asked: number;
  askedFor: ReadonlyMap<Hash, number>;
}

export interface Total {
  values: Int32Array;
  giver: PeerId | null;
}

const noChunks = (): Map<Hash, Int32Array>[] => Array.from({ length: LIMITS.chunks }, () => new Map());

/** The own group's sum is open: it becomes a part of the round's. */
export function openTier(s: SwarmState, sum: Int32Array): true {
  const { view, agreed, agreedIssuer } = s.round;
  const bound = boundOf(s.config, view.length);
  const digests = noChunks().map((_, chunk) => digestOf(packChunk(sum, chunk, bound)));
  const part: Part = { root: s.head.root, group: groupsIn(s).of(s.config.self), contributors: view, members: agreed, issuer: agreedIssuer, square: squareOf(sum, s.head.params.length), digests };
  const own = hashOfPart(part);
  const tier: Tier = { since: s.now, sum, own, parts: new Map([[own, part]]), cut: [], proposedAt: s.now, signed: false, chunks: noChunks(), totals: noChunks().map(() => null), doubted: null, asked: 0, askedFor: new Map() };
  s.round = { ...s.round, tier };
  return true;
}

/** All whose updates would be in this cut. @returns ascending */
export const contributorsIn = ({ parts, cut }: Tier): PeerId[] => ascending(cut.flatMap((hash) => parts.get(hash)!.contributors));

/** What the groups of a cut agreed on for the next round: whoever one of them would have; an issuer that all name. */
export function agreedIn(s: SwarmState): { contributors: PeerId[]; members: PeerId[]; issuer: Hash | null } {
  const { tier } = s.round;
  const parts = tier!.cut.map((hash) => tier!.parts.get(hash)!);
  const { record } = s.head;
  const ends = (round: number): boolean => endsEpoch(round, s.config.epochRounds);
  const prior = ends(record.round) ? null : record.issuer;
  const issuer = parts.every((part) => part.issuer === parts[0]!.issuer) ? parts[0]!.issuer : prior;
  const members = ascending(parts.flatMap((part) => part.members)).slice(0, LIMITS.devices);
  return { contributors: contributorsIn(tier!), members: ends(record.round + 1) ? [] : members, issuer };
}
