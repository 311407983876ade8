import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { codec, WireError } from "../wire/codec.ts";
import { peerIdBytes, type PeerId } from "../wire/ids.ts";
import { LIMITS } from "./limits.ts";
import { decodeRecord, encodeRecord, isListed, listed, listedBytes, ListedSchema, PeerList, rootOf, type CommitRecord, type Hash, type Listed } from "./record.ts";

/** What a room of several nodes has to know of each of them. */
export interface NodeRow {
  contributors: Listed;
  /** Frozen for the next round; in how many groups; and who speaks for them, ascending. */
  members: Listed;
  groups: number;
  speakers: readonly PeerId[];
}

/** The lists that a record names, ascending: where it names several nodes', the lists of one of them, and a row of each. */
export interface Roll {
  contributors: readonly PeerId[];
  members: readonly PeerId[];
  /** Whose lists these are. */
  node: number;
  /** Empty where there is one node. */
  rows: readonly NodeRow[];
}

/** A record, the root that stands for it, and its roll: what a device has to know of a commit besides the model. */
export interface Commit {
  record: CommitRecord;
  root: Hash;
  roll: Roll;
}

export const EMPTY_ROLL: Roll = { contributors: [], members: [], node: 0, rows: [] };

/** What a record says of a roll. */
export function enrolled({ contributors, members, rows }: Pick<Roll, "contributors" | "members" | "rows">): Pick<CommitRecord, "contributors" | "members"> {
  if (rows.length === 0) return { contributors: listed(contributors), members: listed(members) };
  return { contributors: treeOf(rows.map((row) => [row.contributors, countBytes(row.contributors)])), members: treeOf(rows.map((row) => [row.members, rowBytes(row)])) };
}

const countBytes = ({ count, root }: Listed): Uint8Array => concatBytes(numberBytes(count), hexToBytes(root));
const rowBytes = ({ members, groups, speakers }: NodeRow): Uint8Array => concatBytes(countBytes(members), numberBytes(groups), ...speakers.map(peerIdBytes));
const numberBytes = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);

/** As in RFC 6962, with a node's row for a leaf. */
function treeOf(leaves: readonly (readonly [Listed, Uint8Array])[]): Listed {
  let hashes = leaves.map(([, bytes]) => sha256(concatBytes(Uint8Array.of(0), bytes)));
  while (hashes.length > 1) hashes = hashes.flatMap((hash, i) => (i % 2 === 1 ? [] : i + 1 < hashes.length ? [sha256(concatBytes(Uint8Array.of(1), hash, hashes[i + 1]!))] : [hash]));
  return { count: leaves.reduce((sum, [{ count }]) => sum + count, 0), root: bytesToHex(hashes[0]!) };
}

export const RowSchema = v.strictObject({ contributors: ListedSchema, members: ListedSchema, groups: v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(LIMITS.groups)), speakers: PeerList(LIMITS.speakers) });

export const encodedRow = ({ contributors, members, groups, speakers }: NodeRow) => ({ contributors: listedBytes(contributors), members: listedBytes(members), groups, speakers: speakers.map(peerIdBytes) });

const wire = codec(
  2,
  v.strictObject({
    record: v.instance(Uint8Array),
    contributors: PeerList(LIMITS.groups * LIMITS.members),
    members: PeerList(LIMITS.devices),
    node: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(LIMITS.nodes - 1)),
    rows: v.pipe(v.array(RowSchema), v.maxLength(LIMITS.nodes)),
  }),
  32 * 1024,
);

export const encodeCommit = ({ record, roll: { contributors, members, node, rows } }: Pick<Commit, "record" | "roll">): Uint8Array<ArrayBuffer> =>
  wire.encode({ record: encodeRecord(record), contributors: contributors.map(peerIdBytes), members: members.map(peerIdBytes), node, rows: rows.map(encodedRow) });

/**
 * The roll is the one that the record names.
 * @throws WireError
 */
export function decodeCommit(bytes: Uint8Array): Commit {
  const { record: encoded, ...roll } = wire.decode(bytes);
  const record = decodeRecord(encoded);
  if (!isNamed(roll, record)) throw new WireError("malformed", "a record with another roll than the one that it names");
  return { record, root: rootOf(record), roll };
}

function isNamed(roll: Roll, record: CommitRecord): boolean {
  const { contributors, members, node, rows } = roll;
  if (rows.length === 0) return node === 0 && isListed(contributors, record.contributors) && isListed(members, record.members);
  const row = rows[node];
  if (row === undefined || !isListed(contributors, row.contributors) || !isListed(members, row.members)) return false;
  const named = enrolled(roll);
  return (["contributors", "members"] as const).every((list) => named[list].count === record[list].count && named[list].root === record[list].root);
}
