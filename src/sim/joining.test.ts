import { expect, test } from "vitest";
import { modelHash } from "../swarm/head.ts";
import { decodeMessage, encodeMessage } from "../swarm/message.ts";
import { rootOf } from "../swarm/record.ts";
import { decodeCommit, encodeCommit, enrolled } from "../swarm/roll.ts";
import { initialState, type Head } from "../swarm/state.ts";
import { decodeRecording, encodeRecording } from "../swarm/recording.ts";
import { replay } from "./replay.ts";
import { createSim, type Sim, type SimDevice } from "./sim.ts";

const roundOf = (device: SimDevice): number => device.state.head.record.round;
const BULK_RECORD = 4;
const BULK_MODEL = 5;

function running(devices: number, options: Parameters<typeof createSim>[0], round = 2): Sim {
  const sim = createSim(options);
  for (let i = 0; i < devices; i++) sim.add();
  expect(sim.run(60_000, () => sim.devices.every((device) => roundOf(device) >= round))).toBe(true);
  return sim;
}

test("a joiner draws its model from several peers at once", () => {
  const sim = running(4, { seed: 1, parameters: 400_000 });
  const donors = new Set<SimDevice>();
  const joiner = sim.add();
  sim.tamper((from, to, bytes) => {
    if (to === joiner && bytes[0]! >= 0x80 && bytes[1] === BULK_MODEL) donors.add(from);
    return bytes;
  });
  sim.run(20_000, () => joiner.history.length > 0);
  expect(donors.size).toBeGreaterThan(1);
  expect(sim.devices.slice(0, 4).some((device) => device.history.some(({ root }) => root === joiner.history[0]!.root))).toBe(true);
});

test("many joiners at once draw it from different peers, and each once", () => {
  const sim = running(8, { seed: 21 });
  const given: SimDevice[] = [];
  const joiners = Array.from({ length: 6 }, () => sim.add());
  sim.tamper((from, to, bytes) => {
    if (joiners.includes(to) && bytes[0]! >= 0x80 && bytes[1] === BULK_MODEL) given.push(from);
    return bytes;
  });
  sim.run(20_000, () => joiners.every(({ history }) => history.length > 0));
  const adopted = joiners.flatMap(({ history }) => history.filter((head) => head.adopted));
  expect(adopted.length).toBeGreaterThanOrEqual(joiners.length);
  expect(given.length).toBeLessThanOrEqual(adopted.length + joiners.length);
  expect(new Set(given).size).toBeGreaterThan(2);
});

test("a donor that serves a wrong model is found out, and the joiner gets the right one all the same", () => {
  for (const seed of [1, 2]) {
    const sim = running(4, { seed, parameters: 200_000 });
    const liar = sim.devices[seed % 4]!;
    sim.tamper((from, _to, bytes) => {
      if (from !== liar || bytes[0]! < 0x80 || bytes[1] !== BULK_MODEL) return bytes;
      const wrong = bytes.slice();
      wrong[wrong.length - 1]! ^= 1;
      return wrong;
    });
    const joiner = sim.add();
    sim.run(60_000, () => joiner.history.some(({ adopted }) => !adopted));
    const honest = sim.devices[(seed + 1) % 4]!;
    const adopted = joiner.history[0]!;
    expect(honest.history.find(({ round }) => round === adopted.round)!.root).toBe(adopted.root);
    expect(joiner.problems.filter(({ type }) => type === "refused").every((problem) => "peer" in problem && problem.peer === liar.id)).toBe(true);
  }
});

test("one peer alone cannot lead a joiner astray while two others agree", () => {
  const sim = running(4, { seed: 2 });
  const liar = sim.devices[3]!;
  const heavy = liar.state.head;
  liar.state = { ...liar.state, head: { ...heavy, record: { ...heavy.record, weight: 1_000_000 }, root: "11".repeat(32) } };
  const joiner = sim.add();
  sim.run(4_000, () => joiner.history.length > 0);
  expect(sim.devices[0]!.history.map(({ root }) => root)).toContain(joiner.history[0]!.root);
});

/** What it says of where it stands is changed on its way; it goes on working. */
function boast(sim: Sim, liar: SimDevice, root: string): void {
  sim.tamper((from, _to, bytes) => {
    if (from !== liar || bytes[0]! >= 0x80) return bytes;
    const message = decodeMessage(bytes);
    return message.kind === "status" ? encodeMessage({ ...message, root, weight: 2 ** 50 }) : bytes;
  });
}

test("one that claims a heavier lineage for as long as it likes, and has none, costs a room no round", () => {
  const sim = running(8, { seed: 3 });
  const liar = sim.devices[5]!;
  const honest = sim.devices.filter((device) => device !== liar);
  boast(sim, liar, "11".repeat(32));
  const from = Math.max(...honest.map(roundOf));
  expect(sim.run(30_000, () => honest.every((device) => roundOf(device) >= from + 8))).toBe(true);
  // It is asked for what it claims, and then not heard again.
  expect(sim.run(30_000, () => honest.every(({ state }) => state.doubted.includes(liar.id) && state.sync === null))).toBe(true);
});

test("who commits a moment before the others is not asked for what they are about to have", () => {
  const sim = running(4, { seed: 6, latency: [5, 900] });
  let asked = 0;
  sim.tamper((_from, _to, bytes) => {
    const message = bytes[0]! < 0x80 ? decodeMessage(bytes) : null;
    if (message?.kind === "want" && (message.what === "record" || message.what === "model")) asked++;
    return bytes;
  });
  const from = roundOf(sim.devices[0]!);
  expect(sim.run(60_000, () => sim.devices.every((device) => roundOf(device) >= from + 6))).toBe(true);
  for (const { history } of sim.devices) expect(history.filter(({ adopted }) => adopted)).toEqual([]);
  expect(asked).toBe(0);
});

test("whoever gives a joiner another roll than the record names is refused, and the joiner has the right one of another", () => {
  const sim = running(5, { seed: 6 });
  const [liar, ...honest] = [...sim.devices].sort((a, b) => (a.id < b.id ? -1 : 1)) as [SimDevice, ...SimDevice[]];
  const joiner = sim.add();
  let lies = 0;
  sim.tamper((from, to, bytes) => {
    const message = to === joiner && bytes[0]! >= 0x80 && bytes[1] === BULK_RECORD ? decodeMessage(bytes) : null;
    if (message?.kind !== "bulk") return bytes;
    if (from !== liar) return lies > 0 ? bytes : null;
    lies++;
    const { record, roll } = decodeCommit(message.payload);
    return encodeMessage({ ...message, payload: encodeCommit({ record, roll: { ...roll, members: [liar.id] } }) });
  });
  expect(sim.run(30_000, () => joiner.history.some(({ adopted }) => !adopted))).toBe(true);
  expect(lies).toBe(1);
  expect(joiner.problems).toMatchObject([{ type: "refused", peer: liar.id }]);
  sim.run(1_000, () => joiner.state.head.root === honest[0]!.state.head.root);
  expect(joiner.state.head.roll).toEqual(honest[0]!.state.head.roll);
});

test("a newcomer is not led astray by one that claims a heavier lineage, however long it waits", () => {
  const sim = running(6, { seed: 5 });
  boast(sim, sim.devices[2]!, "22".repeat(32));
  const joiner = sim.add();
  expect(sim.run(30_000, () => joiner.history.some(({ adopted }) => !adopted))).toBe(true);
  expect(joiner.state.head.record.contributors.count).toBeGreaterThan(4);
});

/** Of a room of eight one has a heavier record with a model of its own making, and gives it to whoever asks. */
function withLineage(seed: number, params: (honest: Head, goal: Head) => Int32Array<ArrayBuffer>): { sim: Sim; honest: SimDevice[]; root: string } {
  const sim = running(8, { seed });
  const [first, ...honest] = sim.devices as [SimDevice, ...SimDevice[]];
  const genesis = first.state.previous!;
  sim.run(20_000, () => honest.every((device) => roundOf(device) >= 5));
  const { head } = first.state;
  const model = { params: params(genesis, head), outer: head.outer, shared: head.shared };
  const roll = { contributors: [first.id], members: [first.id], node: 0, rows: [] };
  const record = { ...head.record, ...enrolled(roll), round: 15, weight: 2_000, model: modelHash(model) };
  const own: Head = { record, root: rootOf(record), roll, ...model };
  const { reachable, config } = first.state;
  first.state = { ...initialState(config, own, sim.clock.now()), reachable, taking: false };
  return { sim, honest, root: own.root };
}

test("the worse model is not taken over because one device says that more work is in it", () => {
  const { sim, honest, root } = withLineage(7, ({ params }) => params.map((value) => -value));
  const from = Math.max(...honest.map(roundOf));
  expect(sim.run(60_000, () => honest.every((device) => roundOf(device) >= from + 6))).toBe(true);
  for (const { history, state } of honest) {
    expect(history.map((entry) => entry.root)).not.toContain(root);
    expect(state.doubted).toHaveLength(1);
  }
});

test("a device that comes back with a better model that more work is in is followed", () => {
  // Each round of the simulator covers three tenths of what is left of the way.
  const { sim, honest, root } = withLineage(8, (_, { params, record }) => params.map((value) => value / (1 - 0.7 ** record.round)));
  expect(sim.run(60_000, () => honest.every(({ history }) => history.some((entry) => entry.root === root)))).toBe(true);
});

test("a paused device holds, keeps up with the model, and is back two rounds after it goes on", () => {
  const sim = running(3, { seed: 4 });
  const [, , third] = sim.devices;
  sim.inject(third!, { type: "take", taking: false });
  sim.run(20_000, () => sim.devices[0]!.state.head.record.contributors.count === 2);
  expect(sim.devices[0]!.state.head.roll.contributors).not.toContain(third!.id);
  sim.run(4_000);
  expect(third!.history.at(-1)!.adopted).toBe(true);
  sim.inject(third!, { type: "take", taking: true });
  const at = roundOf(sim.devices[0]!);
  sim.run(10_000, () => sim.devices[0]!.state.head.record.contributors.count === 3);
  expect(roundOf(sim.devices[0]!) - at).toBeLessThanOrEqual(3);
});

test("an update that is not finite never leaves: the device holds and says so", () => {
  const sim = running(3, { seed: 6 });
  const device = sim.devices[1]!;
  sim.watch((seen) => {
    if (seen === device && device.state.round.phase === "train" && device.problems.length === 0) {
      sim.watch(() => undefined);
      sim.inject(device, { type: "trained", root: device.state.head.root, delta: new Float32Array(200).fill(Number.NaN, 7, 8), samples: 1, loss: 1, accuracy: 0, labels: [1, 0, 0] });
    }
  });
  sim.run(5_000, () => device.problems.length > 0);
  expect(device.problems[0]).toMatchObject({ type: "problem", error: { code: "not-finite" } });
  expect(device.state.taking).toBe(false);
});

test("recorded events, written out and read again, replay to the same roots, and explain every message", () => {
  const sim = createSim({ seed: 9, loss: 0.03 });
  const starts = [0, 1, 2, 3].map(() => sim.add().state);
  sim.run(20_000);
  const recordings = sim.devices.map((device, i) => decodeRecording(encodeRecording(starts[i]!, device.events)));
  const { roots, unexplained } = replay(recordings);
  expect(unexplained).toBe(0);
  sim.devices.forEach((device, i) => {
    expect(device.history.length).toBeGreaterThanOrEqual(3);
    for (const { round, root } of device.history) expect(roots[i]!.get(round)).toBe(root);
  });
});

test.each([
  { kind: "nesterov", rate: 0.7, momentum: 0.5 },
  { kind: "fedadam", rate: 0.05, beta1: 0.9, beta2: 0.99, tau: 0.001 },
] as const)("with $kind as the outer step all devices hold one state, and a joiner takes it over with the model", (outer) => {
  const sim = running(3, { seed: 8, parameters: 50_000, outer }, 3);
  const joiner = sim.add();
  sim.run(30_000, () => joiner.history.some(({ adopted }) => !adopted));
  expect(sim.run(10_000, () => new Set(sim.devices.map(({ state }) => state.head.root)).size === 1)).toBe(true);
  const { head } = joiner.state;
  expect(head.outer.momentum.some((value) => value !== 0)).toBe(true);
  for (const { state } of sim.devices) expect(state.head.outer).toEqual(head.outer);
});
