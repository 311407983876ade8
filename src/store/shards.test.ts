import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { openShardStore, type ShardStore } from "./shards.ts";
import { createPrivateFiles } from "./testing/private-files.ts";

const subtle = crypto.subtle;
const OBJECT = "0f".repeat(32);
const OTHER = "1e".repeat(32);
const bytesOf = (seed: number, length = 500): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * seed + seed) & 255);
const hashOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest());
const place = (segment: number, shard: number, object = OBJECT) => ({ object, segment, shard });

type Disk = ReturnType<typeof createPrivateFiles>;
const open = (disk: Disk, quota = 1e9): Promise<ShardStore> =>
  openShardStore(3, { subtle, storage: { getDirectory: disk.getDirectory, estimate: async () => ({ quota, usage: disk.usage() }) } });

describe("shard store", () => {
  it("has on the next visit what it was given on this one, a slot by itself", async () => {
    const disk = createPrivateFiles();
    const store = await open(disk);
    expect(store.where).toBe("opfs");
    await store.putObject(OBJECT, bytesOf(1));
    await store.put(place(0, 2), bytesOf(2));
    await store.put(place(1, 2), bytesOf(3, 100));
    const again = await open(disk);
    const { objects, shards } = await again.list();
    expect([...objects]).toEqual([[OBJECT, bytesOf(1)]]);
    expect(shards.map(({ object, segment, shard, bytes }) => [object, segment, shard, bytes])).toEqual([[OBJECT, 0, 2, 500], [OBJECT, 1, 2, 100]]);
    expect(await again.get(place(1, 2), hashOf(bytesOf(3, 100)))).toEqual(bytesOf(3, 100));
    const other = await openShardStore(4, { subtle, storage: { getDirectory: disk.getDirectory, estimate: async () => ({}) } });
    expect((await other.list()).shards).toEqual([]);
  });

  it("finds a half-written shard wherever the tab died, and drops it", async () => {
    for (const written of [0, 3, 499, 500, 504]) {
      const disk = createPrivateFiles();
      const store = await open(disk);
      await store.putObject(OBJECT, bytesOf(1));
      await store.put(place(0, 1), bytesOf(2));
      disk.failAfter(written);
      await expect(store.put(place(0, 0), bytesOf(5))).rejects.toThrow("crashed");
      disk.failAfter(Infinity);
      const again = await open(disk);
      expect(await again.get(place(0, 0), hashOf(bytesOf(5)))).toBeNull();
      expect((await again.list()).shards.map(({ shard }) => shard)).toEqual([1]);
      expect([...disk.folders.get(`/hromada-shards-slot-3/${OBJECT}`)!.keys()]).toEqual(["manifest", "0.1"]);
    }
  });

  it("gives out nothing that is not what it was, and drops it", async () => {
    const disk = createPrivateFiles();
    const store = await open(disk);
    await store.putObject(OBJECT, bytesOf(1));
    await store.put(place(0, 0), bytesOf(2));
    const files = disk.folders.get(`/hromada-shards-slot-3/${OBJECT}`)!;
    files.get("0.0")!.bytes[100]! ^= 1;
    expect(await store.get(place(0, 0), hashOf(bytesOf(2)))).toBeNull();
    expect(files.has("0.0")).toBe(false);
  });

  it("drops a shard of all segments, or an object as a whole, or everything", async () => {
    const disk = createPrivateFiles();
    const store = await open(disk);
    for (const object of [OBJECT, OTHER]) {
      await store.putObject(object, bytesOf(1));
      for (const [segment, shard] of [[0, 1], [1, 1], [0, 11]] as const) await store.put(place(segment, shard, object), bytesOf(2));
    }
    await store.drop(OBJECT, 1);
    const left = async () => (await store.list()).shards.map(({ object, segment, shard }) => `${object.slice(0, 2)} ${segment} ${shard}`);
    expect(await left()).toEqual(["0f 0 11", "1e 0 1", "1e 1 1", "1e 0 11"]);
    await store.drop(OTHER, null);
    expect(await left()).toEqual(["0f 0 11"]);
    await store.clear();
    expect([...disk.folders.keys()]).toEqual(["", "/hromada-shards-slot-3"]);
  });

  it("leaves the browser room, and nothing behind where a write finds none", async () => {
    const disk = createPrivateFiles();
    const store = await open(disk, 2_000);
    expect(await store.putObject(OBJECT, bytesOf(1))).toBe(true);
    expect(await store.put(place(0, 0), bytesOf(2))).toBe(true);
    expect(await store.put(place(0, 1), bytesOf(3, 900))).toBe(false);
    disk.failAfter(100, () => new DOMException("full", "QuotaExceededError"));
    expect(await store.put(place(0, 2), bytesOf(3))).toBe(false);
    expect((await store.list()).shards.map(({ shard }) => shard)).toEqual([0]);
  });

  it("says that nothing is kept where the browser has neither file system nor database", async () => {
    const store = await openShardStore(0, { subtle, storage: undefined });
    expect(store.where).toBe("memory");
    await store.put(place(0, 0), bytesOf(2));
    expect(await store.get(place(0, 0), hashOf(bytesOf(2)))).toEqual(bytesOf(2));
  });

  it("passes over files of others, and drops shards whose object it does not know", async () => {
    const disk = createPrivateFiles();
    const store = await open(disk);
    await store.put(place(0, 0), bytesOf(2));
    await store.putObject(OTHER, bytesOf(1));
    disk.folders.get(`/hromada-shards-slot-3/${OTHER}`)!.set("x.y", { bytes: bytesOf(9), at: 0 });
    const { objects, shards } = await store.list();
    expect([...objects.keys()]).toEqual([OTHER]);
    expect(shards).toEqual([]);
    expect([...disk.folders.get(`/hromada-shards-slot-3/${OTHER}`)!.keys()]).toEqual(["manifest"]);
  });
});
