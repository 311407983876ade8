import { expect, test } from "vitest";
import { countIn } from "../swarm/attempt.ts";
import { LIMITS } from "../swarm/limits.ts";
import { decodeMessage, encodeMessage, isStands, type Word } from "../swarm/message.ts";
import { quorum } from "../swarm/record.ts";
import type { SwarmState } from "../swarm/state.ts";
import { groupsAfter } from "../swarm/tier/groups.ts";
import { createSim, type Sim, type SimDevice } from "./sim.ts";

const roundOf = (device: SimDevice): number => device.state.head.record.round;
const alive = (sim: Sim): SimDevice[] => sim.devices.filter((device) => device.alive);
const chunkOf = (bytes: Uint8Array): boolean => bytes[0]! >= 0x80 && bytes[1] === 7;
const shareOf = (bytes: Uint8Array): boolean => bytes[0]! >= 0x80 && bytes[1] === 2;
const totalOf = (bytes: Uint8Array): boolean => bytes[0]! >= 0x80 && bytes[1] === 8;
const groupOf = ({ id, state }: SimDevice): number => groupsAfter(state.head, state.config).of(id);
const all = (sim: Sim, round: number) => (): boolean => alive(sim).every((device) => roundOf(device) >= round);
/** In groups: the devices' first rounds are of one group, which the others join. */
const settled = (sim: Sim): boolean => alive(sim).every(({ state: { head } }) => head.record.contributors.count === sim.devices.length);

function running(devices: number, options: Parameters<typeof createSim>[0]): Sim {
  const sim = createSim({ parameters: 60, ...options });
  for (let i = 0; i < devices; i++) sim.add();
  expect(sim.run(120_000, () => settled(sim))).toBe(true);
  return sim;
}

function expectOneRootARound(devices: readonly SimDevice[]): void {
  const roots = new Map<number, Set<string>>();
  for (const { history } of devices) for (const { round, root } of history) roots.set(round, new Set([...(roots.get(round) ?? []), root]));
  for (const [round, of] of roots) expect(of.size, `round ${round}`).toBe(1);
}

/** In which part of a round among groups a device is. */
const stages = {
  "when its group's sum is open": ({ round }: SwarmState) => round.tier !== null,
  "when it has proposed a cut": ({ round }: SwarmState) => (round.tier?.cut.length ?? 0) > 0,
  "when it has signed one": ({ round }: SwarmState) => round.tier?.signed === true,
  "when it has voted": ({ round }: SwarmState) => round.tier !== null && round.candidate !== null,
};

test("a room grows beyond one group: who comes late is let in, each group sums alone, and all commit one root", () => {
  const sim = running(20, { seed: 1 });
  expect(sim.devices[0]!.state.head.record.groups).toBe(2);
  const round = roundOf(sim.devices[0]!);
  sim.run(60_000, all(sim, round + 2));
  expectOneRootARound(sim.devices);
  for (const { problems, history } of sim.devices) {
    expect(problems).toEqual([]);
    expect(history.at(-1)!.contributors).toHaveLength(20);
  }
});

test.each(Object.entries(stages))("%s, two devices of two groups vanish: the rest commit that round or the next", (_, at) => {
  const sim = running(9, { seed: 3, groupSize: 3 });
  const round = roundOf(sim.devices[0]!) + 1;
  const victims = new Set<SimDevice>();
  const gone = new Set<string>();
  sim.watch((device) => {
    const group = device.state.round.tier?.parts.get(device.state.round.tier.own)?.group;
    if (victims.size === 2 || roundOf(device) + 1 !== round || group === undefined || gone.has(String(group)) || !at(device.state)) return;
    gone.add(String(group));
    victims.add(device);
    sim.kill(device);
  });
  sim.run(120_000, all(sim, round + 2));
  expect(victims.size).toBe(2);
  expect(alive(sim).every((device) => roundOf(device) >= round + 2)).toBe(true);
  expectOneRootARound(alive(sim));
});

test("a whole group vanishes in mid-round: the others commit without it", () => {
  const sim = running(12, { seed: 4, groupSize: 4 });
  const { record } = sim.devices[0]!.state.head;
  expect(record.groups).toBe(3);
  const doomed = new Set(sim.devices.find(({ state }) => state.round.view.length > 0)!.state.round.view);
  for (const device of sim.devices) if (doomed.has(device.id)) sim.kill(device);
  sim.run(120_000, all(sim, record.round + 2));
  expect(alive(sim).every((device) => roundOf(device) >= record.round + 2)).toBe(true);
  expectOneRootARound(alive(sim));
});

test("chunks and sums that never come are had of others", () => {
  const sim = running(6, { seed: 5, groupSize: 3 });
  const round = roundOf(sim.devices[0]!);
  sim.tamper((from, _, bytes) => ((chunkOf(bytes) || totalOf(bytes)) && from === sim.devices[0] ? null : bytes));
  sim.run(120_000, all(sim, round + 2));
  expect(alive(sim).every((device) => roundOf(device) >= round + 2)).toBe(true);
  for (const { problems, history } of sim.devices) {
    expect(problems).toEqual([]);
    expect(history.at(-1)!.contributors).toHaveLength(6);
  }
  expectOneRootARound(sim.devices);
});

test("chunks cross while the groups agree on what they add up", () => {
  const sim = running(8, { seed: 13, groupSize: 4 });
  // Nobody hears what the others of its group would add up, so that nobody signs it.
  holdBack(sim, (_, __, { cut }) => cut !== null);
  const tierOf = ({ state }: SimDevice) => state.round.tier;
  expect(sim.run(60_000, () => sim.devices.every((device) => tierOf(device)?.cut.length === 2))).toBe(true);
  sim.run(200, () => false);
  for (const device of sim.devices) expect(tierOf(device)!.signed).toBe(false);
  for (let chunk = 0; chunk < LIMITS.chunks; chunk++) {
    for (const group of [0, 1]) expect(sim.devices.some((device) => groupOf(device) === group && tierOf(device)!.cut.every((part) => tierOf(device)!.chunks[chunk]!.has(part)))).toBe(true);
  }
});

test("a chunk that comes before its part is kept until that is there", () => {
  const sim = running(8, { seed: 14, groupSize: 4 });
  const round = Math.max(...sim.devices.map(roundOf));
  sim.run(10_000, all(sim, round));
  const [late] = sim.devices;
  let isEarly = false;
  sim.watch((device) => (isEarly ||= device === late && device.state.round.unplaced.size > 0));
  // It gets no part before chunks are there, and no chunk that it asks for.
  sim.tamper((from, to, bytes) => {
    const message = isStands(bytes) ? null : decodeMessage(bytes);
    if (message?.kind === "bulk" && message.what === "part" && to === late && !isEarly) return null;
    return message?.kind === "want" && message.what === "chunk" && from === late ? null : bytes;
  });
  expect(sim.run(30_000, all(sim, round + 1))).toBe(true);
  expect(isEarly).toBe(true);
  expect(late!.history.find((commit) => commit.round === round + 1)?.adopted).toBe(false);
});

test("each of those who keep a chunk gives its sum to its share of the group", () => {
  const sim = running(8, { seed: 16, groupSize: 4 });
  const round = Math.max(...sim.devices.map(roundOf));
  const given = new Map<string, number>();
  // Nobody asks for one, so that all of them come unasked.
  sim.tamper((from, _, bytes) => {
    const message = isStands(bytes) ? null : decodeMessage(bytes);
    if (message?.kind === "want" && message.what === "total") return null;
    const key = message?.kind === "bulk" && message.what === "total" ? `${from.id} ${message.root} ${message.index}` : null;
    if (key) given.set(key, (given.get(key) ?? 0) + 1);
    return bytes;
  });
  expect(sim.run(60_000, all(sim, round + 3))).toBe(true);
  // Two keep each chunk of a group of four, and one of them alone would give it to three.
  expect(given.size).toBeGreaterThan(0);
  expect(Math.max(...given.values())).toBeLessThanOrEqual(2);
});

test("of what comes too early no more is kept than one sum takes", () => {
  const sim = running(8, { seed: 15, groupSize: 4 });
  const [device, other] = sim.devices;
  const { root, record } = device!.state.head;
  const give = (index: number, bytes: number): void => sim.inject(device!, { type: "message", from: other!.id, bytes: encodeMessage({ kind: "bulk", what: "chunk", root, view: record.model, index, payload: new Uint8Array(bytes) }) });
  const kept = (): number => [...device!.state.round.unplaced.values()].reduce((sum, { message }) => sum + message.payload.length, 0);
  const most = countIn(device!.state) * Int32Array.BYTES_PER_ELEMENT;
  give(0, 4 * most);
  expect(kept()).toBe(0);
  for (let index = 0; index < LIMITS.chunks; index++) give(index, Math.floor(most / 4));
  expect(kept()).toBeGreaterThan(0);
  expect(kept()).toBeLessThanOrEqual(most);
});

test("a chunk that its group did not certify is refused, and the right one had of another", () => {
  const sim = running(6, { seed: 6, groupSize: 3 });
  const round = roundOf(sim.devices[0]!);
  const [liar] = sim.devices;
  sim.tamper((from, _, bytes) => {
    if (!chunkOf(bytes) || from !== liar) return bytes;
    const wrong = bytes.slice();
    wrong[wrong.length - 1]! ^= 1;
    return wrong;
  });
  sim.run(60_000, () => sim.devices.some(({ problems }) => problems.length > 0));
  const honest = sim.devices.filter((device) => device !== liar);
  sim.run(120_000, () => honest.every((device) => roundOf(device) >= round + 1));
  expect(honest.flatMap(({ problems }) => problems.map((problem) => "peer" in problem && problem.peer))).toContain(liar!.id);
  expectOneRootARound(honest);
});

test("a keeper that gives its own group wrong sums of a chunk is found out, and costs no round", () => {
  const sim = running(8, { seed: 7, groupSize: 4 });
  const round = roundOf(sim.devices[0]!);
  const liars = new Set<string>();
  sim.tamper((from, _, bytes) => {
    if (!totalOf(bytes) || (liars.size > 0 && !liars.has(from.id))) return bytes;
    liars.add(from.id);
    const wrong = bytes.slice();
    wrong[70]! ^= 16;
    return wrong;
  });
  sim.run(120_000, all(sim, round + 2));
  expect(liars.size).toBe(1);
  expectOneRootARound(sim.devices);
  for (const { history } of sim.devices) expect(history.filter((commit) => commit.round > round).every(({ contributors }) => contributors.length === 8)).toBe(true);
  expect(sim.devices.flatMap(({ problems }) => problems).some((problem) => problem.type === "accused" && liars.has(problem.peer))).toBe(true);
});

type Hides = (of: SimDevice, to: SimDevice, word: Word) => boolean;

/** Without the words that `hides` says so of; null where none is left. */
function withoutWords(sim: Sim, to: SimDevice, bytes: Uint8Array, hides: Hides): Uint8Array | null {
  const message = isStands(bytes) ? decodeMessage(bytes) : null;
  if (message?.kind !== "stands") return bytes;
  const said = message.said.map(({ word, by }) => ({ word, by: by.filter(({ peer }) => !hides(sim.devices.find(({ id }) => id === peer)!, to, word)) })).filter(({ by }) => by.length > 0);
  return said.length === 0 ? null : encodeMessage({ kind: "stands", said });
}

/** Words that `hides` says so of do not get through. */
const holdBack = (sim: Sim, hides: Hides): void => sim.tamper((_, to, bytes) => withoutWords(sim, to, bytes, hides));

test("groups that would each add up something else come to one sum, in that round", () => {
  const sim = running(16, { seed: 10, groupSize: 4 });
  const round = roundOf(sim.devices[0]!) + 1;
  const cuts = new Map<number, string>();
  // Each group hears nothing of what the next one has, until it has said what it would do without it.
  holdBack(sim, (of, to, { part }) => part !== null && groupOf(of) === (groupOf(to) + 1) % 4 && !cuts.has(groupOf(to)));
  sim.watch((device) => {
    const cut = device.state.round.tier?.cut ?? [];
    if (roundOf(device) + 1 === round && cut.length > 0 && !cuts.has(groupOf(device))) cuts.set(groupOf(device), cut.join());
  });
  expect(sim.run(60_000, () => cuts.size === 4)).toBe(true);
  expect(new Set(cuts.values()).size).toBe(4);
  const committed = () => sim.devices.filter(({ history }) => history.some((commit) => commit.round === round && !commit.adopted));
  // Sooner than it would be given up, and with all groups but one.
  expect(sim.run(LIMITS.exchangeAtMost, () => committed().length >= quorum(12))).toBe(true);
  expect(committed()[0]!.history.find((commit) => commit.round === round)!.contributors).toHaveLength(12);
  expect(sim.run(120_000, () => settled(sim))).toBe(true);
  expectOneRootARound(sim.devices);
});

test("a group that hears of a signed cut without it stands back, and does not hold to what nobody will add up", () => {
  const sim = running(16, { seed: 12, groupSize: 4 });
  const round = Math.max(...sim.devices.map(roundOf));
  sim.run(10_000, all(sim, round));
  const late = sim.devices.filter((device) => groupOf(device) === 2);
  const others = sim.devices.filter((device) => groupOf(device) !== 2);
  let isOver = false;
  let [areSigned, isOpen] = [false, false];
  // Its sum is opened once the others have signed; and nobody hears of a vote.
  sim.tamper((from, to, bytes) => (!areSigned && shareOf(bytes) && late.includes(from) ? null : withoutWords(sim, to, bytes, (_, __, { votes }) => !isOver && votes.length > 0)));
  sim.watch(({ state }) => (isOpen ||= late.some((device) => device.state === state) && state.round.tier !== null));
  areSigned = sim.run(30_000, () => others.every(({ state }) => state.round.tier?.signed === true));
  expect([areSigned, isOpen]).toEqual([true, false]);
  expect(sim.run(4_000, () => isOpen && late.every(({ state }) => state.round.view.length === 0))).toBe(true);
  expect(others.every((device) => roundOf(device) === round)).toBe(true);
  isOver = true;
  expect(sim.run(60_000, all(sim, round + 1))).toBe(true);
  expect(sim.run(60_000, () => settled(sim))).toBe(true);
  expectOneRootARound(sim.devices);
});

test("who votes and leaves has voted: the round commits, though fewer than a quorum are left", () => {
  const sim = running(12, { seed: 11, groupSize: 4 });
  const round = roundOf(sim.devices[0]!) + 1;
  const gone = new Set<SimDevice>();
  let since = Infinity;
  // One group neither hears nor is heard until the others have noticed that four are gone.
  holdBack(sim, (of, to, { votes }) => votes.length > 0 && (groupOf(of) === 0) !== (groupOf(to) === 0) && sim.clock.now() < since + 6_000);
  sim.watch((device) => {
    const { votes } = device.state.round;
    if (roundOf(device) + 1 !== round || votes.length === 0 || groupOf(device) === 0 || gone.size === 4) return;
    since = sim.clock.now();
    gone.add(device);
    // What it has to say is still on its way.
    sim.clock.after(500, () => sim.kill(device));
  });
  expect(sim.run(60_000, () => alive(sim).length === 8)).toBe(true);
  expect(sim.run(30_000, all(sim, round))).toBe(true);
  const { history } = alive(sim)[0]!;
  expect(history.find((commit) => commit.round === round)!.contributors).toHaveLength(12);
  expectOneRootARound(sim.devices);
});

test("two rooms' halves that were cut apart come back to one model, whichever groups they were in", () => {
  const sim = running(8, { seed: 8, groupSize: 4 });
  const half = new Set(sim.devices.slice(0, 4));
  sim.partition((device) => (half.has(device) ? 0 : 1));
  sim.run(40_000);
  sim.partition(null);
  const round = Math.max(...sim.devices.map(roundOf));
  sim.run(120_000, () => all(sim, round + 2)() && settled(sim));
  expect(settled(sim)).toBe(true);
  expect(new Set(sim.devices.map(({ state }) => state.head.record.draw)).size).toBe(1);
});

test("nobody's sum of fewer than three devices leaves its group", () => {
  const sim = running(8, { seed: 9, groupSize: 4 });
  const small: number[] = [];
  sim.watch((device) => {
    const { tier } = device.state.round;
    if (tier) small.push(tier.parts.get(tier.own)!.contributors.length);
  });
  const [first] = sim.devices;
  const groupOfFirst = first!.state.round.view.length > 0 ? first!.state.round.view : first!.state.head.roll.members.slice(0, 4);
  for (const id of groupOfFirst.slice(0, 2)) sim.kill(sim.devices.find((device) => device.id === id)!);
  sim.run(60_000);
  expect(small.length).toBeGreaterThan(0);
  expect(Math.min(...small)).toBeGreaterThanOrEqual(3);
  expectOneRootARound(alive(sim));
});
