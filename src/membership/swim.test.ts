import { describe, expect, it } from "vitest";
import { createRandom } from "../wire/random.ts";
import { SWIM_LIMITS as LIMITS } from "./limits.ts";
import type { SwimMessage, Update } from "./message.ts";
import { createSwim, type Swim } from "./swim.ts";
import { idOf } from "./testing/network.ts";
import { createSwimRoom, percentile, type SwimRoom } from "./testing/swim-room.ts";

const gossip = (updates: readonly Update[], incarnation = 0): SwimMessage => ({ kind: "gossip", incarnation, peer: null, updates });
const present = (room: SwimRoom, device: number): number => room.swims[device]!.present().length;

/** Each in its turn, evenly over the time: some die, and as many come. */
function churn(room: SwimRoom, share: number, ms: number): void {
  const devices = room.swims.length;
  const count = Math.round(share * devices);
  const leaving = room.network.random.shuffle(Array.from({ length: devices }, (_, device) => device)).slice(0, count);
  for (const device of leaving) {
    room.network.run(Math.floor(ms / count / 2));
    room.kill(device);
    room.network.run(Math.floor(ms / count / 2));
    room.join(room.scopeOf(device), true);
  }
}

/** Every `ms`, for as long as the room runs. */
function again(room: SwimRoom, ms: number, work: () => void): void {
  room.network.after(ms, () => {
    work();
    again(room, ms, work);
  });
}

describe("failure detector", () => {
  it.each([0.01, 0.03, 0.05])("at a loss of %f, with a tenth of all leaving, sees deaths within 5 s and accuses fewer than one in a hundred falsely", (loss) => {
    const room = createSwimRoom({ seed: 7, devices: 100, loss });
    room.network.run(5_000);
    churn(room, 0.1, 15_000);
    room.network.run(8_000);
    const after = room.detections.map((detection) => detection.after);
    expect(room.missed(6_000)).toBe(0);
    expect(percentile(after, 0.95)).toBeLessThanOrEqual(5_000);
    expect(after.filter((ms) => ms <= 5_000).length).toBeGreaterThanOrEqual(0.98 * after.length);
    expect(room.falsely.length).toBeLessThan(0.01 * after.length);
  });

  it("lets a slow member answer for itself", () => {
    const room = createSwimRoom({ seed: 2, devices: 30, loss: 0.02 });
    room.network.slow(3, 400);
    room.network.run(30_000);
    expect(room.suspected).toBeGreaterThan(0);
    expect(room.falsely).toEqual([]);
    expect(room.swims[3]!.incarnation).toBeGreaterThan(0);
    for (const device of room.fellows(3)) expect(room.swims[device]!.status(idOf(3))).not.toBe("dead");
  });

  it("finds a split room together again", () => {
    const room = createSwimRoom({ seed: 3, devices: 40 });
    room.network.run(3_000);
    room.network.partition((node) => (node < 25 ? 0 : 1));
    room.network.run(15_000);
    expect([present(room, 0), present(room, 39)]).toEqual([24, 14]);
    room.network.partition(null);
    room.network.run(20_000);
    for (let device = 0; device < 40; device++) expect(present(room, device)).toBe(39);
  });

  it("is told of a leave sooner than it finds a death", () => {
    const seen = (part: (room: SwimRoom) => void): number => {
      const room = createSwimRoom({ seed: 4, devices: 50 });
      room.network.run(3_000);
      part(room);
      room.network.run(8_000);
      expect(room.detections.length).toBe(49);
      return percentile(room.detections.map(({ after }) => after), 0.5);
    };
    expect(seen((room) => room.leave(9))).toBeLessThan(seen((room) => room.kill(9)));
  });

  it("spreads a newcomer that knows one member, and half of a room's deaths at once", () => {
    const room = createSwimRoom({ seed: 5, devices: 40, loss: 0.02 });
    room.network.run(2_000);
    const newcomer = room.join(0, false);
    room.network.run(4_000);
    for (const device of room.fellows(newcomer)) expect(room.swims[device]!.status(idOf(newcomer))).toBe("alive");
    for (let device = 0; device < 20; device++) room.kill(device);
    room.network.run(10_000);
    for (const device of room.fellows(30)) expect(room.swims[device]!.present().length).toBeLessThanOrEqual(20);
    expect(room.falsely).toEqual([]);
  });

  it("probes everybody once before anybody twice", () => {
    const swim = createSwim({ self: idOf(0), random: createRandom("order"), now: 0 });
    swim.handle({ type: "meet", now: 0, peers: [1, 2, 3, 4, 5, 6].map(idOf) });
    const probed: string[] = [];
    for (let now = 1; probed.length < 6; now = Math.ceil(swim.wakeAt)) {
      for (const effect of swim.handle({ type: "tick", now })) {
        if (effect.type !== "send" || effect.message.kind !== "ping") continue;
        probed.push(effect.to);
        swim.handle({ type: "message", now: now + 1, from: effect.to, message: { kind: "ack", incarnation: 0, peer: null, updates: [] } });
      }
    }
    expect(new Set(probed).size).toBe(6);
  });

  it("does the same for the same seed, and something else for another", () => {
    const run = (seed: number): string => {
      const room = createSwimRoom({ seed, devices: 20, loss: 0.03 });
      churn(room, 0.1, 6_000);
      return JSON.stringify([room.network.sent, room.detections, room.suspected]);
    };
    const first = run(8);
    expect(run(8)).toBe(first);
    expect(run(9)).not.toBe(first);
  });

  it("says nothing about others after it slept", () => {
    const room = createSwimRoom({ seed: 6, devices: 20 });
    room.network.run(3_000);
    const sleeper = room.swims[4]!;
    const woken = sleeper.handle({ type: "tick", now: room.network.now + 60_000 });
    const later = sleeper.handle({ type: "tick", now: sleeper.wakeAt });
    for (const effect of [...woken, ...later]) if (effect.type === "status") expect(effect.status).toBe("alive");
    expect(sleeper.present().length).toBe(19);
  });
});

describe("a member that lies", () => {
  const everybody = (room: SwimRoom, liar: number, status: Update["status"], of: (device: number) => number): Update[] =>
    room.swims.map((_, device): Update => ({ peer: idOf(device), status, incarnation: of(device) })).filter(({ peer }) => peer !== idOf(liar));

  /** Ten times a second, to all, eight at a time. */
  function flood(room: SwimRoom, liar: number, updates: () => Update[]): void {
    again(room, 100, () => {
      const said = room.network.random.shuffle(updates()).slice(0, LIMITS.updates);
      for (const to of room.fellows(liar)) room.network.send(liar, to, gossip(said));
    });
  }

  it.each(["suspect", "dead"] as const)("gets nobody held for dead by calling everybody %s, and causes bounded traffic", (status) => {
    const room = createSwimRoom({ seed: 11, devices: 40, loss: 0.03 });
    room.network.run(2_000);
    flood(room, 0, () => everybody(room, 0, status, (device) => room.swims[device]!.incarnation));
    const before = room.network.sent;
    room.network.run(15_000);
    expect(room.falsely).toEqual([]);
    const honest = (room.network.sent - before) / 15 / 40 - (10 * 39) / 40;
    // Two checks' worth of pings and answers in each half a second, at the very most.
    expect(honest).toBeLessThan((2 * 2 * LIMITS.checksPerAccuser * 1_000) / LIMITS.period);
  });

  it("needs more than three of its kind, too", () => {
    const room = createSwimRoom({ seed: 12, devices: 30, loss: 0.03 });
    room.network.run(2_000);
    for (const liar of [0, 1, 2, 3, 4]) flood(room, liar, () => everybody(room, liar, "dead", () => 0));
    room.network.run(10_000);
    expect(room.falsely.filter(({ by, of }) => by > 4 && of > 4)).toEqual([]);
  });

  it("cannot keep the dead alive by speaking for them", () => {
    const room = createSwimRoom({ seed: 13, devices: 30 });
    room.network.run(2_000);
    let raised = 0;
    flood(room, 0, () => [{ peer: idOf(9), status: "alive", incarnation: ++raised }]);
    room.kill(9);
    room.network.run(10_000);
    for (const device of room.fellows(0)) expect(room.swims[device]!.status(idOf(9))).toBe("dead");
  });

  it("brings in nobody that does not exist, and no more names than there is room for", () => {
    const room = createSwimRoom({ seed: 14, devices: 20 });
    room.network.run(2_000);
    let next = 1_000;
    const before = room.network.sent;
    flood(room, 0, () => Array.from({ length: 8 }, () => ({ peer: idOf(next++), status: "alive", incarnation: 0 })));
    room.network.run(5_000);
    for (const device of room.fellows(0)) expect(present(room, device)).toBe(19);
    expect(room.network.sent - before).toBeLessThan(5 * 20 * 40);
    const swim: Swim = room.swims[5]!;
    for (let i = 0; i < 2 * LIMITS.members; i++) swim.handle({ type: "message", now: room.network.now, from: idOf(50_000 + i), message: gossip([]) });
    expect(swim.present().length).toBe(LIMITS.members);
  });
});
