import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { numbers } from "../testing/backends.ts";
import { createAdamWBuffers, loopBuffers } from "./adamw.ts";

describe("AdamW's kernel", () => {
  it("gives the very bits of the loop, from and to any value", () => {
    const sizes = fc.record({ length: fc.integer({ min: 1, max: 67 }), cut: fc.nat({ max: 67 }), steps: fc.integer({ min: 1, max: 4 }), exponent: fc.integer({ min: -20, max: 4 }) });
    fc.assert(
      fc.property(sizes, ({ length, cut, steps, exponent }) => {
        const kernel = createAdamWBuffers(length);
        const loop = loopBuffers(length);
        const [ours, reference] = [numbers("params", length), numbers("params", length)];
        for (let step = 1; step <= steps; step++) {
          const gradient = numbers(step, length).map((value) => value * 2 ** exponent);
          const constants = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, keep: 0.97, rate: 0.01 / (1 - 0.9 ** step), correction: 1 / (1 - 0.999 ** step) };
          const halves = (run: (from: number, to: number, c: typeof constants) => void) => {
            run(0, Math.min(cut, length), constants);
            run(Math.min(cut, length), length, { ...constants, keep: 1 });
          };
          kernel.update(ours, gradient, halves);
          loop.update(reference, gradient, halves);
        }
        expect(ours).toEqual(reference);
        expect(kernel.mean).toEqual(loop.mean);
        expect(kernel.square).toEqual(loop.square);
      }),
      { numRuns: 200 },
    );
  });
});
