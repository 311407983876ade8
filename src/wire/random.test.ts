import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "./random.ts";

const take = (seed: Parameters<typeof createRandom>[0], n: number) => {
  const random = createRandom(seed);
  return Array.from({ length: n }, () => random.uint32());
};

describe("seeded random stream", () => {
  it("gives these numbers for this seed, on every device and in every version", () => {
    expect(take(["hromada", 7], 4)).toMatchInlineSnapshot(`
      [
        658859549,
        3738247361,
        1033025342,
        90761642,
      ]
    `);
  });

  it("gives the same stream for the same seed and another for another", () => {
    expect(take("a", 8)).toEqual(take(["a"], 8));
    const seeds = [["ab"], ["a", "b"], ["", "ab"], [1], ["1"], [1, 0], [0, 1], [0.5], []];
    const streams = new Set(seeds.map((seed) => take(seed, 4).join()));
    expect(streams.size).toBe(seeds.length);
  });

  it("treats 0 and -0 as one seed and refuses what is no number", () => {
    expect(take(-0, 4)).toEqual(take(0, 4));
    expect(() => createRandom(Number.NaN)).toThrow(RangeError);
  });

  it("draws every integer below a bound about equally often", () => {
    const random = createRandom("below");
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.below(7)]! += 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    expect(() => random.below(0)).toThrow(RangeError);
    expect(() => random.below(1.5)).toThrow(RangeError);
    expect(random.below(2 ** 32)).toBeLessThan(2 ** 32);
  });

  it("has the moments of the uniform and of the normal distribution", () => {
    const random = createRandom("moments");
    const n = 50_000;
    const uniform = Array.from({ length: n }, () => random.uniform());
    const normal = Array.from({ length: n }, () => random.normal());
    const mean = (xs: number[]) => xs.reduce((sum, x) => sum + x, 0) / xs.length;
    const variance = (xs: number[]) => mean(xs.map((x) => (x - mean0) ** 2));
    let mean0 = mean(uniform);
    expect(mean0).toBeCloseTo(0.5, 2);
    expect(variance(uniform)).toBeCloseTo(1 / 12, 2);
    mean0 = mean(normal);
    expect(Math.abs(mean0)).toBeLessThan(0.03);
    expect(variance(normal)).toBeGreaterThan(0.97);
    expect(variance(normal)).toBeLessThan(1.03);
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
  });

  it("shuffles without losing or repeating an item", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (items, seed) => {
        const shuffled = createRandom(seed).shuffle([...items]);
        expect([...shuffled].sort((x, y) => x - y)).toEqual([...items].sort((x, y) => x - y));
      }),
    );
    expect(createRandom(1).shuffle(new Uint32Array([1, 2, 3, 4, 5, 6]))).toHaveLength(6);
  });
});
