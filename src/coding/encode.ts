import type { Shape } from "./code.ts";
import type { Coder } from "./coder.ts";
import { hashOf, type Digest } from "./hash.ts";
import { cut, merkleRoot, segmentsOf, type Manifest, type Segment } from "./manifest.ts";

export interface EncodeOptions {
  coder: Coder;
  subtle: Digest;
  /** Bytes of the object. */
  length: number;
  /** Fills `into` with the object's bytes from `offset` on; `into` may be shared memory. */
  read(into: Uint8Array, offset: number): void | Promise<void>;
  signal?: AbortSignal;
}

export interface CodedSegment {
  readonly segment: Segment;
  /** All n shards, data first, in the coder's memory: they are gone with the next step. */
  readonly shards: readonly Uint8Array[];
}

/**
 * Codes an object segment by segment, in bounded memory. Shards are hashed while the next are read, coded and
 * taken by the caller.
 * @throws CodingError `shape`, `busy`; the signal's reason
 */
export async function* encode(shape: Shape, { coder, subtle, length, read, signal }: EncodeOptions): AsyncGenerator<CodedSegment, Manifest, void> {
  const shardBytes = cut(shape, length);
  const release = coder.claim();
  try {
    const hashes: Uint8Array[] = [];
    let hashing: Promise<Uint8Array[]> = Promise.resolve([]);
    for (const segment of segmentsOf({ shape, length, shardBytes })) {
      const { code, shards, encode } = coder.open(shape, segment.shardBytes);
      const due: Promise<Uint8Array>[] = [];
      for (let i = 0; i < code.k; i++) {
        signal?.throwIfAborted();
        const at = i * segment.shardBytes;
        const bytes = Math.max(0, Math.min(segment.shardBytes, segment.length - at));
        if (bytes > 0) await read(shards[i]!.subarray(0, bytes), segment.offset + at);
        shards[i]!.fill(0, bytes);
        due.push(hashOf(subtle, shards[i]!));
      }
      await encode();
      for (const shard of shards.slice(code.k)) due.push(hashOf(subtle, shard));
      // Not more than one segment waits to be hashed.
      hashes.push(...(await hashing));
      hashing = Promise.all(due);
      yield { segment, shards };
    }
    hashes.push(...(await hashing));
    return { shape, length, shardBytes, hashes, root: merkleRoot(hashes) };
  } finally {
    release();
  }
}
