import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encode } from "cborg";
import { sealManifest } from "../coding/manifest.ts";
import { createCoder } from "../coding/coder.ts";
import { shapeFor } from "../coding/code.ts";
import { store, subtle } from "../coding/testing/objects.ts";
import { xorshift } from "../coding/testing/data.ts";
import { WireError } from "../wire/codec.ts";
import { isRight, openFrame, takeIn } from "./intake.ts";
import { LIBRARY_LIMITS } from "./limits.ts";
import { decodeLibrary, encodeLibrary, isLibrary, type Holding, type LibraryMessage } from "./message.ts";

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString("hex"));
const holding: fc.Arbitrary<Holding> = fc.record({
  id: hash,
  head: fc.option(fc.record({ root: hash, round: fc.nat(), weight: fc.nat() })),
  shards: fc.uniqueArray(fc.nat(LIBRARY_LIMITS.shards - 1)).map((shards) => shards.sort((a, b) => a - b)),
  passing: fc.boolean(),
});
const place = { id: hash, segment: fc.nat(1_000), shard: fc.nat(LIBRARY_LIMITS.shards - 1) };
const message: fc.Arbitrary<LibraryMessage> = fc.oneof(
  fc.record({ kind: fc.constant("holdings" as const), seq: fc.nat(), lends: fc.nat(), objects: fc.uniqueArray(holding, { maxLength: 8, selector: ({ id }) => id }) }),
  fc.record({ kind: fc.constant("want-manifest" as const), id: hash }),
  fc.record({ kind: fc.constantFrom("want-shard" as const, "lack-shard" as const), ...place }),
  fc.record({ kind: fc.constant("shard" as const), ...place, payload: fc.uint8Array({ minLength: 1 }) }),
  fc.record({ kind: fc.constant("manifest" as const), frame: fc.uint8Array() }),
);

function outcome(bytes: Uint8Array): LibraryMessage | WireError {
  try {
    return decodeLibrary(bytes);
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
}

describe("messages of the library", () => {
  it("come out as they went in, and are told from those of others by their first byte", () => {
    fc.assert(
      fc.property(message, (sent) => {
        const bytes = encodeLibrary(sent);
        expect(isLibrary(bytes)).toBe(true);
        expect(decodeLibrary(bytes)).toEqual(sent);
      }),
    );
    for (const other of [0x01, 0x40, 0x81]) expect(isLibrary(Uint8Array.of(other))).toBe(false);
  });

  it("of any bytes at all are a message or refused, and so is what was cut short", () => {
    fc.assert(fc.property(fc.constantFrom(0x50, 0x51, 0x52), fc.uint8Array({ maxLength: 200 }), (first, rest) => void outcome(Uint8Array.of(first, ...rest))));
    fc.assert(
      fc.property(message, fc.nat(), (sent, at) => {
        const bytes = encodeLibrary(sent);
        const cut = outcome(bytes.subarray(0, at % bytes.length));
        if (!(cut instanceof WireError)) expect(cut.kind === "shard" || cut.kind === "manifest").toBe(true);
      }),
    );
  });

  it("are refused where they are too long, name too much, or name one thing twice", () => {
    const object = (byte: number) => ({ id: new Uint8Array(32).fill(byte), head: null, shards: new Uint8Array(), passing: false });
    const frame = (value: object) => Uint8Array.of(0x50, ...encode({ kind: "holdings", seq: 1, lends: 0, ...value }));
    expect(outcome(frame({ objects: [object(1), object(2)] }))).not.toBeInstanceOf(WireError);
    const refused = [
      { objects: [object(1), object(1)] },
      { objects: Array.from({ length: LIBRARY_LIMITS.objects + 1 }, (_, i) => object(i)) },
      { objects: [{ ...object(1), shards: new Uint8Array(LIBRARY_LIMITS.shards / 8 + 1).fill(1) }] },
      { objects: [{ ...object(1), shards: Uint8Array.of(1, 0) }] },
      { objects: [object(1)], lends: -1 },
      { objects: [object(1)], more: 1 },
    ];
    for (const value of refused) expect(outcome(frame(value))).toBeInstanceOf(WireError);
    expect(outcome(new Uint8Array(LIBRARY_LIMITS.controlBytes + 1).fill(0x50))).toMatchObject({ code: "oversized" });
    expect(outcome(new Uint8Array(LIBRARY_LIMITS.shardBytes + 1).fill(0x51))).toMatchObject({ code: "oversized" });
    expect(outcome(new Uint8Array(LIBRARY_LIMITS.manifestBytes + 1).fill(0x52))).toMatchObject({ code: "oversized" });
  });
});

describe("what comes in", () => {
  const object = xorshift(3_000);

  it("a shard is right where its length, its place and its hash are the manifest's", async () => {
    const { manifest, shards } = await store(createCoder(), shapeFor(3, 3), object);
    const shard = shards[0]![2]!;
    expect(await isRight(manifest, 0, 2, shard, subtle)).toBe(true);
    const changed = shard.slice();
    changed[7]! ^= 1;
    for (const [segment, index, bytes] of [[0, 2, changed], [0, 2, shard.subarray(1)], [0, 1, shard], [1, 2, shard], [0, 6, shard]] as const) {
      expect(await isRight(manifest, segment, index, bytes, subtle)).toBe(false);
    }
    const { id } = await openFrame(await sealManifest(manifest, () => new Uint8Array(64)), () => null);
    const sent = encodeLibrary({ kind: "shard", id, segment: 0, shard: 2, payload: shard });
    expect(await takeIn(sent, () => manifest, () => null, subtle)).toMatchObject({ right: true });
    expect(await takeIn(sent, () => null, () => null, subtle)).toMatchObject({ right: null });
  });

  it("a manifest has one name whoever signed it, and another where anything else of it differs", async () => {
    const { manifest } = await store(createCoder(), shapeFor(3, 3), object);
    const nameOf = async (changed: Partial<typeof manifest>, signature: number) => (await openFrame(await sealManifest({ ...manifest, ...changed }, () => new Uint8Array(signature)), () => null)).id;
    const name = await nameOf({}, 0);
    expect(await nameOf({}, 64)).toBe(name);
    expect(await nameOf({ length: manifest.length - 1 }, 0)).not.toBe(name);
  });

  it("a manifest of more than may be held, or cut short, is refused", async () => {
    const { manifest } = await store(createCoder(), shapeFor(3, 3), object);
    const frame = await sealManifest(manifest, () => new Uint8Array(64));
    await expect(openFrame(frame.subarray(0, frame.length - 1), () => null)).rejects.toThrow(WireError);
    const many = await store(createCoder(), shapeFor(250, 40), xorshift(20_000));
    await expect(openFrame(await sealManifest(many.manifest, () => new Uint8Array()), () => null)).rejects.toMatchObject({ code: "oversized" });
    const segments = 5;
    const shardBytes = 2 ** 24;
    const hashes = Array.from({ length: 2 * segments }, () => new Uint8Array(32));
    const huge = { shape: shapeFor(1, 1), length: segments * shardBytes, shardBytes, hashes, root: new Uint8Array(32) };
    await expect(openFrame(await sealManifest(huge, () => new Uint8Array()), () => null)).rejects.toMatchObject({ code: "oversized" });
  });
});
