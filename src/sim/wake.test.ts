import { expect, test } from "vitest";
import type { SwarmState } from "../swarm/state.ts";
import { createSim } from "./sim.ts";

/** What a tick may renew without changing anything: the time, and lists that are made anew from the same things. */
const lasting = ({ now: _, wakeAt: __, config: ___, ...rest }: SwarmState) => rest;

test.each([
  ["one group", 5, 8],
  ["several groups", 9, 3],
])("among %s nothing changes until it is due, so that a device need not look before", (_, devices, groupSize) => {
  const sim = createSim({ parameters: 30, seed: 41, groupSize, loss: 0.02 });
  for (let i = 0; i < devices; i++) sim.add();
  let early = 0;
  let late = 0;
  sim.watch((device, before) => {
    const event = device.events.at(-1)!;
    if (event.type !== "tick") return;
    if (event.now >= before.wakeAt) return void late++;
    early++;
    expect(lasting(device.state)).toEqual(lasting(before));
  });
  sim.run(8_000);
  sim.kill(sim.devices[1]!);
  sim.run(12_000);
  expect(early).toBeGreaterThan(100);
  expect(late).toBeGreaterThan(10);
});
