import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keepersOf, ownShards, shapeOf } from "./placement.ts";
import { peer } from "./testing/room.ts";

const OBJECT = "5a".repeat(32);
const nobody = () => false;
const devices = (count: number) => Array.from({ length: count }, (_, index) => peer(index));

describe("who keeps what", () => {
  it("every shard has one keeper, and no device has more than one above another", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), (n, count) => {
        const keepers = keepersOf(OBJECT, n, devices(count), nobody);
        expect(keepers).not.toContain(null);
        const load = devices(count).map((id) => keepers.filter((keeper) => keeper === id).length);
        expect(Math.max(...load) - Math.min(...load)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 40 },
    );
  });

  it("whoever has a part already keeps it, and only what is missing goes to others", () => {
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 12 }), fc.nat(5), fc.nat(3), (count, left, come) => {
        const before = keepersOf(OBJECT, count, devices(count), nobody);
        const now = devices(count + come).filter((_, index) => index >= left);
        const after = keepersOf(OBJECT, count, now, (id, shard) => before[shard] === id);
        before.forEach((keeper, shard) => {
          if (now.includes(keeper!)) expect(after[shard]).toBe(keeper);
          else expect(now).toContain(after[shard]);
        });
      }),
      { numRuns: 40 },
    );
  });

  it("does not depend on who has been told first: what is half carried out is carried on to the same end", () => {
    const all = devices(7);
    const planned = keepersOf(OBJECT, 7, all, nobody);
    for (let done = 0; done < 128; done++) expect(keepersOf(OBJECT, 7, all, (id, shard) => ((done >> shard) & 1) === 1 && planned[shard] === id)).toEqual(planned);
  });

  it("a checkpoint's contributors share its shards out, in whatever order they are named", () => {
    const all = devices(4);
    const parts = all.map((id) => ownShards(OBJECT, 6, all, id));
    expect(parts.flat().sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(ownShards(OBJECT, 6, [...all].reverse(), all[2]!)).toEqual(parts[2]);
    expect(ownShards(OBJECT, 6, all, peer(9))).toEqual([]);
  });
});

describe("how many shards", () => {
  it("one a device within bounds, and as many parity as may be gone", () => {
    expect(shapeOf(6, { left: 0, stayed: 0 }, 1 / 4)).toMatchObject({ k: 3, m: 3 });
    expect(shapeOf(6, { left: 0, stayed: 6 }, 1 / 2)).toMatchObject({ k: 3, m: 3 });
    expect(shapeOf(12, { left: 0, stayed: 12 }, 1 / 4)).toMatchObject({ k: 9, m: 3 });
    expect(shapeOf(12, { left: 6, stayed: 6 }, 1 / 4)).toMatchObject({ k: 6, m: 6 });
    expect(shapeOf(0, { left: 50, stayed: 0 }, 1 / 4)).toMatchObject({ k: 1, m: 5 });
    expect(shapeOf(500, { left: 0, stayed: 500 }, 1 / 4)).toMatchObject({ k: 24, m: 8 });
  });
});
