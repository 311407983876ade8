import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { codec, WireError } from "../wire/codec.ts";
import { codeOf, CODECS, type Shape } from "./code.ts";
import { CodingError } from "./errors.ts";
import { BLOCK_BYTES, MAX_CODED_BYTES, MAX_HASHES, MAX_SHARDS, MAX_SIGNATURE_BYTES, SEGMENT_BYTES } from "./limits.ts";

const VERSION = 1;
const HASH_BYTES = 32;

/**
 * What an object's shards are. The object is cut into segments of k · shardBytes, each coded by itself, the last one
 * with shards as short as it allows; the object's last bytes are followed by zeros.
 */
export interface Manifest {
  readonly shape: Shape;
  /** Bytes of the object. */
  readonly length: number;
  /** Bytes of a shard of every segment but the last. */
  readonly shardBytes: number;
  /** SHA-256 of every shard: the n of the first segment, then those of the next. */
  readonly hashes: readonly Uint8Array[];
  /** Over the hashes, as RFC 9162, 2.1.1 builds it. It names the object. */
  readonly root: Uint8Array;
}

const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array);

const wire = codec(
  VERSION,
  v.strictObject({
    codec: v.picklist(Object.values(CODECS)),
    k: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_SHARDS)),
    m: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_SHARDS)),
    length: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
    shardBytes: v.pipe(v.number(), v.integer(), v.minValue(BLOCK_BYTES), v.maxValue(MAX_CODED_BYTES), v.multipleOf(BLOCK_BYTES)),
    hashes: v.pipe(bytes, v.check((hashes) => hashes.length % HASH_BYTES === 0)),
    signature: v.pipe(bytes, v.check((signature) => signature.length <= MAX_SIGNATURE_BYTES)),
  }),
  MAX_HASHES * HASH_BYTES + 1024,
);

const signed = codec(VERSION, v.strictObject({ for: v.literal("hromada manifest"), codec: v.number(), k: v.number(), m: v.number(), length: v.number(), shardBytes: v.number(), root: bytes }), 1024);

/** What an author signs: everything, the hashes by their root. */
const signedBytes = ({ shape: { codec, k, m }, length, shardBytes, root }: Manifest): Uint8Array =>
  signed.encode({ for: "hromada manifest", codec, k, m, length, shardBytes, root });

/** Names an object and how it is cut and coded, whoever signed it: SHA-256 of what an author signs. */
export const manifestHash = (manifest: Manifest): Uint8Array => sha256(signedBytes(manifest));

/** @param sign the author's signature over these bytes */
export async function sealManifest(manifest: Manifest, sign: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>): Promise<Uint8Array> {
  const { shape: { codec, k, m }, length, shardBytes, hashes } = manifest;
  return wire.encode({ codec, k, m, length, shardBytes, hashes: concatBytes(...hashes), signature: await sign(signedBytes(manifest)) });
}

/**
 * @param verify whether the signature is that of the author who is expected
 * @throws WireError on bytes that are no manifest; CodingError `signature` on one of somebody else
 */
export async function openManifest(frame: Uint8Array, verify: (bytes: Uint8Array, signature: Uint8Array) => boolean | Promise<boolean>): Promise<Manifest> {
  const { codec, k, m, length, shardBytes, hashes: all, signature } = wire.decode(frame);
  const hashes = Array.from({ length: all.length / HASH_BYTES }, (_, i) => all.slice(i * HASH_BYTES, (i + 1) * HASH_BYTES));
  const cut = { shape: { codec, k, m }, length, shardBytes, hashes };
  checkSize(cut);
  const manifest = { ...cut, root: merkleRoot(hashes) };
  if (!(await verify(signedBytes(manifest), signature))) throw new CodingError("signature", "the manifest is not signed by the author it should be; ask another device for it");
  return manifest;
}

function checkSize({ shape, length, shardBytes, hashes }: Omit<Manifest, "root">): void {
  try {
    codeOf(shape);
  } catch (cause) {
    throw new WireError("malformed", String(cause));
  }
  const n = shape.k + shape.m;
  if (n > MAX_SHARDS || n * shardBytes > MAX_CODED_BYTES) throw new WireError("oversized", `${n} shards of ${shardBytes} bytes are more than a segment may have`);
  const segments = Math.ceil(length / (shape.k * shardBytes));
  if (hashes.length !== n * segments) throw new WireError("malformed", `${hashes.length} hashes where ${segments} segments of ${n} shards have ${n * segments}`);
  if (segments === 1 && shardBytes !== shardBytesOf(shape.k, length)) throw new WireError("malformed", `a shard of ${shardBytes} bytes for an object of ${length}`);
}

const shardBytesOf = (k: number, bytes: number): number => Math.ceil(bytes / k / BLOCK_BYTES) * BLOCK_BYTES;

/**
 * How an object is cut: the bytes of a shard of all segments but the last.
 * @throws CodingError `shape` where it cannot be coded so
 */
export function cut({ k, m }: Shape, length: number): number {
  const n = k + m;
  const shardBytes = Math.min(shardBytesOf(k, Math.min(length, SEGMENT_BYTES)), Math.floor(MAX_CODED_BYTES / n / BLOCK_BYTES) * BLOCK_BYTES);
  if (!Number.isSafeInteger(length) || length < 1) throw new CodingError("shape", `an object has at least one byte, not ${length}`);
  if (n > MAX_SHARDS || n * Math.ceil(length / (k * shardBytes)) > MAX_HASHES) throw new CodingError("shape", `${length} bytes in ${n} shards a segment have more than ${MAX_HASHES} hashes; take fewer shards`);
  return shardBytes;
}

export interface Segment {
  readonly index: number;
  /** Offset of the first of its `length` bytes in the object. */
  readonly offset: number;
  readonly length: number;
  readonly shardBytes: number;
}

/** The segments of an object, in order. */
export function segmentsOf({ shape: { k }, length, shardBytes }: Pick<Manifest, "shape" | "length" | "shardBytes">): Segment[] {
  const whole = k * shardBytes;
  return Array.from({ length: Math.ceil(length / whole) }, (_, index) => {
    const offset = index * whole;
    const bytes = Math.min(whole, length - offset);
    return { index, offset, length: bytes, shardBytes: shardBytesOf(k, bytes) };
  });
}

/** Merkle tree hash of RFC 9162, 2.1.1, with SHA-256; the leaves are the shards' hashes. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return sha256(concatBytes(Uint8Array.of(0), leaves[0]!));
  const left = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
  return sha256(concatBytes(Uint8Array.of(1), merkleRoot(leaves.slice(0, left)), merkleRoot(leaves.slice(left))));
}
