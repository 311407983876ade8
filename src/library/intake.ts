import { bytesToHex } from "@noble/hashes/utils.js";
import { hashOf, sameBytes, type Digest } from "../coding/hash.ts";
import { manifestHash, openManifest, segmentsOf, type Manifest } from "../coding/manifest.ts";
import { WireError } from "../wire/codec.ts";
import type { Arrival } from "./events.ts";
import { LIBRARY_LIMITS } from "./limits.ts";
import { decodeLibrary, type GiveShard, type ObjectId } from "./message.ts";
import { shardsOf } from "./state.ts";

/** Who signed these bytes; null where the signature is nobody's whom this device can check. */
export type AuthorOf = (bytes: Uint8Array, signature: Uint8Array) => string | null;

export interface OpenedManifest {
  id: ObjectId;
  manifest: Manifest;
  author: string | null;
}

/**
 * A manifest is known by its name, which is a hash of it, so that whoever asked by name needs no signature.
 * @throws WireError
 */
export async function openFrame(frame: Uint8Array, authorOf: AuthorOf): Promise<OpenedManifest> {
  let author: string | null = null;
  const manifest = await openManifest(frame, (bytes, signature) => {
    author = authorOf(bytes, signature);
    return true;
  });
  if (manifest.length > LIBRARY_LIMITS.objectBytes) throw new WireError("oversized", `an object of ${manifest.length} bytes`);
  if (shardsOf(manifest) > LIBRARY_LIMITS.shards) throw new WireError("oversized", `an object of ${shardsOf(manifest)} shards`);
  return { id: bytesToHex(manifestHash(manifest)), manifest, author };
}

/** Whether these are the bytes that the manifest says. */
export async function isRight({ shape, length, shardBytes, hashes }: Manifest, segment: number, shard: number, bytes: Uint8Array, subtle: Digest): Promise<boolean> {
  const n = shape.k + shape.m;
  const expected = shard < n ? hashes[segment * n + shard] : undefined;
  if (expected === undefined || bytes.length !== segmentsOf({ shape, length, shardBytes })[segment]!.shardBytes) return false;
  return sameBytes(await hashOf(subtle, bytes), expected);
}

/**
 * Opens what a peer sent; nothing of it is believed that was not checked.
 * @param expected the manifest of a shard that this peer was asked for, else null: others are not worth hashing
 * @throws WireError
 */
export async function takeIn(bytes: Uint8Array, expected: (place: Pick<GiveShard, "id" | "segment" | "shard">) => Manifest | null, authorOf: AuthorOf, subtle: Digest): Promise<Arrival> {
  const message = decodeLibrary(bytes);
  if (message.kind === "manifest") return { kind: "manifest", frame: message.frame, ...(await openFrame(message.frame, authorOf)) };
  if (message.kind !== "shard") return message;
  const manifest = expected(message);
  return { ...message, right: manifest && (await isRight(manifest, message.segment, message.shard, message.payload, subtle)) };
}
