import fc from "fast-check";
import { expect, test } from "vitest";
import { HOW_BYTES } from "../swarm/audit/lot.ts";
import { LIMITS } from "../swarm/limits.ts";
import { decodeMessage, encodeMessage, NO_VIEW, type Bulk } from "../swarm/message.ts";
import { decodeRecording, encodeRecording } from "../swarm/recording.ts";
import type { SwarmEvent } from "../swarm/events.ts";
import { createRandom } from "../wire/random.ts";
import { replay } from "./replay.ts";
import { createSim, type Sim, type SimDevice, type SimOptions } from "./sim.ts";

const STEPS = 6;
const roundOf = (device: SimDevice): number => device.state.head.record.round;
const refused = (device: SimDevice): string[] => device.problems.flatMap((problem) => (problem.type === "refused" ? [problem.peer] : []));
const reran = (device: SimDevice): number => device.events.filter(({ type }) => type === "reran").length;

function room(devices: number, options: Partial<SimOptions> & { seed: number }): Sim {
  const sim = createSim({ audits: { oneOf: 3, steps: STEPS }, parameters: 40, epochRounds: 1_000, ...options });
  for (let i = 0; i < devices; i++) sim.add();
  return sim;
}

/** Changes what a cheat trains; whatever it is asked to train again it does rightly. */
function cheating(sim: Sim, cheat: SimDevice, change: (event: SwarmEvent & { type: "trained" }, points: Sim["points"]) => Partial<SwarmEvent & { type: "trained" }>): void {
  sim.corrupt((device, event) => (device === cheat && event.type === "trained" ? { ...event, ...change(event, sim.points) } : event));
}

function bulkIn(bytes: Uint8Array, what: Bulk["what"]): Bulk | null {
  if (bytes[0]! < 0x80) return null;
  const message = decodeMessage(bytes);
  return message.kind === "bulk" && message.what === what ? message : null;
}

const seeds = (count: number, from: number): number[] => Array.from({ length: count }, (_, i) => from + i);

test.each(seeds(Number(process.env["SEEDS"] ?? 3), 40))("honest devices, some held back and on a lossy link, train alike and are never refused: seed %i", (seed) => {
  const sim = room(5, { seed, loss: 0.05 });
  const starts = sim.devices.map(({ state }) => state);
  expect(sim.run(300_000, () => sim.devices.every((device) => roundOf(device) >= 8))).toBe(true);
  sim.run(5_000);
  for (const device of sim.devices) {
    expect(device.problems).toEqual([]);
    expect(device.state.carry.residual.some((value) => value !== 0)).toBe(false);
  }
  // Two of each group and audit, and no others.
  const shown = Math.max(...sim.devices.map((device) => device.events.filter(({ type }) => type === "resealed").length));
  const runs = sim.devices.reduce((sum, device) => sum + reran(device), 0);
  expect(runs).toBeGreaterThan(0);
  expect(runs).toBeLessThanOrEqual(2 * (shown + 1 + sim.devices.length));
  const { roots } = replay(sim.devices.map((device, i) => decodeRecording(encodeRecording(starts[i]!, device.events))));
  sim.devices.forEach((device, i) => expect(roots[i]!.get(roundOf(device))).toBe(device.state.head.root));
}, 60_000);

const cheats: [string, Parameters<typeof cheating>[2]][] = [
  ["trained on poisoned labels", ({ steps }, points) => ({ delta: points.train(new Float32Array(40), 1, steps!, true).delta })],
  ["skipped its training", ({ delta }) => ({ delta: delta.map(() => 0) })],
  ["says that it did more steps than it did", ({ steps }) => ({ steps: (steps! % STEPS) + 1 })],
  ["counts what it did not see", ({ samples }) => ({ samples: 2 * samples })],
];
test.each(cheats.flatMap(([name, change]) => seeds(Number(process.env["SEEDS"] ?? 1), 70).map((seed) => [name, seed, change] as const)))("a device that %s is refused by all once it is audited, and nobody else is: seed %i", (_, seed, change) => {
  const sim = room(6, { seed });
  const cheat = sim.devices[2]!;
  cheating(sim, cheat, change);
  const others = sim.devices.filter((device) => device !== cheat);
  let shows = false;
  sim.tamper((from, _to, bytes) => {
    shows ||= from === cheat && bulkIn(bytes, "reveal") !== null;
    return bytes;
  });
  expect(sim.run(600_000, () => shows)).toBe(true);
  // As long as training again and its word take, and no round longer.
  expect(sim.run(10_000, () => others.every((device) => refused(device).includes(cheat.id)))).toBe(true);
  const round = roundOf(others[0]!);
  expect(sim.run(60_000, () => others.every((device) => roundOf(device) >= round + 2))).toBe(true);
  for (const device of others) {
    expect(refused(device)).toEqual([cheat.id]);
    expect(device.problems).toContainEqual({ type: "accused", peer: cheat.id, what: "update", round: expect.any(Number) as number });
  }
}, 60_000);

test("who says of a right update that it is wrong costs the others a run each, and nobody is refused", () => {
  const sim = room(6, { seed: 7 });
  const liar = sim.devices[1]!;
  sim.corrupt((device, event) => (device === liar && event.type === "reran" && event.update ? { ...event, update: { ...event.update, delta: event.update.delta.map((value) => value + 1) } } : event));
  const disputes = new Set<string>();
  sim.tamper((from, to, bytes) => {
    const dispute = bulkIn(bytes, "dispute");
    if (dispute) {
      expect(from).toBe(liar);
      disputes.add(`${dispute.view} ${to.id}`);
    }
    return bytes;
  });
  expect(sim.run(600_000, () => disputes.size > 0)).toBe(true);
  sim.run(5_000);
  for (const device of sim.devices) if (device !== liar) expect(refused(device)).toEqual([]);
  const [view] = [...disputes][0]!.split(" ");
  const told = sim.devices.filter(({ id }) => disputes.has(`${view} ${id}`));
  expect(told).toHaveLength(4);
  for (const device of told) expect(reran(device)).toBeGreaterThan(0);
}, 60_000);

test("one honest device of the two is enough: the other's silence changes nothing", () => {
  const sim = room(6, { seed: 70 });
  const [cheat, friend] = [sim.devices[2]!, sim.devices[3]!];
  sim.corrupt((device, event) => {
    if (device === cheat && event.type === "trained") return { ...event, delta: event.delta.map(() => 0) };
    return device === friend && event.type === "reran" ? { ...event, update: null } : event;
  });
  const others = sim.devices.filter((device) => device !== cheat && device !== friend);
  expect(sim.run(600_000, () => others.every((device) => refused(device).includes(cheat.id)))).toBe(true);
  for (const device of others) expect(refused(device)).toEqual([cheat.id]);
}, 60_000);

test("a device that cannot train again in time says nothing, holds up nobody, and keeps nothing of it", () => {
  const sim = room(6, { seed: 9 });
  sim.corrupt((_, event) => (event.type === "reran" ? { ...event, update: null } : event));
  expect(sim.run(120_000, () => sim.devices.every((device) => roundOf(device) >= 12))).toBe(true);
  for (const device of sim.devices) {
    expect(device.problems).toEqual([]);
    expect(device.state.audits.length).toBeLessThanOrEqual(LIMITS.audits);
    expect(device.state.audits.filter(({ since }) => since < sim.clock.now() - 2 * LIMITS.revealAtMost - 2 * LIMITS.rerunAtMost)).toEqual([]);
  }
}, 60_000);

/** A room in which somebody is about to show its update to others of whom one trains it again; what it shows, and who gets it. */
function showing(seed: number): { sim: Sim; shower: SimDevice; others: SimDevice[]; payload: Uint8Array; view: string } {
  const sim = room(5, { seed });
  let shown: { from: SimDevice; message: Bulk } | null = null;
  sim.tamper((from, _to, bytes) => {
    const message = bulkIn(bytes, "reveal");
    if (!message || (shown && shown.message.view !== message.view)) return bytes;
    shown ??= { from, message };
    return null;
  });
  sim.run(300_000, () => shown !== null);
  const { from, message } = shown! as { from: SimDevice; message: Bulk };
  const others = sim.devices.filter((device) => device.state.audits.some(({ name, own }) => name === message.view && own === null));
  return { sim, shower: from, others, payload: message.payload.slice(), view: message.view };
}

const shows = (root: string, view: string, payload: Uint8Array): Uint8Array<ArrayBuffer> => encodeMessage({ kind: "bulk", what: "reveal", root, view, index: 0, payload });

/** Whom all refuse once this was shown in place of what is true. */
function judged(seed: number, change: (payload: Uint8Array) => Uint8Array): boolean[] {
  const { sim, shower, others, payload, view } = showing(seed);
  expect(others.length).toBeGreaterThan(0);
  for (const device of others) sim.inject(device, { type: "message", from: shower.id, bytes: shows(NO_VIEW, view, change(payload)) });
  sim.run(4_000);
  return others.map((device) => refused(device).includes(shower.id));
}

test("what is shown is believed as it is", () => {
  for (const seed of [1, 2, 3]) expect(judged(seed, (payload) => payload)).not.toContain(true);
});

test("any changed bit of what is shown is caught, and any other length", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.integer({ min: 0, max: 7 }), (seed, place, bit) => {
      const results = judged(seed, (payload) => payload.map((byte, i) => (i === Math.floor(place * payload.length) ? byte ^ (1 << bit) : byte)));
      expect(results).not.toContain(false);
    }),
    { numRuns: 12 },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: -400, max: 400 }), (seed, more) => {
      const results = judged(seed, (payload) => (more < 0 ? payload.slice(0, Math.max(0, payload.length + more)) : Uint8Array.of(...payload, ...new Uint8Array(more + 1))));
      expect(results).not.toContain(false);
    }),
    { numRuns: 8 },
  );
}, 120_000);

test("nobody can be made to train for ever, nor another device's audit be disputed from outside its group", () => {
  const { sim, shower, others, payload, view } = showing(4);
  const random = createRandom("how");
  for (const how of [[0, 0, 0, 0, 0], [255, 255, 255, 255, 0], [0, 0, 0, STEPS + 1, 0], [0, 0, 0, 1, 8]]) {
    const changed = payload.slice();
    changed.set(how, payload.length - 32 - HOW_BYTES);
    const device = others[random.below(others.length)]!;
    const before = device.state;
    sim.inject(device, { type: "message", from: shower.id, bytes: shows(NO_VIEW, view, changed) });
    expect(refused(device)).toContain(shower.id);
    expect(reran(device)).toBe(0);
    device.state = before;
    device.problems = [];
  }
  const [device] = others;
  sim.inject(device!, { type: "message", from: "f".repeat(32) as SimDevice["id"], bytes: encodeMessage({ kind: "bulk", what: "dispute", root: NO_VIEW, view, index: 0, payload: new Uint8Array() }) });
  expect(device!.state.audits.some(({ disputed }) => disputed)).toBe(false);
});
