import { expect, test } from "vitest";
import { encodeHyParView, encodeSwim, type HyParViewMessage, type SwimMessage } from "../../membership/message.ts";
import type { PeerId } from "../../wire/ids.ts";
import { createRandom } from "../../wire/random.ts";
import { exp, exponential, ln } from "./chance.ts";
import { swimBytes } from "./detector.ts";
import { createNetwork } from "./network.ts";
import { overlayBytes } from "./overlay.ts";
import { parseAttack } from "./options.ts";
import { createTimeline } from "./timeline.ts";

test("the timeline gives what comes first, and ties in the order they were made", () => {
  const timeline = createTimeline();
  const random = createRandom("timeline");
  const times = Array.from({ length: 3000 }, () => random.below(500));
  times.forEach((at, order) => timeline.put(at, 1, order, 0, 0, null));
  const taken: [number, number][] = [];
  for (let due = timeline.take(499); due; due = timeline.take(499)) taken.push([due.at, due.a]);
  expect(taken).toEqual(times.map((at, order) => [at, order] as [number, number]).sort((a, b) => a[0] - b[0] || a[1] - b[1]));
  expect(timeline.now).toBe(499);
});

test("exp and ln are those of the mathematics", () => {
  for (const x of [-600, -20.5, -1, 0, 1e-9, 0.3, 1, 700]) expect(exp(x) / Math.exp(x)).toBeCloseTo(1, 12);
  for (const x of [1e-300, 0.1, 0.5, 1, Math.SQRT2, 2, 12345.678]) expect(ln(x)).toBeCloseTo(Math.log(x), 12);
  const random = createRandom("sessions");
  const mean = Array.from({ length: 20_000 }, () => exponential(random, 5)).reduce((a, b) => a + b, 0) / 20_000;
  expect(mean).toBeGreaterThan(4.8);
  expect(mean).toBeLessThan(5.2);
});

const peer = (digit: number): PeerId => digit.toString(16).repeat(32) as PeerId;

test("the overlay's message is as long as its frame", () => {
  const messages: HyParViewMessage[] = [
    { kind: "join" },
    { kind: "disconnect" },
    { kind: "forward-join", peer: peer(1), hops: 6 },
    { kind: "neighbour", urgent: true },
    { kind: "neighbour-reply", accepted: false },
    { kind: "shuffle", origin: peer(1), hops: 3, peers: [2, 3, 4, 5, 6, 7, 8].map(peer) },
    { kind: "shuffle-reply", peers: [] },
  ];
  for (const message of messages) expect(overlayBytes(message)).toBe(encodeHyParView(message).length);
});

test("a detector's message is as long as its frame", () => {
  const messages: SwimMessage[] = [
    { kind: "ping", incarnation: 0, peer: null, updates: [] },
    { kind: "ping-req", incarnation: 23, peer: peer(1), updates: [] },
    { kind: "gossip", incarnation: 300, peer: null, updates: [24, 255, 70_000, 2 ** 40].map((incarnation, i) => ({ peer: peer(i), status: "alive", incarnation })) },
  ];
  for (const message of messages) expect(swimBytes(message)).toBe(encodeSwim(message).length);
});

test("bytes count where they leave: at the sender, and at the relay that passes them on", () => {
  const timeline = createTimeline();
  const network = createNetwork(timeline, createRandom("network"), () => undefined);
  const devices = Array.from({ length: 40 }, () => network.add());
  const total = (): number => devices.reduce((sum, device) => sum + network.sent(device), 0);
  const [a, b] = [0, 1];
  network.link(a, new Set([b]));
  network.send(a, b, 1000, 1, 0, null);
  const one = total();
  expect(network.sent(a)).toBe(one);
  expect(one).toBeGreaterThan(1000);
  network.link(a, new Set());
  for (const other of devices.slice(1)) network.send(a, other, 1000, 1, 0, null);
  // 39 messages, of which those to no neighbour went twice.
  const relayed = total() - network.sent(a);
  expect(network.sent(a)).toBe(40 * one);
  expect(relayed % one).toBe(0);
  expect(relayed / one).toBeGreaterThan(20);
});

test("messages leave one after another, at the link's rate", () => {
  const timeline = createTimeline();
  const network = createNetwork(timeline, createRandom("rate"), () => undefined);
  const [a, b] = [network.add(), network.add()];
  for (let i = 0; i < 20; i++) network.send(a, b, 1_000_000, 1, 0, i);
  let last = 0;
  for (let due = timeline.take(1e12); due; due = timeline.take(1e12)) last = Math.max(last, due.at);
  // 20 MB at 20 Mbit/s or less.
  expect(last).toBeGreaterThan(8e6);
});

test("an attack is named with its share", () => {
  expect(parseAttack("sign:0.1")).toEqual({ kind: "sign", share: 0.1 });
  for (const wrong of ["sign", "sign:0", "sign:0.9", "flip:0.1", "sign:0.1:2", "sign:x"]) expect(() => parseAttack(wrong)).toThrow(/sign, scale, label, alie, ipm/);
});
