import fc from "fast-check";
import { expect, test } from "vitest";
import { UpdateError } from "./errors.ts";
import { pack, packedBytes, unpack, widthOf } from "./pack.ts";

const packed = fc.integer({ min: 1, max: 2 ** 24 - 1 }).chain((bound) => fc.record({ bound: fc.constant(bound), values: fc.array(fc.integer({ min: -bound, max: bound }), { maxLength: 40 }) }));

test("values come back from the narrowest field that holds them", () => {
  fc.assert(
    fc.property(packed, ({ bound, values }) => {
      const bytes = pack(Int32Array.from(values), bound);
      expect(bytes.length).toBe(packedBytes(values.length, bound));
      expect([...unpack(bytes, values.length, bound)]).toEqual(values);
    }),
  );
  expect(widthOf(7)).toBe(4);
  expect(widthOf(8)).toBe(5);
});

test("a wrong length, a value beyond the bound and bits left over are refused", () => {
  expect(() => unpack(new Uint8Array(3), 5, 7)).not.toThrow();
  for (const bytes of [new Uint8Array(2), Uint8Array.of(15, 0, 0), Uint8Array.of(0, 0, 16)]) {
    expect(() => unpack(bytes, 5, 7)).toThrow(UpdateError);
  }
});
