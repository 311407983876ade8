import fc from "fast-check";
import { expect, test } from "vitest";
import { valueLimit } from "../update/quantise.ts";
import type { Counters } from "./state.ts";
import { decodeSum, encodeValues, valuesOf } from "./values.ts";

const counter = fc.oneof(fc.nat(1000), fc.integer({ min: 0, max: 2 ** 31 - 1 }).map((x) => x * 511), fc.constant(2 ** 40 - 1));

test("counters of any size add up through digits as wide as a value, behind the update", () => {
  const counters = fc.record({ samples: counter, loss: counter, correct: counter, labels: fc.array(counter, { minLength: 3, maxLength: 3 }) });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 8 }), fc.array(counters, { minLength: 1, maxLength: 15 }), (bits, devices) => {
      const setting = { bits, labels: 3, privacy: null };
      const limit = valueLimit(bits);
      const updates = devices.map((_, i) => Int8Array.of(limit, -limit, i % (limit + 1)));
      const sent = devices.map((own, i) => encodeValues({ values: updates[i]!, counters: own }, setting));
      for (const values of sent) for (const value of values) expect(Math.abs(value)).toBeLessThanOrEqual(limit);
      const sum = Int32Array.from({ length: valuesOf(3, setting) }, (_, at) => sent.reduce((total, values) => total + values[at]!, 0));
      const total = (pick: (own: Counters) => number): number => devices.reduce((all, own) => all + pick(own), 0);
      const opened = decodeSum(sum, 3, devices.length, setting);
      expect([...opened.update]).toEqual([0, 1, 2].map((at) => updates.reduce((all, values) => all + values[at]!, 0)));
      expect(opened.counters).toEqual({
        samples: total(({ samples }) => samples),
        loss: total(({ loss }) => loss),
        correct: total(({ correct }) => correct),
        labels: [0, 1, 2].map((label) => total(({ labels }) => labels[label]!)),
      });
    }),
  );
});

test("with privacy there are no counters", () => {
  const setting = { bits: 8, labels: 3, privacy: { clip: 1, honest: 2, field: { bound: 100, bits: 9 } } };
  const counters = { samples: 7, loss: 7, correct: 7, labels: [7, 7, 7] };
  expect([...encodeValues({ values: Int8Array.of(1, 2), counters }, setting)]).toEqual([1, 2]);
  expect(decodeSum(Int32Array.of(3, 4), 2, 2, setting).counters).toEqual({ samples: 0, loss: 0, correct: 0, labels: [] });
});
