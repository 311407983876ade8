import { concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import * as v from "valibot";
import { answerBytes } from "../securesum/degree.ts";
import { codec, versionError, WireError } from "../wire/codec.ts";
import { peerIdBytes, type PeerId } from "../wire/ids.ts";
import { LIMITS } from "./limits.ts";
import { PHASES, type Phase } from "./phase.ts";
import { HashBytes, hashOf, PeerBytes, PeerList, type Hash } from "./record.ts";

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
  /** Whether what it sends leaves slowly: what can be done by others is not for it. */
  slow: boolean;
  /** What its group has to add, once its sum is open. */
  part: Hash | null;
  /** The parts that it would add up; as it signed them, once it has. */
  cut: Cut | null;
  signed: boolean;
  above?: Above | undefined;
}

/** Parts that are to be added up, of one length however many they are: whoever knows the parts finds out which (tier/tier.ts). */
export interface Cut {
  /** SHA-256 of the parts' hashes, by group or node. */
  hash: Hash;
  /** Bit i: a part of group or node i is in it. */
  units: number;
}

/** So many voted for this root. */
export interface Count {
  root: Hash;
  count: number;
}

/** What one of those who speak for a node says to the other nodes: the same one stage up. */
export interface Above {
  part: Hash;
  cut: Cut | null;
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

/** One word of several devices, each with its own signature. */
export interface Spoken {
  word: Word;
  /** Ascending. */
  by: readonly { peer: PeerId; seq: number; signature: Uint8Array<ArrayBuffer> }[];
}

/** What was said, as it goes on to others: the words of some devices together. */
export interface Stands {
  kind: "stands";
  said: readonly Spoken[];
}

/** Asks for pieces that did not come, for parts of a model, for what an audited device shows, or for what all groups said. */
export interface Want {
  kind: "want";
  what: Exclude<Bulk["what"], "complaint" | "digest" | "dispute"> | "words";
  root: Hash;
  /** Of an attempt; all zero else. */
  view: Hash;
  from: number;
  to: number;
}

/** A parcel of an update, a piece or a share of the sum, a complaint, what groups exchange, a piece of a model, an audited update, or word that training gives another one: a checked header and raw bytes. */
export interface Bulk {
  kind: "bulk";
  what: (typeof KINDS)[number];
  root: Hash;
  view: Hash;
  index: number;
  payload: Uint8Array;
}

export type Message = Status | Stands | Want | Bulk;

const VERSION = 7;
/** First byte of each kind of message: the version, and two bits for the kind. */
const VERSION_BITS = 0x3f;
const WANT = VERSION;
const STATUS = 0x40 | VERSION;
const BULK = 0x80 | VERSION;
const STANDS = 0xc0 | VERSION;
const SIGNATURE_BYTES = 64;
const PEER_BYTES = 16;
const HEADER = 2 + 32 + 32 + 4;
const KINDS = ["update", "sum", "share", "complaint", "record", "model", "part", "chunk", "total", "digest", "node", "outcome", "reveal", "dispute"] as const;

const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const index = v.pipe(natural, v.maxValue(0xffffffff));

const HashOrNull = v.nullable(HashBytes);
/** Peers in one string of bytes. */
const PeersIn = (most: number) => v.pipe(v.instance(Uint8Array), v.check((block) => block.length % PEER_BYTES === 0, "not whole ids"), v.transform((block): Uint8Array[] => Array.from({ length: block.length / PEER_BYTES }, (_, i) => block.subarray(PEER_BYTES * i, PEER_BYTES * (i + 1)))), PeerList(most));
/** seq, root, round, weight, target, taking, votes, phase, view, next (null: the view), issuer, commitment, set, answer, audited: said so often that it does without names */
const StatusSchema = v.strictTuple([
  natural,
  HashBytes,
  natural,
  natural,
  HashOrNull,
  v.boolean(),
  v.pipe(v.array(HashBytes), v.maxLength(LIMITS.members)),
  v.pipe(natural, v.maxValue(PHASES.length - 1)),
  PeersIn(LIMITS.members),
  v.nullable(PeersIn(LIMITS.next)),
  HashOrNull,
  HashOrNull,
  HashOrNull,
  v.nullable(v.pipe(v.instance(Uint8Array<ArrayBuffer>), v.maxLength(answerBytes(LIMITS.members)))),
  v.nullable(PeerBytes),
]);
const statuses = codec(STATUS, StatusSchema, LIMITS.controlBytes);
const WantSchema = v.strictObject({ kind: v.literal("want"), what: v.picklist(["update", "sum", "share", "record", "model", "part", "chunk", "total", "node", "outcome", "reveal", "words"]), root: HashBytes, view: HashBytes, from: index, to: index });
const wants = codec(WANT, WantSchema, LIMITS.controlBytes);

/** A hash by its place in the message's list: words that are said together name the same ones. */
const ref = v.pipe(natural, v.maxValue(LIMITS.hashes - 1));
const CutSchema = v.nullable(v.strictTuple([ref, v.pipe(natural, v.maxValue(2 ** LIMITS.nodes - 1))]));
const AboveSchema = v.nullable(v.strictTuple([ref, CutSchema, v.boolean(), v.nullable(ref), v.pipe(v.array(v.strictTuple([ref, natural])), v.maxLength(2))]));
/** root, round, weight, target, taking, votes, busy, slow, part, cut, signed, above */
const WordSchema = v.strictTuple([ref, natural, natural, v.nullable(ref), v.boolean(), v.pipe(v.array(ref), v.maxLength(LIMITS.members)), v.boolean(), v.boolean(), v.nullable(ref), CutSchema, v.boolean(), AboveSchema]);
const SignerSchema = v.strictTuple([PeerBytes, natural, v.custom<Uint8Array<ArrayBuffer>>((value) => value instanceof Uint8Array && value.length === SIGNATURE_BYTES, "not a signature")]);
const BySchema = v.pipe(
  v.array(SignerSchema),
  v.minLength(1),
  v.maxLength(LIMITS.signers),
  v.check((by) => by.every(([peer], at) => at === 0 || by[at - 1]![0] < peer), "signers that are not ascending"),
);
const SpokenSchema = v.strictTuple([WordSchema, BySchema]);
const Hashes = v.pipe(v.array(HashBytes), v.maxLength(LIMITS.hashes));
const stands = codec(STANDS, v.strictTuple([Hashes, v.pipe(v.array(SpokenSchema), v.minLength(1), v.maxLength(LIMITS.words))]), LIMITS.controlBytes);
const alone = codec(STANDS, v.strictTuple([Hashes, WordSchema]), LIMITS.controlBytes);

type WordTuple = v.InferOutput<typeof WordSchema>;

/** Words by their hashes' places in `hashes`, which are taken down there. */
function wordIn({ root, round, weight, target, taking, votes, busy, slow, part, cut, signed, above }: Word, hashes: Map<Hash, number>): WordTuple {
  const at = (hash: Hash): number => {
    const place = hashes.get(hash) ?? hashes.size;
    hashes.set(hash, place);
    return place;
  };
  const orNull = (hash: Hash | null | undefined): number | null => (hash ? at(hash) : null);
  const cutIn = (of: Cut | null): [number, number] | null => of && [at(of.hash), of.units];
  return [
    at(root),
    round,
    weight,
    orNull(target),
    taking,
    votes.map(at),
    busy,
    slow,
    orNull(part),
    cutIn(cut),
    signed,
    above ? [at(above.part), cutIn(above.cut), above.signed, orNull(above.outcome), above.votes.map((vote): [number, number] => [at(vote.root), vote.count])] : null,
  ];
}

/** @throws WireError where a hash is not in the list */
function wordOf([root, round, weight, target, taking, votes, busy, slow, part, cut, signed, above]: WordTuple, hashes: readonly Hash[]): Word {
  const at = (place: number): Hash => {
    const hash = hashes[place];
    if (hash === undefined) throw new WireError("malformed", `hash ${place} of ${hashes.length}`);
    return hash;
  };
  const orNull = (place: number | null): Hash | null => (place === null ? null : at(place));
  const cutOf = (named: [number, number] | null): Cut | null => named && { hash: at(named[0]), units: named[1] };
  return {
    kind: "stand",
    root: at(root),
    round,
    weight,
    target: target === null ? undefined : at(target),
    taking,
    votes: votes.map(at),
    busy,
    slow,
    part: orNull(part),
    cut: cutOf(cut),
    signed,
    above: above === null ? undefined : { part: at(above[0]), cut: cutOf(above[1]), signed: above[2], outcome: orNull(above[3]), votes: above[4].map(([of, count]) => ({ root: at(of), count })) },
  };
}

const listIn = (hashes: ReadonlyMap<Hash, number>): Uint8Array[] => [...hashes.keys()].map((hash) => hexToBytes(hash));

const bytesOrNull = (hash: Hash | null): Uint8Array | null => (hash === null ? null : hexToBytes(hash));

export function encodeMessage(message: Message): Uint8Array<ArrayBuffer> {
  switch (message.kind) {
    case "status":
      return encodeStatus(message);
    case "stands":
      return encodeStands(message.said);
    case "want":
      return wants.encode({ ...message, root: hexToBytes(message.root), view: hexToBytes(message.view) });
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

const blockOf = (peers: readonly PeerId[]): Uint8Array<ArrayBuffer> => concatBytes(...peers.map(peerIdBytes)) as Uint8Array<ArrayBuffer>;

export const sameList = (a: readonly string[], b: readonly string[]): boolean => a === b || (a.length === b.length && a.every((item, i) => item === b[i]));

function encodeStatus({ seq, root, round, weight, target, taking, votes, phase, view, next, issuer, commitment, set, answer, audited }: Status): Uint8Array<ArrayBuffer> {
  return statuses.encode([
    seq,
    hexToBytes(root),
    round,
    weight,
    bytesOrNull(target ?? null),
    taking,
    votes.map((vote) => hexToBytes(vote)),
    PHASES.indexOf(phase),
    blockOf(view),
    sameList(view, next) ? null : blockOf(next),
    bytesOrNull(issuer),
    bytesOrNull(commitment),
    bytesOrNull(set),
    answer,
    audited === undefined ? null : peerIdBytes(audited),
  ]);
}

function decodeStatus(bytes: Uint8Array): Status {
  const [seq, root, round, weight, target, taking, votes, phase, view, next, issuer, commitment, set, answer, audited] = statuses.decode(bytes);
  return { kind: "status", seq, root, round, weight, target: target ?? undefined, taking, votes, phase: PHASES[phase]!, view, next: next ?? view, issuer, commitment, set, answer, audited: audited ?? undefined };
}

function encodeStands(said: readonly Spoken[]): Uint8Array<ArrayBuffer> {
  const hashes = new Map<Hash, number>();
  const words = said.map(({ word, by }): v.InferInput<typeof SpokenSchema> => [wordIn(word, hashes), by.map(({ peer, seq, signature }) => [peerIdBytes(peer), seq, signature])]);
  return stands.encode([listIn(hashes), words]);
}

/** Spread over as many messages as they need. */
export function inMessages(spoken: readonly Spoken[]): Uint8Array<ArrayBuffer>[] {
  const messages: Spoken[][] = [];
  let [room, hashes] = [0, new Map<Hash, number>()];
  for (const { word, by } of spoken) {
    for (let from = 0; from < by.length; ) {
      const more = new Map(hashes);
      wordIn(word, more);
      if (room > 0 && more.size <= LIMITS.hashes && messages.at(-1)!.length < LIMITS.words) hashes = more;
      else {
        [room, hashes] = [LIMITS.signers, new Map()];
        wordIn(word, hashes);
        messages.push([]);
      }
      const some = by.slice(from, from + room);
      messages.at(-1)!.push({ word, by: some });
      from += some.length;
      room -= some.length;
    }
  }
  return messages.map(encodeStands);
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

/** Some of what was said in messages, as one that need not be decoded again. */
export function encodeHeard(said: readonly Spoken[]): Uint8Array<ArrayBuffer> {
  const bytes = encodeStands(said);
  decoded.set(bytes, { kind: "stands", said });
  return bytes;
}

/** @throws WireError */
function decodeAnew(bytes: Uint8Array): Message {
  if (bytes.length === 0) throw new WireError("malformed", "no bytes");
  if ((bytes[0]! & VERSION_BITS) !== VERSION) throw versionError(bytes[0]! & VERSION_BITS, VERSION);
  if (bytes[0] === WANT) return wants.decode(bytes);
  if (bytes[0] === STATUS) return decodeStatus(bytes);
  if (isStands(bytes)) {
    const [hashes, said] = stands.decode(bytes);
    return { kind: "stands", said: said.map(([word, by]) => ({ word: wordOf(word, hashes), by: by.map(([peer, seq, signature]) => ({ peer, seq, signature })) })) };
  }
  if (bytes.length < HEADER) throw new WireError("malformed", "shorter than a bulk header");
  if (bytes.length > LIMITS.bulkBytes) throw new WireError("oversized", `${bytes.length} bytes in one bulk message`);
  const what = KINDS[bytes[1]!];
  if (what === undefined) throw new WireError("malformed", `bulk of kind ${bytes[1]}`);
  return {
    kind: "bulk",
    what,
    root: hashOf(bytes.subarray(2, 34)),
    view: hashOf(bytes.subarray(34, 66)),
    index: new DataView(bytes.buffer, bytes.byteOffset).getUint32(66, true),
    payload: bytes.subarray(HEADER),
  };
}

export const isStands = (bytes: Uint8Array): boolean => bytes[0] === STANDS;

function encodeAlone(said: Word): Uint8Array {
  const hashes = new Map<Hash, number>();
  const word = wordIn(said, hashes);
  return alone.encode([listIn(hashes), word]);
}

/** The bytes that were asked for last: a word that several have signed is encoded once. */
const signed = new WeakMap<Word, { seq: number; bytes: Uint8Array<ArrayBuffer> }>();

/** What a device signs: its word, and its number as 8 bytes. Its name, the room and the epoch come with its key. */
export function signedBytes(said: Word, seq: number): Uint8Array<ArrayBuffer> {
  const before = signed.get(said);
  if (before?.seq === seq) return before.bytes;
  const bytes = before ? before.bytes.slice() : concatBytes(encodeAlone(said), new Uint8Array(8)) as Uint8Array<ArrayBuffer>;
  new DataView(bytes.buffer).setFloat64(bytes.length - 8, seq);
  signed.set(said, { seq, bytes });
  return bytes;
}

export const NO_VIEW: Hash = "00".repeat(32);

/** Names an attempt at a sum: the head it builds on and who takes part. */
export function viewHash(root: Hash, view: readonly PeerId[]): Hash {
  const digest = sha256.create().update(hexToBytes(root));
  for (const id of view) digest.update(peerIdBytes(id));
  return hashOf(digest.digest());
}
