import fc from "fast-check";
import { expect, test } from "vitest";
import { WireError } from "../wire/codec.ts";
import { decodeLinkState, encodeLinkState } from "./linkstate.ts";
import { oneHopOn, packetHeader, readPacket, type PacketKind } from "./packet.ts";
import { inviteCodec, inviteOf, signalOf } from "./invite.ts";
import { peer } from "./testing/room.ts";

const message = (kind: PacketKind, extra: Partial<Parameters<typeof packetHeader>[0]> = {}): Uint8Array<ArrayBuffer> =>
  packetHeader({ kind, ttl: 3, sequence: 77, source: peer(1), destination: peer(2), ...extra });

test("a packet reads back as it was written", () => {
  const kinds = fc.constantFrom<PacketKind>("unicast", "signal", "flood", "link-state");
  fc.assert(
    fc.property(kinds, fc.integer({ min: 1, max: 255 }), fc.nat(0xffffffff), fc.uint8Array({ maxLength: 50 }), (kind, ttl, sequence, payload) => {
      const destination = kind === "unicast" || kind === "signal" ? peer(9) : null;
      const header = packetHeader({ kind, ttl, sequence, source: peer(1), destination });
      const packet = readPacket(new Uint8Array([...header, ...payload]), peer(3));
      expect(packet).toMatchObject({ kind, ttl, sequence, source: peer(1), destination });
      expect([...packet.payload]).toEqual([...payload]);
    }),
  );
});

test("random bytes are a packet or one WireError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      try {
        expect(readPacket(new Uint8Array(bytes), peer(3)).message.length).toBe(bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }),
  );
});

test("packets that contradict themselves are refused", () => {
  const wrong = [
    message("unicast", { ttl: 0 }),
    message("unicast", { destination: null }),
    message("flood"),
    message("ping", { ttl: 1 }), // from peer 1 over peer 3
    message("unicast", { source: peer(0) }),
    message("unicast").subarray(0, 39),
  ];
  for (const bytes of wrong) expect(() => readPacket(bytes, peer(3))).toThrow(WireError);
});

test("a packet ends after its last hop", () => {
  const first = oneHopOn(readPacket(message("unicast", { ttl: 2 }), peer(3)))!;
  expect(first[1]).toBe(1);
  expect(oneHopOn(readPacket(first, peer(3)))).toBe(null);
});

test("a link state reads back, and any other length or a doubled neighbour is refused", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), fc.uniqueArray(fc.integer({ min: 2, max: 200 }), { maxLength: 48 }), fc.boolean(), (version, list, slow) => {
      const neighbours = list.map(peer);
      const bytes = encodeLinkState({ version, neighbours, slow });
      expect(decodeLinkState(peer(1), bytes)).toEqual({ version, neighbours, slow });
      expect(() => decodeLinkState(peer(1), bytes.subarray(0, bytes.length - 1))).toThrow(WireError);
      expect(() => decodeLinkState(peer(1), new Uint8Array([...bytes, 0]))).toThrow(WireError);
    }),
  );
  expect(() => decodeLinkState(peer(1), encodeLinkState({ version: 1, neighbours: [peer(2), peer(2)], slow: false }))).toThrow(WireError);
  expect(() => decodeLinkState(peer(1), encodeLinkState({ version: 1, neighbours: [peer(1)], slow: false }))).toThrow(WireError);
});

test("an invite reads back, and only its checked fields reach the page", () => {
  const offer = inviteOf("0123456789abcdef", JSON.stringify({ type: "offer", sdp: "v=0", more: 1 }))!;
  expect(signalOf(inviteCodec.decode(inviteCodec.encode(offer)))).toBe('{"type":"offer","sdp":"v=0"}');
  const ice = inviteOf("0123456789abcdef", JSON.stringify({ type: "candidate", candidate: { candidate: "c", sdpMid: "0", sdpMLineIndex: 0 } }))!;
  expect(JSON.parse(signalOf(inviteCodec.decode(inviteCodec.encode(ice))))).toEqual({ type: "candidate", candidate: { candidate: "c", sdpMid: "0", sdpMLineIndex: 0 } });
  expect(inviteOf("0123456789abcdef", '{"type":"transceiverRequest"}')).toBe(null);
});

test("random, cut or changed blobs are an invite or one WireError", () => {
  const good = inviteCodec.encode({ k: "offer", a: "0123456789abcdef", sdp: "v=0 and so on" });
  const changed = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, flip]) => good.map((byte, i) => (i === at ? byte ^ flip : byte)));
  const cut = fc.nat(good.length - 1).map((length) => good.subarray(0, length));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), changed, cut), (bytes) => {
      try {
        expect(["want", "offer", "answer", "ice"]).toContain(inviteCodec.decode(bytes).k);
      } catch (error) {
        expect(error).toBeInstanceOf(WireError);
      }
    }),
  );
});
