import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";
import { encode as cbor } from "cborg";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { WireError } from "../wire/codec.ts";
import { CODECS, shapeFor } from "./code.ts";
import { createCoder } from "./coder.ts";
import { CodingError } from "./errors.ts";
import { merkleRoot, openManifest, sealManifest, type Manifest } from "./manifest.ts";
import { randomBytes } from "./testing/data.ts";
import { store } from "./testing/objects.ts";

// A signature for the tests: a hash with the author's secret.
const authored = (secret: string) => (bytes: Uint8Array) => sha256(concatBytes(new TextEncoder().encode(secret), bytes));
const sign = authored("author");
const verify = (bytes: Uint8Array, signature: Uint8Array) => bytesToHex(sign(bytes)) === bytesToHex(signature);

let manifest: Manifest;
let frame: Uint8Array;
beforeAll(async () => {
  ({ manifest } = await store(createCoder(), shapeFor(4, 2), randomBytes(1000)));
  frame = await sealManifest(manifest, sign);
});

describe("a manifest", () => {
  it("is read as it was written", async () => {
    expect(await openManifest(frame, verify)).toEqual(manifest);
  });

  it("of another author is refused", async () => {
    await expect(openManifest(await sealManifest(manifest, authored("somebody else")), verify)).rejects.toMatchObject({ name: "CodingError", code: "signature" });
  });

  it("is refused with one bit changed anywhere", async () => {
    await fc.assert(fc.asyncProperty(fc.nat({ max: frame.length - 1 }), fc.nat({ max: 7 }), async (at, bit) => {
      const changed = frame.slice();
      changed[at]! ^= 1 << bit;
      await expect(openManifest(changed, verify)).rejects.toSatisfy(isTyped);
    }), { numRuns: 400 });
  });

  it("is refused truncated, with bytes after it, and oversized", async () => {
    for (const bytes of [new Uint8Array(), frame.subarray(0, 1), frame.subarray(0, frame.length - 1), concatBytes(frame, Uint8Array.of(0)), new Uint8Array(3_000_000)]) {
      await expect(openManifest(bytes, verify)).rejects.toBeInstanceOf(WireError);
    }
  });

  it("is refused as any other bytes or values, by a typed error", async () => {
    const always = () => true;
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => void (await expect(openManifest(bytes, always)).rejects.toSatisfy(isTyped))));
    const number = fc.oneof(fc.integer({ min: -2, max: 300 }), fc.double(), fc.maxSafeInteger());
    const fields = fc.record({ codec: fc.integer({ min: 0, max: 4 }), k: number, m: number, length: number, shardBytes: number, hashes: fc.uint8Array({ maxLength: 96 }), signature: fc.uint8Array({ maxLength: 300 }) });
    await fc.assert(fc.asyncProperty(fields, async (value) => {
      const opened = await openManifest(concatBytes(Uint8Array.of(1), cbor(value)), always).catch((cause: unknown) => cause);
      expect(isTyped(opened) || (opened as Manifest).hashes.length >= 2).toBe(true);
    }), { numRuns: 500 });
  });

  it("cannot ask for shapes, sizes and numbers of hashes that do not fit", async () => {
    const { shape, length, shardBytes, hashes, root } = manifest;
    const changed: Partial<Manifest>[] = [
      { shape: { codec: CODECS.leopard8, k: 300, m: 2 } },
      { shape: { ...shape, k: 5 } },
      { length: 2000 },
      { length: 100 },
      { shardBytes: 320 },
      { shardBytes: 2 ** 27 },
      { hashes: hashes.slice(1) },
      { hashes: [] },
      { hashes: [...hashes, ...hashes] },
    ];
    for (const change of changed) {
      await expect(openManifest(await sealManifest({ shape, length, shardBytes, hashes, root, ...change }, sign), () => true), JSON.stringify(change)).rejects.toBeInstanceOf(WireError);
    }
  });
});

it("the root is the Merkle tree hash of RFC 9162", () => {
  // From the transparency log's own test data: leaves "", 00, 10, 2021, 3031, 40414243, 5051525354555657, 6061…6f.
  const leaves = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"].map((hex) => Uint8Array.from(Buffer.from(hex, "hex")));
  const roots = ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"];
  roots.forEach((root, i) => expect(bytesToHex(merkleRoot(leaves.slice(0, i + 1)))).toBe(root));
});

const isTyped = (cause: unknown): boolean => cause instanceof WireError || (cause instanceof CodingError && cause.code === "signature");
