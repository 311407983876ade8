import { expect, test } from "vitest";
import type { PeerId } from "../wire/ids.ts";
import { createSim, type Sim, type SimDevice } from "./sim.ts";

const roundOf = (device: SimDevice): number => device.state.head.record.round;
const EPOCH = 3;

function running(devices: number, seed: number, loss = 0): Sim {
  const sim = createSim({ seed, epochRounds: EPOCH, loss });
  for (let i = 0; i < devices; i++) sim.add();
  return sim;
}

/** Names by the epoch of the round that they contributed to. */
function namesByEpoch(device: SimDevice): Map<number, Set<PeerId>> {
  const names = new Map<number, Set<PeerId>>();
  for (const { round, contributors, adopted } of device.history) {
    if (adopted) continue;
    const epoch = Math.floor((round - 1) / EPOCH);
    names.set(epoch, new Set([...(names.get(epoch) ?? []), ...contributors]));
  }
  return names;
}

test.each([
  [5, 0],
  [5, 0.05],
  [2, 0],
])("%i devices that lose %d of their messages go on together under new names at every epoch's end", (devices, loss) => {
  for (const seed of [1, 2, 3]) {
    const sim = running(devices, seed, loss);
    expect(sim.run(300_000, () => sim.devices.every((device) => roundOf(device) >= 3 * EPOCH + 1))).toBe(true);
    const names = namesByEpoch(sim.devices[0]!);
    const all = [...names.values()].flatMap((set) => [...set]);
    expect(new Set(all).size, "no name in two epochs").toBe(all.length);
    expect(sim.run(60_000, () => new Set(sim.devices.map(({ state }) => state.head.root)).size === 1)).toBe(true);
    expect(sim.devices.flatMap(({ problems }) => problems)).toEqual([]);
  }
});

test("the commit that ends an epoch freezes no list, and every device founds the next round with the others", () => {
  const sim = running(4, 7);
  const lists: number[] = [];
  sim.watch(({ state }, before) => {
    if (state.head !== before.head && state.head.record.round === EPOCH) lists.push(state.head.record.members.count);
  });
  expect(sim.run(120_000, () => sim.devices.every((device) => roundOf(device) > EPOCH))).toBe(true);
  expect(lists).toEqual([0, 0, 0, 0]);
  for (const { history } of sim.devices) expect(history.find(({ round }) => round === EPOCH + 1)!.contributors.length).toBe(4);
});

test("a device that misses an epoch's last round comes after the others", () => {
  const sim = running(5, 11);
  const late = sim.devices[4]!;
  sim.watch((device, before) => {
    if (device === late && before.round.phase === "train" && roundOf(late) === EPOCH - 1) sim.partition((each) => (each === late ? 1 : 0));
  });
  expect(sim.run(120_000, () => sim.devices.slice(0, 4).every((device) => roundOf(device) >= EPOCH + 1))).toBe(true);
  sim.watch(() => undefined);
  sim.partition(null);
  expect(sim.run(60_000, () => late.history.some(({ round, contributors, adopted }) => round > EPOCH + 1 && contributors.length === 5 && !adopted))).toBe(true);
});

test("devices that get their links late in an epoch wait for those they ended the last one with", () => {
  for (const seed of [1, 2, 3]) {
    const sim = createSim({ seed, epochRounds: EPOCH, linking: [2_000, 9_000] });
    for (let i = 0; i < 4; i++) sim.add();
    expect(sim.run(300_000, () => sim.devices.every((device) => roundOf(device) >= 3 * EPOCH + 1))).toBe(true);
    for (const { history } of sim.devices) expect(history.map(({ contributors }) => contributors.length)).toEqual(history.map(() => 4));
  }
});

test("whoever is left of those who ended an epoch goes on without them after a while", () => {
  const sim = running(4, 13);
  const [left, ...others] = sim.devices;
  sim.watch((device) => {
    if (device === left && device.epoch === 1) for (const other of others) sim.kill(other);
  });
  expect(sim.run(120_000, () => roundOf(left!) >= 2 * EPOCH + 1)).toBe(true);
  expect(left!.history.find(({ round }) => round === EPOCH + 1)!.contributors.length).toBe(1);
});
