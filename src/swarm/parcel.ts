import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";
import { DEALING_BYTES } from "../securesum/params.ts";
import { WireError } from "../wire/codec.ts";
import type { Hash } from "./record.ts";

/**
 * What one member gets of a contributor: the hashes of all members' parcels, its share of the contributor's secret
 * (a dealing), and its piece of the ciphertext. The list's hash is the contributor's commitment: it states it to all,
 * signed, so that it cannot give one member what the others do not know of.
 */
export interface Parcel {
  commitment: Hash;
  /** One hash a member. */
  list: Uint8Array;
  dealing: Uint8Array;
  piece: Uint8Array;
}

/** Shows a dealing, and that it is its dealer's, without the piece that came with it. */
export interface Complaint {
  commitment: Hash;
  dealing: Uint8Array;
  /** SHA-256 of the dealer's answer that it does not fit. */
  answer: Hash;
}

const HASH_BYTES = 32;

const leafOf = (dealing: Uint8Array, pieceHash: Uint8Array): Uint8Array => sha256(concatBytes(sha256(dealing), pieceHash));

/** @param dealings and pieces, one a member */
export function packParcels(dealings: readonly Uint8Array[], pieces: readonly Uint8Array[]): { parcels: Uint8Array<ArrayBuffer>[]; commitment: Hash } {
  const list = concatBytes(...dealings.map((dealing, member) => leafOf(dealing, sha256(pieces[member]!))));
  return { parcels: dealings.map((dealing, member) => concatBytes(list, dealing, pieces[member]!) as Uint8Array<ArrayBuffer>), commitment: bytesToHex(sha256(list)) };
}

/**
 * @param member whose parcel it is, from 0
 * @throws WireError `malformed`
 */
export function openParcel(bytes: Uint8Array, member: number, members: number, pieceLength: number): Parcel {
  const due = members * HASH_BYTES + DEALING_BYTES + pieceLength;
  if (bytes.length !== due) throw new WireError("malformed", `a parcel of ${bytes.length} bytes where ${due} are due`);
  const [list, dealing, piece] = split(bytes, members * HASH_BYTES, DEALING_BYTES);
  requireLeaf(list, member, leafOf(dealing, sha256(piece)));
  return { commitment: bytesToHex(sha256(list)), list, dealing, piece };
}

/** @param answer of the dealer to the degree test, as the complaining member has it */
export const encodeComplaint = ({ list, dealing, piece }: Parcel, answer: Uint8Array): Uint8Array<ArrayBuffer> => concatBytes(list, dealing, sha256(piece), sha256(answer)) as Uint8Array<ArrayBuffer>;

/** @throws WireError `malformed` */
export function decodeComplaint(bytes: Uint8Array, member: number, members: number): Complaint {
  const due = members * HASH_BYTES + DEALING_BYTES + 2 * HASH_BYTES;
  if (bytes.length !== due) throw new WireError("malformed", `a complaint of ${bytes.length} bytes where ${due} are due`);
  const [list, dealing, hashes] = split(bytes, members * HASH_BYTES, DEALING_BYTES);
  requireLeaf(list, member, leafOf(dealing, hashes.subarray(0, HASH_BYTES)));
  return { commitment: bytesToHex(sha256(list)), dealing, answer: bytesToHex(hashes.subarray(HASH_BYTES)) };
}

/** Copies, so that what is kept of a message is its own. */
const split = (bytes: Uint8Array, first: number, second: number): [Uint8Array, Uint8Array, Uint8Array] => [bytes.slice(0, first), bytes.slice(first, first + second), bytes.slice(first + second)];

function requireLeaf(list: Uint8Array, member: number, leaf: Uint8Array): void {
  const named = list.subarray(member * HASH_BYTES, (member + 1) * HASH_BYTES);
  if (!named.every((byte, i) => byte === leaf[i])) throw new WireError("malformed", "what it holds is not what its own list names");
}
