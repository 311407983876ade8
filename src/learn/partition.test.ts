import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DataError } from "./errors.ts";
import { MAX_DEVICE_SAMPLES, PACK_SAMPLES, TRAIN_PACKS } from "./limits.ts";
import { dirichletShares, evenShare, sharePacks } from "./partition.ts";

/** Pack and sample of everything an even share is made of. */
const evenSamples = (share: number, shares: number): string[] =>
  sharePacks(share, shares, false).flatMap((pack) => [...evenShare(share, shares, PACK_SAMPLES)].map((sample) => `${pack}:${sample}`));

const cyclic = (count: number) => Uint8Array.from({ length: count }, (_, i) => (i * 7) % 10);

describe("even shares", () => {
  it("are disjoint and together all 60,000 digits, however many there are", () => {
    for (const shares of [4, 7, 60, 61, 130]) {
      const dealt = Array.from({ length: shares }, (_, share) => evenSamples(share, shares)).flat();
      expect(dealt).toHaveLength(TRAIN_PACKS * PACK_SAMPLES);
      expect(new Set(dealt).size).toBe(dealt.length);
    }
  });

  it("need no more packs than a device may load", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.nat(), (shares, n) => {
        const packs = sharePacks(n % shares, shares, false);
        expect(packs.length).toBeGreaterThan(0);
        expect(packs.length * PACK_SAMPLES).toBeLessThanOrEqual(MAX_DEVICE_SAMPLES);
        expect(packs.every((pack) => pack < TRAIN_PACKS)).toBe(true);
      }),
    );
  });

  it("that do not exist are refused", () => {
    for (const [share, shares] of [[4, 4], [-1, 4], [0, 0], [0.5, 2], [0, 1e9]] as const) {
      expect(() => sharePacks(share, shares, false)).toThrow(DataError);
    }
  });
});

describe("Dirichlet shares", () => {
  const parameters = [fc.integer({ min: 1, max: 12 }), fc.double({ min: 0.01, max: 100, noNaN: true }), fc.nat(), fc.integer({ min: 20, max: 1500 })] as const;

  it("are disjoint, complete, never empty, and the same for the same seed", () => {
    fc.assert(
      fc.property(...parameters, (shares, alpha, seed, count) => {
        const labels = cyclic(count);
        const cut = dirichletShares(labels, 10, shares, alpha, seed);
        const all = cut.flatMap((share) => [...share]);
        expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(cut.every((share) => share.length > 0)).toBe(true);
        expect(dirichletShares(labels, 10, shares, alpha, seed)).toEqual(cut);
      }),
    );
  });

  /** Mean over the shares of the commonest label's part: 0.1 is perfectly even. */
  const skew = (alpha: number, seed: number): number => {
    const labels = cyclic(8000);
    const tops = dirichletShares(labels, 10, 8, alpha, seed).map((share) => {
      const counts = new Array<number>(10).fill(0);
      for (const sample of share) counts[labels[sample]!]! += 1;
      return Math.max(...counts) / share.length;
    });
    return tops.reduce((a, b) => a + b, 0) / tops.length;
  };

  it("are lopsided for a small alpha and nearly even for a large one", () => {
    for (const seed of [1, 2, 3]) {
      expect(skew(0.05, seed)).toBeGreaterThan(0.4);
      expect(skew(1000, seed)).toBeLessThan(0.13);
    }
  });

  it("differ with the seed, and refuse an alpha that is none", () => {
    expect(dirichletShares(cyclic(500), 10, 4, 0.5, 1)).not.toEqual(dirichletShares(cyclic(500), 10, 4, 0.5, 2));
    for (const alpha of [0, -1, Number.NaN, Infinity]) expect(() => dirichletShares(cyclic(500), 10, 4, alpha, 1)).toThrow(DataError);
  });
});
