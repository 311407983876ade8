import { bytesToHex } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sharedHex } from "./ids.ts";

test("bytes have their own digits, whatever begins as they do and was seen before", () => {
  // Few beginnings and lengths, so that most are seen again after others.
  const bytes = fc.tuple(fc.constantFrom([0, 0, 0, 0], [255, 255, 255, 255]), fc.array(fc.integer({ min: 0, max: 1 }), { maxLength: 2 })).map((parts) => Uint8Array.from(parts.flat()));
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 1, maxLength: 20 }), (all) => {
      for (const each of all) expect(sharedHex(each)).toBe(bytesToHex(each));
    }),
  );
});
