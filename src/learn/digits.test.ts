import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { buildDigits, type DigitsIndex } from "../../tools/digits.ts";
import { loadPacks, packName } from "./digits.ts";
import { DataError } from "./errors.ts";
import { MAX_PACK_BYTES, MAX_PACK_RAW_BYTES } from "./limits.ts";
import { decodePack, encodePack, type Samples } from "./pack.ts";
import { readPackFile } from "./testing/node.ts";

const samples: fc.Arbitrary<Samples> = fc
  .record({ height: fc.integer({ min: 1, max: 6 }), width: fc.integer({ min: 1, max: 6 }), labelCount: fc.integer({ min: 1, max: 256 }), count: fc.nat({ max: 8 }) })
  .chain(({ height, width, labelCount, count }) =>
    fc.record({
      height: fc.constant(height),
      width: fc.constant(width),
      labelCount: fc.constant(labelCount),
      labels: fc.uint8Array({ minLength: count, maxLength: count, max: labelCount - 1 }),
      pixels: fc.uint8Array({ minLength: count * height * width, maxLength: count * height * width }),
    }),
  );

const codeOfRejection = async (promise: Promise<unknown>): Promise<string> => {
  const cause = await promise.then(() => null, (error: unknown) => error);
  expect(cause).toBeInstanceOf(DataError);
  return (cause as DataError).code;
};

describe("pack of digits", () => {
  it("decodes to what was encoded", () => {
    fc.assert(
      fc.property(samples, (value) => {
        expect(decodePack(encodePack(value))).toEqual(value);
      }),
    );
  });

  it("gives one typed error for anything else: cut short, too long, or altered in its header", () => {
    fc.assert(
      fc.property(samples, fc.nat(), (value, cut) => {
        const bytes = encodePack(value);
        expect(() => decodePack(bytes.subarray(0, cut % bytes.length))).toThrow(DataError);
        expect(() => decodePack(Uint8Array.of(...bytes, 0))).toThrow(DataError);
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(() => decodePack(bytes)).toThrow(DataError);
      }),
    );
    const bytes = encodePack({ height: 1, width: 1, labelCount: 3, labels: Uint8Array.of(2), pixels: Uint8Array.of(9) });
    bytes[16] = 3;
    expect(() => decodePack(bytes)).toThrow(/label out of range/);
  });
});

describe("loading packs", () => {
  const small: Samples = { height: 1, width: 2, labelCount: 10, labels: Uint8Array.of(1, 2), pixels: Uint8Array.of(1, 2, 3, 4) };

  it("joins them in the order asked for, whether the transport has unpacked them or not", async () => {
    const other = { ...small, labels: Uint8Array.of(7, 8) };
    const files: Record<string, Uint8Array> = { a: gzipSync(encodePack(small)), b: encodePack(other) };
    const joined = await loadPacks(async (name) => files[name.replace("digits/", "")]!, ["b", "a"]);
    expect([...joined.labels]).toEqual([7, 8, 1, 2]);
    expect(joined.pixels).toHaveLength(8);
  });

  it("says whether a pack is missing or broken", async () => {
    const failing = () => Promise.reject(new TypeError("no network"));
    expect(await codeOfRejection(loadPacks(failing, ["x"]))).toBe("unavailable");
    const zipped = gzipSync(encodePack(small));
    expect(await codeOfRejection(loadPacks(async () => zipped.subarray(0, 12), ["x"]))).toBe("malformed");
    expect(await codeOfRejection(loadPacks(async () => new Uint8Array(100), ["x"]))).toBe("malformed");
    expect(await codeOfRejection(loadPacks(async () => new Uint8Array(MAX_PACK_BYTES + 1), ["x"]))).toBe("malformed");
    expect(await codeOfRejection(loadPacks(async () => gzipSync(new Uint8Array(MAX_PACK_RAW_BYTES + 1)), ["x"]))).toBe("malformed");
    const wide = { ...small, width: 1, pixels: Uint8Array.of(1, 2) };
    expect(await codeOfRejection(loadPacks(async (name) => encodePack(name === "digits/a" ? small : wide), ["a", "b"]))).toBe("malformed");
  });
});

describe("the digits that ship", () => {
  let index: DigitsIndex;
  beforeAll(async () => {
    ({ index } = await buildDigits());
  }, 60_000);

  it("are 60 + 10 packs of 1,000, small enough to fetch one by one, and listed with their hashes and origin", async () => {
    expect(Object.keys(index.files)).toHaveLength(70);
    for (const { bytes } of Object.values(index.files)) expect(bytes).toBeLessThanOrEqual(MAX_PACK_BYTES);
    expect(index.provenance.authors).toContain("LeCun");
    const bytes = await readPackFile(`digits/${packName("test", 3)}`);
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(index.files[packName("test", 3)]?.sha256);
    expect((await buildDigits()).written).toBe(false);
  });

  it("begin with the published 5, 0, 4, 1, 9 and hold every label", async () => {
    const first = await loadPacks(readPackFile, [packName("train", 0)]);
    expect([...first.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    expect(new Set(first.labels).size).toBe(10);
    expect([first.height, first.width]).toEqual([28, 28]);
  });
});
