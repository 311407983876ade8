import fc from "fast-check";
import { expect, test } from "vitest";
import { withEntries, without } from "./versions.ts";

const entries = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer().map((value) => ({ value }))), { maxLength: 4 });
/** From which of the versions so far the next one is made, and how. */
const making = fc.array(fc.record({ from: fc.nat(), change: fc.oneof(entries.map((added) => ({ added })), fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }).map((removed) => ({ removed }))) }), { maxLength: 8 });

const contents = (map: ReadonlyMap<number, { value: number }>): string => JSON.stringify([map.size, ...map, ...map.keys(), ...map.values(), ...Array.from({ length: 10 }, (_, key) => [map.has(key), map.get(key)])]);

test("each version is as a copy would be, whatever was made of it and whichever is read", () => {
  fc.assert(
    fc.property(entries, making, fc.array(fc.nat(), { minLength: 1, maxLength: 8 }), (first, steps, reads) => {
      const copies = [new Map(first)];
      const versions: ReadonlyMap<number, { value: number }>[] = [new Map(first)];
      for (const { from, change } of steps) {
        const copy = new Map(copies[from % copies.length]);
        const map = versions[from % versions.length]!;
        if ("added" in change) {
          for (const [key, value] of change.added) copy.set(key, value);
          versions.push(withEntries(map, change.added));
        } else {
          for (const key of change.removed) copy.delete(key);
          versions.push(without(map, change.removed));
        }
        copies.push(copy);
      }
      for (const read of reads) expect(contents(versions[read % versions.length]!)).toBe(contents(copies[read % copies.length]!));
    }),
  );
});

test("what is not there is taken from nothing", () => {
  const map = new Map([[1, {}]]);
  expect(without(map, [2])).toBe(map);
});
