import { expect, test } from "vitest";
import { answerBytes } from "../securesum/degree.ts";
import { groupOf } from "../securesum/params.ts";
import type { Attempt } from "../swarm/attempt.ts";
import { drawn, withheld } from "../swarm/audit/draw.ts";
import { LIMITS } from "../swarm/limits.ts";
import { decodeMessage, encodeMessage } from "../swarm/message.ts";
import { decodeRecording, encodeRecording } from "../swarm/recording.ts";
import type { SwarmState } from "../swarm/state.ts";
import { encodeValues } from "../swarm/values.ts";
import type { PeerId } from "../wire/ids.ts";
import { createRandom } from "../wire/random.ts";
import { replay } from "./replay.ts";
import { createSim, type Sim, type SimDevice, type SimOptions } from "./sim.ts";

const roundOf = (device: SimDevice): number => device.state.head.record.round;
const refused = (device: SimDevice): string[] => device.problems.flatMap((problem) => (problem.type === "refused" ? [problem.peer] : []));
const accused = (device: SimDevice): string[] => device.problems.flatMap((problem) => (problem.type === "accused" && problem.what === "update" ? [problem.peer] : []));

function isReveal(bytes: Uint8Array): boolean {
  const message = decodeMessage(bytes);
  return message.kind === "bulk" && message.what === "reveal";
}

function room(devices: number, options: Partial<SimOptions> & { seed: number }): Sim {
  const sim = createSim({ audits: true, parameters: 60, epochRounds: 1_000, ...options });
  for (let i = 0; i < devices; i++) sim.add();
  return sim;
}

/** Round → whom each device's signature under U leaves out. */
function watchDraws(sim: Sim, also: (device: SimDevice, before: SwarmState) => void = () => undefined): Map<number, Map<PeerId, PeerId | null>> {
  const draws = new Map<number, Map<PeerId, PeerId | null>>();
  sim.watch((device, before) => {
    const { attempt, signed } = device.state.round;
    if (signed !== null && before.round.signed === null) draws.set(roundOf(device) + 1, (draws.get(roundOf(device) + 1) ?? new Map<PeerId, PeerId | null>()).set(device.id, attempt!.audited));
    also(device, before);
  });
  return draws;
}

const auditedIn = (draws: Map<number, Map<PeerId, PeerId | null>>): PeerId[] => [...draws.values()].flatMap((said) => [...new Set(said.values())].filter((peer) => peer !== null));

/** Runs until somebody is audited. */
function firstAudited(sim: Sim): SimDevice {
  const draws = watchDraws(sim);
  expect(sim.run(300_000, () => auditedIn(draws).length > 0)).toBe(true);
  return sim.devices.find(({ id }) => id === auditedIn(draws)[0])!;
}

test("honest devices draw alike, are in no sum when they are audited, and are never refused", () => {
  const sim = room(6, { seed: 3 });
  const starts = sim.devices.map(({ state }) => state);
  const values = new Map<number, Map<PeerId, Int8Array>>();
  const sums = new Map<number, { sum: Int32Array; contributors: readonly PeerId[] }>();
  const draws = watchDraws(sim, (device) => {
    const { head, round, config } = device.state;
    if (round.update) values.set(head.record.round + 1, (values.get(head.record.round + 1) ?? new Map<PeerId, Int8Array>()).set(device.id, encodeValues(round.update, config)));
    const opened = device.events.at(-1)!;
    if (opened.type === "opened" && opened.sum && round.candidate) sums.set(round.candidate.head.record.round, { sum: opened.sum, contributors: round.candidate.head.roll.contributors });
  });
  const reveals = new Set<PeerId>();
  sim.tamper((from, _to, bytes) => {
    if (isReveal(bytes)) reveals.add(from.id);
    return bytes;
  });
  expect(sim.run(300_000, () => sim.devices.every((device) => roundOf(device) >= 10))).toBe(true);
  sim.run(3_000);
  expect(new Set(auditedIn(draws)).size).toBeGreaterThan(1);
  expect(reveals).toEqual(new Set(auditedIn(draws)));
  for (const [round, said] of draws) {
    expect(new Set(said.values()).size).toBe(1);
    const { sum, contributors } = sums.get(round)!;
    expect(contributors).toEqual(sim.devices.map(({ id }) => id).filter((peer) => ![...said.values()].includes(peer)).sort());
    expect(sum).toEqual(Int32Array.from(sum, (_, i) => contributors.reduce((total, peer) => total + values.get(round)!.get(peer)![i]!, 0)));
  }
  for (const device of sim.devices) {
    expect(refused(device)).toEqual([]);
    // All of the others made again what was shown.
    expect(device.state.audits.filter(({ own, since }) => own === null && since < sim.clock.now() - 3_000)).toEqual([]);
    expect(device.events.filter(({ type }) => type === "resealed").length).toBeGreaterThan(0);
  }
  const { roots } = replay(sim.devices.map((device, i) => decodeRecording(encodeRecording(starts[i]!, device.events))));
  sim.devices.forEach((device, i) => expect(roots[i]!.get(roundOf(device))).toBe(device.state.head.root));
}, 30_000);

test("an audited device's carry stays as it was, and it takes part in the next round", () => {
  const sim = room(6, { seed: 4 });
  const audited = firstAudited(sim);
  const round = roundOf(audited) + 1;
  const before = audited.state.carry;
  expect(sim.run(60_000, () => roundOf(audited) >= round)).toBe(true);
  expect(audited.state.carry).toBe(before);
  expect(sim.run(60_000, () => sim.devices.every((device) => roundOf(device) >= round + 1))).toBe(true);
  expect(sim.devices[0]!.history.find((commit) => commit.round === round)!.contributors).not.toContain(audited.id);
  expect(sim.devices[0]!.history.find((commit) => commit.round === round + 1)!.contributors).toContain(audited.id);
});

test("an audited device that cannot open the sum itself takes over what the others committed, and shows its update all the same", () => {
  const sim = room(6, { seed: 4 });
  const audited = firstAudited(sim);
  const round = roundOf(audited) + 1;
  sim.tamper((_from, to, bytes) => {
    const message = decodeMessage(bytes);
    return to === audited && roundOf(audited) < round && message.kind === "bulk" && (message.what === "sum" || message.what === "share") ? null : bytes;
  });
  expect(sim.run(60_000, () => roundOf(audited) >= round)).toBe(true);
  expect(audited.history.at(-1)).toMatchObject({ round, adopted: true });
  const others = sim.devices.filter((device) => device !== audited);
  expect(sim.run(10_000, () => others.every((device) => device.events.some(({ type }) => type === "resealed")))).toBe(true);
  sim.run(LIMITS.revealAtMost);
  for (const device of others) expect(refused(device)).toEqual([]);
}, 60_000);

test.each([
  ["withholds its reveal", () => null],
  ["reveals other values than it committed to", (bytes: Uint8Array) => bytes.map((byte, i) => (i === 80 ? byte ^ 1 : byte))],
  ["reveals another seed", (bytes: Uint8Array) => bytes.map((byte, i) => (i === bytes.length - 1 ? byte ^ 1 : byte))],
  ["reveals something else", (bytes: Uint8Array) => bytes.slice(0, -5)],
])("a device that %s is refused by all, and holds up nobody", (_, change) => {
  const sim = room(6, { seed: 5 });
  const cheat = firstAudited(sim);
  sim.tamper((from, _to, bytes) => (from === cheat && isReveal(bytes) ? change(bytes) : bytes));
  const others = sim.devices.filter((device) => device !== cheat);
  const round = roundOf(others[0]!) + 1;
  const since = sim.clock.now();
  expect(sim.run(8_000, () => others.every((device) => roundOf(device) >= round + 1))).toBe(true);
  expect(sim.run(LIMITS.revealAtMost + 10_000, () => others.every((device) => accused(device).includes(cheat.id) && refused(device).includes(cheat.id)))).toBe(true);
  for (const device of others) {
    expect(refused(device)).toEqual([cheat.id]);
    expect(roundOf(device)).toBeGreaterThan(round + Math.floor((sim.clock.now() - since) / 4_000));
  }
  expect(sim.run(30_000, () => others.every(({ history }) => !history.at(-1)!.contributors.includes(cheat.id)))).toBe(true);
}, 30_000);

test.each([
  ["encrypts what is out of range", (values: Int8Array) => Int32Array.from(values, (value, i) => (i === 0 ? 5_000 : value))],
  ["encrypts other values than its core has", (values: Int8Array) => values.map((value) => -value)],
])("a device that %s is caught once it is drawn", (_, forge) => {
  const sim = room(6, { seed: 30 });
  const cheat = sim.devices[2]!;
  sim.cheat((device, values) => (device === cheat ? forge(values) : values));
  const others = sim.devices.filter((device) => device !== cheat);
  const draws = watchDraws(sim);
  expect(sim.run(600_000, () => auditedIn(draws).includes(cheat.id))).toBe(true);
  expect(sim.run(10_000, () => others.every((device) => refused(device).includes(cheat.id)))).toBe(true);
  for (const device of others) expect(refused(device)).toEqual([cheat.id]);
}, 60_000);

test("an update a hundred times as long is caught by its length, once rounds have shown what is usual", () => {
  const sim = room(6, { seed: 12, bits: 4 });
  const cheat = sim.devices[2]!;
  const { config } = cheat.state;
  const compressor = config.compressor!;
  const scaled: typeof compressor.encode = (delta, carry, at) => ({ ...compressor.encode(delta.map((value) => 100 * value), carry, at), carry });
  cheat.state = { ...cheat.state, config: { ...config, compressor: { ...compressor, lengthOver: () => 0, encode: scaled } } };
  const others = sim.devices.filter((device) => device !== cheat);
  expect(sim.run(600_000, () => others.every((device) => refused(device).includes(cheat.id)))).toBe(true);
  for (const device of others) {
    expect(device.problems).toEqual([{ type: "accused", peer: cheat.id, what: "update", round: expect.any(Number) as number }, { type: "refused", peer: cheat.id, error: new Error("its update is longer than any may be") }]);
    expect(roundOf(device)).toBeGreaterThan(LIMITS.normFrom);
  }
}, 60_000);

/** Says nothing of its answer to the degree test once it sees that it is the one that is drawn. */
function withhold(sim: Sim, cheat: SimDevice): void {
  sim.tamper((from, _to, bytes) => {
    if (from !== cheat || bytes[0]! >= 0x80) return bytes;
    const message = decodeMessage(bytes);
    const { attempt } = cheat.state.round;
    if (message.kind !== "status" || message.answer === null || attempt?.set === null || !attempt) return bytes;
    const draw = drawn(cheat.state, attempt);
    return draw === undefined || draw === cheat.id ? encodeMessage({ ...message, answer: null, phase: "open" }) : bytes;
  });
}

test("who keeps its answer back because it is drawn is refused as if it had shown nothing", () => {
  const sim = room(6, { seed: 8 });
  const cheat = sim.devices[1]!;
  withhold(sim, cheat);
  const others = sim.devices.filter((device) => device !== cheat);
  expect(sim.run(600_000, () => others.every((device) => refused(device).includes(cheat.id)))).toBe(true);
  const round = roundOf(others[0]!);
  expect(sim.run(60_000, () => others.every((device) => roundOf(device) >= round + 2))).toBe(true);
  for (const device of others) {
    expect(refused(device)).toEqual([cheat.id]);
    expect(accused(device)).toEqual([cheat.id]);
  }
}, 60_000);

test("a device that leaves while it is audited stalls nothing", () => {
  const sim = room(6, { seed: 9 });
  const audited = firstAudited(sim);
  sim.kill(audited);
  const others = sim.devices.filter((device) => device !== audited);
  const round = roundOf(others[0]!);
  expect(sim.run(20_000, () => others.every((device) => roundOf(device) >= round + 4))).toBe(true);
  sim.run(LIMITS.revealAtMost + 5_000);
  for (const device of others) {
    expect(refused(device)).toEqual([audited.id]);
    expect(device.state.audits.filter(({ peer }) => peer === audited.id)).toEqual([]);
  }
}, 30_000);

test("a group of several audits among itself", () => {
  const sim = room(10, { seed: 2, groupSize: 5 });
  const draws = new Map<PeerId, Set<number>>();
  sim.watch((device) => {
    const { attempt } = device.state.round;
    if (attempt?.audited) draws.set(attempt.audited, (draws.get(attempt.audited) ?? new Set<number>()).add(roundOf(device) + 1));
  });
  expect(sim.run(300_000, () => sim.devices.every((device) => roundOf(device) >= 10))).toBe(true);
  sim.run(3_000);
  expect(sim.devices[0]!.state.head.record.groups).toBe(2);
  expect(draws.size).toBeGreaterThan(0);
  for (const device of sim.devices) {
    expect(refused(device)).toEqual([]);
    for (const { round, contributors, adopted } of device.history) if (!adopted) for (const [peer, rounds] of draws) if (rounds.has(round)) expect(contributors).not.toContain(peer);
  }
}, 30_000);

/** A device in OPEN that knows all answers. */
function opened(seed: number): { state: SwarmState; attempt: Attempt } {
  const sim = room(6, { seed });
  let found: SwarmState | null = null;
  sim.watch((device) => {
    const { attempt, signed } = device.state.round;
    if (found === null && signed !== null && attempt!.answers.size === 5 && attempt!.answer) found = device.state;
  });
  sim.run(60_000, () => found !== null);
  const state: SwarmState = found!;
  return { state, attempt: state.round.attempt! };
}

test("one of twenty is drawn, and nobody knows who before the last answer: what a device answers itself says nothing of its own ticket", () => {
  const { state, attempt } = opened(10);
  const { self } = state.config;
  const random = createRandom(["answers"]);
  const answer = (): Uint8Array<ArrayBuffer> => Uint8Array.from({ length: answerBytes(groupOf(6).threshold) }, () => random.below(256));
  const others = attempt.view.filter((peer) => peer !== self);
  for (const peer of others) {
    const answers = new Map(attempt.answers);
    answers.delete(peer);
    expect(drawn(state, { ...attempt, answers })).toBeUndefined();
  }
  const counts = new Map<PeerId | null | undefined, number>();
  // Whoever commits last knows no answer but its own.
  for (let i = 0; i < 2_000; i++) {
    const draw = drawn(state, { ...attempt, answers: new Map(others.map((peer) => [peer, answer()])) });
    counts.set(draw, (counts.get(draw) ?? 0) + 1);
  }
  for (const peer of attempt.view) expect(counts.get(peer)! / 2_000).toBeCloseTo(1 / LIMITS.auditOneOf, 1);
  // Each is known to be drawn, if it is, by the others' answers.
  for (let i = 0; i < 200; i++) {
    const answers = new Map(others.map((peer) => [peer, answer()]));
    const draw = drawn(state, { ...attempt, answers });
    if (!draw || draw === self) continue;
    answers.delete(draw);
    expect(withheld(state, { ...attempt, answers })).toBe(draw);
  }
});

test("once U is signed nobody can be audited any more", () => {
  const sim = room(6, { seed: 11 });
  const [victim, liar] = [sim.devices[0]!, sim.devices[1]!];
  expect(sim.run(60_000, () => victim.state.round.signed !== null && victim.state.round.attempt!.audited === null)).toBe(true);
  const { attempt } = victim.state.round;
  const sent = new Set<PeerId>();
  sim.tamper((from, _to, bytes) => {
    if (isReveal(bytes)) sent.add(from.id);
    return bytes;
  });
  const said = victim.state.peers.get(liar.id)!;
  sim.inject(victim, { type: "message", from: liar.id, bytes: encodeMessage({ ...said, phase: "reduce", seq: said.seq + 1, audited: victim.id }) });
  sim.inject(victim, { type: "message", from: liar.id, bytes: encodeMessage({ kind: "want", what: "reveal", root: victim.state.head.root, view: attempt!.name, from: 0, to: 1 }) });
  expect(victim.state.round.attempt!.audited).toBeNull();
  expect(sim.run(60_000, () => victim.history.length > 0)).toBe(true);
  sim.inject(victim, { type: "message", from: liar.id, bytes: encodeMessage({ kind: "want", what: "reveal", root: victim.state.head.root, view: attempt!.name, from: 0, to: 1 }) });
  sim.run(1_000);
  expect(victim.history[0]!.contributors).toContain(victim.id);
  expect(sent.has(victim.id)).toBe(false);
});

test("a signature under a U that leaves out another device does not count for this one", () => {
  const sim = room(6, { seed: 13 });
  const liars = sim.devices.slice(0, 2);
  const others = sim.devices.slice(2);
  let lying = true;
  // Four of six are one short of a quorum.
  sim.tamper((from, _to, bytes) => {
    const message = decodeMessage(bytes);
    return lying && liars.includes(from) && message.kind === "status" && message.set !== null && (message.phase === "reduce" || message.phase === "commit") ? encodeMessage({ ...message, audited: others[0]!.id }) : bytes;
  });
  let signed = 0;
  sim.watch((device) => {
    const { attempt, signed: set } = device.state.round;
    if (!others.includes(device) || set === null) return;
    signed++;
    expect(attempt?.audited ?? null).not.toBe(others[0]!.id);
    expect(attempt?.shares.has(attempt.view.indexOf(device.id)) ?? false).toBe(false);
  });
  sim.run(9_000);
  expect(signed).toBeGreaterThan(0);
  expect(others.every((device) => roundOf(device) === 0)).toBe(true);
  lying = false;
  sim.watch(() => undefined);
  expect(sim.run(60_000, () => others.every((device) => roundOf(device) >= 1))).toBe(true);
});
