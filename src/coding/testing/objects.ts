import { webcrypto } from "node:crypto";
import type { Shape } from "../code.ts";
import type { Coder } from "../coder.ts";
import { encode } from "../encode.ts";
import { hashOf } from "../hash.ts";
import type { Manifest } from "../manifest.ts";
import { restore, type Restored, type RestoreOptions } from "../restore.ts";

export const subtle = webcrypto.subtle as SubtleCrypto;

export interface Stored {
  manifest: Manifest;
  /** shards[segment][shard] */
  shards: Uint8Array[][];
}

export async function store(coder: Coder, shape: Shape, object: Uint8Array): Promise<Stored> {
  const shards: Uint8Array[][] = [];
  const steps = encode(shape, { coder, subtle, length: object.length, read: (into, offset) => into.set(object.subarray(offset, offset + into.length)) });
  for (;;) {
    const step = await steps.next();
    if (step.done) return { manifest: step.value, shards };
    shards.push(step.value.shards.map((shard) => shard.slice()));
  }
}

/** A fetch from what is stored; null stands for a shard that nobody holds. */
export const fetchFrom = (shards: readonly (readonly (Uint8Array | null)[])[]): RestoreOptions["fetch"] => async (segment, shard, into) => {
  const bytes = shards[segment]![shard] ?? null;
  if (bytes === null) throw new Error(`nobody holds shard ${shard}`);
  into.set(bytes);
};

/** All steps but the bytes, and the bytes. */
export async function restored(coder: Coder, manifest: Manifest, fetch: RestoreOptions["fetch"], signal?: AbortSignal): Promise<{ bytes: Buffer; events: Exclude<Restored, { kind: "segment" }>[] }> {
  const parts: Uint8Array[] = [];
  const events: Exclude<Restored, { kind: "segment" }>[] = [];
  for await (const step of restore(manifest, { coder, subtle, fetch, ...(signal ? { signal } : {}) })) {
    if (step.kind === "segment") parts.push(...step.bytes.map((bytes) => bytes.slice()));
    else events.push(step);
  }
  return { bytes: Buffer.concat(parts), events };
}

/** What a publisher would write who hashed other shards than the code makes. */
export async function dishonest(stored: Stored, shard: number): Promise<Stored> {
  const shards = stored.shards.map((row) => row.map((bytes) => bytes.slice()));
  shards[0]![shard]![5]! ^= 1;
  const hashes = [...stored.manifest.hashes];
  hashes[shard] = await hashOf(subtle, shards[0]![shard]!);
  return { manifest: { ...stored.manifest, hashes }, shards };
}
