import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shapeFor } from "../coding/code.ts";
import { createCoder } from "../coding/coder.ts";
import { merkleRoot, sealManifest } from "../coding/manifest.ts";
import { patterns, xorshift } from "../coding/testing/data.ts";
import { dishonest, store } from "../coding/testing/objects.ts";
import { openFrame } from "./intake.ts";
import { encodeLibrary, type ObjectId } from "./message.ts";
import { createRoom, peer, publishedAmong, signAs, testShelf, type MemberOptions, type Room } from "./testing/room.ts";

const never = new AbortController().signal;
const OBJECT = xorshift(5_000);

/** Gives other bytes for every shard that it is asked for. */
const liar: MemberOptions = {
  tamper(bytes) {
    if (bytes[0] !== 0x51) return bytes;
    const changed = bytes.slice();
    changed[changed.length - 1]! ^= 1;
    return changed;
  },
};

/** An object whose author hashed a shard that does not belong to the others; signed, and not. */
async function dishonestObject() {
  const { manifest: hashed, shards } = await dishonest(await store(createCoder(), shapeFor(3, 3), OBJECT), 4);
  const manifest = { ...hashed, root: merkleRoot(hashed.hashes) };
  const frame = await sealManifest(manifest, signAs(AUTHOR));
  const unsigned = await sealManifest(manifest, () => new Uint8Array(48));
  return { frame, unsigned, shards: shards[0]!, id: (await openFrame(frame, () => null)).id };
}

/** A device that speaks of an object and gives this manifest and these shards for it. */
const offer = (room: Room, id: ObjectId, frame: Uint8Array, shards: readonly Uint8Array[]): Promise<void> =>
  room.stranger(500, encodeLibrary({ kind: "holdings", seq: 1, lends: 1, objects: [{ id, head: null, shards: [0, 1, 2, 3, 4, 5], passing: true }] }), (message) => {
    if (message.kind === "want-manifest") return encodeLibrary({ kind: "manifest", frame });
    return message.kind === "want-shard" ? encodeLibrary({ kind: "shard", id, segment: message.segment, shard: message.shard, payload: shards[message.shard]! }) : null;
  });

const AUTHOR = peer(777);

describe("an object that nobody holds whole", () => {
  it("lies with six devices, a shard each, after its publisher has gone", async () => {
    const room = createRoom();
    const { id, keepers } = await publishedAmong(room, 6, OBJECT);
    const views = keepers.map(({ librarian }) => librarian.view.objects.find((object) => object.id === id)!);
    expect(views.map(({ k, m, held }) => [k, m, held.length])).toEqual(Array(6).fill([3, 3, 1]));
    expect(new Set(views.flatMap(({ held }) => held)).size).toBe(6);
    for (const { shelf } of keepers) expect(shelf.files.size).toBe(2); // the manifest and one shard
  });

  it("is restored by a newcomer whichever three of the six have gone", async () => {
    const { id, keepers } = await publishedAmong(createRoom(), 6, OBJECT);
    for (const left of patterns(6, 3)) {
      const room = createRoom();
      for (const index of left) await room.join(index, { shelf: keepers[index]!.shelf });
      const newcomer = await room.join(99, { lends: 0 });
      expect(await room.until(newcomer.librarian.fetch(id, never))).toEqual(OBJECT);
    }
  });

  it("is restored from any sizes and losses up to m, and the liars among the rest are named", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9_000 }), fc.integer({ min: 6, max: 12 }), fc.infiniteStream(fc.nat(1_000)), async (bytes, devices, chance) => {
        const draw = (below: number): number => chance.next().value! % below;
        const object = xorshift(bytes, bytes);
        const room = createRoom();
        const liars = new Set<number>();
        const { id, keepers } = await publishedAmong(room, devices, object, (index) => ({ tamper: (sent) => (liars.has(index) ? liar.tamper!(sent) : sent) }));
        const m = keepers[0]!.librarian.view.objects[0]!.m;
        const shards = keepers.map(({ librarian }) => librarian.view.objects[0]!.held[0]!);
        const order = keepers.map((_, index) => index);
        for (let i = order.length - 1; i > 0; i--) {
          const j = draw(i + 1);
          [order[i], order[j]] = [order[j]!, order[i]!];
        }
        const bad = draw(m + 1);
        for (const index of order.slice(0, bad)) liars.add(index);
        for (const index of order.slice(bad, m)) await room.leave(keepers[index]!);
        const newcomer = await room.join(99);
        expect(await room.until(newcomer.librarian.fetch(id, never))).toEqual(object);
        const named = newcomer.librarian.view.wrong;
        const shardOf = (index: number): number => shards[index]!;
        for (const name of named) expect([...liars].map((index) => keepers[index]!.id)).toContain(name);
        // All the right ones are needed, and whoever comes before the last of them is asked before it.
        const last = Math.max(...order.slice(m).map(shardOf));
        for (const index of liars) if (shardOf(index) < last) expect(named).toContain(keepers[index]!.id);
      }),
      { numRuns: 8 },
    );
  });

  it("says that it cannot be had when one too many has gone, and when it is stopped", async () => {
    const room = createRoom();
    const { id, keepers } = await publishedAmong(room, 6, OBJECT);
    for (const keeper of keepers.slice(0, 4)) await room.leave(keeper);
    const newcomer = await room.join(99);
    await expect(room.until(newcomer.librarian.fetch(id, never))).rejects.toMatchObject({ name: "LibraryError", code: "unavailable" });
    const stop = new AbortController();
    const fetching = newcomer.librarian.fetch(id, stop.signal);
    await room.run(1_000);
    expect(newcomer.librarian.view.fetches).toEqual([{ id, have: 0, need: null }]);
    stop.abort(new Error("enough"));
    await expect(fetching).rejects.toThrow("enough");
    expect(newcomer.librarian.view.fetches).toEqual([]);
  });

  it("goes on when a device does not answer at all", async () => {
    const room = createRoom();
    const { id, keepers } = await publishedAmong(room, 6, OBJECT, (index) => (index < 3 ? { tamper: (bytes) => (bytes[0] === 0x51 ? null : bytes) } : {}));
    const newcomer = await room.join(99);
    expect(await room.until(newcomer.librarian.fetch(id, never))).toEqual(OBJECT);
    expect(newcomer.wrong).toEqual([]);
    expect(keepers).toHaveLength(6);
  });

  it("is had without waiting for one who drops everything: what it does not give costs parity, and no asking again", async () => {
    const room = createRoom();
    const sent: number[] = [];
    const { id } = await publishedAmong(room, 6, OBJECT, (index) => ({ tamper: (bytes) => (bytes[0] === 0x51 && sent.push(index) && index < 2 ? null : bytes) }));
    sent.length = 0;
    const newcomer = await room.join(99, { lends: 0 });
    await room.run(500);
    const began = room.now;
    expect(await room.until(newcomer.librarian.fetch(id, never))).toEqual(OBJECT);
    expect(room.now - began).toBeLessThanOrEqual(2_000);
    // Nobody was asked twice.
    expect(new Set(sent).size).toBe(sent.length);
    // A second object passes over those who did not answer.
    const again = room.now;
    expect(await room.until(newcomer.librarian.fetch(id, never))).toEqual(OBJECT);
    expect(room.now - again).toBeLessThanOrEqual(500);
  });

  it("names who gives wrong bytes too late to do harm", async () => {
    const room = createRoom();
    // Whoever is asked first keeps its answer back.
    let late: { index: number; bytes: Uint8Array } | null = null;
    let armed = false;
    const { id, keepers } = await publishedAmong(room, 6, OBJECT, (index) => ({ tamper: (bytes) => (armed && bytes[0] === 0x51 && late === null ? ((late = { index, bytes }), null) : bytes) }));
    armed = true;
    const newcomer = await room.join(99, { lends: 0 });
    expect(await room.until(newcomer.librarian.fetch(id, never))).toEqual(OBJECT);
    const { index, bytes } = late!;
    const wrong = bytes.slice();
    wrong[wrong.length - 1]! ^= 1;
    room.post(keepers[index]!.id, newcomer.id, wrong);
    await room.run(500);
    expect(newcomer.wrong.map(([who]) => who)).toEqual([keepers[index]!.id]);
    // What nobody asked for is passed over.
    room.post(keepers[(index + 1) % keepers.length]!.id, newcomer.id, wrong);
    await room.run(500);
    expect(newcomer.wrong).toHaveLength(1);
  });

  it("is made whole again where its shards get rare, and no device then holds more than its part", async () => {
    const room = createRoom();
    const { id, keepers } = await publishedAmong(room, 6, OBJECT);
    await room.leave(keepers[0]!);
    await room.leave(keepers[1]!);
    await room.run(25_000);
    const left = keepers.slice(2).map(({ librarian }) => librarian.view.objects.find((object) => object.id === id)!);
    expect(new Set(left.flatMap(({ held }) => held)).size).toBe(6);
    expect(Math.max(...left.map(({ held }) => held.length))).toBe(2);
    // Two more may go now, where before it was one.
    await room.leave(keepers[2]!);
    const newcomer = await room.join(99);
    expect(await room.until(newcomer.librarian.fetch(id, never))).toEqual(OBJECT);
  });

  it("is still there after all have closed and come again with what they kept", async () => {
    const room = createRoom();
    const { id, keepers } = await publishedAmong(room, 6, OBJECT);
    for (const keeper of keepers) await room.leave(keeper);
    for (let index = 0; index < 3; index++) await room.join(50 + index, { shelf: keepers[index]!.shelf });
    const newcomer = await room.join(99);
    expect(await room.until(newcomer.librarian.fetch(id, never))).toEqual(OBJECT);
  });

  it("moves from one who was alone with it to those who come", async () => {
    const room = createRoom();
    const alone = await room.join(0);
    const id = await room.until(alone.librarian.publish(OBJECT));
    await room.run(1_000);
    expect(alone.librarian.view.objects[0]!.held).toHaveLength(6);
    await room.leave(alone);
    const again = await room.join(1, { shelf: alone.shelf });
    const other = await room.join(2);
    await room.run(20_000);
    expect(again.librarian.view.objects[0]!.held).toHaveLength(3);
    expect(other.librarian.view.objects[0]!.held).toHaveLength(3);
    expect(again.librarian.view.objects[0]!.id).toBe(id);
  });
});

describe("dishonest peers", () => {
  it("a shard that was damaged in the store is not served", async () => {
    const room = createRoom();
    const { id, keepers } = await publishedAmong(room, 6, OBJECT);
    for (const { shelf } of keepers.slice(0, 3)) for (const [path, bytes] of shelf.files) if (path.includes(" ")) bytes[0]! ^= 1;
    const newcomer = await room.join(99);
    expect(await room.until(newcomer.librarian.fetch(id, never))).toEqual(OBJECT);
    expect(newcomer.wrong).toEqual([]);
  });

  it("a publisher who hashed shards that are no codeword is found out and named", async () => {
    const room = createRoom();
    const { id, frame, shards } = await dishonestObject();
    await offer(room, id, frame, shards);
    const wanting = await room.join(0);
    await expect(room.until(wanting.librarian.fetch(id, never))).rejects.toMatchObject({ name: "LibraryError", code: "dishonest" });
    expect(wanting.librarian.view.wrong).toEqual([AUTHOR]);
  });

  it("a manifest that nobody signed is not kept, where the same one signed is", async () => {
    const { id, frame, unsigned, shards } = await dishonestObject();
    for (const [offered, kept] of [[frame, 6], [unsigned, 0]] as const) {
      const room = createRoom();
      const keeper = await room.join(0);
      await offer(room, id, offered, shards);
      await room.run(5_000);
      expect(keeper.librarian.view.shards).toBe(kept);
    }
  });

  it("a manifest of another object is not taken for the one that was asked for", async () => {
    const room = createRoom();
    const { frame, shards } = await dishonestObject();
    await offer(room, "ab".repeat(32), frame, shards);
    const wanting = await room.join(0);
    await expect(room.until(wanting.librarian.fetch("ab".repeat(32), never))).rejects.toMatchObject({ code: "unavailable" });
  });

  it("whoever sends malformed bytes is named, and asked for nothing any more", async () => {
    const room = createRoom();
    const { id, keepers } = await publishedAmong(room, 6, OBJECT);
    const newcomer = await room.join(99);
    await room.run(500);
    room.post(keepers[0]!.id, newcomer.id, encodeLibrary({ kind: "want-manifest", id }).subarray(0, 20));
    room.post(keepers[1]!.id, newcomer.id, new Uint8Array(70_000).fill(0x50));
    await room.run(500);
    expect(new Set(newcomer.librarian.view.wrong)).toEqual(new Set([keepers[0]!.id, keepers[1]!.id]));
    expect(await room.until(newcomer.librarian.fetch(id, never))).toEqual(OBJECT);
  });
});

describe("lent memory", () => {
  const head = (round: number) => ({ root: round.toString(16).padStart(64, "0"), round, weight: 6 * round });
  const checkpoint = (round: number) => ({ bytes: xorshift(4_000, round), head: head(round), contributors: [0, 1, 2].map(peer), churn: { left: 0, stayed: 3 } });

  it("keeps the last two checkpoints, each device its part, and a newcomer gets the last one that two speak of", async () => {
    const room = createRoom();
    const members = [await room.join(0), await room.join(1), await room.join(2)];
    for (let round = 1; round <= 4; round++) {
      await room.until(Promise.all(members.map(({ librarian }) => librarian.keepCheckpoint(checkpoint(round)))));
      await room.run(1_000);
    }
    for (const { librarian, shelf } of members) {
      expect(librarian.view.objects.map((object) => object.head!.round).sort()).toEqual([3, 4]);
      expect(librarian.view.objects.map(({ k, m, held }) => [k, m, held.length])).toEqual([[4, 2, 2], [4, 2, 2]]);
      expect(shelf.files.size).toBe(2 * (1 + 2));
    }
    await room.leave(members[0]!);
    const newcomer = await room.join(9, { lends: 0 });
    await room.run(1_000);
    const announced = newcomer.librarian.announcedHead(0)!;
    expect(announced.head).toEqual(head(4));
    expect(newcomer.librarian.announcedHead(24)).toBeNull();
    expect(await room.until(newcomer.librarian.fetch(announced.id, never))).toEqual(xorshift(4_000, 4));
  });

  it("a checkpoint that two newer ones have overtaken while it was coded is let go", async () => {
    const room = createRoom();
    const one = await room.join(0);
    for (const round of [2, 3, 1]) await room.until(one.librarian.keepCheckpoint({ ...checkpoint(round), contributors: [peer(0)] }));
    await room.run(1_000);
    expect(one.librarian.view.objects.map((object) => object.head!.round).sort()).toEqual([2, 3]);
    expect(one.shelf.files.size).toBe(2 * (1 + 6));
    expect(one.problems).toEqual([]);
  });

  it("a head of which one device alone speaks, where there are more, is not followed", async () => {
    const room = createRoom();
    const members = [await room.join(0), await room.join(1)];
    await room.until(members[0]!.librarian.keepCheckpoint({ ...checkpoint(1), contributors: [peer(0)] }));
    const newcomer = await room.join(9);
    await room.run(1_000);
    expect(newcomer.librarian.announcedHead(0)).toBeNull();
  });

  it("evicts what has the most copies, then what is older, and the last head never before either", async () => {
    const room = createRoom();
    const shelf = testShelf();
    const one = await room.join(0, { shelf });
    const ids: string[] = [];
    for (const seed of [1, 2, 3]) ids.push(await room.until(one.librarian.publish(xorshift(600, seed))));
    await room.run(1_000);
    await room.until(one.librarian.keepCheckpoint({ ...checkpoint(1), bytes: xorshift(600, 9), contributors: [peer(0)] }));
    await room.run(1_000);
    const held = (id: string): number => one.librarian.view.objects.find((object) => object.id === id)?.held.length ?? 0;
    expect(ids.map(held)).toEqual([6, 6, 6]);
    const last = one.librarian.view.objects.find((object) => object.head)!;
    // Of three data shards, and of the checkpoint's four.
    const [column, small] = [256, 192];
    expect(one.librarian.view.used).toBe(18 * column + 6 * small);
    expect(last.held).toHaveLength(6);
    // A copy of the first object's shards elsewhere makes them the least needed here, though the others are as old.
    const files = [...shelf.files].filter(([path]) => path.startsWith(ids[1]!));
    const copy = testShelf();
    for (const [path, bytes] of files) copy.files.set(path, bytes);
    await room.join(1, { shelf: copy, lends: 6 * column });
    await room.run(500);
    one.librarian.lend(12 * column + 6 * small);
    await room.run(500);
    expect(ids.map(held)).toEqual([6, 0, 6]);
    one.librarian.lend(6 * small);
    await room.run(500);
    expect(ids.map(held)).toEqual([0, 0, 0]);
    expect(held(last.id)).toBe(6);
    expect(one.librarian.view.used).toBe(6 * small);
  });

  it("holds nothing where nothing is lent", async () => {
    const room = createRoom();
    const { keepers } = await publishedAmong(room, 7, OBJECT, (index) => ({ lends: index === 0 ? 0 : 1e6 }));
    expect(keepers.map(({ librarian }) => librarian.view.shards)).toEqual([0, 1, 1, 1, 1, 1, 1]);
  });
});
