import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAccountant, epsilonFor, ORDERS } from "./accountant.ts";
import type { Mechanism } from "./renyi.ts";

/** Of this many σ per unit of sensitivity, and with no gap to speak of. */
const gaussian = (multiplier: number): Mechanism => ({ sensitivitySquared: 1 << 20, values: 1, variance: Math.round(multiplier ** 2 * 2 ** 30) / 2 ** 10, honest: 1 });

/** Φ by Simpson's rule over the density, good to 10^-13 of what it is as far out as is needed here. */
function normal(x: number): number {
  if (x > 0) return 1 - normal(-x);
  const steps = 2000;
  const h = 12 / steps;
  const density = (t: number): number => Math.exp(-((x - t) ** 2) / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(0) + density(12);
  for (let i = 1; i < steps; i++) sum += density(i * h) * (i % 2 === 1 ? 4 : 2);
  return (sum * h) / 3;
}

/** δ of the Gaussian mechanism for unit sensitivity, exactly (Balle and Wang 2018, Theorem 8). */
const exactDelta = (sigma: number, epsilon: number): number => normal(1 / (2 * sigma) - epsilon * sigma) - Math.exp(epsilon) * normal(-1 / (2 * sigma) - epsilon * sigma);

function exactEpsilon(sigma: number, delta: number): number {
  let [least, most] = [0, 200];
  for (let i = 0; i < 60; i++) {
    const middle = (least + most) / 2;
    if (exactDelta(sigma, middle) > delta) least = middle;
    else most = middle;
  }
  return most;
}

test("the exact δ that others are measured against gives the published σ for (1, 10^-5): 3.7306", () => {
  expect(exactEpsilon(3.7306, 1e-5)).toBeCloseTo(1, 4);
});

describe.each([
  [1, 1, 1e-5],
  [4, 1, 1e-5],
  [1, 10, 1e-6],
  [20, 300, 1e-5],
  [10, 1000, 1e-8],
  [0.7, 5, 1e-5],
])("noise of %d times the sensitivity, %i rounds, δ = %d", (multiplier, rounds, delta) => {
  const spent = epsilonFor(gaussian(multiplier), rounds, delta);
  const rho = rounds / (2 * multiplier ** 2);

  test("ε is never below the exact one of as many Gaussians, and within a seventh above it", () => {
    // Rounds of Gaussian noise are one, of √rounds times the sensitivity.
    const exact = exactEpsilon(multiplier / Math.sqrt(rounds), delta);
    expect(spent).toBeGreaterThan(exact);
    expect(spent).toBeLessThan(exact * 1.15);
  });

  test("ε is below what concentrated privacy gives in closed form, ρ + 2√(ρ ln 1/δ) with ρ = Δ²/2σ²", () => {
    expect(spent).toBeLessThan(rho + 2 * Math.sqrt(rho * Math.log(1 / delta)));
  });

  test("the orders are close enough together: any order at all would give at most 0.2% less", () => {
    let least = Infinity;
    for (let order = 1.001; order < 1e5; order *= 1.0005) least = Math.min(least, order * rho + Math.log(1 - 1 / order) - Math.log(order * delta) / (order - 1));
    expect(spent).toBeGreaterThanOrEqual(least * 0.9999);
    expect(spent).toBeLessThan(least * 1.002);
  });
});

test("rounds add up: one by one, at once, or foretold, over a stored account", () => {
  const mechanism = { sensitivitySquared: 3_000_000, values: 100_000, variance: 400_000, honest: 4 };
  const accountant = createAccountant();
  expect(accountant.spent(1e-6)).toBe(0);
  const foretold = accountant.wouldSpend(mechanism, 7, 1e-6);
  for (let i = 0; i < 4; i++) accountant.charge(mechanism);
  const again = createAccountant(JSON.parse(JSON.stringify(accountant.account())));
  again.charge(mechanism, 3);
  expect(again.account().rounds).toBe(7);
  expect(again.spent(1e-6)).toBeCloseTo(foretold, 10);
  expect(again.spent(1e-6)).toBeCloseTo(epsilonFor(mechanism, 7, 1e-6), 10);
  expect(accountant.account().rounds).toBe(4);
});

test("ε grows with rounds, sensitivity, values and a smaller δ, and falls with noise and honest contributors", () => {
  const anyMechanism = fc.record({
    sensitivitySquared: fc.integer({ min: 1, max: 2 ** 40 }),
    values: fc.integer({ min: 1, max: 2 ** 24 }),
    variance: fc.integer({ min: 2 ** 8, max: 2 ** 50 }).map((units) => units / 2 ** 10),
    honest: fc.integer({ min: 1, max: 63 }),
  });
  fc.assert(
    fc.property(anyMechanism, fc.integer({ min: 1, max: 1000 }), (m, rounds) => {
      const spent = epsilonFor(m, rounds, 1e-6);
      const rounding = 1 + 1e-12;
      expect(epsilonFor(m, rounds + 1, 1e-6)).toBeGreaterThan(spent);
      expect(epsilonFor(m, rounds, 1e-7)).toBeGreaterThanOrEqual(spent);
      expect(epsilonFor({ ...m, sensitivitySquared: 2 * m.sensitivitySquared }, rounds, 1e-6)).toBeGreaterThanOrEqual(spent);
      expect(epsilonFor({ ...m, values: 2 * m.values }, rounds, 1e-6)).toBeGreaterThanOrEqual(spent);
      expect(epsilonFor({ ...m, variance: Math.min(2 ** 40, 2 * m.variance) }, rounds, 1e-6)).toBeLessThanOrEqual(spent * rounding);
    }),
  );
  const many = { sensitivitySquared: 10_000, values: 10_000, variance: 100, honest: 4 };
  expect(epsilonFor({ ...many, honest: 8 }, 10, 1e-6)).toBeLessThan(epsilonFor(many, 10, 1e-6));
});

test("a spoilt account does not read as nothing spent", () => {
  const divergences = ORDERS.map(() => 1);
  for (const spoilt of [null, {}, 7, { rounds: 1 }, { rounds: -1, divergences }, { rounds: 0.5, divergences }, { rounds: 1, divergences: divergences.slice(1) }, { rounds: 1, divergences: divergences.map((_, i) => (i === 3 ? Number.NaN : 1)) }, { rounds: 1, divergences: divergences.map(() => "1") }])
    expect(() => createAccountant(spoilt)).toThrow(expect.objectContaining({ code: "account" }));
  expect(() => createAccountant().spent(0)).toThrow(expect.objectContaining({ code: "out-of-range" }));
});
