import { describe, expect, test } from "vitest";
import { PHASES, reached } from "../swarm/phase.ts";
import { step } from "../swarm/step.ts";
import { createSim, type Sim, type SimDevice } from "./sim.ts";

const roundOf = (device: SimDevice): number => device.state.head.record.round;
const living = (sim: Sim): SimDevice[] => sim.devices.filter((device) => device.alive);
const oneModel = (sim: Sim): boolean => new Set(living(sim).map((device) => device.state.head.root)).size === 1;

function found(devices: number, seed = 1, options = {}): Sim {
  const sim = createSim({ seed, ...options });
  for (let i = 0; i < devices; i++) sim.add();
  return sim;
}

/** Runs until every living device has committed `round`, which has to be within the time. */
function reach(sim: Sim, round: number, within: number): void {
  const done = sim.run(within, () => living(sim).every((device) => roundOf(device) >= round));
  expect(done, `round ${round} within ${within} ms: ${living(sim).map((d) => `${roundOf(d)} ${d.state.round.phase} ${d.state.round.view.length}`).join(", ")}`).toBe(true);
}

test("four devices commit every round on one root, all of them contributing", () => {
  const sim = found(4);
  reach(sim, 8, 30_000);
  sim.run(300);
  for (const device of sim.devices) {
    expect(device.history.map(({ root }) => root).slice(0, 8)).toEqual(sim.devices[0]!.history.map(({ root }) => root).slice(0, 8));
    expect(device.history[3]!.contributors).toHaveLength(4);
    expect(device.problems).toEqual([]);
  }
});

test.each([2, 3, 5, 8, 15])("%i devices agree", (n) => {
  const sim = found(n);
  reach(sim, 4, 30_000);
  expect(new Set(sim.devices.map((device) => device.history.find(({ round }) => round === 4)!.root)).size).toBe(1);
});

describe.each([2, 3, 4, 6])("of %i devices one vanishes", (n) => {
  for (const phase of PHASES) {
    test(`in ${phase}: the rest finish that round and the next two, whoever it was`, () => {
      for (let victim = 0; victim < n; victim++) {
        const sim = found(n, 10 + victim);
        sim.watch((device, before) => {
          // The last one to vote commits within the same step: it is killed before it can say so.
          const committed = phase === "commit" && device.state.head.record.round === 3;
          const there = before.head.record.round === 2 && (committed || reached(device.state.round.phase, phase));
          if (device === sim.devices[victim] && device.alive && there) sim.kill(device);
        });
        sim.run(20_000, () => !sim.devices[victim]!.alive);
        expect(sim.devices[victim]!.alive).toBe(false);
        // Detection, at most two deadlines without a quorum, and three rounds.
        reach(sim, 5, 40_000);
        sim.run(3_000);
        reach(sim, 6, 10_000);
        sim.run(200, () => oneModel(sim));
        expect(oneModel(sim)).toBe(true);
      }
    });
  }
});

test("two of five vanish in the same exchange, half-way through their sending", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const sim = found(5, seed);
    let sent = 0;
    sim.tamper((from, _to, bytes) => {
      const victim = from === sim.devices[0] || from === sim.devices[1];
      if (victim && bytes[0]! >= 0x80 && from.state.head.record.round === 2 && ++sent > 3) {
        if (from.alive) sim.kill(from);
        return null;
      }
      return bytes;
    });
    reach(sim, 6, 120_000);
    expect(living(sim).length).toBe(3);
    sim.run(200, () => oneModel(sim));
    expect(oneModel(sim)).toBe(true);
  }
});

test("a device alone trains for itself and sends nothing; the second joins it late", () => {
  const sim = createSim({ seed: 3 });
  const first = sim.add();
  let sent = 0;
  sim.tamper((_from, _to, bytes) => (sent++, bytes));
  reach(sim, 3, 20_000);
  expect(sent).toBe(0);
  const second = sim.add();
  sim.run(10_000, () => sim.devices.every(({ state }) => state.head.record.contributors.count === 2));
  expect(second.history[0]!.adopted).toBe(true);
  for (const { state } of [first, second]) expect(state.head.roll.contributors).toHaveLength(2);
});

test("a late joiner takes part in the next round but one at the latest, whenever it comes", () => {
  for (let at = 0; at < 12; at++) {
    const sim = found(4, at + 1);
    reach(sim, 2, 20_000);
    sim.run(at * 130);
    const seen = roundOf(sim.devices[0]!);
    const joiner = sim.add();
    sim.run(20_000, () => joiner.history.some(({ adopted, contributors }) => !adopted && contributors.includes(joiner.id)));
    const firstRound = joiner.history.find(({ adopted }) => !adopted)!;
    expect(firstRound.contributors).toContain(joiner.id);
    expect(firstRound.round - seen).toBeLessThanOrEqual(3);
  }
});

test("two partitions that meet again converge on the heavier lineage", () => {
  for (let seed = 1; seed <= 8; seed++) {
    const sim = found(5, seed);
    reach(sim, 2, 20_000);
    sim.partition((device) => (sim.devices.indexOf(device) < 2 ? 0 : 1));
    sim.run(60_000);
    const [small, large] = [sim.devices[0]!, sim.devices[4]!];
    expect(small.state.head.root).not.toBe(large.state.head.root);
    const heavy = small.state.head.record.weight > large.state.head.record.weight ? small : large;
    const before = heavy.history.length;
    sim.partition(null);
    sim.run(60_000, () => oneModel(sim) && sim.devices.every((device) => device.state.head.record.contributors.count === 5));
    expect(oneModel(sim)).toBe(true);
    expect(heavy.history.slice(before).every(({ adopted }) => !adopted)).toBe(true);
    const goal = roundOf(large) + 3;
    reach(sim, goal, 30_000);
  }
});

test("lost messages cost time, not agreement", () => {
  const sim = found(5, 7, { loss: 0.05 });
  reach(sim, 6, 120_000);
  for (const device of sim.devices) {
    const roots = device.history.filter(({ adopted }) => !adopted);
    for (const { round, root } of roots) {
      const others = sim.devices.flatMap((other) => other.history.filter((entry) => entry.round === round).map((entry) => entry.root));
      expect(new Set(others)).toEqual(new Set([root]));
    }
  }
});

test("a slow device is left out of the round and is back in a later one", () => {
  const sim = found(4, 5, { training: [1000, 1200] });
  const slow = sim.devices[3]!;
  // Nothing of it comes through until the others have left it out.
  sim.tamper((from, _to, bytes) => (from === slow && roundOf(sim.devices[0]!) === 1 ? null : bytes));
  reach({ ...sim, devices: sim.devices.slice(0, 3) }, 3, 60_000);
  expect(sim.devices[0]!.history.some(({ contributors }) => contributors.length === 3)).toBe(true);
  sim.run(60_000, () => sim.devices[0]!.state.head.record.contributors.count === 4);
  expect(sim.devices[0]!.state.head.roll.contributors).toHaveLength(4);
});

test("malformed, truncated and wrong-version bytes: that peer is refused, the round goes on", () => {
  for (const spoil of [
    (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1),
    (bytes: Uint8Array) => Uint8Array.of(9, ...bytes.subarray(1)),
    (bytes: Uint8Array) => Uint8Array.of(...bytes, 0),
  ]) {
    const sim = found(4, 2);
    const liar = sim.devices[1]!;
    sim.tamper((from, _to, bytes) => (from === liar && from.state.head.record.round === 2 ? spoil(bytes) : bytes));
    reach({ ...sim, devices: sim.devices.filter((device) => device !== liar) }, 5, 90_000);
    for (const device of sim.devices) if (device !== liar) expect(device.problems.some((p) => p.type === "refused" && p.peer === liar.id)).toBe(true);
  }
});

test("one seed, one history", () => {
  const run = (): unknown => {
    const sim = found(5, 42, { loss: 0.02 });
    sim.run(25_000);
    return sim.devices.map((device) => device.history);
  };
  expect(run()).toEqual(run());
});

test("two that the others have left out do not lead each other back into a view that is none", () => {
  const sim = found(5);
  reach(sim, 1, 30_000);
  const [out, mate] = sim.devices as [SimDevice, SimDevice];
  expect(sim.run(30_000, () => sim.devices.every(({ state }) => state.round.phase === "train" && state.head.root === out.state.head.root))).toBe(true);
  sim.run(100);
  const rest = sim.devices.filter((device) => device !== out && device !== mate).map(({ id }) => id).sort();
  const { state } = out;
  // The mate still names all five; the others go on as three.
  const peers = new Map([...state.peers].map(([peer, status]) => [peer, rest.includes(peer) ? { ...status, view: rest } : status]));
  const [after, effects] = step({ ...state, peers }, { type: "tick", now: state.now });
  expect(after.round.phase).toBe("join-cutoff");
  expect(effects.filter(({ type }) => type === "departed")).toHaveLength(rest.length);
});
