import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { MAX_HASHES } from "../coding/limits.ts";
import { codec, WireError } from "../wire/codec.ts";
import { LIBRARY_LIMITS } from "./limits.ts";

/** SHA-256 as 64 hex digits; of an object, over what its manifest's author signs. */
export type ObjectId = string;

/** Of a checkpoint: the commit that it holds. A hint, until the restored record is seen. */
export interface HeadNote {
  root: string;
  round: number;
  weight: number;
}

/** What a device says that it has of one object. */
export interface Holding {
  id: ObjectId;
  head: HeadNote | null;
  /** Ascending; each of them for all segments. */
  shards: readonly number[];
  /** It gives them out until others keep them, and does not keep them itself: it published the object. */
  passing: boolean;
}

/** Broadcast. `lends`: bytes of memory that it lends in all. */
export interface Holdings {
  kind: "holdings";
  seq: number;
  lends: number;
  objects: readonly Holding[];
}

/** To one peer: asks for a manifest, gives it, asks for a shard, or says that it is not there. */
export interface WantManifest {
  kind: "want-manifest";
  id: ObjectId;
}
export interface GiveManifest {
  kind: "manifest";
  frame: Uint8Array;
}
export interface WantShard {
  kind: "want-shard" | "lack-shard";
  id: ObjectId;
  segment: number;
  shard: number;
}

/** A checked header and raw bytes. */
export interface GiveShard {
  kind: "shard";
  id: ObjectId;
  segment: number;
  shard: number;
  payload: Uint8Array;
}

export type LibraryMessage = Holdings | WantManifest | GiveManifest | WantShard | GiveShard;

/** First bytes of what the library sends; the round protocol's and the committee's begin with others. */
const CONTROL = 0x50;
const SHARD = 0x51;
const MANIFEST = 0x52;
/** Byte, id, segment, shard. */
const HEADER = 1 + 32 + 4 + 2;

export const isLibrary = (bytes: Uint8Array): boolean => bytes[0] === CONTROL || bytes[0] === SHARD || bytes[0] === MANIFEST;

const bytesBetween = (least: number, most: number) => v.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length >= least && value.length <= most, `not ${least} to ${most} bytes`);
const HashBytes = v.pipe(bytesBetween(32, 32), v.transform(bytesToHex));
const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** A bit a shard, the lowest first; one set has one encoding. */
const ShardSet = v.pipe(
  bytesBetween(0, LIBRARY_LIMITS.shards / 8),
  v.check((bits) => bits.length === 0 || bits.at(-1) !== 0, "bytes of no shard"),
  v.transform((bits) => Array.from({ length: 8 * bits.length }, (_, shard) => shard).filter((shard) => ((bits[shard >> 3]! >> (shard & 7)) & 1) === 1)),
);

function bitsOf(shards: readonly number[]): Uint8Array {
  const bits = new Uint8Array(shards.length === 0 ? 0 : (Math.max(...shards) >> 3) + 1);
  for (const shard of shards) bits[shard >> 3]! |= 1 << (shard & 7);
  return bits;
}

const shardFields = { id: HashBytes, segment: v.pipe(natural, v.maxValue(MAX_HASHES)), shard: v.pipe(natural, v.maxValue(LIBRARY_LIMITS.shards - 1)) };

const control = codec(
  CONTROL,
  v.variant("kind", [
    v.strictObject({
      kind: v.literal("holdings"),
      seq: natural,
      lends: natural,
      objects: v.pipe(
        v.array(v.strictObject({ id: HashBytes, head: v.nullable(v.strictObject({ root: HashBytes, round: natural, weight: natural })), shards: ShardSet, passing: v.boolean() })),
        v.maxLength(LIBRARY_LIMITS.objects),
        v.check((objects) => new Set(objects.map(({ id }) => id)).size === objects.length, "an object named twice"),
      ),
    }),
    v.strictObject({ kind: v.literal("want-manifest"), id: HashBytes }),
    v.strictObject({ kind: v.picklist(["want-shard", "lack-shard"]), ...shardFields }),
  ]),
  LIBRARY_LIMITS.controlBytes,
);

export function encodeLibrary(message: LibraryMessage): Uint8Array<ArrayBuffer> {
  switch (message.kind) {
    case "holdings": {
      const objects = message.objects.map(({ id, head, shards, passing }) => ({ id: hexToBytes(id), head: head && { ...head, root: hexToBytes(head.root) }, shards: bitsOf(shards), passing }));
      return control.encode({ kind: "holdings", seq: message.seq, lends: message.lends, objects });
    }
    case "want-manifest":
      return control.encode({ kind: "want-manifest", id: hexToBytes(message.id) });
    case "want-shard":
    case "lack-shard":
      return control.encode({ kind: message.kind, id: hexToBytes(message.id), segment: message.segment, shard: message.shard });
    case "manifest": {
      const bytes = new Uint8Array(1 + message.frame.length);
      bytes[0] = MANIFEST;
      bytes.set(message.frame, 1);
      return bytes;
    }
    case "shard": {
      const bytes = new Uint8Array(HEADER + message.payload.length);
      const view = new DataView(bytes.buffer);
      bytes[0] = SHARD;
      bytes.set(hexToBytes(message.id), 1);
      view.setUint32(33, message.segment);
      view.setUint16(37, message.shard);
      bytes.set(message.payload, HEADER);
      return bytes;
    }
  }
}

/** A manifest's frame is checked by `openManifest`. @throws WireError */
export function decodeLibrary(bytes: Uint8Array): LibraryMessage {
  if (bytes[0] === MANIFEST) {
    if (bytes.length > LIBRARY_LIMITS.manifestBytes) throw new WireError("oversized", `a manifest of ${bytes.length} bytes`);
    return { kind: "manifest", frame: bytes.slice(1) };
  }
  if (bytes[0] !== SHARD) return control.decode(bytes);
  if (bytes.length <= HEADER) throw new WireError("malformed", "a shard that ends early");
  if (bytes.length > LIBRARY_LIMITS.shardBytes) throw new WireError("oversized", `${bytes.length} bytes of one shard`);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return { kind: "shard", id: bytesToHex(bytes.subarray(1, 33)), segment: view.getUint32(33), shard: view.getUint16(37), payload: bytes.subarray(HEADER) };
}
