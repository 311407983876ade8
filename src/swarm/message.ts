import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import * as v from "valibot";
import { answerBytes } from "../securesum/degree.ts";
import { codec, versionError, WireError } from "../wire/codec.ts";
import { peerIdBytes, type PeerId } from "../wire/ids.ts";
import { LIMITS } from "./limits.ts";
import { PHASES, type Phase } from "./phase.ts";
import { HashBytes, PeerList, type Hash } from "./record.ts";

/** Which head a device stands on, and whether it takes part. */
interface Standing {
  /** Counts up: an older word that arrives late is ignored. */
  seq: number;
  /** Head of its lineage: the last commit. */
  root: Hash;
  round: number;
  weight: number;
  /** The head it is fetching, if it is. */
  target?: Hash | undefined;
  /** Whether it wants to be in the next rounds: false while paused. */
  taking: boolean;
  /** Roots that it voted for in this round. */
  votes: readonly Hash[];
}

/** Where a device stands in its group: said on every change and now and then, so that a lost one costs little. */
export interface Status extends Standing {
  kind: "status";
  phase: Phase;
  /** With whom it means to finish this round; empty while it waits to be let in. */
  view: readonly PeerId[];
  /** From `open` on: whom it would have in the next round. */
  next: readonly PeerId[];
  /** From `open` on: the committee that it holds for the one that issues pseudonyms. */
  issuer: Hash | null;
  /** From `send` on: what it committed to of its parcels. */
  commitment: Hash | null;
  /** U as it would sign it, once all have committed; as it signed it, from `reduce` on. */
  set: Hash | null;
  /** To the degree test at that U. */
  answer: Uint8Array<ArrayBuffer> | null;
}

/** Where a device stands among several groups: said to all, while its status concerns its own group alone. */
export interface Stand extends Standing {
  kind: "stand";
  /** Whether it is in a view. */
  busy: boolean;
  /** What its group has to add, once its sum is open. */
  part: Hash | null;
  /** The parts that it would add up, by group; as it signed them, once it has. */
  cut: readonly Hash[];
  signed: boolean;
}

/** Asks for pieces that did not come, or for parts of a model. */
export interface Want {
  kind: "want";
  what: Exclude<Bulk["what"], "complaint">;
  root: Hash;
  /** Of an attempt; all zero else. */
  view: Hash;
  from: number;
  to: number;
}

/** A parcel of an update, a piece or a share of the sum, a complaint, what groups exchange, or a piece of a model: a checked header and raw bytes. */
export interface Bulk {
  kind: "bulk";
  what: (typeof KINDS)[number];
  root: Hash;
  view: Hash;
  index: number;
  payload: Uint8Array;
}

export type Message = Status | Stand | Want | Bulk;

const VERSION = 4;
/** First byte of a bulk message; a control message begins with the codec's version. */
const BULK = 0x80 | VERSION;
const HEADER = 2 + 32 + 32 + 4;
const KINDS = ["update", "sum", "share", "complaint", "record", "model", "part", "chunk", "total"] as const;

const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const index = v.pipe(natural, v.maxValue(0xffffffff));

const standing = {
  seq: natural,
  root: HashBytes,
  round: natural,
  weight: natural,
  target: v.optional(HashBytes),
  taking: v.boolean(),
  votes: v.pipe(v.array(HashBytes), v.maxLength(LIMITS.members)),
};

const ControlSchema = v.variant("kind", [
  v.strictObject({
    kind: v.literal("status"),
    ...standing,
    phase: v.picklist(PHASES),
    view: PeerList(LIMITS.members),
    next: PeerList(LIMITS.next),
    issuer: v.nullable(HashBytes),
    commitment: v.nullable(HashBytes),
    set: v.nullable(HashBytes),
    answer: v.nullable(v.pipe(v.instance(Uint8Array<ArrayBuffer>), v.maxLength(answerBytes(LIMITS.members)))),
  }),
  v.strictObject({
    kind: v.literal("stand"),
    ...standing,
    busy: v.boolean(),
    part: v.nullable(HashBytes),
    cut: v.pipe(v.array(HashBytes), v.maxLength(LIMITS.groups)),
    signed: v.boolean(),
  }),
  v.strictObject({ kind: v.literal("want"), what: v.picklist(["update", "sum", "share", "record", "model", "part", "chunk", "total"]), root: HashBytes, view: HashBytes, from: index, to: index }),
]);
const control = codec(VERSION, ControlSchema, LIMITS.controlBytes);

const bytesOrNull = (hash: Hash | null): Uint8Array | null => (hash === null ? null : hexToBytes(hash));

export function encodeMessage(message: Message): Uint8Array<ArrayBuffer> {
  switch (message.kind) {
    case "status": {
      const { target, ...rest } = message;
      return control.encode({
        ...rest,
        ...(target === undefined ? {} : { target: hexToBytes(target) }),
        root: hexToBytes(message.root),
        view: message.view.map(peerIdBytes),
        next: message.next.map(peerIdBytes),
        issuer: bytesOrNull(message.issuer),
        commitment: bytesOrNull(message.commitment),
        set: bytesOrNull(message.set),
        votes: message.votes.map((root) => hexToBytes(root)),
      });
    }
    case "stand": {
      const { target, ...rest } = message;
      return control.encode({
        ...rest,
        ...(target === undefined ? {} : { target: hexToBytes(target) }),
        root: hexToBytes(message.root),
        part: bytesOrNull(message.part),
        cut: message.cut.map((hash) => hexToBytes(hash)),
        votes: message.votes.map((root) => hexToBytes(root)),
      });
    }
    case "want":
      return control.encode({ ...message, root: hexToBytes(message.root), view: hexToBytes(message.view) });
    case "bulk": {
      const bytes = new Uint8Array(HEADER + message.payload.length);
      bytes[0] = BULK;
      bytes[1] = KINDS.indexOf(message.what);
      bytes.set(hexToBytes(message.root), 2);
      bytes.set(hexToBytes(message.view), 34);
      new DataView(bytes.buffer).setUint32(66, message.index, true);
      bytes.set(message.payload, HEADER);
      return bytes;
    }
  }
}

/** @throws WireError */
export function decodeMessage(bytes: Uint8Array): Message {
  if ((bytes[0] ?? 0) < 0x80) return control.decode(bytes);
  if (bytes[0] !== BULK) throw versionError(bytes[0]! & 0x7f, VERSION);
  if (bytes.length < HEADER) throw new WireError("malformed", "shorter than a bulk header");
  if (bytes.length > LIMITS.bulkBytes) throw new WireError("oversized", `${bytes.length} bytes in one bulk message`);
  const what = KINDS[bytes[1]!];
  if (what === undefined) throw new WireError("malformed", `bulk of kind ${bytes[1]}`);
  return {
    kind: "bulk",
    what,
    root: bytesToHex(bytes.subarray(2, 34)),
    view: bytesToHex(bytes.subarray(34, 66)),
    index: new DataView(bytes.buffer, bytes.byteOffset).getUint32(66, true),
    payload: bytes.subarray(HEADER),
  };
}

export const NO_VIEW: Hash = "00".repeat(32);

/** Names an attempt at a sum: the head it builds on and who takes part. */
export function viewHash(root: Hash, view: readonly PeerId[]): Hash {
  const digest = sha256.create().update(hexToBytes(root));
  for (const id of view) digest.update(peerIdBytes(id));
  return bytesToHex(digest.digest());
}
