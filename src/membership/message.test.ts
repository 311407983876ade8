import { encode } from "cborg";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { WireError } from "../wire/codec.ts";
import { peerIdBytes, type PeerId } from "../wire/ids.ts";
import { HYPARVIEW_LIMITS, SWIM_LIMITS } from "./limits.ts";
import { decodeHyParView, decodeSwim, encodeHyParView, encodeSwim, isHyParView, isSwim, STATUSES, type HyParViewMessage, type SwimMessage, type Update } from "./message.ts";
import { idOf } from "./testing/network.ts";

const peer = fc.nat(10_000).map(idOf);
const incarnation = fc.nat({ max: 2 ** 48 - 1 });
const updates = fc.uniqueArray(fc.record({ peer, status: fc.constantFrom(...STATUSES), incarnation }), { maxLength: SWIM_LIMITS.updates, selector: (update: Update) => update.peer });
const peers = fc.uniqueArray(peer, { maxLength: 8 });
const swim: fc.Arbitrary<SwimMessage> = fc.oneof(
  fc.record({ kind: fc.constantFrom("ping" as const, "ack" as const, "gossip" as const), incarnation, peer: fc.constant(null), updates }),
  fc.record({ kind: fc.constantFrom("ping-req" as const, "reached" as const, "asking" as const), incarnation, peer, updates }),
);
const hyParView: fc.Arbitrary<HyParViewMessage> = fc.oneof(
  fc.record({ kind: fc.constantFrom("join" as const, "disconnect" as const) }),
  fc.record({ kind: fc.constant("forward-join" as const), peer, hops: fc.nat(HYPARVIEW_LIMITS.activeWalk) }),
  fc.record({ kind: fc.constant("neighbour" as const), urgent: fc.boolean() }),
  fc.record({ kind: fc.constant("neighbour-reply" as const), accepted: fc.boolean() }),
  fc.record({ kind: fc.constant("shuffle" as const), origin: peer, hops: fc.nat(HYPARVIEW_LIMITS.shuffleWalk), peers }),
  fc.record({ kind: fc.constant("shuffle-reply" as const), peers }),
);

const frame = (version: number, value: unknown): Uint8Array => Uint8Array.of(version, ...encode(value));
const bytesOf = (id: PeerId): Uint8Array => peerIdBytes(id);

describe("membership's frames", () => {
  it("come back as they were, within their bounds", () => {
    fc.assert(
      fc.property(swim, hyParView, (one, other) => {
        const [a, b] = [encodeSwim(one), encodeHyParView(other)];
        expect([isSwim(a), isHyParView(a), isSwim(b), isHyParView(b)]).toEqual([true, false, false, true]);
        expect(a.length).toBeLessThanOrEqual(SWIM_LIMITS.messageBytes);
        expect(b.length).toBeLessThanOrEqual(HYPARVIEW_LIMITS.messageBytes);
        expect(decodeSwim(a)).toEqual(one);
        expect(decodeHyParView(b)).toEqual(other);
      }),
    );
  });

  const ok = [0, bytesOf(idOf(1)), 5];
  it.each<[string, unknown]>([
    ["a field that is not known", { k: "ping", i: 0, u: [], x: 1 }],
    ["a kind that is not known", { k: "pong", i: 0, u: [] }],
    ["no subject where one is needed", { k: "ping-req", i: 0, u: [] }],
    ["a subject where none is", { k: "ping", i: 0, p: bytesOf(idOf(1)), u: [] }],
    ["a name that is too short", { k: "reached", i: 0, p: new Uint8Array(15), u: [] }],
    ["a negative incarnation", { k: "ping", i: -1, u: [] }],
    ["an incarnation that is too high", { k: "ping", i: 2 ** 48, u: [] }],
    ["an incarnation that is no integer", { k: "ping", i: 0.5, u: [] }],
    ["a status that is not known", { k: "ping", i: 0, u: [[3, bytesOf(idOf(1)), 5]] }],
    ["an update that is too long", { k: "ping", i: 0, u: [[...ok, 1]] }],
    ["a member named twice", { k: "ping", i: 0, u: [ok, ok] }],
    ["too many updates", { k: "ping", i: 0, u: Array.from({ length: SWIM_LIMITS.updates + 1 }, (_, i) => [0, bytesOf(idOf(i)), 0]) }],
  ])("of the detector are refused with %s", (_, value) => {
    expect(() => decodeSwim(frame(0x60, value))).toThrow(WireError);
  });

  it.each<[string, unknown]>([
    ["a field that is not known", { k: "join", x: 1 }],
    ["too many hops", { k: "forward-join", p: bytesOf(idOf(1)), h: HYPARVIEW_LIMITS.activeWalk + 1 }],
    ["a word for a truth value", { k: "neighbour", x: 1 }],
    ["too many peers", { k: "shuffle-reply", s: Array.from({ length: 9 }, (_, i) => bytesOf(idOf(i))) }],
    ["a peer named twice", { k: "shuffle-reply", s: [bytesOf(idOf(1)), bytesOf(idOf(1))] }],
  ])("of the overlay are refused with %s", (_, value) => {
    expect(() => decodeHyParView(frame(0x61, value))).toThrow(WireError);
  });

  it("are refused with another version, bytes at the end, or too many bytes", () => {
    const good = encodeSwim({ kind: "ping", incarnation: 1, peer: null, updates: [] });
    const code = (bytes: Uint8Array): string => {
      try {
        decodeSwim(bytes);
      } catch (error) {
        if (error instanceof WireError) return error.code;
      }
      return "none";
    };
    expect(code(good)).toBe("none");
    expect(code(Uint8Array.of(0x5f, ...good.subarray(1)))).toBe("version");
    expect(code(Uint8Array.of(...good, 0))).toBe("malformed");
    expect(code(new Uint8Array(SWIM_LIMITS.messageBytes + 1).fill(0x60))).toBe("oversized");
  });
});
