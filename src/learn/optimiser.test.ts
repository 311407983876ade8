import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TaskError } from "./errors.ts";
import { createAdamW, createSgd } from "./optimiser.ts";

const pieces = [
  { length: 2, decays: true },
  { length: 1, decays: false },
];
const settings = { learningRate: 0.1, weightDecay: 0.5 };

describe("inner optimiser", () => {
  it("AdamW takes a first step of one learning rate against the gradient's sign, and decays kernels only", () => {
    const params = Float32Array.of(1, -1, 1);
    createAdamW(pieces, settings).step(params, Float32Array.of(3, -0.2, 0.001));
    expect(params[0]).toBeCloseTo(0.95 - 0.1, 5);
    expect(params[1]).toBeCloseTo(-0.95 + 0.1, 5);
    expect(params[2]).toBeCloseTo(1 - 0.1, 3);
  });

  it.each([["AdamW", createAdamW], ["SGD", createSgd]] as const)("%s goes on from its kept state exactly as if it had never stopped", (_name, create) => {
    const gradient = fc.array(fc.float({ min: -100, max: 100, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(gradient, { minLength: 1, maxLength: 5 }), gradient, (before, after) => {
        const first = create(pieces, settings);
        const second = create(pieces, settings);
        const params = Float32Array.of(0.5, -0.5, 0.1);
        for (const g of before) first.step(params, Float32Array.from(g));
        second.load(first.save());
        const copy = params.slice();
        first.step(params, Float32Array.from(after));
        second.step(copy, Float32Array.from(after));
        expect(copy).toEqual(params);
        expect(second.steps()).toBe(before.length + 1);
      }),
    );
  });

  it("SGD goes down the gradient by the learning rate, and decays kernels only", () => {
    const params = Float32Array.of(1, -1, 1);
    createSgd(pieces, settings).step(params, Float32Array.of(2, 0, 1));
    expect([...params].map((value) => Number(value.toFixed(5)))).toEqual([0.75, -0.95, 0.9]);
    expect(() => createSgd(pieces, settings).load(createAdamW(pieces, settings).save())).toThrow(TaskError);
  });

  it("AdamW refuses kept bytes that are cut, of another model, or out of range, and stays as it was", () => {
    const optimiser = createAdamW(pieces, settings);
    optimiser.step(new Float32Array(3), Float32Array.of(1, 1, 1));
    const state = optimiser.save();
    const bad = [state.subarray(1), new Uint8Array(0), new Uint8Array(state.length), createAdamW([{ length: 4, decays: true }], settings).save()];
    const notFinite = state.slice();
    notFinite.fill(0xff, 12, 16);
    for (const bytes of [...bad, notFinite]) expect(() => optimiser.load(bytes)).toThrow(TaskError);
    expect(optimiser.save()).toEqual(state);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(() => optimiser.load(bytes)).toThrow(TaskError);
      }),
    );
  });
});
