import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { codec } from "../wire/codec.ts";
import { peerIdBytes, peerIdOf, sharedHex, type PeerId } from "../wire/ids.ts";
import { LIMITS } from "./limits.ts";

/** SHA-256 as 64 hex digits. */
export type Hash = string;

export const hashOf = (digest: Uint8Array): Hash => sharedHex(digest);

const bytes = (length: number) => v.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === length, `not ${length} bytes`);
export const HashBytes = v.pipe(bytes(32), v.transform(hashOf));
export const PeerBytes = v.pipe(bytes(16), v.transform(peerIdOf));
/** A strictly ascending list of peers: one list has one encoding. */
export const PeerList = (most: number) =>
  v.pipe(
    v.array(PeerBytes),
    v.maxLength(most),
    v.check((list) => list.every((id, at) => at === 0 || list[at - 1]! < id), "not ascending"),
  );
const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const ListedSchema = v.strictObject({ count: natural, root: HashBytes });

const RecordSchema = v.strictObject({
  task: HashBytes,
  round: natural,
  prev: HashBytes,
  contributors: ListedSchema,
  members: ListedSchema,
  nodes: v.pipe(natural, v.minValue(1), v.maxValue(LIMITS.nodes), v.check((nodes) => Number.isInteger(Math.log2(nodes)), "not a power of two")),
  arcs: v.exactOptional(v.pipe(natural, v.minValue(1), v.maxValue(LIMITS.arcs), v.check((arcs) => Number.isInteger(Math.log2(arcs)), "not a power of two"))),
  groups: v.pipe(natural, v.minValue(1), v.maxValue(LIMITS.groups)),
  draw: HashBytes,
  issuer: v.nullable(HashBytes),
  model: HashBytes,
  stepExponent: v.pipe(natural, v.maxValue(16)),
  weight: natural,
});

/** A list of devices, as a record names it: whoever holds the list can check it (roll.ts). */
export interface Listed {
  count: number;
  /** SHA-256 of a zero byte and the ids; where there are several nodes, the root of a tree of them (roll.ts). */
  root: Hash;
}

/**
 * What a round commits: one root stands for the model, the next member list and the outer state.
 * The list of members is frozen here, one round ahead. Lists are named and not written out, so that a record is as long
 * in a large room as in a small one.
 */
export interface CommitRecord {
  task: Hash;
  round: number;
  /** Root of the round before; the genesis names the task twice. */
  prev: Hash;
  contributors: Listed;
  members: Listed;
  /**
   * Into how many nodes the next round's devices are cut, of how many arcs of the circle these are the first, into how
   * many groups a node where its list is not frozen, and the root that they are drawn from in this epoch (tier/groups.ts).
   */
  nodes: number;
  arcs: number;
  groups: number;
  draw: Hash;
  /** The committee that issues the next epoch's pseudonyms; null while everybody who holds the room's secret does. */
  issuer: Hash | null;
  /** Of the model and the outer optimiser's state (head.ts). */
  model: Hash;
  stepExponent: number;
  /** Device-rounds committed in this lineage: the heavier lineage wins when two meet. */
  weight: number;
}

/** Arcs are written where they are more than nodes: the record of a smaller room is as it was before there were any. */
const wire = codec(
  3,
  v.pipe(
    RecordSchema,
    v.check(({ nodes, arcs }) => arcs === undefined || arcs > nodes, "no more arcs than nodes"),
    v.transform(({ arcs, ...record }) => ({ ...record, arcs: arcs ?? record.nodes })),
  ),
  512,
);

export const listedBytes = ({ count, root }: Listed): { count: number; root: Uint8Array } => ({ count, root: hexToBytes(root) });

export const encodeRecord = ({ arcs, ...record }: CommitRecord): Uint8Array<ArrayBuffer> =>
  wire.encode({
    ...record,
    ...(arcs > record.nodes && { arcs }),
    task: hexToBytes(record.task),
    prev: hexToBytes(record.prev),
    model: hexToBytes(record.model),
    draw: hexToBytes(record.draw),
    contributors: listedBytes(record.contributors),
    members: listedBytes(record.members),
    issuer: record.issuer === null ? null : hexToBytes(record.issuer),
  });

/** @throws WireError */
export const decodeRecord = (bytes: Uint8Array): CommitRecord => wire.decode(bytes);

export const rootOf = (record: CommitRecord): Hash => hashOf(sha256(encodeRecord(record)));

const LEAF = Uint8Array.of(0);

/** @param peers ascending */
export function listed(peers: readonly PeerId[]): Listed {
  const digest = sha256.create().update(LEAF);
  for (const peer of peers) digest.update(peerIdBytes(peer));
  return { count: peers.length, root: bytesToHex(digest.digest()) };
}

/** Whether a list is the one that a record names. */
export function isListed(peers: readonly PeerId[], { count, root }: Listed): boolean {
  return peers.length === count && listed(peers).root === root;
}

export const taskHash = (task: unknown): Hash => bytesToHex(sha256(utf8ToBytes(canonicalJson(task))));

/** RFC 8785 for the values that a task holds: sorted keys, no white space. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** Where every lineage of a task begins. */
export const genesisRecord = (task: Hash, model: Hash, stepExponent: number): CommitRecord => ({
  task,
  round: 0,
  prev: task,
  contributors: listed([]),
  members: listed([]),
  nodes: 1,
  arcs: 1,
  groups: 1,
  draw: task,
  issuer: null,
  model,
  stepExponent,
  weight: 0,
});

/** ≥ T of n have to vote for a root: ⌊2n/3⌋ + 1 (swarm.md), which is everybody up to three. */
export const quorum = (n: number): number => Math.floor((2 * n) / 3) + 1;

/** So many of n that one of them is honest, where a quorum is. */
export const oneHonest = (n: number): number => n - quorum(n) + 1;
