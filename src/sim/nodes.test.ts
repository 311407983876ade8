import { expect, test } from "vitest";
import { LIMITS } from "../swarm/limits.ts";
import { decodeMessage, encodeMessage, isStands, signedBytes, type Word } from "../swarm/message.ts";
import { decodeCommit, encodeCommit } from "../swarm/roll.ts";
import { groupsAfter } from "../swarm/tier/groups.ts";
import { NODES } from "../swarm/tier/stage.ts";
import { lengthAt, nextModel } from "../swarm/values.ts";
import type { PeerId } from "../wire/ids.ts";
import { sign } from "./signing.ts";
import { createRandom } from "../wire/random.ts";
import { createSim, type Sim, type SimDevice, type SimOptions } from "./sim.ts";

const roundOf = (device: SimDevice): number => device.state.head.record.round;
const nodeOf = ({ id, state }: SimDevice): number => groupsAfter(state.head, state.config).nodeOf(id);
const all = (devices: readonly SimDevice[], round: number) => (): boolean => devices.every((device) => roundOf(device) >= round);

/** At work in nodes of two groups of four, of whose devices three speak for the node. */
function running(devices: number, options: Partial<SimOptions> & { seed: number }): Sim {
  const sim = createSim({ parameters: 60, groupSize: 4, roomGroups: 3, nodeGroups: 2, speakers: 3, frozen: devices, ...options });
  for (let i = 0; i < devices; i++) sim.add();
  expect(sim.run(60_000, all(sim.devices, 2))).toBe(true);
  return sim;
}

function expectOneRootARound(devices: readonly SimDevice[]): void {
  const roots = new Map<number, Set<string>>();
  for (const { history } of devices) for (const { round, root } of history) roots.set(round, new Set([...(roots.get(round) ?? []), root]));
  for (const [round, of] of roots) expect(of.size, `round ${round}`).toBe(1);
}

test("each node sums apart, and all commit one model, which follows from everybody's update", () => {
  const sim = running(16, { seed: 1 });
  const { head, config } = sim.devices[0]!.state;
  const { round, nodes } = head.record;
  expect(nodes).toBe(2);
  const updates = new Map<SimDevice, Int8Array>();
  sim.watch((device) => {
    if (device.state.head.root === head.root && device.state.round.update) updates.set(device, device.state.round.update.values);
  });
  expect(sim.run(30_000, all(sim.devices, round + 1))).toBe(true);
  const sum = new Int32Array(lengthAt({ head, config }));
  for (const values of updates.values()) values.forEach((value, i) => (sum[i]! += value));
  const { params } = nextModel(head, sum, 16, config);
  for (const { state } of sim.devices) expect([state.head, state.previous].find((each) => each?.record.round === round + 1)?.params).toEqual(params);
  expectOneRootARound(sim.devices);
  for (const { problems, history } of sim.devices) {
    expect(problems).toEqual([]);
    expect(history.filter(({ adopted }) => adopted)).toEqual([]);
  }
});

test("a device holds the lists of its own node, and a row of each; of other nodes it hears who speaks for them", () => {
  const sim = running(16, { seed: 2 });
  const heardOf = new Map<SimDevice, Set<string>>(sim.devices.map((device) => [device, new Set()]));
  const speakers = new Set<string>();
  sim.watch((device) => {
    const { stands, head, previous } = device.state;
    for (const peer of stands.keys()) heardOf.get(device)!.add(peer);
    for (const row of [...head.roll.rows, ...(previous?.roll.rows ?? [])]) for (const peer of row.speakers) speakers.add(peer);
  });
  const from = roundOf(sim.devices[0]!);
  expect(sim.run(30_000, all(sim.devices, from + 1))).toBe(true);
  for (const device of sim.devices) {
    const { record, root, roll } = device.state.head;
    expect(decodeCommit(encodeCommit({ record, roll }))).toEqual({ record, root, roll });
    expect([record.contributors.count, roll.node, roll.rows.length]).toEqual([16, nodeOf(device), 2]);
    const own = sim.devices.filter((other) => nodeOf(other) === roll.node).map(({ id }) => id).sort();
    expect([roll.contributors, roll.members]).toEqual([own, own]);
    for (const peer of heardOf.get(device)!) expect(own.includes(peer as never) || speakers.has(peer)).toBe(true);
  }
  // Three of eight or so a round, and others the next.
  expect(speakers.size).toBeLessThan(16);
});

test("the others commit without a node that is cut off, and with it when it is back", () => {
  const sim = running(32, { seed: 3 });
  expect(sim.devices[0]!.state.head.record.nodes).toBe(4);
  const lost = sim.devices.filter((device) => nodeOf(device) === 0);
  const rest = sim.devices.filter((device) => !lost.includes(device));
  const from = roundOf(sim.devices[0]!);
  const before = rest[0]!.state.head.roll.rows[0]!.members.count;
  sim.partition((device) => (lost.includes(device) ? 1 : 0));
  expect(sim.run(90_000, all(rest, from + 3))).toBe(true);
  const { rows } = rest[0]!.state.head.roll;
  expect(rows[0]).toMatchObject({ contributors: { count: 0 }, members: { count: before } });
  sim.partition(null);
  expect(sim.run(90_000, () => sim.devices.every(({ state: { head } }) => head.record.contributors.count === 32))).toBe(true);
  expectOneRootARound(rest);
  expect(new Set(sim.devices.map(({ state }) => state.head.root)).size).toBeLessThanOrEqual(2);
});

test("devices leave all the time, a fifth of them in a round, and others come: rounds commit, one root each", () => {
  const sim = running(24, { seed: 7, nodeGroups: 3, speakers: 8, detection: 2_000 });
  const random = createRandom("leaving");
  const alive = (): SimDevice[] => sim.devices.filter((device) => device.alive);
  const ahead = (): number => Math.max(...alive().map(roundOf));
  expect(alive()[0]!.state.head.record.nodes).toBe(2);
  const from = ahead();
  // Of some ten seconds.
  const mean = 10_000 / (24 * -Math.log(0.8));
  const leave = (): void => {
    const devices = alive();
    sim.kill(devices[random.below(devices.length)]!);
    sim.add();
    sim.clock.after(-mean * Math.log(1 - random.uniform()), leave);
  };
  sim.clock.after(mean, leave);
  expect(sim.run(120_000, () => ahead() >= from + 5)).toBe(true);
  expect(sim.devices.length).toBeGreaterThan(30);
  const roots = new Map<number, Set<string>>();
  for (const { history } of sim.devices) for (const { round, root, adopted } of history) if (!adopted) roots.set(round, (roots.get(round) ?? new Set()).add(root));
  for (const [round, of] of roots) expect(of.size, `round ${round}`).toBe(1);
});

test("most of those who were frozen leave at once, and of those who speak for the nodes all: those who are left and those who come go on, with one root", () => {
  const sim = running(24, { seed: 8, nodeGroups: 3, speakers: 4, detection: 2_000 });
  const { head } = sim.devices[0]!.state;
  expect(head.record.nodes).toBe(2);
  const speakers = head.roll.rows.flatMap((row) => row.speakers);
  const stay = sim.devices.filter(({ id }) => !speakers.includes(id)).slice(0, 8);
  for (const device of sim.devices.filter((other) => !stay.includes(other))) sim.kill(device);
  for (let i = 0; i < 16; i++) sim.add();
  const alive = sim.devices.filter((device) => device.alive);
  expect(sim.run(180_000, () => alive.every((device) => roundOf(device) >= head.record.round + 3 && device.state.head.record.contributors.count >= 18))).toBe(true);
  expectOneRootARound(alive);
});

test("who was not frozen to speak for a node is believed with some who were after a moment, after two deadlines alone, and never a few", () => {
  const sim = running(24, { seed: 10, nodeGroups: 3, speakers: 6 });
  expect(sim.run(30_000, () => sim.devices.some(({ state: { round } }) => round.upper !== null))).toBe(true);
  const { state } = sim.devices.find((device) => device.state.round.upper !== null)!;
  const part = state.round.upper!.parts.get(state.round.upper!.own)!;
  const { speakers } = state.head.roll.rows[part.node]!;
  const others = sim.devices.map(({ id }) => id).filter((id) => groupsAfter(state.head, state.config).nodeOf(id) === part.node && !speakers.includes(id)).sort();
  const counts = (voters: readonly PeerId[]): boolean[] => [0, LIMITS.openAtLeast, LIMITS.reformAfter].map((waited) => NODES.counts(state, { ...part, voters }, state.now - waited));
  expect([speakers.length, others.length >= 4]).toEqual([6, true]);
  expect(counts(speakers.slice(0, 4))).toEqual([true, true, true]);
  expect(counts([...speakers.slice(0, 2), ...others.slice(0, 2)])).toEqual([false, true, true]);
  expect(counts([...speakers.slice(0, 1), ...others.slice(0, 3)])).toEqual([false, false, true]);
  expect(counts(others.slice(0, 4))).toEqual([false, false, true]);
  expect(counts([...speakers.slice(0, 2), ...others.slice(0, 1)])).toEqual([false, false, false]);
});

test("most of those who do not speak for a node are given the outcome before they would ask for it", () => {
  const sim = running(16, { seed: 14 });
  const from = roundOf(sim.devices[0]!);
  const asked = new Set<string>();
  sim.tamper((device, _, bytes) => {
    const message = isStands(bytes) ? null : decodeMessage(bytes);
    if (message?.kind === "want" && message.what === "outcome") asked.add(`${roundOf(device)} ${device.id}`);
    return bytes;
  });
  expect(sim.run(60_000, all(sim.devices, from + 4))).toBe(true);
  // Of four rounds, without the three that speak for each node.
  expect(asked.size).toBeLessThan((4 * (16 - 6)) / 2);
});

test("who knows the outcome and lacks its sum is given it by those who have gone on", () => {
  const sim = running(16, { seed: 11 });
  const from = roundOf(sim.devices[0]!);
  const late = sim.devices.find((device) => !device.state.head.roll.rows[nodeOf(device)]!.speakers.includes(device.id))!;
  const others = sim.devices.filter((device) => device !== late);
  let held = 0;
  sim.tamper((_from, to, bytes) => {
    if (to !== late || isStands(bytes) || all(others, from + 1)()) return bytes;
    const message = decodeMessage(bytes);
    const isSum = message.kind === "bulk" && message.what === "total" && message.view === late.state.round.outcome?.hash;
    if (isSum) held++;
    return isSum ? null : bytes;
  });
  expect(sim.run(30_000, () => roundOf(late) > from)).toBe(true);
  expect(held).toBeGreaterThan(0);
  expect(late.history.find(({ round }) => round === from + 1)?.adopted).toBe(false);
});

test("one that speaks for a node and says what its node does not changes nothing", () => {
  const sim = running(16, { seed: 4, speakers: 4 });
  const liars = [0, 1].map((node) => sim.devices.find((device) => nodeOf(device) === node)!);
  const honest = sim.devices.filter((device) => !liars.includes(device));
  let lies = 0;
  sim.tamper((from, _to, bytes) => {
    const message = liars.includes(from) && isStands(bytes) ? decodeMessage(bytes) : null;
    const [said, ...more] = message?.kind === "stands" ? message.said : [];
    if (!said?.word.above || more.length > 0 || said.by.length > 1 || said.by[0]!.peer !== from.id) return bytes;
    lies++;
    const { seq } = said.by[0]!;
    const word: Word = { ...said.word, above: { ...said.word.above, outcome: "ab".repeat(32), votes: [{ root: "cd".repeat(32), count: 16 }, ...said.word.above.votes.map((vote) => ({ ...vote, count: 16 }))].slice(0, 2) } };
    return encodeMessage({ kind: "stands", said: [{ word, by: [{ peer: from.id, seq, signature: sign(from.id, signedBytes(word, seq)) }] }] });
  });
  const from = roundOf(sim.devices[0]!);
  expect(sim.run(120_000, all(honest, from + 4))).toBe(true);
  expect(lies).toBeGreaterThan(0);
  expectOneRootARound(honest);
});

test("a newcomer is given the lists of its node, and is in the next rounds", () => {
  const sim = running(16, { seed: 5 });
  const joiner = sim.add();
  expect(sim.run(60_000, () => joiner.history.some(({ adopted, contributors }) => !adopted && contributors.includes(joiner.id)))).toBe(true);
  expect(joiner.state.head.roll.node).toBe(nodeOf(joiner));
  expect(joiner.state.head.record.contributors.count).toBe(17);
  expectOneRootARound(sim.devices);
});

/** To how many of a room of 24 a newcomer says where it stands before it has the room's head. */
function toldByNewcomer(seed: number): number {
  const sim = running(24, { seed });
  const joiner = sim.add();
  const told = new Set<SimDevice>();
  sim.tamper((from, to, bytes) => {
    if (from === joiner && roundOf(joiner) === 0 && decodeMessage(bytes).kind === "status") told.add(to);
    return bytes;
  });
  expect(sim.run(20_000, () => roundOf(joiner) > 0)).toBe(true);
  return told.size;
}

test("a newcomer to a large room is greeted by its group, and floods nothing", () => {
  // Who greets it first is chance.
  const told = [13, 14, 15, 16].map(toldByNewcomer);
  expect(told.reduce((sum, count) => sum + count, 0) / told.length).toBeLessThan(16);
  expect(Math.max(...told)).toBeLessThan(24);
});

test("a room that has grown has more nodes in its next epoch", () => {
  const sim = running(10, { seed: 6, epochRounds: 5 });
  expect(sim.devices[0]!.state.head.record.nodes).toBe(1);
  for (let i = 0; i < 6; i++) sim.add();
  expect(sim.run(180_000, () => sim.devices.every(({ state: { head } }) => head.record.nodes === 2 && head.record.contributors.count === 16 && head.roll.rows.length === 2))).toBe(true);
  expectOneRootARound(sim.devices.slice(0, 10));
});

test("of a room that is larger than a round some take part, the others follow, and in the next epoch it is others", () => {
  const sim = running(36, { seed: 9, nodeGroups: 3, cohortNodes: 2, epochRounds: 4 });
  const { arcs, nodes } = sim.devices[0]!.state.head.record;
  expect({ arcs, nodes }).toEqual({ arcs: 4, nodes: 2 });
  const trained = new Map<number, Set<SimDevice>>();
  sim.watch((device) => {
    const { round, head } = device.state;
    if (round.update) trained.set(device.epoch, (trained.get(device.epoch) ?? new Set()).add(device));
    if (round.view.length > 0) expect(nodeOf(device)).toBeLessThan(head.record.nodes);
  });
  expect(sim.run(240_000, all(sim.devices, 10))).toBe(true);
  expectOneRootARound(sim.devices);
  expect(sim.devices.flatMap(({ problems }) => problems)).toEqual([]);
  // The first epoch that was seen from its beginning, and the next.
  const [one, two] = [trained.get(1)!, trained.get(2)!];
  for (const of of [one, two]) {
    expect(of.size).toBeGreaterThan(5);
    expect(of.size).toBeLessThan(30);
  }
  expect([...two].some((device) => !one.has(device))).toBe(true);
});
