import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { restoreBlind } from "./blind.ts";
import { CODECS, range, type Shape } from "./code.ts";
import { createCoder } from "./coder.ts";
import { randomBytes, xorshift } from "./testing/data.ts";

const coder = createCoder();

async function codeword(shape: Shape, bytes = 128): Promise<Uint8Array[]> {
  const { shards, encode } = coder.open(shape, bytes);
  for (const shard of shards.slice(0, shape.k)) shard.set(randomBytes(bytes));
  await encode();
  return shards.map((shard) => shard.slice());
}

const someOf = (n: number, count: number, seed: number): number[] => {
  const chance = xorshift(n * 2, seed);
  return range(0, n).sort((a, b) => chance[a]! - chance[b]! || a - b).slice(0, count);
};

describe("without a manifest", () => {
  it.each([
    [CODECS.vandermonde, 4, 2], [CODECS.vandermonde, 8, 4], [CODECS.vandermonde, 64, 64],
    [CODECS.leopard8, 8, 4], [CODECS.leopard8, 20, 11], [CODECS.leopard8, 64, 64],
    [CODECS.leopard16, 8, 4], [CODECS.leopard16, 100, 30],
  ] as const)("as many wrong shards as can be are found: codec %i, %i + %i", async (codec, k, m) => {
    const shape = { codec, k, m };
    const whole = await codeword(shape);
    await fc.assert(fc.asyncProperty(fc.nat({ max: m }), fc.nat(), fc.boolean(), async (absent, seed, everywhere) => {
      const chosen = someOf(k + m, absent + Math.floor((m - absent) / 2), seed);
      const [gone, bad] = [chosen.slice(0, absent), chosen.slice(absent)];
      const shards = whole.map((shard, i) => {
        if (gone.includes(i)) return null;
        const copy = shard.slice();
        if (bad.includes(i)) {
          if (everywhere) copy.set(randomBytes(copy.length));
          else copy[(seed + i) % copy.length]! ^= 1 + (seed % 255);
        }
        return copy;
      });
      const result = await restoreBlind(coder, shape, shards);
      expect(result.wrong).toEqual([...bad].sort((a, b) => a - b));
      expect(Buffer.compare(Buffer.concat(result.shards), Buffer.concat(whole))).toBe(0);
    }), { numRuns: k > 50 ? 4 : 25 });
  });

  it("one wrong shard more is not corrected, but said", async () => {
    const shape = { codec: CODECS.leopard8, k: 8, m: 4 };
    const whole = await codeword(shape);
    const shards = whole.map((shard, i) => (i % 4 === 0 ? randomBytes(shard.length) : shard));
    await expect(restoreBlind(coder, shape, shards)).rejects.toMatchObject({ code: "wrong" });
  });

  it("a wrong shard is not found with only one to spare, but said", async () => {
    const shape = { codec: CODECS.vandermonde, k: 8, m: 1 };
    const whole = await codeword(shape);
    whole[3]![9]! ^= 1;
    await expect(restoreBlind(coder, shape, whole)).rejects.toMatchObject({ code: "wrong" });
  });

  it("too few shards, none, one too many, or shards of unlike lengths are refused", async () => {
    const shape = { codec: CODECS.vandermonde, k: 3, m: 2 };
    const whole = await codeword(shape);
    await expect(restoreBlind(coder, shape, [whole[0]!, null, null, null, whole[4]!])).rejects.toMatchObject({ code: "lost" });
    for (const shards of [[null, null, null, null, null], [...whole, whole[0]!], [...whole.slice(0, 4), whole[4]!.subarray(64)], [new Uint8Array(3), ...whole.slice(1)]]) {
      await expect(restoreBlind(coder, shape, shards)).rejects.toMatchObject({ code: "shape" });
    }
  });
});
