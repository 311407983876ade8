import { expect, test } from "vitest";
import { LIMITS } from "../swarm/limits.ts";
import { decodeMessage, encodeMessage, isStands, signedBytes, type Stands } from "../swarm/message.ts";
import { groupsAfter } from "../swarm/tier/groups.ts";
import { createSim, type Sim, type SimDevice } from "./sim.ts";
import { sign } from "./signing.ts";

const roundOf = (device: SimDevice): number => device.state.head.record.round;
const groupOf = ({ id, state }: SimDevice): number => groupsAfter(state.head, state.config).of(id);

function running(devices: number, groupSize: number, seed: number): Sim {
  const sim = createSim({ parameters: 60, seed, groupSize });
  for (let i = 0; i < devices; i++) sim.add();
  expect(sim.run(180_000, () => sim.devices.every(({ state: { head } }) => head.record.groups > 1 && head.record.contributors.count === devices))).toBe(true);
  return sim;
}

const standsIn = (bytes: Uint8Array): Stands | null => {
  const message = isStands(bytes) ? decodeMessage(bytes) : null;
  return message?.kind === "stands" ? message : null;
};

/** Nobody's words but this device's. */
const isOwn = ({ said }: Stands, { id }: SimDevice): boolean => said.every(({ by }) => by.every(({ peer }) => peer === id));

const isWords = (bytes: Uint8Array): boolean => {
  const message = bytes[0]! < 0x80 ? decodeMessage(bytes) : null;
  return message?.kind === "want" && message.what === "words";
};

function expectOneRoot(devices: readonly SimDevice[], round: number): void {
  const roots = devices.map(({ history }) => history.find((commit) => commit.round === round)?.root);
  expect(new Set(roots).size).toBe(1);
  expect(roots[0]).toBeDefined();
}

test("who hands on words that their devices have not signed is refused, and the others go on", () => {
  const sim = running(8, 4, 31);
  const round = roundOf(sim.devices[0]!);
  const liar = sim.devices[0]!;
  sim.tamper((from, _, bytes) => {
    const stands = from === liar ? standsIn(bytes) : null;
    if (!stands || isOwn(stands, liar)) return bytes;
    // It would have them all vote for something else.
    return encodeMessage({ ...stands, said: stands.said.map(({ word, by }) => ({ word: { ...word, votes: ["ab".repeat(32)] }, by })) });
  });
  const honest = sim.devices.filter((device) => device !== liar);
  expect(sim.run(120_000, () => honest.every((device) => roundOf(device) >= round + 2))).toBe(true);
  const refused = honest.flatMap(({ problems }) => problems.flatMap((problem) => (problem.type === "refused" ? [problem.peer] : [])));
  expect(new Set(refused)).toEqual(new Set([liar.id]));
  expectOneRoot(honest, round + 2);
});

test("one device of each group hands nothing on: others do", () => {
  const sim = running(12, 4, 32);
  const round = roundOf(sim.devices[0]!);
  const silent = [0, 1, 2].map((group) => sim.devices.find((device) => groupOf(device) === group)!);
  sim.tamper((from, _, bytes) => {
    const stands = silent.includes(from) ? standsIn(bytes) : null;
    return stands && !isOwn(stands, from) ? null : bytes;
  });
  expect(sim.run(120_000, () => sim.devices.every((device) => roundOf(device) >= round + 3))).toBe(true);
  expectOneRoot(sim.devices, round + 3);
  for (const { history } of sim.devices) expect(history.at(-1)!.contributors).toHaveLength(12);
});

test("a group that is told nothing by those who should tell it asks, and no round is lost for good", () => {
  const sim = running(8, 4, 35);
  const round = roundOf(sim.devices[0]!);
  const told = sim.devices.find((device) => groupOf(device) === 0)!;
  const rest = sim.devices.filter((device) => groupOf(device) === 0 && device !== told);
  /** Of whom somebody of the rest has asked for words, and when. */
  const asked = new Map<SimDevice, number>();
  sim.tamper((from, to, bytes) => {
    const { now } = sim.clock;
    if (rest.includes(from) && isWords(bytes)) asked.set(to, now());
    const stands = rest.includes(to) ? standsIn(bytes) : null;
    return stands && !isOwn(stands, from) && now() - (asked.get(from) ?? -Infinity) > 60 ? null : bytes;
  });
  expect(sim.run(240_000, () => sim.devices.every((device) => roundOf(device) >= round + 2))).toBe(true);
  expect(asked.size).toBeGreaterThan(0);
  expectOneRoot(sim.devices, round + 2);
});

test("words of an earlier round, said again, move nobody", () => {
  const sim = running(8, 4, 33);
  const old: Uint8Array[] = [];
  const round = roundOf(sim.devices[0]!);
  sim.tamper((_, __, bytes) => {
    if (isStands(bytes) && old.length < 100) old.push(bytes);
    return bytes;
  });
  sim.run(60_000, () => sim.devices.every((device) => roundOf(device) > round + 1));
  const [victim] = sim.devices;
  const before = victim!.state.stands;
  for (const bytes of old) sim.inject(victim!, { type: "message", from: sim.devices[1]!.id, bytes });
  expect(victim!.state.stands).toEqual(before);
});

test("a device that says something new all the time is handed on no more often than an honest one could speak", () => {
  const sim = running(8, 4, 34);
  const liar = sim.devices.find((device) => groupOf(device) === 0)!;
  const victim = sim.devices.find((device) => groupOf(device) === 1)!;
  const round = roundOf(victim);
  let handed = 0;
  sim.tamper((from, _, bytes) => {
    if (from === victim && standsIn(bytes)?.said.some(({ by }) => by.some(({ peer }) => peer === liar.id))) handed++;
    return bytes;
  });
  const { word } = liar.state;
  for (let seq = word!.seq + 1_000; seq < word!.seq + 1_300; seq++) {
    sim.inject(victim, { type: "message", from: liar.id, bytes: encodeMessage({ kind: "stands", said: [{ word: word!, by: [{ peer: liar.id, seq, signature: sign(liar.id, signedBytes(word!, seq)) }] }] }) });
  }
  const others = sim.devices.filter((device) => device !== liar);
  expect(sim.run(120_000, () => others.every((device) => roundOf(device) >= round + 2))).toBe(true);
  expect(handed).toBeGreaterThan(0);
  expect(handed).toBeLessThanOrEqual(2 * LIMITS.wordsAtMost * victim.state.round.view.length);
  expectOneRoot(others, round + 2);
});
