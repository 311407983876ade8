import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { codec } from "../../wire/codec.ts";
import { peerIdBytes, type PeerId } from "../../wire/ids.ts";
import { refused } from "../errors.ts";
import { ROOM_HASH_BYTES } from "../id.ts";
import { SIGNATURE_BYTES } from "../schnorr.ts";
import { pointOf, text, T } from "../suite.ts";
import { KEY_NAMES, publicPackage, SCHEMES, type FrostPublic, type KeyName } from "./frost.ts";
import { LIMITS, thresholdOf } from "./limits.ts";
import { Bytes, BytesUpTo, HashBytes, Members, PointBytes, U32 } from "./schema.ts";

/** Which committee of which lineage: what its members agree on before they generate keys. */
export interface Charter {
  /** The room's hash, 16 bytes. */
  room: Uint8Array;
  /** Counts foundings: a lineage begins where no committee signed its successor. */
  lineage: number;
  /** Counts the committees of one lineage, from 0. A new token era is a new committee. */
  generation: number;
  /** Hash of the committee before; null in generation 0. */
  previous: Uint8Array | null;
  /** 4 to 7, ascending; t = ⌊2n/3⌋ + 1 follows. */
  members: readonly PeerId[];
}

/** A committee as everybody knows it. */
export interface Committee extends Charter {
  /** For each key the t commitments to its polynomial: the public key comes first, every verifying share follows. */
  keys: Readonly<Record<KeyName, readonly Uint8Array[]>>;
  /** For each member the point to which requests over another peer are sealed. */
  seals: readonly Uint8Array[];
}

/** A committee with the word of its members, and of the committee before where there is one. */
export interface Announcement {
  committee: Committee;
  /** One signature a member over the committee's hash: each holds its shares, and all hold the same keys. */
  consents: readonly Uint8Array[];
  /** The old committee's threshold signature, 64 bytes; null in generation 0. */
  succession: Uint8Array | null;
}

/** How members sign and are known: with their certificates, which only the device can look up. */
export interface Signatures {
  /** @returns 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
  verify(member: PeerId, message: Uint8Array, signature: Uint8Array): boolean;
}

const charterFields = {
  room: Bytes(ROOM_HASH_BYTES),
  lineage: U32,
  generation: U32,
  previous: v.nullable(HashBytes),
  members: Members,
};
const CharterSchema = v.strictObject(charterFields);

const KeyCommitments = v.pipe(v.array(PointBytes), v.maxLength(LIMITS.membersAtMost));
const CommitteeSchema = v.pipe(
  v.strictObject({
    ...charterFields,
    keys: v.strictObject({ issuer: KeyCommitments, token: KeyCommitments, beacon: KeyCommitments }),
    seals: v.pipe(v.array(PointBytes), v.maxLength(LIMITS.membersAtMost)),
  }),
  v.check(({ generation, previous }) => (generation === 0) === (previous === null), "a generation names the one before, the first none"),
  v.check(({ members, seals }) => seals.length === members.length, "one sealing key a member"),
  v.check(({ members, keys }) => KEY_NAMES.every((name) => keys[name].length === thresholdOf(members.length)), "t commitments a key"),
);

const charterWire = codec(1, CharterSchema, LIMITS.messageBytes);
const committeeWire = codec(1, CommitteeSchema, LIMITS.messageBytes);
const announcementWire = codec(
  1,
  v.strictObject({
    committee: BytesUpTo(LIMITS.messageBytes),
    consents: v.pipe(v.array(Bytes(SIGNATURE_BYTES)), v.maxLength(LIMITS.membersAtMost)),
    succession: v.nullable(Bytes(SIGNATURE_BYTES)),
  }),
  LIMITS.messageBytes,
);

const charterFrame = ({ room, lineage, generation, previous, members }: Charter) => ({ room, lineage, generation, previous, members: members.map(peerIdBytes) });

/** Names the generation of this committee's keys, so that no message of one serves in another. 32 bytes. */
export const charterHash = (charter: Charter): Uint8Array => sha256(charterWire.encode(charterFrame(charter)));

const encodeCommittee = (committee: Committee): Uint8Array =>
  committeeWire.encode({
    ...charterFrame(committee),
    keys: { issuer: [...committee.keys.issuer], token: [...committee.keys.token], beacon: [...committee.keys.beacon] },
    seals: [...committee.seals],
  });

/** 32 bytes; stands for everything that is in it. */
export const committeeHash = (committee: Committee): Uint8Array => sha256(encodeCommittee(committee));

export const encodeAnnouncement = ({ committee, consents, succession }: Announcement): Uint8Array =>
  announcementWire.encode({ committee: encodeCommittee(committee), consents: [...consents], succession });

/** @throws WireError for bytes that are no announcement; the signatures are for `verifyAnnouncement` to check. */
export function decodeAnnouncement(bytes: Uint8Array): Announcement {
  const { committee, consents, succession } = announcementWire.decode(bytes);
  return { committee: committeeWire.decode(committee), consents, succession };
}

export const consentMessage = (hash: Uint8Array): Uint8Array => T(text("committee-consent"), hash);
/** What the old committee signs, by the scheme `statement`. */
export const successionMessage = (hash: Uint8Array): Uint8Array => T(text("succession"), hash);

/**
 * Checks that every member consents and that all points are points.
 * @throws IdentityError `refused`.
 */
export function verifyConsents({ committee, consents }: Announcement, verify: Signatures["verify"]): void {
  const { members, seals, keys } = committee;
  const message = consentMessage(committeeHash(committee));
  if (consents.length !== members.length || !members.every((member, place) => verify(member, message, consents[place]!))) throw refused();
  for (const point of [...seals, ...KEY_NAMES.flatMap((name) => keys[name])]) pointOf(point);
}

/** Whether `next` may follow `old`: same room and lineage, the next generation, and it names the old one. */
export const follows = (next: Committee, old: Committee): boolean =>
  bytesToHex(next.room) === bytesToHex(old.room) &&
  next.lineage === old.lineage &&
  next.generation === old.generation + 1 &&
  next.previous !== null &&
  bytesToHex(next.previous) === bytesToHex(committeeHash(old));

/**
 * Checks a whole announcement: founded by its members in generation 0, else signed by the committee before as well.
 * Whether a founding is called for (a first committee, or the survivors of one) is the room's to judge.
 * @param old the committee before, already trusted; null for a founding.
 * @throws IdentityError `refused`.
 */
export function verifyAnnouncement(announcement: Announcement, old: Committee | null, verify: Signatures["verify"]): void {
  const { committee, succession } = announcement;
  verifyConsents(announcement, verify);
  if (old === null) {
    if (committee.generation !== 0 || succession !== null) throw refused();
    return;
  }
  if (!follows(committee, old) || succession === null) throw refused();
  if (!committeeSigned(old, successionMessage(committeeHash(committee)), succession)) throw refused();
}

/** Whether the committee signed this statement. Never throws for bytes of a peer. */
export function committeeSigned(committee: Committee, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return SCHEMES.statement.verify(signature, message, committee.keys.issuer[0]!);
  } catch {
    return false;
  }
}

/** The public package of one of its keys. @throws IdentityError `refused` for a point that is none. */
export const keyOf = (committee: Committee, name: KeyName): FrostPublic => publicPackage(committee.keys[name], committee.members.length);
