import { describe, expect, it } from "vitest";
import { openOwnData } from "./own-data.ts";
import { createPrivateFiles } from "./testing/private-files.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const open = (disk: ReturnType<typeof createPrivateFiles>, slot = 0, quota = 1e9) => openOwnData(slot, { getDirectory: disk.getDirectory, estimate: async () => ({ quota, usage: disk.usage() }) });

describe("a person's own data", () => {
  it("are there on the next visit, a slot by itself, until they are forgotten", async () => {
    const disk = createPrivateFiles();
    const first = await open(disk);
    expect(first.where).toBe("opfs");
    await first.put("ab", 0, bytes("one"));
    await first.put("ab", 1, bytes("two"));
    await first.describe("ab", bytes("about"));
    const again = await open(disk);
    expect([...(await again.list())]).toEqual([["ab", bytes("about")]]);
    expect(await again.part("ab", 1)).toEqual(bytes("two"));
    expect(await (await open(disk, 1)).list()).toEqual(new Map());
    await again.forget("ab");
    expect(await again.list()).toEqual(new Map());
    expect(await again.part("ab", 0)).toBeNull();
    expect(disk.usage()).toBe(0);
  });

  it("do not stay behind in part where a visit ended while they were written", async () => {
    const disk = createPrivateFiles();
    const store = await open(disk);
    await store.put("ab", 0, bytes("never described"));
    disk.failAfter(3);
    await expect(store.describe("cd", bytes("cut off"))).rejects.toThrow("crashed");
    disk.failAfter(Infinity);
    expect(await (await open(disk)).list()).toEqual(new Map());
    expect(disk.usage()).toBe(0);
  });

  it("are refused where the browser has no room", async () => {
    expect(await (await open(createPrivateFiles(), 0, 100)).put("ab", 0, new Uint8Array(95))).toBe(false);
  });
});
