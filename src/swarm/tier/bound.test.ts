import fc from "fast-check";
import { expect, test } from "vitest";
import { addBounded, factorsOf, squareOf, WHOLE } from "./bound.ts";

const partOf = (sum: Int32Array) => ({ squares: [squareOf(sum, sum.length)], devices: 4 });

test("a group that pulls a hundred times as hard as the others counts one and a half times as much as they do", () => {
  const fair = Int32Array.of(30, -40);
  const hard = Int32Array.of(-3000, 4000);
  const factors = factorsOf([fair, fair, hard].map(partOf));
  expect(factors.slice(0, 2)).toEqual([WHOLE, WHOLE]);
  const total = new Int32Array(2);
  addBounded(total, hard, factors[2]!, 0, 2);
  expect(Math.hypot(...total)).toBeLessThanOrEqual(1.5 * 50 + 1);
  expect(Math.hypot(...total)).toBeGreaterThan(1.5 * 50 - 2);
});

test("sums of like length, and of fewer than three groups, are added as they are; counters always are", () => {
  fc.assert(
    fc.property(fc.array(fc.int32Array({ maxLength: 20 }), { minLength: 2, maxLength: 2 }), (sums) => {
      expect(factorsOf(sums.map(partOf))).toEqual([WHOLE, WHOLE]);
    }),
  );
  const total = new Int32Array(3);
  addBounded(total, Int32Array.of(10, 10, 10), WHOLE / 2, 5, 7);
  expect([...total]).toEqual([5, 5, 10]);
});
