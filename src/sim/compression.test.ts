import { describe, expect, test } from "vitest";
import { createKeeping } from "../device/keeping.ts";
import { layoutOf } from "../securesum/params.ts";
import { memoryStore } from "../store/store.ts";
import type { SwarmEvent } from "../swarm/events.ts";
import { reached } from "../swarm/phase.ts";
import { decodeRecording, encodeRecording } from "../swarm/recording.ts";
import { freshCarry, initialState, type Head, type SwarmState } from "../swarm/state.ts";
import { lengthAt, linearAt } from "../swarm/values.ts";
import type { Compression } from "../update/compression/compression.ts";
import { MOST_EXPONENT } from "../update/compression/limits.ts";
import { toFloat } from "../update/fixed.ts";
import { valueLimit } from "../update/quantise.ts";
import { replay } from "./replay.ts";
import { createSim, type Sim, type SimDevice, type SimOptions } from "./sim.ts";

const roundOf = (device: SimDevice): number => device.state.head.record.round;
const SHAPES = [[24, 18], [18], [18, 6], [6]];
const PARAMETERS = 24 * 18 + 18 + 18 * 6 + 6;
const kinds: Compression[] = [{ kind: "dense" }, { kind: "fragments", fragments: 4 }, { kind: "low-rank", rank: 2 }];
/** Part of the first loss, at most, that is left after ten rounds. */
const LEARNED = { dense: 0.1, fragments: 0.25, "low-rank": 0.75 };
const byKind = kinds.map((compression) => [compression.kind, compression] as const);

/**
 * What low rank leaves out adds up until its turn comes. The goal here has full rank, and two of its 18 dimensions a round
 * overshoot where local steps go 0.3 of the way: the loss then falls to 0.24 and rises from there. With 0.1 it falls for good.
 */
function room(devices: number, options: Partial<SimOptions>): Sim {
  const pull = options.compression?.kind === "low-rank" ? 0.1 : 0.3;
  const sim = createSim({ seed: 21, parameters: PARAMETERS, shapes: SHAPES, bits: 4, pull, ...options });
  for (let i = 0; i < devices; i++) sim.add();
  return sim;
}

const run = (sim: Sim, round: number): boolean => sim.run(120_000, () => sim.devices.every((device) => roundOf(device) >= round));
const together = (sim: Sim): boolean => sim.run(20_000, () => new Set(sim.devices.map(({ state }) => state.head.root)).size === 1);

/** Root mean square of what is still to be learned. */
function lossOf({ goal }: Sim, { params }: Head): number {
  return Math.sqrt(toFloat(params).reduce((sum, value, i) => sum + (value - goal[i]!) ** 2, 0) / PARAMETERS);
}

function expectOneRootARound(sim: Sim): void {
  const roots = new Map<number, Set<string>>();
  for (const { history } of sim.devices) for (const { round, root } of history) roots.set(round, new Set([...(roots.get(round) ?? []), root]));
  for (const [round, of] of roots) expect(of.size, `round ${round}`).toBe(1);
}

describe.each(byKind)("with %s updates", (kind, compression) => {
  test("devices commit one root a round, with one state of the compression, and what all pull at comes near", () => {
    const sim = room(4, { compression });
    const first = lossOf(sim, sim.devices[0]!.state.head);
    const losses: number[] = [];
    sim.watch((device, before) => {
      const { head } = device.state;
      if (head.root === before.head.root || device !== sim.devices[0]) return;
      const moved = head.params.reduce((count, value, i) => count + (value === before.head.params[i] ? 0 : 1), 0);
      if (kind === "fragments") expect(moved).toBeLessThanOrEqual(lengthAt(before));
      if (kind !== "dense") expect(lengthAt(before)).toBeLessThan(PARAMETERS / 2);
      losses.push(lossOf(sim, head));
    });
    expect(run(sim, 10)).toBe(true);
    expect(together(sim)).toBe(true);
    expectOneRootARound(sim);
    const [head, ...others] = sim.devices.map(({ state }) => state.head);
    for (const other of others) expect(other.shared).toEqual(head!.shared);
    expect(head!.roll.contributors).toHaveLength(4);
    expect(sim.devices.flatMap(({ problems }) => problems)).toEqual([]);
    expect(losses.at(-1)! / first).toBeLessThan(LEARNED[kind]);
  });

  test("a carry goes on over a commit and under another name, and no joiner has one", () => {
    const sim = room(3, { compression, epochRounds: 3 });
    let commits = 0;
    sim.watch((device, before) => {
      const { head, carry } = device.state;
      if (head.root === before.head.root) return;
      if (carry === before.round.update?.carry) {
        commits++;
        expect(carry.residual.some((value) => value !== 0)).toBe(true);
      } else expect(carry.residual.every((value) => value === 0)).toBe(true);
    });
    expect(run(sim, 4)).toBe(true);
    expect(commits).toBe(sim.devices.flatMap(({ history }) => history.filter(({ adopted }) => !adopted)).length);
    expect(commits).toBeGreaterThanOrEqual(9);
    const joiner = sim.add();
    expect(sim.run(60_000, () => joiner.history.some(({ adopted }) => adopted))).toBe(true);
    expect(joiner.state.carry.residual.every((value) => value === 0)).toBe(true);
    expect(sim.run(60_000, () => joiner.history.some(({ adopted }) => !adopted))).toBe(true);
    expect(joiner.state.carry.residual.some((value) => value !== 0)).toBe(true);
    expect(together(sim)).toBe(true);
    for (const { state } of sim.devices) expect(state.head.shared).toEqual(joiner.state.head.shared);
  });

  test("groups that are added up by chunks come to one root too", () => {
    const sim = room(9, { compression, groupSize: 3 });
    expect(sim.run(120_000, () => sim.devices.every(({ state }) => state.head.record.contributors.count === 9 && state.head.record.groups === 3))).toBe(true);
    expect(run(sim, roundOf(sim.devices[0]!) + 2)).toBe(true);
    expectOneRootARound(sim);
    expect(together(sim)).toBe(true);
    expect(new Set(sim.devices.map(({ state }) => JSON.stringify(state.head.shared))).size).toBe(1);
  });

  test("a device that comes back goes on with the carry that it had kept, and replays, from what was written down, to the same roots", async () => {
    const sim = room(3, { compression });
    expect(run(sim, 3)).toBe(true);
    // As after a reload: what was stored is there, and nothing else.
    const starts: SwarmState[] = [];
    for (const device of sim.devices) {
      const { config, head, carry } = device.state;
      const store = memoryStore();
      await createKeeping(store, config.task, () => 0).keepHead(head, carry, []);
      const keeping = createKeeping(store, config.task, () => 0);
      const fresh = { ...head, params: new Int32Array(PARAMETERS) };
      device.events.length = 0;
      starts.push((device.state = initialState(config, (await keeping.head(fresh))!, sim.clock.now(), await keeping.carry(freshCarry(config)))));
      expect(device.state.carry).toEqual(carry);
      expect(carry.residual.some((value) => value !== 0)).toBe(true);
    }
    const resumed = new Set<SimDevice>();
    sim.watch((device, before) => {
      const { head, config, round } = device.state;
      if (resumed.has(device) || !round.update || before.round.update) return;
      resumed.add(device);
      const { delta } = device.events.at(-1) as Extract<SwarmEvent, { type: "trained" }>;
      const at = { round: head.record.round, shared: head.shared, chance: ["rounding", config.seed, config.self] };
      const start = starts[sim.devices.indexOf(device)]!;
      expect(round.update.values).toEqual(config.compressor!.encode(delta, start.carry, at).values);
      expect(round.update.values).not.toEqual(config.compressor!.encode(delta, freshCarry(config), at).values);
    });
    for (const device of sim.devices) sim.inject(device, { type: "reachable", peers: sim.devices.filter((other) => other !== device).map(({ id }) => id), pending: [] });
    const round = Math.max(...sim.devices.map(roundOf));
    expect(run(sim, round + 3)).toBe(true);
    expect(resumed.size).toBe(3);
    const recordings = sim.devices.map((device, i) => decodeRecording(encodeRecording(starts[i]!, device.events)));
    recordings.forEach(({ start }, i) => {
      expect(start.carry).toEqual(starts[i]!.carry);
      expect(start.head).toEqual(starts[i]!.head);
    });
    const { roots } = replay(recordings);
    sim.devices.forEach(({ history }, i) => {
      for (const { round: of, root } of history.filter((commit) => commit.round > round)) expect(roots[i]!.get(of)).toBe(root);
    });
  });
});

test("a round that is lost leaves the carry as it was", () => {
  const sim = room(4, { seed: 11, compression: { kind: "fragments", fragments: 3 } });
  expect(run(sim, 2)).toBe(true);
  const carries = new Map(sim.devices.map((device) => [device, device.state.carry]));
  const round = roundOf(sim.devices[0]!);
  let lost = 0;
  sim.watch((device, before) => {
    const { state } = device;
    if (sim.devices.indexOf(device) < 2 && device.alive && roundOf(device) === round && reached(state.round.phase, "reduce")) return sim.kill(device);
    if (state.head.root !== before.head.root) return void carries.set(device, state.carry);
    expect(state.carry).toBe(carries.get(device));
    if (state.round.lost > before.round.lost) lost++;
  });
  const survivors = sim.devices.slice(2);
  expect(sim.run(120_000, () => survivors.every((device) => roundOf(device) >= round + 2))).toBe(true);
  expect(lost).toBeGreaterThan(0);
});

/** What a liar says of the steps in place of its own readings, in each round. */
const lies: [what: string, reading: (round: number, limit: number) => number][] = [
  ["far too small", (_, limit) => limit],
  ["far too large", (_, limit) => -limit],
  ["now this, now that", (round, limit) => (round % 2 === 0 ? limit : -limit)],
];

const expectExponents = (head: Head): void => {
  for (const exponent of head.shared.exponents) expect(exponent).toBeLessThanOrEqual(MOST_EXPONENT);
};

describe.each(byKind)("with %s updates, one of five that lies of its readings", (kind, compression) => {
  test.each(lies)("within what a value can say, steps are %s: the others learn all the same", (_, reading) => {
    const sim = room(5, { compression });
    const [liar, ...honest] = sim.devices;
    const limit = valueLimit(4);
    const first = lossOf(sim, liar!.state.head);
    sim.watch((device, before) => {
      const { head, round } = device.state;
      if (device === liar && round.update && round.update !== before.round.update) round.update.values.fill(reading(head.record.round, limit), linearAt(device.state));
      expectExponents(head);
    });
    expect(run(sim, 10)).toBe(true);
    expect(together(sim)).toBe(true);
    expectOneRootARound(sim);
    expect(sim.devices.flatMap(({ problems }) => problems)).toEqual([]);
    const { head } = honest[0]!.state;
    expect(head.roll.contributors).toContain(liar!.id);
    expect(lossOf(sim, head) / first).toBeLessThan(LEARNED[kind] + 0.05);
  });

  test.each([1, -1])("beyond what an honest device can encrypt (%i): steps stay in bounds and alike, and come back when it is gone", (sign) => {
    const sim = room(5, { compression });
    const beyond = sign * (2 ** (layoutOf(4, 5).width - 1) - 1);
    let lying = true;
    const first = lossOf(sim, sim.devices[0]!.state.head);
    sim.watch(({ state }) => expectExponents(state.head));
    // As a liar's ciphertext changes a sum for all who open it.
    sim.corrupt((device, event) => (lying && event.type === "opened" && event.sum ? { ...event, sum: event.sum.map((value, i) => (i >= linearAt(device.state) && i < lengthAt(device.state) ? beyond : value)) } : event));
    expect(run(sim, 4)).toBe(true);
    lying = false;
    const from = Math.max(...sim.devices.map(roundOf));
    expect(run(sim, from + 10)).toBe(true);
    expect(together(sim)).toBe(true);
    expectOneRootARound(sim);
    // Steps that are far too small let nothing through for so long as they are.
    expect(lossOf(sim, sim.devices[0]!.state.head) / first).toBeLessThan(sign > 0 ? LEARNED[kind] : 0.9);
  });
});
