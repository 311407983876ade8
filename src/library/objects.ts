import type { Shape } from "../coding/code.ts";
import type { Coder } from "../coding/coder.ts";
import { encode } from "../coding/encode.ts";
import type { Digest } from "../coding/hash.ts";
import type { Manifest } from "../coding/manifest.ts";
import { restore } from "../coding/restore.ts";

/** Lends a coder for one piece of work over an object of so many bytes. */
export type WithCoder = <T>(bytes: number, work: (coder: Coder) => Promise<T>) => Promise<T>;

export type ShardSink = (segment: number, shard: number, bytes: Uint8Array) => void;

export interface ObjectDeps {
  withCoder: WithCoder;
  subtle: Digest;
  signal: AbortSignal;
}

/** Codes an object. @param wanted the shards that the sink gets, as bytes of its own */
export function encodeObject(shape: Shape, object: Uint8Array, { withCoder, subtle, signal }: ObjectDeps, wanted: (shard: number) => boolean, sink: ShardSink): Promise<Manifest> {
  return withCoder(object.length, async (coder) => {
    const steps = encode(shape, { coder, subtle, length: object.length, read: (into, offset) => into.set(object.subarray(offset, offset + into.length)), signal });
    for (;;) {
      const step = await steps.next();
      if (step.done) return step.value;
      const { segment, shards } = step.value;
      shards.forEach((shard, i) => wanted(i) && sink(segment.index, i, shard.slice()));
    }
  });
}

export type FetchShard = (segment: number, shard: number, signal: AbortSignal) => Promise<Uint8Array>;

function steps(coder: Coder, manifest: Manifest, { subtle, signal }: ObjectDeps, fetch: FetchShard) {
  return restore(manifest, { coder, subtle, signal, fetch: async (segment, shard, into, ended) => into.set(await fetch(segment, shard, ended)) });
}

/** The object as a whole. @param fetch gives right shards, or rejects @throws CodingError `lost`, `dishonest` */
export function restoreObject(manifest: Manifest, deps: ObjectDeps, fetch: FetchShard): Promise<Uint8Array<ArrayBuffer>> {
  return deps.withCoder(manifest.length, async (coder) => {
    const object = new Uint8Array(manifest.length);
    for await (const step of steps(coder, manifest, deps, fetch)) {
      if (step.kind !== "segment") continue;
      let at = step.segment.offset;
      for (const part of step.bytes) {
        object.set(part, at);
        at += part.length;
      }
    }
    return object;
  });
}

/** Makes some shards from k others. What restoring gives out was coded again, so the coder has all of a segment's. */
export function remakeShards(manifest: Manifest, deps: ObjectDeps, fetch: FetchShard, wanted: readonly number[], sink: ShardSink): Promise<void> {
  return deps.withCoder(manifest.length, async (coder) => {
    for await (const step of steps(coder, manifest, deps, fetch)) {
      if (step.kind !== "segment") continue;
      const { shards } = coder.open(manifest.shape, step.segment.shardBytes);
      for (const shard of wanted) sink(step.segment.index, shard, shards[shard]!.slice());
    }
  });
}
