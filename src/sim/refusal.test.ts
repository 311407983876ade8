import { expect, test } from "vitest";
import type { SwarmEvent } from "../swarm/events.ts";
import { modelHash } from "../swarm/head.ts";
import { decodeMessage, encodeMessage } from "../swarm/message.ts";
import { createSim, type Sim, type SimDevice, type SimOptions } from "./sim.ts";

const roundOf = (device: SimDevice): number => device.state.head.record.round;
const MUCH_WORSE = { mean: 9, error: 0.1, before: 1 };
const BETTER = { mean: -1, error: 0.1, before: 1 };
type Judged = SwarmEvent & { type: "judged" };

/** @param judge what a device finds in a round, instead of what is */
function room(devices: number, judge: (number: number, round: number, event: Judged) => SwarmEvent, options: Partial<SimOptions> = {}): Sim {
  const sim = createSim({ seed: 5, ...options });
  for (let i = 0; i < devices; i++) sim.add();
  sim.corrupt((device, event) => (event.type === "judged" ? judge(sim.devices.indexOf(device), roundOf(device) + 1, event) : event));
  return sim;
}

const finds = (change: Judged["change"]) => (event: Judged): Judged => ({ ...event, change });
const all = (sim: Sim, round: number) => () => sim.devices.filter(({ alive }) => alive).every((device) => roundOf(device) >= round);
const rootsAt = (sim: Sim, round: number): Set<string> => new Set(sim.devices.flatMap(({ history }) => history.flatMap((entry) => (entry.round === round ? [entry.root] : []))));

test("a model that all find much worse is refused: model, outer state, steps and carries stay, the round weighs nothing, and the next one goes on", () => {
  const sim = room(8, (_, round, event) => (round === 3 ? finds(MUCH_WORSE)(event) : event), { outer: { kind: "nesterov", rate: 1, momentum: 0.5 }, bits: 4 });
  expect(sim.run(60_000, all(sim, 2))).toBe(true);
  const before = new Map(sim.devices.map((device) => [device, device.state]));
  expect(sim.run(60_000, all(sim, 3))).toBe(true);
  expect(rootsAt(sim, 3).size).toBe(1);
  for (const device of sim.devices) {
    const { head, carry } = device.state;
    const old = before.get(device)!;
    expect(head.record).toMatchObject({ round: 3, prev: old.head.root, model: old.head.record.model, weight: old.head.record.weight });
    expect(head.roll.members).toHaveLength(8);
    expect(modelHash(head)).toBe(head.record.model);
    expect(carry).toEqual(old.carry);
    expect(carry.residual.some((value) => value !== 0)).toBe(true);
  }
  expect(sim.run(60_000, all(sim, 5))).toBe(true);
  for (const { state } of sim.devices) expect(state.head.record.weight).toBe(8 * 4);
  expect(rootsAt(sim, 5).size).toBe(1);
});

test("a few who refuse everything change nothing, nor do a few who vote for everything", () => {
  const refusing = room(8, (number, _, event) => (number < 2 ? finds(MUCH_WORSE)(event) : event));
  expect(refusing.run(90_000, all(refusing, 6))).toBe(true);
  for (const { state } of refusing.devices) expect(state.head.record.weight).toBe(8 * 6);

  const voting = room(8, (number, round, event) => (round === 3 ? finds(number < 2 ? BETTER : MUCH_WORSE)(event) : event));
  expect(voting.run(90_000, all(voting, 5))).toBe(true);
  for (const { state } of voting.devices) expect(state.head.record.weight).toBe(8 * 4);
});

test("where the votes are split the model is committed by all, and nobody waits", () => {
  for (const refusers of [3, 4, 5]) {
    const sim = room(8, (number, round, event) => (round >= 2 ? finds(number < refusers ? MUCH_WORSE : BETTER)(event) : event));
    expect(sim.run(60_000, all(sim, 5))).toBe(true);
    for (const { state } of sim.devices) expect(state.head.record.weight).toBe(8 * 5);
    for (let round = 2; round <= 5; round++) expect(rootsAt(sim, round).size).toBe(1);
    const plain = room(8, (_, _round, event) => event);
    plain.run(60_000, all(plain, 5));
    expect(sim.clock.now() - plain.clock.now()).toBeLessThan(1_500);
  }
});

test("where one never votes, those who wait for it to refuse too go on with the model", () => {
  const sim = room(8, (number, round, event) => (round === 2 ? finds(number < 5 ? MUCH_WORSE : BETTER)(event) : event));
  const silent = sim.devices[7]!;
  sim.tamper((from, _to, bytes) => {
    if (from !== silent || bytes[0]! >= 0x80) return bytes;
    const message = decodeMessage(bytes);
    return message.kind === "status" ? encodeMessage({ ...message, votes: [] }) : bytes;
  });
  expect(sim.run(90_000, all(sim, 3))).toBe(true);
  for (const { state } of sim.devices) expect(state.head.record.weight).toBe(8 * 3);
  expect(rootsAt(sim, 2).size).toBe(1);
});

test("a device that does not judge in time, or cannot, votes for the model", () => {
  const mute = room(6, (_, round, event) => (round === 2 ? { type: "tick", now: event.now } : round === 3 ? finds(null)(event) : event));
  expect(mute.run(60_000, all(mute, 4))).toBe(true);
  for (const { state } of mute.devices) expect(state.head.record.weight).toBe(6 * 4);
});

test("where fewer than four contribute nobody is asked: the one who spoilt it would have to refuse too", () => {
  const asked: number[] = [];
  const sim = room(3, (number, _, event) => (asked.push(number), finds(MUCH_WORSE)(event)));
  expect(sim.run(60_000, all(sim, 3))).toBe(true);
  expect(asked).toEqual([]);
  for (const { state } of sim.devices) expect(state.head.record.weight).toBe(3 * 3);
});

test("several groups refuse together", () => {
  const sim = room(8, (_, round, event) => (round === 4 ? finds(MUCH_WORSE)(event) : event), { groupSize: 4 });
  expect(sim.run(120_000, all(sim, 6))).toBe(true);
  for (const { state } of sim.devices) expect(state.head.record.weight).toBe(8 * 5);
  for (let round = 4; round <= 6; round++) expect(rootsAt(sim, round).size).toBe(1);
});

test("messages that are lost in the vote leave nobody behind on another root", () => {
  for (let seed = 1; seed <= 3; seed++) {
    const sim = room(8, (number, round, event) => (round % 2 === 0 ? finds(number < 2 ? BETTER : MUCH_WORSE)(event) : event), { loss: 0.1, seed });
    expect(sim.run(240_000, all(sim, 6))).toBe(true);
    sim.run(30_000);
    const last = Math.min(...sim.devices.map(roundOf));
    expect(rootsAt(sim, last).size).toBe(1);
  }
});

test("whoever was away while the others refused takes their head over, though it weighs no more than its own", () => {
  const sim = room(8, (_, round, event) => (round === 3 ? finds(MUCH_WORSE)(event) : event));
  const away = sim.devices[7]!;
  const rest = sim.devices.slice(0, 7);
  expect(sim.run(60_000, () => away.state.head.record.round === 2 && away.state.round.signed !== null)).toBe(true);
  sim.partition((device) => (device === away ? 1 : 0));
  expect(sim.run(60_000, () => rest.every((device) => roundOf(device) === 3))).toBe(true);
  for (const device of rest) sim.inject(device, { type: "take", taking: false });
  expect(roundOf(away)).toBe(2);
  sim.partition(null);
  expect(sim.run(60_000, () => roundOf(away) === 3)).toBe(true);
  expect(away.state.head.root).toBe(rest[0]!.state.head.root);
  expect(away.state.head.record.weight).toBe(8 * 2);
});
