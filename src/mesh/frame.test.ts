import fc from "fast-check";
import { expect, test } from "vitest";
import { WireError } from "../wire/codec.ts";
import { cancelFrame, createReassembler, FRAME_HEADER_BYTES, FRAME_VERSION, headerCheck, split } from "./frame.ts";
import { MESH_LIMITS } from "./limits.ts";

const bytesOf = (size: number, seed: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => (i * 31 + seed) & 0xff);

function framesOf(id: number, parts: Uint8Array[], frameBytes: number): Uint8Array<ArrayBuffer>[] {
  const splitter = split(id, parts, frameBytes);
  const frames = [];
  while (!splitter.done) frames.push(splitter.next());
  return frames;
}

/** The one error that a receiver of these frames ends with. */
function failure(frames: readonly Uint8Array[]): unknown {
  const reassembler = createReassembler();
  try {
    for (const frame of frames) reassembler.accept(frame);
  } catch (error) {
    return error;
  }
  return null;
}

const sizes = fc.integer({ min: 1, max: 5_000 });
const frameSizes = fc.integer({ min: FRAME_HEADER_BYTES + 1, max: 2_000 });

test("a message of any size in frames of any size comes out as it went in", () => {
  fc.assert(
    fc.property(fc.array(sizes, { minLength: 1, maxLength: 3 }), frameSizes, (lengths, frameBytes) => {
      const parts = lengths.map(bytesOf);
      const reassembler = createReassembler();
      const frames = framesOf(0, parts, frameBytes);
      const results = frames.map((frame) => reassembler.accept(frame));
      expect(results.slice(0, -1).every((result) => result === null)).toBe(true);
      const last = results.at(-1);
      expect(Buffer.compare(last!.message, Buffer.concat(parts))).toBe(0);
      expect(last!.wireBytes).toBe(frames.reduce((sum, frame) => sum + frame.length, 0));
      expect(reassembler.held).toBe(0);
    }),
  );
});

test("messages whose frames alternate come out whole", () => {
  const big = framesOf(0, [bytesOf(3_000, 1)], 100);
  const small = framesOf(1, [bytesOf(150, 2)], 100);
  const reassembler = createReassembler();
  const done = [big[0]!, small[0]!, big[1]!, small[1]!, ...big.slice(2)].map((frame) => reassembler.accept(frame)).filter((result) => result !== null);
  expect(done.map(({ message }) => message.length)).toEqual([150, 3_000]);
});

test("a flipped bit anywhere in a header is one WireError", () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 0, max: FRAME_HEADER_BYTES * 8 - 1 }), fc.nat(), (size, bit, which) => {
      const frames = framesOf(7, [bytesOf(size, 3)], 400);
      frames[which % frames.length]![bit >> 3]! ^= 1 << (bit & 7);
      expect(failure(frames)).toBeInstanceOf(WireError);
    }),
  );
});

test("a truncated or lengthened frame is one WireError", () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.integer({ min: 0, max: 450 }), (size, which, length) => {
      const frames = framesOf(0, [bytesOf(size, 4)], 400);
      const at = which % frames.length;
      fc.pre(length !== frames[at]!.length);
      const changed = new Uint8Array(length);
      changed.set(frames[at]!.subarray(0, length));
      frames[at] = changed;
      expect(failure(frames)).toBeInstanceOf(WireError);
    }),
  );
});

test("a lost, repeated or swapped frame is one WireError", () => {
  const frames = framesOf(0, [bytesOf(2_000, 5)], 400);
  expect(failure([frames[0]!, frames[2]!])).toMatchObject({ name: "WireError", code: "malformed" });
  expect(failure([frames[0]!, frames[1]!, frames[1]!])).toMatchObject({ name: "WireError", code: "malformed" });
  expect(failure([frames[1]!, frames[0]!])).toMatchObject({ name: "WireError", code: "malformed" });
});

test("random bytes never come out as a message, and fail as a WireError only", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void expect(failure([bytes])).toBeInstanceOf(WireError)));
});

test("a frame of another version is told apart from a malformed one", () => {
  for (const version of [0, FRAME_VERSION + 1, 255]) {
    const frame = framesOf(0, [bytesOf(10, 6)], 400)[0]!;
    frame[0] = version;
    expect(failure([frame])).toMatchObject({ name: "WireError", code: "version" });
  }
});

/** A valid frame that says anything: its header check is made anew. */
function forged(id: number, total: number, offset: number, payload: number): Uint8Array {
  const frame = framesOf(id, [bytesOf(payload, 8)], payload + FRAME_HEADER_BYTES)[0]!;
  const view = new DataView(frame.buffer);
  view.setUint32(8, total);
  view.setUint32(12, offset);
  view.setUint16(2, headerCheck(frame));
  return frame;
}

test("a frame or a message over the cap is refused as oversized", () => {
  expect(failure([new Uint8Array(MESH_LIMITS.frameBytesMax + 1).fill(FRAME_VERSION)])).toMatchObject({ code: "oversized" });
  expect(failure([forged(0, MESH_LIMITS.messageBytes + 1, 0, 10)])).toMatchObject({ code: "oversized" });
  expect(failure([forged(0, 20, 15, 10)])).toMatchObject({ code: "malformed" });
  expect(() => split(0, [new Uint8Array(0)])).toThrow(RangeError);
});

test("a peer can neither open many messages nor promise more than the biggest one", () => {
  const small = Array.from({ length: MESH_LIMITS.partialMessages + 1 }, (_, id) => framesOf(id, [bytesOf(100, id)], 60)[0]!);
  expect(failure(small.slice(0, -1))).toBe(null);
  expect(failure(small)).toMatchObject({ code: "oversized" });
  expect(failure([forged(0, MESH_LIMITS.messageBytes, 0, 10)])).toBe(null);
  expect(failure([forged(0, MESH_LIMITS.messageBytes, 0, 10), forged(1, MESH_LIMITS.messageBytes, 0, 10)])).toMatchObject({ code: "oversized" });
});

test("a cancelled message is forgotten and the next one arrives", () => {
  const reassembler = createReassembler();
  reassembler.accept(framesOf(0, [bytesOf(500, 1)], 100)[0]!);
  expect(reassembler.held).toBe(80);
  reassembler.accept(cancelFrame(0));
  expect(reassembler.held).toBe(0);
  expect(reassembler.accept(framesOf(1, [bytesOf(5, 1)], 100)[0]!)?.message.length).toBe(5);
  expect(() => reassembler.accept(cancelFrame(9))).toThrow(WireError);
});
