import { expect, test } from "vitest";
import { createSim, type Sim, type SimDevice } from "./sim.ts";

const roundOf = (device: SimDevice): number => device.state.head.record.round;
const alive = (sim: Sim): SimDevice[] => sim.devices.filter((device) => device.alive);

function running(devices: number, options: Parameters<typeof createSim>[0], round = 4): Sim {
  const sim = createSim(options);
  for (let i = 0; i < devices; i++) sim.add();
  expect(sim.run(120_000, () => sim.devices.every((device) => roundOf(device) >= round))).toBe(true);
  return sim;
}

/** Of each round there is one root. */
function rootsOf(sim: Sim): Map<number, Set<string>> {
  const roots = new Map<number, Set<string>>();
  for (const device of sim.devices) for (const { round, root } of device.history) roots.set(round, new Set([...(roots.get(round) ?? []), root]));
  return roots;
}

test("twelve devices in groups of six: each group sums alone, and all commit one root", () => {
  const sim = running(12, { seed: 1, groupSize: 6 });
  const { groups, contributors } = sim.devices[0]!.state.head.record;
  expect(groups).toBe(2);
  expect(contributors).toHaveLength(12);
  for (const [, roots] of rootsOf(sim)) expect(roots.size).toBe(1);
});
