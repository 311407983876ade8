import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toFixed, toFloat } from "../update/fixed.ts";
import { codeOf } from "../workers/bridge.ts";
import { outerStep } from "./outer.ts";
import { createOuter, outerBytes, outerFrom, type OuterState } from "./outer-optimiser.ts";
import type { TaskManifest } from "./task.ts";

const kinds: NonNullable<TaskManifest["outer"]>[] = [
  { kind: "average" },
  { kind: "nesterov", rate: 0.7, momentum: 0.9 },
  { kind: "fedadam", rate: 0.01, beta1: 0.9, beta2: 0.99, tau: 0.001 },
];
const byKind = kinds.map((outer) => [outer.kind, outer] as const);
const EXPONENT = 10;

/** Sums of three devices' updates, a value within ±127 each. */
const sums = fc.array(fc.array(fc.integer({ min: -381, max: 381 }), { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 20 });
const meanFloat = (sum: readonly number[]) => sum.map((value) => (value * 2 ** (EXPONENT - 20)) / 3);

function run(outer: TaskManifest["outer"], rounds: readonly (readonly number[])[], start = Int32Array.of(0, 1000, -1000, 2 ** 20)) {
  const optimiser = createOuter(outer);
  let stepped: { state: OuterState; params: Int32Array } = { state: optimiser.initial(start.length), params: start };
  for (const sum of rounds) stepped = optimiser.step(stepped.state, stepped.params, Int32Array.from(sum), 3, EXPONENT);
  return stepped;
}

describe("outer step", () => {
  it("is the mean where the task says nothing or `average`", () => {
    fc.assert(
      fc.property(sums, (rounds) => {
        let params = Int32Array.of(0, 1000, -1000, 2 ** 20);
        for (const sum of rounds) params = outerStep(params, Int32Array.from(sum), 3, EXPONENT);
        expect(run(undefined, rounds).params).toEqual(params);
        expect(run({ kind: "average" }, rounds).params).toEqual(params);
      }),
    );
  });

  it("with Nesterov momentum is DiLoCo's, to the fixed point's resolution", () => {
    fc.assert(
      fc.property(sums, (rounds) => {
        const theta = [0, 1000 / 2 ** 20, -1000 / 2 ** 20, 1];
        const momentum = [0, 0, 0, 0];
        for (const sum of rounds) {
          meanFloat(sum).forEach((d, i) => {
            momentum[i] = 0.9 * momentum[i]! + d;
            theta[i]! += 0.7 * (d + 0.9 * momentum[i]!);
          });
        }
        const found = toFloat(run(kinds[1], rounds).params);
        // Momentum's decay of 0.9 is within 2^-17, the step within half a unit each round.
        theta.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(rounds.length * 1e-5 + 1e-3 * Math.abs(value)));
      }),
    );
  });

  it("of FedAdam is the paper's, to the fixed point's resolution", () => {
    fc.assert(
      fc.property(sums, (rounds) => {
        const theta = [0, 1000 / 2 ** 20, -1000 / 2 ** 20, 1];
        const first = [0, 0, 0, 0];
        const second = [1e-6, 1e-6, 1e-6, 1e-6];
        for (const sum of rounds) {
          meanFloat(sum).forEach((d, i) => {
            first[i] = 0.9 * first[i]! + 0.1 * d;
            second[i] = 0.99 * second[i]! + 0.01 * d * d;
            theta[i]! += (0.01 * first[i]!) / (Math.sqrt(second[i]!) + 0.001);
          });
        }
        const found = toFloat(run(kinds[2], rounds).params);
        theta.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(rounds.length * 2e-5));
      }),
    );
  });

  it.each(byKind)("%s stays in whole numbers and in range, whatever the sums", (_kind, outer) => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -2_000_000, max: 2_000_000 }), { minLength: 3, maxLength: 3 }), fc.integer({ min: 1, max: 15 }), fc.integer({ min: 0, max: 16 }), (sum, count, exponent) => {
        const optimiser = createOuter(outer);
        let { state, params } = { state: optimiser.initial(3), params: Int32Array.of(0x7fffffff, -0x7fffffff, 5) };
        for (let round = 0; round < 5; round++) ({ state, params } = optimiser.step(state, params, Int32Array.from(sum), count, exponent));
        expect(params.every((value) => value >= -0x7fffffff)).toBe(true);
        expect(outerFrom(outerBytes(state), optimiser.initial(3))).toEqual(state);
      }),
    );
  });

  it.each(byKind)("%s goes on from its bytes as if it had not stopped, and never alters what it was given", (_kind, outer) => {
    fc.assert(
      fc.property(sums, sums, (before, after) => {
        const optimiser = createOuter(outer);
        const half = run(outer, before);
        const kept = outerBytes(half.state);
        let resumed: { state: OuterState; params: Int32Array } = { state: outerFrom(kept, optimiser.initial(4)), params: half.params };
        for (const sum of after) resumed = optimiser.step(resumed.state, resumed.params, Int32Array.from(sum), 3, EXPONENT);
        const whole = run(outer, [...before, ...after]);
        expect(resumed.params).toEqual(whole.params);
        expect(outerBytes(resumed.state)).toEqual(outerBytes(whole.state));
        expect(outerBytes(half.state)).toEqual(kept);
      }),
      { numRuns: 30 },
    );
  });

  it("refuses a state that is cut, of another model or out of range", () => {
    for (const outer of kinds.slice(1)) {
      const optimiser = createOuter(outer);
      const like = optimiser.initial(4);
      const bytes = outerBytes(optimiser.step(like, toFixed(new Float32Array(4)), Int32Array.of(1, -2, 3, -4), 1, 8).state);
      const nan = bytes.slice();
      nan.fill(0xff, outer.kind === "fedadam" ? bytes.length - 8 : bytes.length - 4);
      if (outer.kind === "nesterov") nan.set([0, 0, 0, 0x80], bytes.length - 4);
      for (const broken of [new Uint8Array(), bytes.subarray(1), bytes.subarray(0, -1), outerBytes(optimiser.initial(5)), new Uint8Array(bytes.length), nan]) {
        expect(caught(() => outerFrom(broken, like))).toBe("bad-state");
      }
    }
    expect(caught(() => outerFrom(Uint8Array.of(1), createOuter(undefined).initial(4)))).toBe("bad-state");
  });

  it.each(byKind)("%s walks down a bowl", (_kind, outer) => {
    const optimiser = createOuter(outer);
    let { state, params } = { state: optimiser.initial(2), params: toFixed(Float32Array.of(1, -0.5)) };
    const away = (of: Int32Array) => Math.hypot(...toFloat(of));
    for (let round = 0; round < 200; round++) {
      const sum = Int32Array.from(params, (value) => Math.round((-0.1 * value) / 2 ** EXPONENT));
      ({ state, params } = optimiser.step(state, params, sum, 1, EXPONENT));
    }
    expect(away(params)).toBeLessThan(0.1);
  });
});

function caught(act: () => unknown): string | null {
  try {
    act();
  } catch (error) {
    return codeOf(error);
  }
  return null;
}
