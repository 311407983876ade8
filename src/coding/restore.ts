import { codeOf, erasures, range } from "./code.ts";
import type { Coder } from "./coder.ts";
import { CodingError } from "./errors.ts";
import { hashOf, sameBytes, type Digest } from "./hash.ts";
import { segmentsOf, type Manifest, type Segment } from "./manifest.ts";

export interface RestoreOptions {
  coder: Coder;
  subtle: Digest;
  /**
   * Fills `into`, in the coder's memory, with a shard of a segment, or rejects where it cannot be had. k of them are
   * under way at once. Once the signal aborts, it writes no more and settles.
   */
  fetch(segment: number, shard: number, into: Uint8Array, signal: AbortSignal): Promise<void>;
  signal?: AbortSignal;
}

export type Restored =
  /** The bytes fetched for this shard were not the manifest's. */
  | { readonly kind: "wrong"; readonly segment: number; readonly shard: number }
  /** Could not be fetched. */
  | { readonly kind: "lost"; readonly segment: number; readonly shard: number; readonly cause: unknown }
  /** The segment's bytes, one view behind the other in the coder's memory: they are gone with the next step. */
  | { readonly kind: "segment"; readonly segment: Segment; readonly bytes: readonly Uint8Array[] };

/**
 * Restores an object from any k right shards of each segment, data shards first. Every shard is checked by its hash
 * as it comes, and what is given out was coded again and is, shard for shard, what the manifest says.
 * @throws CodingError `lost` where fewer than k right shards can be had, `dishonest`, `busy`; the signal's reason
 */
export async function* restore(manifest: Manifest, { coder, subtle, fetch, signal }: RestoreOptions): AsyncGenerator<Restored, void, void> {
  const { shape } = manifest;
  const code = codeOf(shape);
  const { k, n } = code;
  const release = coder.claim();
  const ending = new AbortController();
  const ended = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal;
  const under = new Map<number, Promise<{ shard: number; right: boolean; failed: boolean; cause?: unknown }>>();
  try {
    for (const segment of segmentsOf(manifest)) {
      const { shards, encode, restore } = coder.open(shape, segment.shardBytes);
      const isRight = async (shard: number) => sameBytes(await hashOf(subtle, shards[shard]!), manifest.hashes[segment.index * n + shard]!);
      const get = async (shard: number) => {
        try {
          await fetch(segment.index, shard, shards[shard]!, ended);
        } catch (cause) {
          return { shard, right: false, failed: true, cause };
        }
        return { shard, right: await isRight(shard), failed: false };
      };

      const right = new Array<boolean>(n).fill(false);
      const candidates = range(0, n);
      for (let count = 0; count < k; ) {
        signal?.throwIfAborted();
        while (under.size < k - count && candidates.length > 0) {
          const shard = candidates.shift()!;
          under.set(shard, get(shard));
        }
        if (under.size === 0) break;
        const { shard, right: good, failed, cause } = await Promise.race(under.values());
        under.delete(shard);
        if (good) {
          right[shard] = true;
          count++;
        } else if (!signal?.aborted) yield failed ? { kind: "lost", segment: segment.index, shard, cause } : { kind: "wrong", segment: segment.index, shard };
      }
      erasures(code, right);

      await restore(right);
      await encode();
      const made = range(0, n).filter((shard) => shard >= k || !right[shard]);
      const honest = await Promise.all(made.map(isRight));
      const other = made.find((_, i) => !honest[i]);
      if (other !== undefined) {
        throw new CodingError("dishonest", `shard ${other} of segment ${segment.index} is not what the others code to: the author hashed shards that do not belong together; take another copy of the object`);
      }
      signal?.throwIfAborted();
      const bytes = shards.slice(0, k).map((shard, i) => shard.subarray(0, Math.max(0, Math.min(segment.shardBytes, segment.length - i * segment.shardBytes))));
      yield { kind: "segment", segment, bytes };
    }
  } finally {
    // Nothing may write into the memory any more when it is given back.
    ending.abort(new DOMException("the restoring has ended", "AbortError"));
    await Promise.all(under.values());
    release();
  }
}
