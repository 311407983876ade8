import { sha256 } from "@noble/hashes/sha2.js";
import { hexToBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { pack, unpack } from "../../update/pack.ts";
import { valueLimit } from "../../update/quantise.ts";
import { codec } from "../../wire/codec.ts";
import { peerIdBytes, type PeerId } from "../../wire/ids.ts";
import { LIMITS } from "../limits.ts";
import { HashBytes, hashOf, PeerList, type Hash } from "../record.ts";
import type { SwarmConfig } from "../state.ts";

/**
 * What a group has to add to a round: whose updates are in its sum, whom it would have in the next, and the digests of
 * the sum's chunks. Its hash stands for all of it, and holds once a quorum of its contributors states it.
 */
export interface Part {
  /** Head that it builds on. */
  root: Hash;
  group: number;
  contributors: readonly PeerId[];
  members: readonly PeerId[];
  issuer: Hash | null;
  /** Of each chunk the square of its length, readings and counters left out. */
  squares: readonly number[];
  /** SHA-256 of each packed chunk. */
  digests: readonly Hash[];
}

const PartSchema = v.strictObject({
  root: HashBytes,
  group: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(LIMITS.groups - 1)),
  contributors: v.pipe(PeerList(LIMITS.members), v.minLength(LIMITS.groupAtLeast)),
  members: PeerList(LIMITS.next),
  issuer: v.nullable(HashBytes),
  squares: v.pipe(v.array(v.pipe(v.number(), v.safeInteger(), v.minValue(0))), v.length(LIMITS.chunks)),
  digests: v.pipe(v.array(HashBytes), v.length(LIMITS.chunks)),
});
const wire = codec(1, PartSchema, 4096);

export const encodePart = (part: Part): Uint8Array<ArrayBuffer> =>
  wire.encode({
    ...part,
    root: hexToBytes(part.root),
    contributors: part.contributors.map(peerIdBytes),
    squares: [...part.squares],
    members: part.members.map(peerIdBytes),
    issuer: part.issuer === null ? null : hexToBytes(part.issuer),
    digests: part.digests.map((digest) => hexToBytes(digest)),
  });

/** @throws WireError */
export const decodePart = (bytes: Uint8Array): Part => wire.decode(bytes);

export const hashOfPart = (part: Part): Hash => digestOf(encodePart(part));

export const digestOf = (bytes: Uint8Array): Hash => hashOf(sha256(bytes));

/** Where a chunk of so many values begins and ends. */
export function chunkRange(values: number, chunk: number): [from: number, to: number] {
  return [Math.floor((values * chunk) / LIMITS.chunks), Math.floor((values * (chunk + 1)) / LIMITS.chunks)];
}

/** A group's sum is within ±this. */
export const boundOf = ({ bits, privacy }: Pick<SwarmConfig, "bits" | "privacy">, devices: number): number => (privacy ? privacy.field.bound : valueLimit(bits) * devices);

export function packChunk(sum: Int32Array, chunk: number, bound: number): Uint8Array<ArrayBuffer> {
  return pack(sum.subarray(...chunkRange(sum.length, chunk)), bound);
}

/** @throws UpdateError */
export function unpackChunk(bytes: Uint8Array, values: number, chunk: number, bound: number): Int32Array<ArrayBuffer> {
  const [from, to] = chunkRange(values, chunk);
  return unpack(bytes, to - from, bound);
}

/** Of those who have a chunk, who are asked for it: the one whose task it is first. */
export const keepersOf = (peers: readonly PeerId[], chunk: number): PeerId[] => peers.map((_, i) => peers[(chunk + i) % peers.length]!);
