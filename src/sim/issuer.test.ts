import { expect, test } from "vitest";
import { createSim } from "./sim.ts";

test("a root names the issuer that all of the view hold, and none after an epoch in which it was lost", () => {
  const EPOCH = 4;
  const sim = createSim({ seed: 5, epochRounds: EPOCH });
  const devices = Array.from({ length: 4 }, () => sim.add());
  const round = (): number => Math.min(...devices.map(({ state }) => state.head.record.round));
  const issuers = new Map<number, string | null>();
  sim.watch(({ state }) => void issuers.set(state.head.record.round, state.head.record.issuer));
  const committee = "ab".repeat(32);
  expect(sim.run(60_000, () => round() >= 1)).toBe(true);
  for (const device of devices.slice(0, 3)) sim.inject(device, { type: "issuer", issuer: committee });
  expect(sim.run(60_000, () => round() >= 2)).toBe(true);
  expect(issuers.get(2), "one device does not hold it yet").toBe(null);
  sim.inject(devices[3]!, { type: "issuer", issuer: committee });
  expect(sim.run(60_000, () => round() >= EPOCH)).toBe(true);
  expect(issuers.get(EPOCH)).toBe(committee);
  expect(sim.run(60_000, () => round() >= EPOCH + 2)).toBe(true);
  expect(issuers.get(EPOCH + 1), "the next epoch has to form one of its own").toBe(null);
});
