import { expect, test, vi } from "vitest";
import { createIssuer } from "../identity/keys.ts";
import { MeshError } from "../mesh/errors.ts";
import type { PeerId } from "../wire/ids.ts";
import { type Acquaintance, ACQUAINTANCE_LIMITS, createAcquaintance } from "./acquaintance.ts";
import { type Credential, roomCredential } from "./credential.ts";
import { createGuard, type EpochGuard } from "./guard.ts";
import { roomKeys, systemRandom } from "./room.ts";

const EPOCH = 3;
const room = roomKeys({ secret: "A".repeat(43), server: "ws://localhost", iceServers: [], relayOnly: false }, "task");

interface Device {
  credential: Credential;
  guard: EpochGuard;
  acquaintance: Acquaintance;
}

/** Devices that can send to each other, but for what is lost, and the length of all that was sent. */
function devices(count: number, now = () => 0, lost = (_message: number): boolean => false): { all: Device[]; sent: number[] } {
  const sent: number[] = [];
  const all: Device[] = Array.from({ length: count }, () => {
    const credential = roomCredential(room, EPOCH, systemRandom);
    const guard = createGuard(room, credential, [room.issuer.P], systemRandom);
    const transmit = async (to: PeerId, parts: readonly Uint8Array[]): Promise<void> => {
      const other = all.find((device) => device.credential.self === to);
      if (!other) throw new MeshError("unreachable", "nobody");
      const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
      sent.push(bytes.length);
      if (!lost(sent.length)) setTimeout(() => other.acquaintance.receive(credential.self, bytes));
    };
    return { credential, guard, acquaintance: createAcquaintance({ self: credential.self, own: { certificate: credential.key.certificate, P: credential.key.P }, guard, now, transmit }) };
  });
  return { all, sent };
}

const message = Uint8Array.of(1, 2, 3);

test("whoever is asked shows its own certificate and those of others that it has; what they signed holds from then on, and nothing else", async () => {
  const [a, b, c] = devices(3).all as [Device, Device, Device];
  await b.acquaintance.ask(c.credential.self, [c.credential.self]);
  await a.acquaintance.ask(b.credential.self, [b.credential.self, c.credential.self]);
  const known = a.guard.met(c.credential.self)!;
  expect(known.certificate).toEqual(c.credential.key.certificate);
  expect(a.guard.known(c.credential.self), "it has proven nothing yet").toBeNull();
  expect(a.guard.signedBy(c.credential.self, message, b.guard.sign(message))).toBe(false);
  expect(a.guard.signedBy(c.credential.self, message, c.guard.sign(message))).toBe(true);
  expect(a.guard.known(c.credential.self)?.certificate).toEqual(c.credential.key.certificate);
  expect(b.guard.met(a.credential.self), "who asks shows its own").not.toBeNull();
});

test("a certificate that is of nobody who was asked about, of another issuer or of another epoch is not taken", () => {
  const [a] = devices(1).all as [Device];
  const shown = (credential: Credential, about: readonly PeerId[], P = credential.key.P): boolean => {
    const { id, W } = credential.key.certificate;
    return a.guard.shown(Uint8Array.of(...id, ...W), P, new Set(about)) !== null && a.guard.met(credential.self) !== null;
  };
  const [fine, other, later] = [roomCredential(room, EPOCH, systemRandom), roomCredential(room, EPOCH, systemRandom), roomCredential(room, EPOCH + 1, systemRandom)];
  expect(shown(other, [fine.self])).toBe(false);
  expect(shown(later, [later.self])).toBe(false);
  expect(shown(fine, [fine.self], createIssuer(systemRandom).P)).toBe(false);
  expect(shown(fine, [fine.self])).toBe(true);
});

test("bytes that are no question or answer are counted, and a question whose answer nobody gives ends", async () => {
  const [a, b] = devices(2).all as [Device, Device];
  for (const bytes of [[4], [4, ...new Uint8Array(200)], [5], [5, 1, 2]]) a.acquaintance.receive(b.credential.self, Uint8Array.from(bytes));
  expect(a.guard.refusals.forged).toBe(4);
  vi.useFakeTimers();
  const answered = a.acquaintance.ask("00".repeat(16) as PeerId, [b.credential.self]);
  await vi.advanceTimersByTimeAsync(ACQUAINTANCE_LIMITS.patience);
  await answered;
  vi.useRealTimers();
  expect(a.guard.met(b.credential.self)).toBeNull();
});

test("one peer is shown so many certificates in an epoch and no more, however often it asks", async () => {
  let clock = 0;
  const { all, sent } = devices(2, () => clock);
  const [a, b] = all as [Device, Device];
  const question = Uint8Array.from([4, ...a.credential.key.certificate.id, ...a.credential.key.certificate.W, ...a.credential.key.P, ...Array.from({ length: ACQUAINTANCE_LIMITS.atOnce }, () => Buffer.from(b.credential.self, "hex")).flatMap((id) => [...id])]);
  for (let times = 0; times < 12; times++) {
    clock += ACQUAINTANCE_LIMITS.patience;
    b.acquaintance.receive(a.credential.self, question);
  }
  expect(sent.reduce((sum, bytes) => sum + Math.floor(bytes / 109), 0)).toBe(ACQUAINTANCE_LIMITS.shown);
});

test("a question that was lost, or whose answer was, is put again, and whoever answers both times did no wrong", async () => {
  for (const message of [1, 2]) {
    const [a, b] = devices(2, () => 0, (number) => number === message).all as [Device, Device];
    vi.useFakeTimers();
    const answered = a.acquaintance.ask(b.credential.self, [b.credential.self]);
    await vi.advanceTimersByTimeAsync(ACQUAINTANCE_LIMITS.again + 100);
    vi.useRealTimers();
    await answered;
    expect(a.guard.met(b.credential.self)).not.toBeNull();
    b.acquaintance.receive(a.credential.self, Uint8Array.from([4, ...a.credential.key.certificate.id, ...a.credential.key.certificate.W, ...a.credential.key.P, ...Buffer.from(b.credential.self, "hex")]));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(a.guard.refusals.forged).toBe(0);
  }
});

test("an answer that comes twice is none to the next question, and one to nobody's question is counted", async () => {
  const [a, b, c] = devices(3).all as [Device, Device, Device];
  const answerOf = ({ credential: { key } }: Device): Uint8Array => Uint8Array.from([5, ...key.certificate.id, ...key.certificate.W, ...key.P]);
  a.acquaintance.receive(b.credential.self, answerOf(b));
  expect([a.guard.refusals.forged, a.guard.met(b.credential.self)]).toEqual([1, null]);
  await a.acquaintance.ask(b.credential.self, [b.credential.self]);
  await b.acquaintance.ask(c.credential.self, [c.credential.self]);
  const next = a.acquaintance.ask(b.credential.self, [c.credential.self]);
  a.acquaintance.receive(b.credential.self, answerOf(b));
  await next;
  expect(a.guard.met(c.credential.self), "it was waited for").not.toBeNull();
  expect(a.guard.refusals.forged).toBe(1);
});

test("who is asked about already is waited for, and another one is asked where no answer comes", async () => {
  const { all, sent } = devices(4);
  const [a, b, c, stranger] = all as [Device, Device, Device, Device];
  for (const device of [b, c]) await device.acquaintance.ask(stranger.credential.self, [stranger.credential.self]);
  const before = sent.length;
  const about = [stranger.credential.self];
  await Promise.all([a.acquaintance.ask(b.credential.self, about), a.acquaintance.ask(c.credential.self, about)]);
  expect(a.guard.met(stranger.credential.self)).not.toBeNull();
  expect(sent.length - before, "one question, one answer").toBe(2);

  vi.useFakeTimers();
  const later = devices(1).all[0]!;
  const asked = Promise.all(["00".repeat(16) as PeerId, b.credential.self].map((whom) => a.acquaintance.ask(whom, [later.credential.self])));
  b.guard.shown(Uint8Array.of(...later.credential.key.certificate.id, ...later.credential.key.certificate.W), later.credential.key.P, new Set([later.credential.self]));
  await vi.advanceTimersByTimeAsync(ACQUAINTANCE_LIMITS.patience + 100);
  await asked;
  vi.useRealTimers();
  expect(a.guard.met(later.credential.self), "the first one did not answer").not.toBeNull();
});
