import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CODECS, shapeFor } from "./code.ts";
import { createCoder } from "./coder.ts";
import { encode } from "./encode.ts";
import { SEGMENT_BYTES } from "./limits.ts";
import { segmentsOf } from "./manifest.ts";
import { restore } from "./restore.ts";
import { randomBytes } from "./testing/data.ts";
import { dishonest, fetchFrom, restored, store, subtle } from "./testing/objects.ts";

const coder = createCoder();

describe("an object comes back", () => {
  it.each([1, 63, 64, 256, 257, 1000, 4096, 100_001])("of %i bytes, in every codec", async (length) => {
    const object = randomBytes(length);
    for (const codec of Object.values(CODECS)) {
      const { manifest, shards } = await store(coder, { codec, k: 4, m: 2 }, object);
      expect((await restored(coder, manifest, fetchFrom(shards))).bytes.equals(object)).toBe(true);
      const left = shards.map((row) => row.map((shard, i) => (i === 0 || i === 3 ? null : shard)));
      const { bytes, events } = await restored(coder, manifest, fetchFrom(left));
      expect(bytes.equals(object)).toBe(true);
      expect(events.map(({ kind, shard }) => [kind, shard])).toEqual([["lost", 0], ["lost", 3]]);
    }
  });

  it("from any k shards of random shapes", async () => {
    const input = fc.record({ k: fc.integer({ min: 1, max: 40 }), m: fc.integer({ min: 1, max: 20 }), length: fc.integer({ min: 1, max: 9000 }), seed: fc.nat() });
    await fc.assert(fc.asyncProperty(input, async ({ k, m, length, seed }) => {
      const object = randomBytes(length);
      const { manifest, shards } = await store(coder, shapeFor(k, m), object);
      const left = shards.map((row) => row.map((shard, i) => ((i + seed) % (k + m) < m ? null : shard)));
      return (await restored(coder, manifest, fetchFrom(left))).bytes.equals(object);
    }), { numRuns: 50 });
  });

  it("segment by segment, in memory that does not grow with it", async () => {
    const object = randomBytes(2 * SEGMENT_BYTES + 12_345);
    const shape = shapeFor(4, 2);
    const own = createCoder();
    const { manifest, shards } = await store(own, shape, object);
    expect(segmentsOf(manifest).map(({ length }) => length)).toEqual([SEGMENT_BYTES, SEGMENT_BYTES, 12_345]);
    expect(own.open(shape, 64).shards[0]!.buffer.byteLength).toBeLessThan(2 * SEGMENT_BYTES);
    const { bytes } = await restored(own, manifest, fetchFrom(shards.map((row) => row.map((shard, i) => (i < 2 ? null : shard)))));
    expect(bytes.equals(object)).toBe(true);
  });

  it("and data shards that are all there are asked for alone", async () => {
    const { manifest, shards } = await store(coder, shapeFor(5, 3), randomBytes(5000));
    const asked: number[] = [];
    await restored(coder, manifest, (segment, shard, into, signal) => (asked.push(shard), fetchFrom(shards)(segment, shard, into, signal)));
    expect(asked).toEqual([0, 1, 2, 3, 4]);
  });
});

describe("what is wrong is found", () => {
  const object = randomBytes(3000);

  it("a wrong, a truncated and an oversized shard are named, and the object comes back from the rest", async () => {
    const { manifest, shards } = await store(coder, shapeFor(4, 3), object);
    const bad = shards.map((row) => row.map((shard) => shard.slice()));
    bad[0]![1]![700]! ^= 4;
    bad[0]![2] = bad[0]![2]!.subarray(0, 500);
    bad[0]![3] = new Uint8Array([...bad[0]![3]!, 0]);
    const { bytes, events } = await restored(createCoder(), manifest, fetchFrom(bad));
    expect(bytes.equals(object)).toBe(true);
    // A shard that is too long does not fit where it should go.
    expect(events.map(({ kind, shard }) => [kind, shard]).sort()).toEqual([["lost", 3], ["wrong", 1], ["wrong", 2]]);
  });

  it("too few right shards are said", async () => {
    const { manifest, shards } = await store(coder, shapeFor(4, 2), object);
    const bad = shards.map((row) => row.map((shard, i) => (i < 3 ? new Uint8Array(shard.length) : shard)));
    await expect(restored(coder, manifest, fetchFrom(bad))).rejects.toMatchObject({ code: "lost" });
  });

  it.each([0, 3, 4, 6])("an author who hashed a shard %i that is not in the code is caught, whichever shards come", async (shard) => {
    const fraud = await dishonest(await store(coder, shapeFor(4, 3), object), shard);
    for (let gone = 0; gone < 5; gone++) {
      const left = fraud.shards.map((row) => row.map((bytes, i) => (i >= gone && i < gone + 3 ? null : bytes)));
      await expect(restored(coder, fraud.manifest, fetchFrom(left))).rejects.toMatchObject({ code: "dishonest" });
    }
  });
});

describe("a coder", () => {
  it("works on one object at a time, and is free after an error, an abort and a loop that is left", async () => {
    const { manifest, shards } = await store(coder, shapeFor(4, 2), randomBytes(1000));
    const options = { coder, subtle, fetch: fetchFrom(shards) };
    const running = restore(manifest, options);
    await running.next();
    await expect(restore(manifest, options).next()).rejects.toMatchObject({ code: "busy" });
    await expect(encode(shapeFor(4, 2), { coder, subtle, length: 9, read: () => undefined }).next()).rejects.toMatchObject({ code: "busy" });
    await running.return();

    await expect(encode(shapeFor(4, 2), { coder, subtle, length: 9, read: () => Promise.reject(new Error("no disk")) }).next()).rejects.toThrow("no disk");
    await expect(encode(shapeFor(4, 2), { coder, subtle, length: 9, read: () => undefined, signal: AbortSignal.abort(new Error("enough")) }).next()).rejects.toThrow("enough");
    const stop = new AbortController();
    let settled = false;
    const hanging = restore(manifest, {
      ...options,
      signal: stop.signal,
      fetch: (_segment, _shard, _into, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => ((settled = true), reject(signal.reason as Error)))),
    }).next();
    await Promise.resolve();
    stop.abort(new Error("stopped"));
    await expect(hanging).rejects.toThrow("stopped");
    expect(settled).toBe(true);
    expect((await restored(coder, manifest, fetchFrom(shards))).bytes.length).toBe(1000);
  });

  it("refuses an object without bytes, and one with more hashes than a manifest has", async () => {
    for (const length of [0, 2 ** 45]) await expect(encode(shapeFor(4, 2), { coder, subtle, length, read: () => undefined }).next()).rejects.toMatchObject({ code: "shape" });
  });
});
