import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blocksIn, encryptUpdate, expandCommon, openBlocks } from "./blocks.ts";
import { createContributor } from "./contributor.ts";
import { recoverSecret } from "./decode.ts";
import { createShamirKernel } from "./kernel.ts";
import { BLOCK_BYTES, blocksOf, committeeOf, groupOf, layoutOf, Q, sumBound } from "./params.ts";
import { addPieces, checkPiece, cutPieces, joinPieces, pieceBytes } from "./pieces.ts";
import { encodeSet } from "./set.ts";
import { gatherSum } from "./sum.ts";
import { contextOf, engine, kernels, openRoom, shareOf, type Room } from "./testing/room.ts";
import { packBits } from "./testing/reference.ts";
import type { PeerId } from "../wire/ids.ts";

const { ring, shamir } = kernels;
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** What those who are left have of a sum over U. */
const gatheredBy = (room: Room, inU: readonly number[], silent: readonly number[]): { pieces: Map<number, Uint8Array>; shares: Map<number, Uint8Array> } => {
  const there = range(room.group.holders).filter((member) => !silent.includes(member));
  return {
    pieces: new Map(there.map((member) => [member, addPieces(ring, inU.map((device) => room.pieces[device]![member]!))])),
    shares: new Map(there.map((member) => [member, shareOf(room, member, inU)])),
  };
};

function finish(room: Room, { pieces, shares }: ReturnType<typeof gatheredBy>): { values: number[]; wrongShares: number[]; wrongPieces: number[] } {
  const { context, layout, group } = room;
  const count = room.updates[0]!.length;
  const { key, ciphertext, ...wrong } = gatherSum(kernels, { context, devices: group.holders, layout, count, pieces, shares });
  return { values: [...openBlocks(engine, key, blocksIn(ciphertext), count)].flatMap((values) => [...values]), ...wrong };
}

const plainSum = ({ updates }: Room, inU: readonly number[]): number[] => Array.from(updates[0]!, (_, i) => inU.reduce((sum, index) => sum + updates[index]![i]!, 0));

/** Each of these gives what its neighbour gave. */
const mixUp = (given: Map<number, Uint8Array>, wrong: readonly number[], devices: number): void => wrong.forEach((member) => given.set(member, given.get((member + 1) % devices)!.slice()));

describe.each([2, 3, 4, 5, 7, 8, 16, 64])("%i devices", (devices) => {
  const { threshold } = groupOf(devices);
  const bits = devices === 64 ? 8 : 4;

  test("the sum is exact with every number of dropouts, of wrong shares and of wrong pieces that is allowed", () => {
    const { perBlock } = layoutOf(bits, devices);
    const room = openRoom(devices, bits, perBlock + 5);
    const inU = range(devices);
    const expected = plainSum(room, inU);
    // Data pieces first, so that parity has to stand in for them.
    for (const missing of range(devices - threshold + 1)) {
      const given = gatheredBy(room, inU, range(missing));
      const wrong = range(Math.floor((devices - missing - threshold) / 2)).map((i) => missing + i);
      mixUp(given.shares, wrong, devices);
      mixUp(given.pieces, wrong, devices);
      expect(finish(room, given)).toEqual({ values: expected, wrongShares: wrong, wrongPieces: wrong });
    }
  });
});

test("random values of random layouts add up as plain integers do", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 2, max: 8 }), fc.integer({ min: 1, max: 30_000 }), fc.nat(1000), (devices, bits, count, round) => {
      const room = openRoom(devices, bits, count, contextOf(round));
      expect(room.ciphertexts[0]!.length).toBe(BLOCK_BYTES * blocksOf(count, room.layout));
      expect(finish(room, gatheredBy(room, range(devices), [])).values).toEqual(plainSum(room, range(devices)));
    }),
    { numRuns: 15 },
  );
});

test("T − 1 shares open nothing, and T − 1 pieces restore nothing", () => {
  const room = openRoom(5, 8, 100);
  const whole = gatheredBy(room, range(5), []);
  const few = gatheredBy(room, range(5), range(5 - room.group.threshold + 1));
  expect(() => finish(room, { ...whole, shares: few.shares })).toThrow(expect.objectContaining({ code: "undecodable" }));
  expect(() => finish(room, { ...whole, pieces: few.pieces })).toThrow(expect.objectContaining({ code: "undecodable" }));
});

describe("pieces of a ciphertext", () => {
  test("any T restore it, and a wrong one among enough others is found, whichever residue of it is wrong", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 15 }), fc.integer({ min: 1, max: 3 }), fc.nat(), fc.nat(), (devices, blocks, salt, at) => {
        const group = groupOf(devices);
        const ciphertext = Uint8Array.from({ length: blocks * BLOCK_BYTES }, (_, i) => (i * 31 + salt) % 251);
        const pieces = cutPieces(ring, ciphertext, group);
        for (const piece of pieces) expect(piece.length).toBe(pieceBytes(blocks, group));
        const kept = new Map(pieces.map((piece, member) => [member, piece] as const));
        const most = Math.floor((devices - group.threshold) / 2);
        const wrong = range(most).map((i) => (salt + 3 * i) % devices).sort((a, b) => a - b);
        const distinct = [...new Set(wrong)];
        for (const member of distinct) {
          const spoilt = kept.get(member)!.slice();
          spoilt[at % spoilt.length]! ^= 1;
          kept.set(member, spoilt);
        }
        expect(joinPieces(ring, kept, group, blocks)).toEqual({ ciphertext, wrong: distinct });
        for (const member of range(devices - group.threshold)) kept.delete((salt + member) % devices);
        if (distinct.length === 0) expect(joinPieces(ring, kept, group, blocks).ciphertext).toEqual(ciphertext);
      }),
      { numRuns: 40 },
    );
  });

  test("pieces of a sum are the sum's pieces, and one more wrong than can be corrected is noticed", () => {
    const group = groupOf(8);
    const [a, b] = [3, 4].map((salt) => cutPieces(ring, Uint8Array.from({ length: BLOCK_BYTES }, (_, i) => (i * salt) % 249), group));
    const summed = a!.map((piece, member) => addPieces(ring, [piece, b![member]!]));
    const given = new Map(summed.map((piece, member) => [member, piece] as const));
    const { ciphertext } = joinPieces(ring, given, group, 1);
    expect(cutPieces(ring, ciphertext, group)).toEqual(summed);
    mixUp(given, [1, 4], 8);
    expect(() => joinPieces(ring, given, group, 1)).toThrow(expect.objectContaining({ code: "undecodable" }));
  });

  test("bytes that are no piece are refused", () => {
    const due = pieceBytes(1, groupOf(5));
    expect(() => checkPiece(ring, new Uint8Array(due), due)).not.toThrow();
    for (const bytes of [new Uint8Array(due - 1), new Uint8Array(due + 1), new Uint8Array(due).fill(255), packBits([BigInt(Q), 0n], 52)]) expect(() => checkPiece(ring, bytes, due)).toThrow(expect.objectContaining({ code: "malformed" }));
  });
});

/** How many of a block's values come out as they went in, if one ciphertext is opened under a secret. */
function hits(room: Room, secret: Int16Array): { rate: number; noise: number } {
  const { kernel, ring: own } = engine;
  kernel.secret.set(secret);
  own.hold(1);
  // Without the guard of `openBlock`, as an attacker would.
  kernel.wire.set(room.ciphertexts[0]!.subarray(0, BLOCK_BYTES));
  kernel.unpack();
  expandCommon(kernel, room.context, 0);
  own.reveal();
  const noise = kernel.unpackFields(room.layout.fields, room.layout.width, room.layout.limit);
  const opened = kernel.values.subarray(0, room.layout.perBlock);
  return { rate: room.updates[0]!.reduce((count, value, i) => count + (opened[i] === value ? 1 : 0), 0) / room.updates[0]!.length, noise };
}

test("one device's ciphertext under S_U decrypts to chance, and so does the sum of all but one", () => {
  const room = openRoom(8, 4, layoutOf(4, 8).perBlock);
  const { shares } = gatheredBy(room, range(8), []);
  const { secret } = recoverSecret(shamir, shares, room.group.threshold, 8);
  const { rate, noise } = hits(room, secret);
  // Fields are 7 bits wide: chance is 1 in 128.
  expect(rate).toBeLessThan(0.015);
  expect(noise).toBeGreaterThan(sumBound(8) + 8);
  for (const part of [[0], range(7)]) {
    const { pieces } = gatheredBy(room, part, []);
    expect(() => finish(room, { pieces, shares })).toThrow(expect.objectContaining({ code: "garbage" }));
  }
});

test("a ciphertext of another attempt opens to garbage, since its common randomness differs", () => {
  const room = openRoom(3, 4, 50);
  const other = openRoom(3, 4, 50, contextOf(1, 1));
  expect(room.ciphertexts[0]).not.toEqual(other.ciphertexts[0]);
  const { shares } = gatheredBy(room, range(3), []);
  expect(() => finish(room, { shares, pieces: gatheredBy(other, range(3), []).pieces })).toThrow(expect.objectContaining({ code: "garbage" }));
});

describe("a secret is used once", () => {
  const contributor = () => createContributor({ kernel: engine.kernel, shamir, context: contextOf(1), group: groupOf(4), layout: layoutOf(4, 4), seed: new Uint8Array(32).fill(3) });
  const refused = expect.objectContaining({ code: "reused-key" });

  test("for one dealing, one answer, one update", () => {
    const own = contributor();
    expect(() => own.answer(new Uint8Array(32))).toThrow(expect.objectContaining({ code: "unknown-dealing" }));
    own.deal();
    own.answer(new Uint8Array(32));
    own.key();
    expect(() => own.deal()).toThrow(refused);
    expect(() => own.answer(new Uint8Array(32).fill(1))).toThrow(refused);
    expect(() => own.key()).toThrow(refused);
  });

  test("never after it is erased, and what encrypted under it zeroes it too", () => {
    const seed = new Uint8Array(32).fill(3);
    const rows = createShamirKernel();
    const own = createContributor({ kernel: engine.kernel, shamir: rows, context: contextOf(1), group: groupOf(4), layout: layoutOf(4, 4), seed });
    own.deal();
    const key = own.key();
    for (const block of encryptUpdate(engine, key, new Int8Array(10))) expect(block.length).toBe(BLOCK_BYTES);
    expect(key.seed.every((byte) => byte === 0)).toBe(true);
    expect(() => encryptUpdate(engine, key, new Int8Array(10)).next(), "not even by whoever kept the key").toThrow(refused);
    const { kernel } = engine;
    for (const region of [kernel.key, kernel.secret, kernel.held, kernel.stream, kernel.x, kernel.values]) expect(region.every((byte) => byte === 0)).toBe(true);
    for (const region of [rows.rows, rows.out, rows.key, rows.wire]) expect(region.every((byte) => byte === 0)).toBe(true);
    own.erase();
    expect(seed.every((byte) => byte === 0)).toBe(true);
    expect(() => own.answer(new Uint8Array(32))).toThrow(refused);
  });
});

test("an engine holds one key: a job that another one put out of place stops, instead of going on under its secret", () => {
  const { layout, context } = openRoom(3, 4, 10);
  const keyOf = (salt: number) => ({ context, layout, seed: new Uint8Array(32).fill(salt) });
  const values = new Int8Array(3 * layout.perBlock);
  const first = encryptUpdate(engine, keyOf(1), values);
  first.next();
  const second = encryptUpdate(engine, keyOf(2), values);
  second.next();
  expect(() => first.next()).toThrow(expect.objectContaining({ code: "reused-key" }));
  expect(() => second.next(), "the first one erased the engine when it stopped").toThrow(expect.objectContaining({ code: "reused-key" }));
});

test("what holders sign names the attempt and each device once, in one order", () => {
  const idOf = (index: number) => index.toString(16).padStart(32, "0") as PeerId;
  const entries = range(3).map((index) => ({ id: idOf(index), commitment: new Uint8Array(32).fill(index) }));
  const bytes = encodeSet(contextOf(1), entries);
  expect(bytes).not.toEqual(encodeSet(contextOf(2), entries));
  expect(bytes).not.toEqual(encodeSet(contextOf(1), entries.with(1, { ...entries[1]!, commitment: new Uint8Array(32) })));
  for (const wrong of [[...entries].reverse(), [...entries, entries[2]!], entries.with(2, { ...entries[2]!, commitment: new Uint8Array(31) })]) {
    expect(() => encodeSet(contextOf(1), wrong)).toThrow(expect.objectContaining({ code: "malformed" }));
  }
});

test("parameters are the specification's", () => {
  expect([layoutOf(8, 64), layoutOf(4, 8), layoutOf(4, 9), layoutOf(4, 15), layoutOf(2, 8)].map(({ fields }) => fields)).toEqual([3, 6, 5, 5, 8]);
  expect(BLOCK_BYTES / layoutOf(8, 64).perBlock).toBeLessThan(2.2);
  expect([3, 4, 5, 7, 8, 64].map((n) => groupOf(n).threshold)).toEqual([3, 3, 4, 5, 6, 43]);
  expect([4, 5, 7, 8].map((n) => 2 * groupOf(n).quorum - n)).toEqual([2, 3, 3, 4]);
  expect([committeeOf(16, 8).quorum, committeeOf(24, 10).quorum, committeeOf(96, 34).quorum]).toEqual([12, 17, 65]);
  for (const make of [() => layoutOf(9, 8), () => layoutOf(8, 65), () => groupOf(65), () => groupOf(1), () => committeeOf(97, 8), () => committeeOf(16, 17)]) expect(make).toThrow(expect.objectContaining({ code: "out-of-range" }));
});
