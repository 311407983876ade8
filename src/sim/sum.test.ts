import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { groupOf } from "../securesum/params.ts";
import { encodeMessage } from "../swarm/message.ts";
import { encodeComplaint } from "../swarm/parcel.ts";
import { reached } from "../swarm/phase.ts";
import type { SwarmState } from "../swarm/state.ts";
import { lengthAt, nextModel } from "../swarm/values.ts";
import { createSim, type Sim, type SimDevice, type SimOptions } from "./sim.ts";

const UPDATE = 0;
const SUM = 1;
const SHARE = 2;
/** Of a bulk message. */
const HEADER = 70;

const roundOf = (device: SimDevice): number => device.state.head.record.round;
const isBulk = (bytes: Uint8Array, kind: number): boolean => bytes[0]! >= 0x80 && bytes[1] === kind;
const accused = (device: SimDevice): string[] => device.problems.flatMap((problem) => (problem.type === "accused" ? [`${problem.what} ${problem.peer}`] : []));
const refused = (device: SimDevice): string[] => device.problems.flatMap((problem) => (problem.type === "refused" ? [problem.peer] : []));

/** Looks at every step of every device, and says at once where a rule of the secure sum is broken. */
function guarded(devices: number, options: SimOptions): Sim {
  const sim = createSim(options);
  const updates = new Map<string, Int8Array>();
  for (let i = 0; i < devices; i++) sim.add();
  sim.watch((device, before) => check(sim, device, before, updates));
  return sim;
}

function check(sim: Sim, device: SimDevice, before: SwarmState, updates: Map<string, Int8Array>): void {
  const { round, head } = device.state;
  const same = before.head.root === head.root;
  const nameOf = ({ id }: SimDevice, lost: number) => `${head.root} ${id} ${lost}`;
  if (round.update) updates.set(nameOf(device, round.lost), round.update.values);
  if (same && before.round.signed !== null && round.signed !== before.round.signed) {
    expect(round.signed, "another U only once the update in the first is gone").toBeNull();
    expect(round.lost).toBe(before.round.lost + 1);
    expect(round.update).toBeNull();
  }
  const { attempt } = round;
  const released = ({ attempt: at }: SwarmState["round"]): boolean => at?.shares.has(at.view.indexOf(device.id)) ?? false;
  if (attempt && released(round) && !(same && released(before.round))) {
    const signers = sim.devices.filter(({ id, state }) => attempt.view.includes(id) && (state.round.signed === attempt.set || state.head.record.prev === head.root));
    expect(signers.length, "no share before a quorum signed").toBeGreaterThanOrEqual(groupOf(attempt.view.length).quorum);
  }
  if (same && round.candidate && round.candidate !== before.round.candidate) {
    const { view } = round;
    const sum = new Int32Array(lengthAt(device.state));
    const owners = view.map((id) => sim.devices.find((other) => other.id === id)!);
    for (const owner of owners) updates.get(nameOf(owner, owner.state.head.root === head.root ? owner.state.round.lost : 0))?.forEach((value, i) => (sum[i] = sum[i]! + value));
    expect(round.candidate.head, "the sum is exact").toMatchObject(nextModel(head, sum, view.length, device.state.config));
    expect(round.candidate.counters).toMatchObject({ samples: 32 * view.length, correct: 16 * view.length, labels: [16 * view.length, 8 * view.length, 8 * view.length] });
  }
}

const run = (sim: Sim, devices: readonly SimDevice[], round: number, within = 60_000): boolean => sim.run(within, () => devices.every((device) => roundOf(device) >= round));

test("sums are exact, counters with them, and no rule is broken, whoever leaves and whatever is lost", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 8 }), fc.integer({ min: 1, max: 1e6 }), fc.constantFrom(0, 0.03, 0.1), fc.array(fc.integer({ min: 500, max: 10_000 }), { maxLength: 2 }), (devices, seed, loss, leaving) => {
      const sim = guarded(devices, { seed, loss });
      leaving.slice(0, devices - 1).forEach((at, i) => sim.clock.after(at, () => sim.kill(sim.devices[i]!)));
      sim.run(25_000);
      // Two of five that leave in mid-sum cost the rest two deadlines before they begin again.
      sim.run(25_000, () => sim.devices.some((device) => roundOf(device) > 0));
      expect(Math.max(...sim.devices.map(roundOf))).toBeGreaterThan(0);
    }),
    { numRuns: 10 },
  );
});

test("two halves that lose sight of each other in mid-round, whenever it is, break no rule", () => {
  for (let seed = 1; seed <= 6; seed++) {
    const sim = guarded(5, { seed });
    run(sim, sim.devices, 1);
    sim.run(1_000 + 90 * seed);
    sim.partition((device) => (sim.devices.indexOf(device) < 2 ? 0 : 1));
    sim.run(12_000);
    sim.partition(null);
    sim.run(12_000);
    expect(Math.min(...sim.devices.map(roundOf))).toBeGreaterThan(3);
  }
});

describe("with eight devices, of which one lies", () => {
  const lying = (tamper: (bytes: Uint8Array) => Uint8Array | null, kind: number) => {
    const sim = guarded(8, { seed: 5 });
    const liar = sim.devices[3]!;
    sim.tamper((from, _to, bytes) => (from === liar && isBulk(bytes, kind) ? tamper(bytes.slice()) : bytes));
    return { sim, liar, honest: sim.devices.filter((device) => device !== liar) };
  };

  test.each([
    ["share", SHARE],
    ["piece", SUM],
  ] as const)("a wrong %s of the sum is corrected, and accuses who gave it and nobody else", (what, kind) => {
    const { sim, liar, honest } = lying((bytes) => bytes.fill(0, HEADER), kind);
    expect(run(sim, honest, 3, 20_000)).toBe(true);
    for (const device of honest) {
      expect(new Set(accused(device))).toEqual(new Set([`${what} ${liar.id}`]));
      expect(refused(device)).toEqual([]);
      expect(device.history[1]!.contributors).toHaveLength(8);
    }
  });

  test.each([
    ["too short", (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 1)],
    ["with numbers out of range", (bytes: Uint8Array) => bytes.fill(255, HEADER)],
  ])("parcels, pieces and shares that are %s are refused, and the rest go on", (_, spoil) => {
    for (const kind of [UPDATE, SUM, SHARE]) {
      const { sim, liar, honest } = lying(spoil, kind);
      expect(run(sim, honest, 3, 60_000)).toBe(true);
      // Whoever has enough before it comes does not look at it any more.
      expect(new Set(honest.flatMap(refused))).toEqual(new Set([liar.id]));
    }
  });

  test("a dealer whose shares are not on one polynomial is convicted by all, from what one of them shows", () => {
    const sim = guarded(8, { seed: 6 });
    const liar = sim.devices[2]!;
    sim.corrupt((device, event) => {
      if (device !== liar || event.type !== "sealed") return event;
      // Only one holder gets a wrong one.
      return { ...event, dealings: event.dealings.with(5, event.dealings[4]!) };
    });
    const honest = sim.devices.filter((device) => device !== liar);
    expect(run(sim, honest, 3, 60_000)).toBe(true);
    for (const device of honest) expect(new Set(refused(device))).toEqual(new Set([liar.id]));
    expect(honest[0]!.history[0]!.contributors).not.toContain(liar.id);
  });

  test("who shows a share that is right, as if it were not, is refused for it", () => {
    const sim = guarded(8, { seed: 7 });
    const [victim, liar] = [sim.devices[1]!, sim.devices[4]!];
    const judge = sim.devices[0]!;
    sim.run(20_000, () => judge.state.round.phase === "open" && judge.state.peers.get(victim.id)!.answer !== null && (liar.state.peers.get(victim.id)?.answer ?? null) !== null && liar.state.round.attempt !== null);
    const attempt = liar.state.round.attempt!;
    const payload = encodeComplaint(attempt.parcels.get(victim.id)!, liar.state.peers.get(victim.id)!.answer!);
    const complaint = encodeMessage({ kind: "bulk", what: "complaint", root: liar.state.head.root, view: attempt.name, index: attempt.view.indexOf(victim.id), payload });
    sim.inject(judge, { type: "message", from: liar.id, bytes: complaint });
    expect(refused(judge)).toEqual([liar.id]);
  });
});

test("with one neighbour to whom nothing of another gets through, a round needs no retransmission and no retry", () => {
  const sim = guarded(6, { seed: 3 });
  const [from, to] = [sim.devices[1], sim.devices[4]];
  const wanted = new Set<SimDevice>();
  sim.tamper((sender, receiver, bytes) => {
    if (sender === from && receiver === to && bytes[0]! >= 0x80) return null;
    // What answers a second question is lost as well: the exchange has to do without.
    if (sender === to && receiver === from && bytes[0]! < 0x80) wanted.add(sender);
    return bytes;
  });
  const others = sim.devices.filter((device) => device !== to);
  expect(run(sim, others, 3, 40_000)).toBe(true);
  for (const device of others) {
    expect(device.history[1]!.contributors).toHaveLength(6);
    expect(device.state.round.retries).toBe(0);
  }
});

test("who dies once U is signed is counted in", () => {
  const sim = guarded(5, { seed: 11 });
  const victim = sim.devices[0]!;
  sim.watch((device) => {
    if (device === victim && device.alive && roundOf(device) === 1 && device.state.round.phase === "reduce") sim.kill(device);
  });
  const rest = sim.devices.slice(1);
  expect(run(sim, rest, 3, 40_000)).toBe(true);
  const second = rest[0]!.history.find(({ round }) => round === 2)!;
  expect(second.contributors).toContain(victim.id);
  expect(rest[0]!.history.find(({ round }) => round === 3)!.contributors).not.toContain(victim.id);
});

test("where too few are left to open a signed sum, the survivors wait, and each trains anew before it is summed again", () => {
  const sim = guarded(4, { seed: 12 });
  sim.watch((device) => {
    const { round, head } = device.state;
    if (head.record.round === 1 && device.alive && sim.devices.indexOf(device) < 2 && reached(round.phase, "reduce")) sim.kill(device);
  });
  const survivors = sim.devices.slice(2);
  expect(run(sim, survivors, 3, 60_000)).toBe(true);
  for (const device of survivors) {
    const { root } = device.history.find(({ round }) => round === 1)!;
    const trained = device.events.flatMap((event) => (event.type === "trained" && event.root === root ? [event.delta] : []));
    expect(trained).toHaveLength(2);
    expect(trained[0]).not.toEqual(trained[1]);
    expect(device.history.find(({ round }) => round === 2)!.contributors).toHaveLength(2);
  }
});

test("nothing secret of a round stays when it is over", () => {
  const sim = guarded(4, { seed: 14 });
  run(sim, sim.devices, 1);
  let held: readonly Uint8Array[] = [];
  const device = sim.devices[0]!;
  sim.watch((seen) => {
    const { attempt, phase } = seen.state.round;
    if (seen === device && phase === "commit" && attempt) held = [...attempt.own!.parcels, ...[...attempt.parcels.values()].map(({ dealing }) => dealing)];
  });
  run(sim, sim.devices, 2);
  expect(held.length).toBe(8);
  for (const bytes of held) expect(bytes.every((byte) => byte === 0)).toBe(true);
  expect(() => device.contributor!.key()).toThrow(expect.objectContaining({ code: "reused-key" }));
});
