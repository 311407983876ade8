import { expect, test } from "vitest";
import { outerStep } from "../learn/outer.ts";
import { reached } from "../swarm/phase.ts";
import { createDiscreteGaussian } from "../update/privacy/discrete-gaussian.ts";
import { fieldFor } from "../update/privacy/field.ts";
import { createRandom } from "../wire/random.ts";
import { createSim } from "./sim.ts";

const VARIANCE = 10_000;
const PARAMETERS = 2_000;
const random = createRandom(["privacy"]);

const noisy = (devices: number, honest: number, seed = 1) => {
  const noise = createDiscreteGaussian(VARIANCE, (bytes) => void bytes.set(Uint8Array.from(bytes, () => random.below(256))));
  const sim = createSim({ seed, parameters: PARAMETERS, privacy: { clip: 0.01, honest, field: fieldFor({ bits: 8, devices: 15, variance: VARIANCE }) }, noise });
  for (let i = 0; i < devices; i++) sim.add();
  return sim;
};

test("a sum holds everybody's cut update and everybody's noise, the same on all devices, and no counters", () => {
  const sim = noisy(5, 4);
  const offs: number[] = [];
  sim.watch((device, before) => {
    const { round, head } = device.state;
    const { candidate, view } = round;
    if (!candidate || candidate === before.round.candidate) return;
    const updates = view.flatMap((id) => sim.devices.filter((other) => other.id === id && other.state.head.root === head.root)).map(({ state }) => state.round.update!.values);
    if (updates.length < view.length) return;
    const sum = Int32Array.from({ length: PARAMETERS }, (_, i) => updates.reduce((total, values) => total + values[i]!, 0));
    const exact = outerStep(head.params, sum, view.length, head.record.stepExponent);
    const step = 2 ** head.record.stepExponent / view.length;
    candidate.head.params.forEach((value, i) => offs.push((value - exact[i]!) / step));
    expect(candidate.counters).toEqual({ samples: 0, loss: 0, correct: 0, labels: [] });
    expect(candidate.head.record.stepExponent).toBe(head.record.stepExponent);
  });
  expect(sim.run(60_000, () => sim.devices.every(({ state }) => state.head.record.round >= 2))).toBe(true);
  expect(new Set(sim.devices.map(({ history }) => history.find(({ round }) => round === 2)!.root)).size).toBe(1);
  const variance = offs.reduce((sum, off) => sum + off * off, 0) / offs.length;
  // Five times one device's, and a standard error of 1 %: rounds are few, values many.
  expect(variance / (5 * VARIANCE)).toBeGreaterThan(0.95);
  expect(variance / (5 * VARIANCE)).toBeLessThan(1.05);
});

test("no sum is made where too few would be left whose noise can be counted on, nor by one device alone", () => {
  const sim = noisy(4, 4);
  sim.watch(({ state }) => {
    expect(reached(state.round.phase, "send"), "four devices have three honest ones at least").toBe(false);
  });
  sim.run(30_000);
  expect(sim.devices.every(({ state }) => state.head.record.round === 0)).toBe(true);
  sim.watch(() => undefined);
  sim.add();
  expect(sim.run(60_000, () => sim.devices.every(({ state }) => state.head.record.round >= 1)), "five have four").toBe(true);
  const alone = noisy(1, 2);
  alone.run(30_000);
  expect(alone.devices[0]!.state.head.record.round).toBe(0);
});
