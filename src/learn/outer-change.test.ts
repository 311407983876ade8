import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { outerChange } from "./outer-change.ts";
import { createOuter } from "./outer-optimiser.ts";

const kinds = fc.constantFrom(
  undefined,
  { kind: "nesterov", rate: 0.7, momentum: 0.5 } as const,
  { kind: "fedadam", rate: 0.03, beta1: 0.9, beta2: 0.99, tau: 0.001 } as const,
);
const numbers = fc.array(fc.tuple(fc.integer({ min: -(2 ** 24), max: 2 ** 24 }), fc.integer({ min: -(2 ** 24), max: 2 ** 24 }), fc.boolean()), { minLength: 1, maxLength: 20 });

describe("an outer step on a change", () => {
  it("is the optimiser's on the coordinates that the sum was about, and leaves all others and their state", () => {
    fc.assert(
      fc.property(kinds, numbers, (kind, rows) => {
        const outer = createOuter(kind);
        const params = Int32Array.from(rows, ([value]) => value);
        const first = outerChange(outer, outer.initial(rows.length), params, { change: Int32Array.from(rows, ([, value]) => value), coordinates: null });
        const coordinates = Uint32Array.from([...rows.keys()].filter((at) => rows[at]![2]));
        const change = Int32Array.from(rows, ([, value, sent]) => (sent ? -value : 0));
        const whole = outerChange(outer, first.state, first.params, { change, coordinates: null });
        const part = outerChange(outer, first.state, first.params, { change, coordinates });
        rows.forEach(([, , sent], at) => {
          const expected = sent ? whole : first;
          expect(part.params[at]).toBe(expected.params[at]);
          expect(part.state.momentum[at]).toBe(expected.state.momentum[at]);
          expect(part.state.square[at]).toBe(expected.state.square[at]);
        });
      }),
    );
  });

  it("counts a change in 2^-26: with plain averaging the model moves by it", () => {
    const outer = createOuter(undefined);
    const { params } = outerChange(outer, outer.initial(2), Int32Array.of(5, -7), { change: Int32Array.of(64 * 3, -64 * 2 + 10), coordinates: null });
    expect([...params]).toEqual([8, -9]);
  });
});
