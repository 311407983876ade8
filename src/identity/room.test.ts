import { describe, expect, it } from "vitest";
import { IdentityError } from "./errors.ts";
import { decodeId } from "./id.ts";
import type { FullKey } from "./keys.ts";
import { createReplayGuard } from "./replay.ts";
import { roomHash, roomKeyOf, topicOf } from "./room.ts";
import { signcrypt, unsigncrypt } from "./signcrypt.ts";
import { mulBase, text } from "./suite.ts";
import { acceptAll, flipped, roomOf } from "./testing/devices.ts";

const { random, issuer, keys } = roomOf("room", 1);
const [a] = keys as [FullKey];
const secret = random(32);
const aad = text("signal");

describe("what follows from a room's secret", () => {
  it("is the same for all who hold it, and another for another secret", () => {
    expect(roomKeyOf(secret)).toEqual(roomKeyOf(secret.slice()));
    const other = flipped(secret, 31);
    expect(roomHash(other)).not.toEqual(roomHash(secret));
    expect(roomKeyOf(other).Y).not.toEqual(roomKeyOf(secret).Y);
    expect(roomHash(secret).length).toBe(16);
    expect(decodeId(roomKeyOf(secret).id)).toMatchObject({ room: roomHash(secret), epoch: 0 });
    expect(mulBase(roomKeyOf(secret).d).toBytes()).toEqual(roomKeyOf(secret).Y);
  });

  it("topics are 32 bytes, and another for every task and epoch", () => {
    const topics = ["digits", "digit", "s1"].flatMap((task) => [0, 1, 2, 1 << 30].map((epoch) => Buffer.from(topicOf(secret, task, epoch)).toString("hex")));
    expect(new Set(topics).size).toBe(12);
    expect(topics.every((topic) => topic.length === 64)).toBe(true);
  });

  it("whoever has the secret opens what is signcrypted to the room, and nobody else", () => {
    const room = roomKeyOf(secret);
    const bytes = signcrypt({ from: a, to: room.certificate, toIssuer: room.P, message: text("offer"), aad, random, padTo: 2_048 });
    expect(bytes.length).toBe(2_048);
    const opening = { bytes, aad, P: issuer.P, random };
    for (let device = 0; device < 2; device++) {
      const opened = unsigncrypt({ ...opening, self: roomKeyOf(secret), accept: acceptAll() });
      expect([opened.from, opened.message]).toEqual([a.certificate, text("offer")]);
    }
    expect(() => unsigncrypt({ ...opening, self: roomKeyOf(flipped(secret, 0)), accept: acceptAll() })).toThrow(IdentityError);
  });

  it("a secret of another length is the device's own mistake", () => {
    for (const run of [roomHash, roomKeyOf, (bytes: Uint8Array) => topicOf(bytes, "digits", 1)]) expect(() => run(new Uint8Array(31))).toThrow(/32 bytes/);
  });
});

describe("the replay guard", () => {
  const [W, V] = [random(32), random(32)];

  it("takes a value once an epoch, whoever sends it", () => {
    const guard = createReplayGuard();
    const E = random(32);
    expect([guard.take(1, W, E), guard.take(1, W, E), guard.take(1, V, E), guard.take(2, W, E)]).toEqual([true, false, false, true]);
  });

  it("forgets old epochs and refuses what is of them", () => {
    const guard = createReplayGuard();
    const E = random(32);
    guard.take(1, W, E);
    guard.take(2, W, E);
    guard.forget(2);
    guard.forget(1);
    expect(guard.size).toBe(1);
    expect([guard.take(1, W, E), guard.take(2, W, E), guard.take(2, W, random(32))]).toEqual([false, false, true]);
  });

  it("is bounded: a sender at its limit is refused and the others are not, then all are", () => {
    const guard = createReplayGuard({ epoch: 5, sender: 3 });
    const taken = (sender: Uint8Array): number => Array.from({ length: 10 }, () => guard.take(1, sender, random(32))).filter(Boolean).length;
    expect([taken(W), taken(V), taken(random(32))]).toEqual([3, 2, 0]);
    expect(guard.size).toBe(5);
    expect(guard.take(2, W, random(32))).toBe(true);
    expect(() => createReplayGuard({ epoch: 0, sender: 1 })).toThrow(IdentityError);
  });
});
