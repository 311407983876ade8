import fc from "fast-check";
import { expect, test } from "vitest";
import { createAccountant, epsilonFor } from "./accountant.ts";
import { clipAndRound } from "./clip.ts";
import { createDiscreteGaussian } from "./discrete-gaussian.ts";
import { PrivacyError } from "./errors.ts";
import { addNoise } from "./noise.ts";
import { noiseFor, planPrivacy } from "./plan.ts";
import type { PrivacySetting } from "./setting.ts";
import { fixedChance } from "./testing/chance.ts";

const setting: PrivacySetting = { epsilon: 4, delta: 1e-5, rounds: 50, clip: 1, honest: 3 };
const sums = { values: 20_000, bits: 8, devices: 5, fieldBits: 31 };

const thrown = (run: () => unknown): PrivacyError => {
  try {
    run();
  } catch (error) {
    if (error instanceof PrivacyError) return error;
  }
  throw new Error("no PrivacyError was thrown");
};

test("a round as a device makes it: within the sensitivity, noised, summed, near the truth, and paid for", () => {
  const { stepExponent, mechanism, field } = planPrivacy(setting, sums);
  const step = 2 ** (stepExponent - 20);
  const accountant = createAccountant();
  const deltas = Array.from({ length: 5 }, (_, device) => Float32Array.from({ length: sums.values }, (_, i) => (0.9 * Math.sin(i + device)) / Math.sqrt(sums.values / 2)));
  const noisy = deltas.map((delta, device) => {
    const { values, scale, sensitivitySquared } = clipAndRound(delta, { clip: setting.clip, bits: sums.bits, stepExponent, seed: ["round", 1, device] });
    expect([scale, sensitivitySquared]).toEqual([1, mechanism.sensitivitySquared]);
    return addNoise(values, createDiscreteGaussian(mechanism.variance, fixedChance(device)));
  });
  accountant.charge(mechanism);
  let squares = 0;
  let farthest = 0;
  for (let i = 0; i < sums.values; i++) {
    const sum = noisy.reduce((total, values) => total + values[i]!, 0);
    farthest = Math.max(farthest, Math.abs(sum));
    squares += (sum - deltas.reduce((total, delta) => total + delta[i]!, 0) / step) ** 2;
  }
  expect(farthest).toBeLessThanOrEqual(field.bound);
  // Five noises, and five roundings of at most a quarter; 1% is a standard error.
  expect(squares / sums.values / (5 * mechanism.variance)).toBeGreaterThan(0.95);
  expect(squares / sums.values / (5 * mechanism.variance + 5 / 4)).toBeLessThan(1.05);
  expect(accountant.spent(setting.delta)).toBeLessThan(setting.epsilon);
});

test("all rounds of a plan cost its ε, counted one by one, and one more does not fit", () => {
  const { mechanism } = planPrivacy(setting, sums);
  const accountant = createAccountant();
  for (let round = 0; round < setting.rounds; round++) {
    expect(accountant.wouldSpend(mechanism, 1, setting.delta)).toBeLessThanOrEqual(setting.epsilon);
    accountant.charge(mechanism);
  }
  expect(accountant.spent(setting.delta)).toBeGreaterThan(0.999 * setting.epsilon);
  expect(accountant.wouldSpend(mechanism, 1, setting.delta)).toBeGreaterThan(setting.epsilon);
});

test("the noise is the least that does, and grows with a smaller ε or δ, more rounds and fewer honest contributors", () => {
  const anyGoal = fc.record({
    epsilon: fc.double({ min: 0.05, max: 20, noNaN: true }),
    delta: fc.constantFrom(1e-4, 1e-6, 1e-9),
    rounds: fc.integer({ min: 1, max: 2000 }),
    sensitivitySquared: fc.integer({ min: 1000, max: 2 ** 20 }),
    values: fc.integer({ min: 100, max: 2 ** 24 }),
    honest: fc.integer({ min: 1, max: 32 }),
  });
  const least = (goal: Parameters<typeof noiseFor>[0]): number => noiseFor(goal) ?? Infinity;
  fc.assert(
    fc.property(anyGoal, (goal) => {
      const variance = least(goal);
      if (variance === Infinity) return;
      const { epsilon, rounds, delta } = goal;
      expect(epsilonFor({ ...goal, variance }, rounds, delta)).toBeLessThanOrEqual(epsilon);
      // Found to 16 leading bits.
      const less = Math.floor(variance * (1 - 2 ** -14) * 2 ** 10) / 2 ** 10;
      if (less >= 0.25 && less < variance) expect(epsilonFor({ ...goal, variance: less }, rounds, delta)).toBeGreaterThan(epsilon * (1 - 1e-8));
      expect(least({ ...goal, epsilon: epsilon / 2 })).toBeGreaterThanOrEqual(variance);
      expect(least({ ...goal, delta: delta / 10 })).toBeGreaterThanOrEqual(variance);
      expect(least({ ...goal, rounds: 2 * rounds })).toBeGreaterThanOrEqual(variance);
      expect(least({ ...goal, honest: 2 * goal.honest })).toBeLessThanOrEqual(variance);
    }),
    { numRuns: 50 },
  );
});

test("an ε too small for the fields is refused with one that would do, and that one does", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1000, max: 1_000_000 }), fc.integer({ min: 11, max: 15 }), fc.integer({ min: 3, max: 16 }), fc.integer({ min: 1, max: 200 }), (values, fieldBits, devices, rounds) => {
      const small = { ...setting, epsilon: 0.01, rounds };
      const error = thrown(() => planPrivacy(small, { values, bits: 4, devices, fieldBits }));
      expect(error.code).toBe("epsilon-too-small");
      if (error.instead === null) return;
      expect(error.message).toContain(`ε = ${error.instead.value} would do`);
      const epsilon = error.instead.value;
      const { field } = planPrivacy({ ...small, epsilon }, { values, bits: 4, devices, fieldBits });
      expect(field.bits).toBeLessThanOrEqual(fieldBits);
      // And it is about the least.
      expect(thrown(() => planPrivacy({ ...small, epsilon: epsilon * 0.98 - 0.01 }, { values, bits: 4, devices, fieldBits })).code).toBe("epsilon-too-small");
    }),
    { numRuns: 50 },
  );
});

test("fields in which no noise fits, and ε that no noise reaches, are refused", () => {
  expect(thrown(() => planPrivacy(setting, { ...sums, fieldBits: 9 })).message).toContain("11 are the least");
  expect(planPrivacy({ ...setting, epsilon: 100, rounds: 1 }, { ...sums, values: 1, fieldBits: 12 }).field.bits).toBeLessThanOrEqual(12);
  const error = thrown(() => planPrivacy({ ...setting, epsilon: 0.01, rounds: 1_000_000 }, { ...sums, values: 2 ** 24, fieldBits: 12 }));
  expect([error.code, error.instead]).toEqual(["epsilon-too-small", null]);
  expect(noiseFor({ epsilon: 0.01, delta: 1e-15, rounds: 1_000_000, sensitivitySquared: 2 ** 40, values: 1, honest: 1 })).toBeNull();
});

test("a clip below the finest step is refused with one that would do", () => {
  const error = thrown(() => planPrivacy({ ...setting, clip: 1e-5 }, sums));
  expect([error.code, error.instead?.field]).toEqual(["clip", "clip"]);
  expect(planPrivacy({ ...setting, clip: error.instead!.value }, sums).stepExponent).toBe(0);
});

test("with eight bits rounding costs little of the sensitivity and the range spans thirty deviations; with few bits, three", () => {
  for (const values of [1000, 20_000, 1_000_000])
    for (const bits of [2, 4, 8]) {
      const { stepExponent, mechanism } = planPrivacy(setting, { ...sums, values, bits });
      const step = 2 ** (stepExponent - 20);
      const deviation = setting.clip / Math.sqrt(values);
      expect(((2 ** (bits - 1) - 1) * step) / deviation).toBeGreaterThanOrEqual(bits === 8 ? 30 : 1.5);
      expect((mechanism.sensitivitySquared * step ** 2) / setting.clip ** 2).toBeLessThan(bits === 2 ? 3.5 : 1.25);
    }
});

test("more honest contributors than devices cannot be asked for", () => {
  const error = thrown(() => planPrivacy({ ...setting, honest: 6 }, sums));
  expect([error.code, error.instead]).toEqual(["setting", { field: "honest", value: 5 }]);
});
