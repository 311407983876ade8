import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import * as v from "valibot";
import { answerBytes } from "../securesum/degree.ts";
import { codec, versionError, WireError } from "../wire/codec.ts";
import { peerIdBytes, type PeerId } from "../wire/ids.ts";
import { LIMITS } from "./limits.ts";
import { PHASES, type Phase } from "./phase.ts";
import { HashBytes, PeerBytes, PeerList, type Hash } from "./record.ts";

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
  /** Of what U is made, once all have committed; what it signed, from `reduce` on. */
  set: Hash | null;
  /** To the degree test at that U. */
  answer: Uint8Array<ArrayBuffer> | null;
  /** From `reduce` on: whom U as it signed it leaves out, if anybody. */
  audited?: PeerId | undefined;
}

/** Where a device stands among several groups, for all of them; its status concerns its own group alone. */
export interface Word extends Omit<Standing, "seq"> {
  kind: "stand";
  /** Whether it is in a view. */
  busy: boolean;
  /** What its group has to add, once its sum is open. */
  part: Hash | null;
  /** The parts that it would add up, by group; as it signed them, once it has. */
  cut: readonly Hash[];
  signed: boolean;
  above?: Above | undefined;
}

/** So many voted for this root. */
export interface Count {
  root: Hash;
  count: number;
}

/** What one of those who speak for a node says to the other nodes: the same one stage up. */
export interface Above {
  part: Hash;
  cut: readonly Hash[];
  signed: boolean;
  /** What the room's sum comes to. */
  outcome: Hash | null;
  /** How many of its node's contributors voted for what. */
  votes: readonly Count[];
}

/** Such a word as its device signed it: whoever hands it on need not be believed. */
export interface Stand extends Word {
  seq: number;
  signature: Uint8Array<ArrayBuffer>;
}

/** One word of several devices, each with its own signature: what a group says goes on to the others so. */
export interface Stands {
  kind: "stands";
  word: Word;
  /** Ascending. */
  by: readonly { peer: PeerId; seq: number; signature: Uint8Array<ArrayBuffer> }[];
}

/** Asks for pieces that did not come, for parts of a model, for what an audited device shows, or for what all groups said. */
export interface Want {
  kind: "want";
  what: Exclude<Bulk["what"], "complaint" | "digest"> | "words";
  root: Hash;
  /** Of an attempt; all zero else. */
  view: Hash;
  from: number;
  to: number;
}

/** A parcel of an update, a piece or a share of the sum, a complaint, what groups exchange, a piece of a model, or an audited update: a checked header and raw bytes. */
export interface Bulk {
  kind: "bulk";
  what: (typeof KINDS)[number];
  root: Hash;
  view: Hash;
  index: number;
  payload: Uint8Array;
}

export type Message = Status | Stands | Want | Bulk;

const VERSION = 6;
/** First byte of a bulk message, and of stands; another control message begins with the codec's version. */
const BULK = 0x80 | VERSION;
const STANDS = 0xc0 | VERSION;
const SIGNATURE_BYTES = 64;
const HEADER = 2 + 32 + 32 + 4;
const KINDS = ["update", "sum", "share", "complaint", "record", "model", "part", "chunk", "total", "digest", "node", "outcome", "reveal"] as const;

const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const index = v.pipe(natural, v.maxValue(0xffffffff));

const standing = {
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
    seq: natural,
    ...standing,
    phase: v.picklist(PHASES),
    view: PeerList(LIMITS.members),
    next: PeerList(LIMITS.next),
    issuer: v.nullable(HashBytes),
    commitment: v.nullable(HashBytes),
    set: v.nullable(HashBytes),
    answer: v.nullable(v.pipe(v.instance(Uint8Array<ArrayBuffer>), v.maxLength(answerBytes(LIMITS.members)))),
    audited: v.optional(PeerBytes),
  }),
  v.strictObject({ kind: v.literal("want"), what: v.picklist(["update", "sum", "share", "record", "model", "part", "chunk", "total", "node", "outcome", "reveal", "words"]), root: HashBytes, view: HashBytes, from: index, to: index }),
]);
const control = codec(VERSION, ControlSchema, LIMITS.controlBytes);

const word = {
  ...standing,
  busy: v.boolean(),
  part: v.nullable(HashBytes),
  cut: v.pipe(v.array(HashBytes), v.maxLength(LIMITS.groups)),
  signed: v.boolean(),
  above: v.optional(
    v.strictObject({
      part: HashBytes,
      cut: v.pipe(v.array(HashBytes), v.maxLength(LIMITS.nodes)),
      signed: v.boolean(),
      outcome: v.nullable(HashBytes),
      votes: v.pipe(v.array(v.strictObject({ root: HashBytes, count: natural })), v.maxLength(2)),
    }),
  ),
};
const SignerSchema = v.strictTuple([PeerBytes, natural, v.custom<Uint8Array<ArrayBuffer>>((value) => value instanceof Uint8Array && value.length === SIGNATURE_BYTES, "not a signature")]);
const stands = codec(
  STANDS,
  v.strictObject({
    ...word,
    by: v.pipe(
      v.array(SignerSchema),
      v.minLength(1),
      v.maxLength(LIMITS.signers),
      v.check((by) => by.every(([peer], at) => at === 0 || by[at - 1]![0] < peer), "signers that are not ascending"),
    ),
  }),
  LIMITS.controlBytes,
);
const alone = codec(STANDS, v.strictObject(word), LIMITS.controlBytes);

const bytesOrNull = (hash: Hash | null): Uint8Array | null => (hash === null ? null : hexToBytes(hash));

export function encodeMessage(message: Message): Uint8Array<ArrayBuffer> {
  switch (message.kind) {
    case "status": {
      const { target, audited, ...rest } = message;
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
        ...(audited === undefined ? {} : { audited: peerIdBytes(audited) }),
      });
    }
    case "stands":
      return stands.encode({ ...wordIn(message.word), by: message.by.map(({ peer, seq, signature }) => [peerIdBytes(peer), seq, signature]) });
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

/** A simulation hands one message to many devices, and a device looks at stands twice. Neither is ever written to. */
const decoded = new WeakMap<Uint8Array, Message>();

/** @throws WireError */
export function decodeMessage(bytes: Uint8Array): Message {
  const before = decoded.get(bytes);
  if (before) return before;
  const message = decodeAnew(bytes);
  if (message.kind !== "bulk") decoded.set(bytes, message);
  return message;
}

/** @throws WireError */
function decodeAnew(bytes: Uint8Array): Message {
  if ((bytes[0] ?? 0) < 0x80) return control.decode(bytes);
  if (isStands(bytes)) {
    const { by, ...said } = stands.decode(bytes);
    return { kind: "stands", word: { kind: "stand", ...said }, by: by.map(([peer, seq, signature]) => ({ peer, seq, signature })) };
  }
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

export const isStands = (bytes: Uint8Array): boolean => bytes[0] === STANDS;

const wordIn = ({ root, round, weight, target, taking, votes, busy, part, cut, signed: isSigned, above }: Word) => ({
  root: hexToBytes(root),
  round,
  weight,
  ...(target !== undefined && { target: hexToBytes(target) }),
  taking,
  votes: votes.map((vote) => hexToBytes(vote)),
  busy,
  part: bytesOrNull(part),
  cut: cut.map((hash) => hexToBytes(hash)),
  signed: isSigned,
  ...(above !== undefined && {
    above: { part: hexToBytes(above.part), cut: above.cut.map((hash) => hexToBytes(hash)), signed: above.signed, outcome: bytesOrNull(above.outcome), votes: above.votes.map(({ root: of, count }) => ({ root: hexToBytes(of), count })) },
  }),
});

const encoded = new WeakMap<Word, Uint8Array>();

/** What a device signs: its word, and its number as 8 bytes. Its name, the room and the epoch come with its key. */
export function signedBytes(said: Word, seq: number): Uint8Array<ArrayBuffer> {
  const bytes = encoded.get(said) ?? alone.encode(wordIn(said));
  encoded.set(said, bytes);
  const numbered = new Uint8Array(bytes.length + 8);
  numbered.set(bytes);
  new DataView(numbered.buffer).setFloat64(bytes.length, seq);
  return numbered;
}

export const NO_VIEW: Hash = "00".repeat(32);

/** Names an attempt at a sum: the head it builds on and who takes part. */
export function viewHash(root: Hash, view: readonly PeerId[]): Hash {
  const digest = sha256.create().update(hexToBytes(root));
  for (const id of view) digest.update(peerIdBytes(id));
  return bytesToHex(digest.digest());
}
