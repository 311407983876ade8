import { beforeAll, describe, expect, it } from "vitest";
import { createHyParView, type HyParView } from "./hyparview.ts";
import { HYPARVIEW_LIMITS as LIMITS } from "./limits.ts";
import { createRandom } from "../wire/random.ts";
import { createHyParViewRoom, type HyParViewRoom } from "./testing/hyparview-room.ts";
import { idOf } from "./testing/network.ts";

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

function gather(seed: number, devices: number, loss = 0): HyParViewRoom {
  const room = createHyParViewRoom({ seed, loss });
  for (let i = 0; i < devices; i++) {
    room.join();
    room.network.run(10);
  }
  return room;
}

function expectBounded(room: HyParViewRoom): void {
  for (const device of room.alive()) {
    const view = room.views[device]!;
    const names = [idOf(device), ...view.active(), ...view.passive()];
    if (view.active().length > LIMITS.active || view.passive().length > LIMITS.passive || new Set(names).size < names.length) expect.fail(`views of ${names.length} names`);
  }
}

describe("overlay of a thousand", () => {
  it("holds together when 30 %, and then half of the others, fail at once", () => {
    const room = gather(1, 1_000);
    room.network.run(20_000);
    expect(room.connected()).toBe(1);
    for (const share of [0.3, 0.5]) {
      const devices = room.network.random.shuffle(room.alive());
      room.kill(devices.slice(0, share * devices.length));
      // Their links are noticed after 4 s, failed requests for new ones after another 4.
      room.network.run(8_500);
      expect(room.connected()).toBeGreaterThanOrEqual(0.99);
      room.network.run(12_000);
      expect(room.connected()).toBe(1);
      expectBounded(room);
      for (const device of room.alive()) if (!room.neighbours(device).every((peer) => room.network.alive(peer))) expect.fail("a neighbour that is dead");
    }
  });
});

describe("overlay", () => {
  let room: HyParViewRoom;
  beforeAll(() => {
    room = gather(3, 150);
    room.network.run(30_000);
  });

  it("gives nearly everybody all its neighbours, and each is held by both", () => {
    expect(room.connected()).toBe(1);
    const degrees = room.alive().map((device) => room.neighbours(device).length);
    expect(degrees.filter((degree) => degree === LIMITS.active).length).toBeGreaterThan(0.9 * degrees.length);
    expect(Math.min(...degrees)).toBeGreaterThanOrEqual(2);
  });

  it("merges parts that formed while messages got lost", () => {
    const lossy = gather(5, 300, 0.05);
    lossy.network.run(90_000);
    expect(lossy.connected()).toBe(1);
  });

  it("asks for another contact where the only one does not answer", () => {
    const view = createHyParView({ self: idOf(1), random: createRandom([1]) });
    view.handle({ type: "join", contact: idOf(2) });
    const effects = Array.from({ length: LIMITS.patience }, () => view.handle({ type: "tick" }));
    expect(effects.at(-1)).toEqual([{ type: "isolated" }]);
    expect(view.handle({ type: "join", contact: idOf(2) })).toEqual([{ type: "send", to: idOf(2), message: { kind: "join" } }]);
  });

  it("is the same for the same seed", () => {
    const views = (seed: number): string => JSON.stringify(gather(seed, 60).views.map((view) => [view.active(), view.passive()]));
    expect(views(6)).toBe(views(6));
    expect(views(6)).not.toBe(views(7));
  });

  it("takes a rush on one contact without losing its neighbours", () => {
    const before = new Set(room.neighbours(0));
    const sent = room.network.sent;
    for (const stranger of range(10_000, 10_100)) room.inject(0, { type: "message", from: idOf(stranger), message: { kind: "neighbour", urgent: true } });
    for (const stranger of range(11_000, 11_100)) room.inject(0, { type: "message", from: idOf(stranger), message: { kind: "join" } });
    expect(room.neighbours(0).filter((peer) => before.has(peer)).length).toBeGreaterThanOrEqual(LIMITS.active - LIMITS.evictions);
    expect(room.network.sent - sent).toBeLessThan(200);
    expectBounded(room);
  });
});

describe("a neighbour that floods", () => {
  const [self, hostile] = [idOf(0), idOf(1)];
  /** With it and four honest neighbours, each of whom has brought ten others. */
  function meet(): HyParView {
    const view = createHyParView({ self, random: createRandom("flood") });
    for (const from of [hostile, ...range(2, 6).map(idOf)]) view.handle({ type: "message", from, message: { kind: "neighbour", urgent: false } });
    for (const honest of range(2, 6)) {
      for (const first of [0, 5]) {
        const peers = range(0, 5).map((at) => idOf(100 * honest + first + at));
        view.handle({ type: "message", from: idOf(honest), message: { kind: "shuffle", origin: peers[0]!, hops: 0, peers: peers.slice(1) } });
      }
    }
    return view;
  }

  it("passes on as many walks as anybody, and brings no more than its share of the passive view", () => {
    const view = meet();
    const brought = new Set<string>();
    let sent = 0;
    for (let tick = 0; tick < 30; tick++) {
      view.handle({ type: "tick" });
      for (let i = 0; i < 100; i++) {
        const peers = range(0, 7).map((at) => idOf(20_000 + 1_000 * tick + 10 * i + at));
        for (const peer of peers) brought.add(peer);
        const hops = i % 2 === 0 ? 0 : 6;
        sent += view.handle({ type: "message", from: hostile, message: { kind: "shuffle", origin: peers[0]!, hops, peers: peers.slice(1) } }).length;
      }
    }
    expect(sent).toBeLessThanOrEqual(30 * LIMITS.walks);
    expect(view.passive().length).toBeLessThanOrEqual(LIMITS.passive);
    expect(view.passive().filter((peer) => brought.has(peer)).length).toBeLessThanOrEqual(LIMITS.broughtByOne);
    expect(view.passive().filter((peer) => !brought.has(peer)).length).toBeGreaterThanOrEqual(LIMITS.passive - LIMITS.broughtByOne);
  });

  it("is not answered where it is no neighbour, or nothing was asked", () => {
    const view = meet();
    const before = view.passive();
    const stranger = idOf(5_000);
    expect(view.handle({ type: "message", from: stranger, message: { kind: "shuffle", origin: stranger, hops: 3, peers: [idOf(6_000)] } })).toEqual([]);
    expect(view.handle({ type: "message", from: stranger, message: { kind: "forward-join", peer: idOf(6_001), hops: 0 } })).toEqual([]);
    for (let i = 0; i < 9; i++) view.handle({ type: "message", from: stranger, message: { kind: "shuffle-reply", peers: [idOf(7_000 + i)] } });
    // One reply at most, to the shuffle that may be under way.
    expect(view.passive().filter((peer) => !before.includes(peer)).length).toBeLessThanOrEqual(1);
  });
});
