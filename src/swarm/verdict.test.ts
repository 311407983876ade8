import { describe, expect, it } from "vitest";
import { createRandom } from "../wire/random.ts";
import { type Change, changeOf, isMuchWorse, remember } from "./verdict.ts";

const losses = (...values: number[]): Float64Array => Float64Array.from(values);
/** So many samples' losses about a mean, spread by chance. */
const scattered = (count: number, mean: number, spread: number, seed = 1): Float64Array => {
  const random = createRandom(["losses", seed]);
  return Float64Array.from({ length: count }, () => mean + spread * (2 * random.uniform() - 1));
};
const change = (mean: number, before = 0.3, error = 0.001): Change => ({ mean, before, error });

describe("what became of the loss", () => {
  it("is the samples' mean change, with its standard error", () => {
    const before = losses(...new Array<number>(16).fill(1));
    const after = before.map((value, i) => value + (i % 2 === 0 ? 0.5 : 1.5));
    const made = changeOf(before, after)!;
    expect(made).toMatchObject({ mean: 1, before: 1 });
    // Deviation 0.5 of 16 samples.
    expect(made.error).toBeCloseTo(0.5 / Math.sqrt(15), 12);
  });

  it("cannot be said of a few samples, of none, of different ones, or where the model before is out of bounds", () => {
    expect(changeOf(losses(1, 1), losses(9, 9))).toBeNull();
    expect(changeOf(losses(), losses())).toBeNull();
    expect(changeOf(scattered(32, 1, 0), scattered(31, 1, 0))).toBeNull();
    expect(changeOf(scattered(32, 1, 0).fill(Infinity, 3, 4), scattered(32, 1, 0))).toBeNull();
  });

  it.each([Infinity, NaN])("is infinite where a sample's loss is %s", (value) => {
    const made = changeOf(scattered(32, 1, 0.5), scattered(32, 1, 0.5).fill(value, 3, 4))!;
    expect(made.mean).toBe(Infinity);
    expect(isMuchWorse(made, [])).toBe(true);
    expect(isMuchWorse(made, new Array<number>(9).fill(5))).toBe(true);
  });
});

describe("a model that is much worse", () => {
  it("is one whose loss grows by far more than the last rounds changed it, and by a fifth of a nat at least", () => {
    const past = [-0.03, 0.02, -0.05, 0.01, -0.02];
    expect(isMuchWorse(change(1), past)).toBe(true);
    expect(isMuchWorse(change(0.25), past)).toBe(true);
    expect(isMuchWorse(change(0.19), past)).toBe(false);
    expect(isMuchWorse(change(-3), past)).toBe(false);
  });

  it("is none where the rounds before went up and down as far", () => {
    const past = [0.6, -0.7, 0.5, -0.4, -0.6];
    expect(isMuchWorse(change(0.6), past)).toBe(false);
    expect(isMuchWorse(change(4), past)).toBe(true);
  });

  it("is none in the first rounds, of which nothing is known yet, unless a tenth is added to what knowing nothing costs", () => {
    const random = Math.log(10);
    expect(isMuchWorse(change(0.22, random), [])).toBe(false);
    expect(isMuchWorse(change(0.24, random), [])).toBe(true);
  });

  it("is not found among a few samples that say different things", () => {
    const before = scattered(16, 0.3, 0.2);
    // One of them is answered with great confidence, and wrongly.
    const after = before.map((value, i) => value + (i === 5 ? 12 : 0));
    expect(changeOf(before, after)!.mean).toBeGreaterThan(0.7);
    expect(isMuchWorse(changeOf(before, after)!, [])).toBe(false);
    expect(isMuchWorse(changeOf(before, before.map((value) => value + 0.75))!, [])).toBe(true);
  });

  it("is also what made the loss grow a little in each of the last rounds, and none that makes it fall again", () => {
    const past = [-0.02, 0.09, 0.01, 0.08, 0];
    expect(isMuchWorse(change(0.1), past)).toBe(true);
    expect(isMuchWorse(change(0.1), [-0.02, 0.09, -0.09, 0.08, 0])).toBe(false);
    expect(isMuchWorse(change(-0.01), [0.1, 0.2, 0.1, 0.2, 0.1])).toBe(false);
    // What is not more than the samples' chance adds to nothing.
    expect(isMuchWorse(change(0.1, 0.3, 0.05), past)).toBe(false);
  });

  it("does not stop training that goes uphill by itself: what was refused is forgotten", () => {
    let past: readonly number[] = [];
    let [refused, done] = [0, 0];
    for (let round = 0; round < 60; round++) {
      const refuses = isMuchWorse(change(0.04, 0.4 + 0.04 * done), past);
      if (refuses) refused++;
      else done++;
      past = remember(past, refuses ? 0 : 0.04);
    }
    expect(refused).toBeGreaterThan(0);
    expect(done).toBeGreaterThan(25);
  });

  it("is measured against a median, which one bad round does not move", () => {
    expect(isMuchWorse(change(1), [-0.03, 0.02, 30, -0.04, -0.03])).toBe(true);
    expect(isMuchWorse(change(1), [-0.03, 0.02, -30, -0.04, -0.03])).toBe(true);
  });
});

describe("the rounds that are remembered", () => {
  it("are the last nine", () => {
    const past = Array.from({ length: 12 }, (_, i) => i).reduce(remember, [] as readonly number[]);
    expect(past).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it("leave out what is out of bounds", () => {
    expect(remember([1], Infinity)).toEqual([1]);
  });
});
