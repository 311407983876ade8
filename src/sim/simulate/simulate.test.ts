import { beforeAll, expect, test } from "vitest";
import type { SwarmEvent } from "../../swarm/events.ts";
import { decodeMessage, type Message } from "../../swarm/message.ts";
import { rests } from "../../swarm/peers.ts";
import { groupsAfter, type Sizes } from "../../swarm/tier/groups.ts";
import type { Samples } from "../../learn/pack.ts";
import { createRandom } from "../../wire/random.ts";
import { dataOf, type Data } from "./learning/replicas.ts";
import type { SimulatedDevice } from "./devices.ts";
import { SimulateError } from "./errors.ts";
import type { SimulateOptions } from "./options.ts";
import type { SimulateReport } from "./report.ts";
import type { Room, Tamper } from "./room.ts";
import { simulate } from "./simulate.ts";

/** Pictures of ten blots, each at its label's place. */
function blots(count: number, seed: number): Samples {
  const random = createRandom(["blots", seed]);
  const pixels = new Uint8Array(count * 784);
  const labels = Uint8Array.from({ length: count }, () => random.below(10));
  labels.forEach((label, i) => {
    for (let spot = 0; spot < 40; spot++) pixels[i * 784 + label * 78 + random.below(60)] = 100 + random.below(156);
  });
  return { labels, pixels, height: 28, width: 28, labelCount: 10 };
}

let data: Data;
beforeAll(() => {
  data = dataOf(blots(400, 1), blots(100, 2));
});

function run(options: Partial<SimulateOptions>, tamper?: Tamper, watch?: (room: Room) => void, sizes?: Partial<Sizes>): SimulateReport {
  let seconds = 0;
  const running = simulate({ peers: 6, minutes: 0.25, churn: 0, attack: null, seed: 1, ...options }, { data, clock: () => seconds++, ...(tamper && { tamper }), ...(sizes && { sizes }), ...(watch && { watch }) });
  for (;;) {
    const next = running.next();
    if (next.done) return next.value;
  }
}

test("one seed gives one trace, and another seed another", () => {
  const [first, again, other] = [1, 1, 2].map((seed) => run({ minutes: 0.15, churn: 0.2, seed }));
  expect(again!.line).toEqual(first!.line);
  expect(first!.line.traceHash).toMatch(/^[0-9a-f]{64}$/);
  expect(other!.line.traceHash).not.toBe(first!.line.traceHash);
});

test("the line has the fields that were agreed on, and no other", () => {
  const number = expect.any(Number) as number;
  const { line } = run({ minutes: 0.15, churn: 0.1, attack: { kind: "sign", share: 0.2 } });
  expect(JSON.parse(JSON.stringify(line))).toEqual({
    v: 1,
    command: "simulate",
    peers: 6,
    minutes: 0.15,
    seed: 1,
    churn: 0.1,
    attack: "sign:0.2",
    rounds: { started: number, committed: number },
    stalls: number,
    roots: number,
    upload: { median: expect.toBeOneOf([number, null]), p95: expect.toBeOneOf([number, null]), inC: expect.toBeOneOf([number, null]) },
    joinRounds: { median: expect.toBeOneOf([number, null]), max: expect.toBeOneOf([number, null]) },
    detectionSeconds: { median: expect.toBeOneOf([number, null]), p95: expect.toBeOneOf([number, null]) },
    falseSuspicions: { count: number, rate: number },
    accuracy: number,
    realCrypto: { devices: 6, of: 6 },
    realTraining: { replicas: 6 },
    events: number,
    traceHash: expect.any(String) as string,
    wallSeconds: number,
    ok: expect.any(Boolean) as boolean,
  });
});

test("whoever drops is replaced: the number stays", () => {
  const numbers = new Set<number>();
  const { departures } = run({ churn: 0.5, minutes: 0.3 }, undefined, ({ devices }) => void numbers.add(devices.alive.size));
  expect(departures).toBeGreaterThan(1);
  expect([...numbers]).toEqual([6]);
});

test("what a device sends in a round is near the ciphertexts that the design counts", () => {
  const { line } = run({});
  // 2 (n − 1) / n of C, and the small messages.
  expect(line.upload.inC).toBeGreaterThan(1.6);
  expect(line.upload.inC).toBeLessThan(4);
});

test("of a room larger than a round some devices are in it, and those who rest have its model of each other a moment later", () => {
  const seen: number[] = [];
  let at: Room | null = null;
  const asked = { linked: 0, others: 0 };
  const tamper: Tamper = (device, event) => {
    if (event.type !== "message") return event;
    const message = decodeMessage(event.bytes);
    const asker = at && message.kind === "want" && message.what === "model" ? at.devices.all[at.devices.numberOf(event.from)] : undefined;
    if (asker && rests(asker.state)) asked[asker.state.reachable.includes(device.name) ? "linked" : "others"]++;
    return event;
  };
  const { line, curve } = run({ peers: 80, minutes: 0.4, churn: 0.1, seed: 1 }, tamper, (room) => (at = room), { groupSize: 4, roomGroups: 3, nodeGroups: 3, cohortNodes: 2 });
  const { record } = [...at!.devices.alive][0]!.state.head;
  expect([record.nodes, record.arcs]).toEqual([2, 8]);
  for (const { contributors } of curve) seen.push(contributors);
  expect(line).toMatchObject({ roots: 1 });
  expect(line.rounds.committed).toBeGreaterThan(1);
  expect(Math.max(...seen)).toBeLessThan(40);
  const resting = [...at!.devices.alive].filter(({ state }) => rests(state));
  expect(resting.length).toBeGreaterThan(40);
  // Of each other: whoever speaks for a node is known to all of them, and would have nothing else to do.
  expect(asked.linked).toBeGreaterThan(resting.length);
  expect(asked.others).toBeLessThan(0.1 * asked.linked);
  // All but who has just come or has just lost its neighbours.
  expect(resting.filter(({ state }) => state.head.record.round >= line.rounds.committed).length).toBeGreaterThan(0.9 * resting.length);
});

test("the rounds of one that hears nobody are not the room's", () => {
  const apart = new Set<SimulatedDevice>();
  const tamper: Tamper = (device, event) => {
    if (device.number < 6 || (event.type !== "reachable" && event.type !== "message")) return event;
    apart.add(device);
    return null;
  };
  let alone = 0;
  const { curve } = run({ churn: 0.1, minutes: 0.6 }, tamper, () => void (alone = Math.max(alone, ...[...apart].map(({ state }) => state.head.record.round))));
  expect(alone).toBeGreaterThan(1);
  expect(curve.length).toBeGreaterThan(2);
  for (const { contributors } of curve) expect(contributors).toBeGreaterThan(1);
});

test("a node that a round was without hears of it from the others, and is in the next ones", () => {
  const late = 3;
  const nodeOf = ({ state: { head, config } }: SimulatedDevice): number => groupsAfter(head, config).node;
  const without = new Set<SimulatedDevice>();
  const tamper: Tamper = (device, event) => {
    if (event.type !== "trained" || device.state.head.record.round > 1 || nodeOf(device) !== late) return event;
    without.add(device);
    return null;
  };
  const { curve, line } = run({ peers: 40, minutes: 0.6, seed: 3 }, tamper, undefined, { groupSize: 4, roomGroups: 3, nodeGroups: 3 });
  const [first, , ...later] = curve.map(({ contributors }) => contributors);
  expect(without.size).toBeGreaterThan(6);
  expect(first).toBe(40 - without.size);
  expect(later.length).toBeGreaterThan(0);
  for (const contributors of later) expect(contributors).toBe(40);
  expect(line.roots).toBe(1);
});

test("what others can do as well is not for whoever sends slowly, and the room is as far with their work in it", () => {
  let at: Room | null = null;
  /** Of those with slow links and of the others: words handed on, and chunks' sums given. */
  const did = { slow: [0, 0], quick: [0, 0] } as Record<"slow" | "quick", [number, number]>;
  const tamper: Tamper = (_, event) => {
    if (event.type !== "message" || at === null) return event;
    const message = decodeMessage(event.bytes);
    const by = did[at.network.slow(at.devices.numberOf(event.from)) ? "slow" : "quick"];
    if (message.kind === "stands" && message.said.some(({ by: signers }) => signers.some(({ peer }) => peer !== event.from))) by[0]++;
    if (message.kind === "bulk" && message.what === "total") by[1]++;
    return event;
  };
  const { line, curve } = run({ peers: 40, minutes: 0.6, seed: 4 }, tamper, (room) => (at = room), { groupSize: 4, roomGroups: 3, nodeGroups: 3 });
  const slow = [...at!.devices.alive].filter(({ number }) => at!.network.slow(number)).length;
  const share = (slow / (40 - slow)) * 0.2;
  expect(slow).toBeGreaterThan(4);
  expect(did.quick[0]).toBeGreaterThan(1_000);
  expect(did.slow[0]).toBeLessThan(share * did.quick[0]);
  expect(did.slow[1]).toBeLessThan(share * did.quick[1]);
  expect(curve.at(-1)!.contributors).toBe(40);
  expect(line.roots).toBe(1);
});

test("more devices than were ever run are refused, not made up", () => {
  const refused = (options: Partial<SimulateOptions>): unknown => {
    try {
      return run(options);
    } catch (error) {
      return error instanceof SimulateError ? error.code : error;
    }
  };
  expect(refused({ peers: 20_000 })).toBe("too-many");
  expect(refused({ churn: 0.9 })).toBe("bad-option");
});

const message = (event: SwarmEvent): Message | null => (event.type === "message" ? decodeMessage(event.bytes) : null);
const says = (event: SwarmEvent, what: (message: Message) => boolean): boolean => {
  const said = message(event);
  return said !== null && what(said);
};

/** For each phase, what carries a device past it. */
const carriers: Record<string, (event: SwarmEvent) => boolean> = {
  "join-cutoff": (event) => event.type === "reachable",
  train: (event) => event.type === "trained",
  ready: (event) => says(event, (said) => said.kind === "status" && said.phase === "ready"),
  send: (event) => event.type === "sealed",
  open: (event) => event.type === "answered",
  reduce: (event) => event.type === "opened",
  commit: (event) => says(event, (said) => (said.kind === "status" ? said.votes : said.kind === "stands" ? said.said.flatMap(({ word }) => word.votes) : []).length > 0),
};

test("undisturbed, the simulation holds all goals", () => {
  expect(run({}).line).toMatchObject({ ok: true, stalls: 0, roots: 1 });
});

test.each(Object.entries(carriers))("without what carries %s on, the simulation fails", (_, carries) => {
  expect(run({}, (_device, event) => (carries(event) ? null : event)).line.ok).toBe(false);
});
