import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chacha8 } from "@noble/ciphers/chacha.js";
import { ReedSolomonErasure } from "@subspace/reed-solomon-erasure.wasm";
import { init, reedSolomon } from "@typeberry/native";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { CODECS, codeOf, range, shapeFor, type CodecId, type Shape } from "./code.ts";
import { createCoder, type Workspace } from "./coder.ts";
import { cantorField16, cantorField8 } from "./field.ts";
import { patterns, randomBytes, xorshift } from "./testing/data.ts";
import vectors from "./testing/ff16-vectors.json" with { type: "json" };

const coder = createCoder();

async function encoded(shape: Shape, data: readonly Uint8Array[]): Promise<Workspace> {
  const workspace = coder.open(shape, Math.ceil(data[0]!.length / 64) * 64);
  data.forEach((bytes, i) => workspace.shards[i]!.fill(0).set(bytes));
  await workspace.encode();
  return workspace;
}

const copies = ({ shards }: Workspace): Uint8Array[] => shards.map((shard) => shard.slice());
const parityHash = ({ code, shards }: Workspace): string => shards.slice(code.k).reduce((hash, shard) => hash.update(shard), createHash("sha256")).digest("hex");
const cutInto = (k: number, bytes: Uint8Array): Uint8Array[] => range(0, k).map((i) => bytes.subarray((i * bytes.length) / k, ((i + 1) * bytes.length) / k));

/** Loses these shards, restores the data, and says whether it is what it was. */
async function survives(workspace: Workspace, whole: readonly Uint8Array[], lost: readonly number[]): Promise<boolean> {
  const { code, shards } = workspace;
  whole.forEach((bytes, i) => (lost.includes(i) ? shards[i]!.fill(0xaa) : shards[i]!.set(bytes)));
  await workspace.restore(range(0, code.n).map((i) => !lost.includes(i)));
  return range(0, code.k).every((i) => Buffer.compare(shards[i]!, whole[i]!) === 0);
}

describe("parity is that of", () => {
  const data = xorshift(2 ** 20);
  it.each([
    [CODECS.vandermonde, 4, 2, "4c856a49d121"],
    [CODECS.vandermonde, 8, 4, "b5dd84f26c1b"],
    [CODECS.vandermonde, 16, 16, "a391a2c30a2b"],
    [CODECS.vandermonde, 64, 64, "4e05182d284f"],
    [CODECS.leopard8, 8, 4, "6a31851744d7"],
    [CODECS.leopard8, 16, 16, "337d892e4729"],
    [CODECS.leopard8, 64, 64, "7caff87f2538"],
  ] as const)("Backblaze (1) or catid's Leopard (2): codec %i, %i + %i", async (codec, k, m, hash) => {
    expect(parityHash(await encoded({ codec, k, m }, cutInto(k, data))).slice(0, 12)).toBe(hash);
  });

  it("Backblaze's ReedSolomonTest.java, 5 + 5", async () => {
    const data = [[0, 1], [4, 5], [2, 3], [6, 7], [8, 9]].map((bytes) => Uint8Array.from(bytes));
    const { shards } = await encoded({ codec: CODECS.vandermonde, k: 5, m: 5 }, data);
    expect(shards.slice(5).map((shard) => [...shard.subarray(0, 2)])).toEqual([[12, 13], [10, 11], [14, 15], [90, 91], [94, 95]]);
  });

  // AndersTrier/reed-solomon-simd, src/test_util.rs: its high rate is Leopard's code.
  it.each(vectors)("reed-solomon-simd: GF(2^16), %i + %i, seed %i", async (k, m, seed, shardBytes, hash) => {
    const bytes = chacha8(new Uint8Array(32).fill(seed as number), new Uint8Array(12), new Uint8Array((k as number) * (shardBytes as number)));
    expect(parityHash(await encoded({ codec: CODECS.leopard16, k: k as number, m: m as number }, cutInto(k as number, bytes)))).toBe(hash);
  });

  it("the closed form that Leopard's FFT computes: s(d) / (d + p), s vanishing on the parity's points", async () => {
    for (const [field, codec] of [[cantorField8(), CODECS.leopard8], [cantorField16(), CODECS.leopard16]] as const) {
      for (const [k, m] of [[1, 1], [3, 2], [5, 3], [7, 9], [20, 13]] as const) {
        const data = range(0, k).map(() => randomBytes(64));
        const { code, shards } = await encoded({ codec, k, m }, data);
        const at = (shard: Uint8Array, i: number) => (field.bits === 8 ? shard[i]! : shard[i]! | (shard[i + 32]! << 8));
        for (let p = 0; p < m; p++) {
          for (let i = 0; i < 512 / field.bits; i++) {
            const sum = data.reduce((total, shard, j) => {
              const d = code.size + j;
              return total ^ field.multiply(at(shard, i), field.divide(Math.floor(d / code.size), d ^ p));
            }, 0);
            expect(at(shards[k + p]!, i)).toBe(sum);
          }
        }
      }
    }
  });
});

describe("bytes are those of the named peers", () => {
  const shape = fc.record({ k: fc.integer({ min: 1, max: 60 }), m: fc.integer({ min: 1, max: 30 }), blocks: fc.integer({ min: 1, max: 5 }), seed: fc.integer() });

  it("@subspace/reed-solomon-erasure.wasm, which is codec 1, on random shapes", async () => {
    const path = createRequire(import.meta.url).resolve("@subspace/reed-solomon-erasure.wasm");
    const peer = ReedSolomonErasure.fromBytes(readFileSync(path.replace("index.js", "reed_solomon_erasure_bg.wasm")));
    await fc.assert(fc.asyncProperty(shape, async ({ k, m, blocks, seed }) => {
      const bytes = 64 * blocks;
      const all = new Uint8Array((k + m) * bytes);
      all.set(xorshift(k * bytes, seed));
      const ours = copies(await encoded({ codec: CODECS.vandermonde, k, m }, cutInto(k, all.slice(0, k * bytes))));
      expect(peer.encode(all, k, m)).toBe(ReedSolomonErasure.RESULT_OK);
      expect(Buffer.compare(Buffer.concat(ours), all)).toBe(0);
    }), { numRuns: 60 });
  });

  it("@typeberry/native, which is reed-solomon-simd and thus codec 3 while k ≥ m, on random shapes", async () => {
    await init.reedSolomon();
    await fc.assert(fc.asyncProperty(shape, async ({ k: extra, m, blocks, seed }) => {
      const k = m + extra;
      const data = xorshift(k * 64 * blocks, seed);
      const ours = copies(await encoded({ codec: CODECS.leopard16, k, m }, cutInto(k, data)));
      const theirs = reedSolomon.encode(m, new reedSolomon.ShardsCollection(64 * blocks, data)).take_data();
      expect(Buffer.compare(Buffer.concat(ours.slice(k)), theirs)).toBe(0);
    }), { numRuns: 60 });
  });
});

describe("data survives", () => {
  const whole = async (codec: CodecId, k: number, m: number, bytes = 128) => {
    const workspace = await encoded({ codec, k, m }, range(0, k).map(() => randomBytes(bytes)));
    return { workspace, whole: copies(workspace) };
  };

  for (const [k, m] of [[4, 2], [8, 4]] as const) {
    it.each(Object.values(CODECS))(`every loss of up to m shards at ${k} + ${m}, codec %i`, async (codec) => {
      const coded = await whole(codec, k, m, 64);
      for (let losses = 0; losses <= m; losses++) {
        for (const lost of patterns(k + m, losses)) expect(await survives(coded.workspace, coded.whole, lost), `without ${lost}`).toBe(true);
      }
    });
  }

  it.each([
    [CODECS.vandermonde, 16, 16], [CODECS.vandermonde, 64, 64], [CODECS.vandermonde, 200, 56],
    [CODECS.leopard8, 16, 16], [CODECS.leopard8, 64, 64], [CODECS.leopard8, 100, 30], [CODECS.leopard8, 3, 100],
    [CODECS.leopard16, 300, 50], [CODECS.leopard16, 16, 16], [CODECS.leopard16, 5, 300],
  ] as const)("random losses, codec %i at %i + %i", async (codec, k, m) => {
    const coded = await whole(codec, k, m);
    const shard = fc.integer({ min: 0, max: k + m - 1 });
    await fc.assert(fc.asyncProperty(fc.uniqueArray(shard, { maxLength: m }), async (lost) => survives(coded.workspace, coded.whole, lost)), { numRuns: 40 });
    expect(await survives(coded.workspace, coded.whole, range(0, Math.min(k, m)))).toBe(true);
  });

  it("strips of every length", async () => {
    for (const codec of [CODECS.vandermonde, CODECS.leopard8, CODECS.leopard16]) {
      for (const bytes of [64, 192, 2048, 2112, 5056, 16_448]) {
        const coded = await whole(codec, 20, 20, bytes);
        expect(await survives(coded.workspace, coded.whole, range(0, 20)), `codec ${codec}, ${bytes} bytes`).toBe(true);
      }
    }
  });

  it("but not the loss of one shard more, which is said", async () => {
    const { workspace } = await whole(CODECS.vandermonde, 4, 2);
    await expect(workspace.restore([true, true, true, false, false, false])).rejects.toMatchObject({ name: "CodingError", code: "lost" });
  });
});

describe("a code that does not exist is refused", () => {
  it.each([
    [CODECS.vandermonde, 200, 57], [CODECS.leopard8, 200, 33], [CODECS.leopard16, 65_000, 1000], [CODECS.vandermonde, 0, 2], [CODECS.leopard8, 2, 0], [CODECS.vandermonde, 2.5, 2],
  ] as const)("codec %i, %i + %i", (codec, k, m) => {
    expect(() => codeOf({ codec, k, m })).toThrow(expect.objectContaining({ name: "CodingError", code: "shape" }) as Error);
  });

  it("as are shards of no whole block, or more than memory holds", () => {
    for (const bytes of [0, 63, 100, 2 ** 30]) expect(() => coder.open({ codec: CODECS.vandermonde, k: 2, m: 1 }, bytes)).toThrow(expect.objectContaining({ code: "shape" }) as Error);
  });

  it("and every shape that shapeFor gives is one", () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 500 }), (k, m) => void codeOf(shapeFor(k, m))));
  });
});

it("relaxed and plain SIMD compute the same bytes", { timeout: 60_000 }, () => {
  const run = (...flags: string[]) => execFileSync(process.execPath, [...flags, "--import", "tsx", new URL("./testing/build-hashes.ts", import.meta.url).pathname], { encoding: "utf8" }).trim().split("\n");
  const [plain, ...plainHashes] = run();
  const [relaxed, ...relaxedHashes] = run("--experimental-wasm-relaxed-simd");
  expect([plain, relaxed]).toEqual(["plain", "relaxed"]);
  expect(plainHashes.length).toBeGreaterThan(5);
  expect(relaxedHashes).toEqual(plainHashes);
});

beforeAll(() => void cantorField16());
