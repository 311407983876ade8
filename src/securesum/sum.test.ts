import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expandCommon } from "./blocks.ts";
import { recoverSecret } from "./decode.ts";
import { createShamirKernel } from "./kernel.ts";
import { BLOCK_BYTES, blocksOf, committeeOf, groupOf, layoutOf, N, sumBound } from "./params.ts";
import { addCiphertexts, createContributor, createHolder, encodeSet, encryptUpdate, openSum } from "./sum.ts";
import { contextOf, engine, everyone, idOf, openRoom, shamir, type Room } from "./testing/room.ts";

/** Everything after U is known: sign, release, add, open. `silent` holders are missing; `spoil` may change shares. */
function finish(room: Room, inU: readonly number[], silent: readonly number[], spoil: (shares: Map<number, Uint8Array>) => void = () => undefined): { values: number[]; wrong: number[] } {
  const { context, group, layout, holders, entries, ciphertexts } = room;
  const set = inU.map((index) => entries[index]!);
  holders.forEach((holder) => holder.sign(set));
  const shares = new Map(holders.flatMap((holder, index) => (silent.includes(index) ? [] : [[index, holder.release(everyone(group.quorum)) as Uint8Array] as const])));
  spoil(shares);
  const summed = addCiphertexts(engine.kernel, inU.map((index) => ciphertexts[index]!));
  const count = room.updates[0]!.length;
  const opening = openSum({ engine, shamir, context, group, layout, devices: inU.length }, shares, summed, count);
  const values: number[] = [];
  for (;;) {
    const step = opening.next();
    if (step.done) return { values, wrong: step.value };
    values.push(...step.value);
  }
}

const plainSum = ({ updates }: Room, inU: readonly number[]): number[] => Array.from(updates[0]!, (_, i) => inU.reduce((sum, index) => sum + updates[index]![i]!, 0));

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe.each([2, 3, 4, 5, 7, 8, 16, 64])("%i devices", (devices) => {
  const { threshold, least } = groupOf(devices);
  const dropouts = devices - threshold;
  const bits = devices === 64 ? 8 : 4;

  test("the sum is exact with every number of dropouts and of wrong shares that is allowed", () => {
    const { perBlock } = layoutOf(bits, devices);
    const room = openRoom(devices, bits, perBlock + 5);
    for (const missing of range(dropouts + 1)) {
      // Devices that sent nothing, and are no holders any more.
      const gone = range(missing).map((i) => devices - 1 - i);
      const inU = range(devices - Math.min(missing, devices - least));
      const wrong = range(Math.floor((devices - missing - threshold) / 2));
      const fresh = { ...room, holders: rehold(room) };
      const opened = finish(fresh, inU, gone, (shares) => wrong.forEach((holder) => shares.set(holder, shares.get((holder + 1) % devices)!.slice())));
      expect(opened.values).toEqual(plainSum(room, inU));
      // A holder that repeats another's share, which is the next one's own where that one is wrong too.
      expect(opened.wrong).toEqual(wrong);
    }
  });
});

/** Fresh holders with the same dealings, as another attempt at U would have them. */
const rehold = (room: Room) =>
  room.holders.map((_, index) => {
    const holder = createHolder({ shamir, context: room.context, group: room.group });
    room.dealings.forEach((own, dealer) => holder.take(idOf(dealer), own[index]!, room.entries[dealer]!.dealing));
    return holder;
  });

test("random values of random layouts add up as plain integers do", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), fc.integer({ min: 2, max: 8 }), fc.integer({ min: 1, max: 30_000 }), fc.nat(1000), (devices, bits, count, round) => {
      const room = openRoom(devices, bits, count, contextOf(round));
      expect(room.ciphertexts[0]!.length).toBe(blocksOf(count, room.layout));
      expect(finish(room, range(devices), []).values).toEqual(plainSum(room, range(devices)));
    }),
    { numRuns: 15 },
  );
});

test("T − 1 shares open nothing", () => {
  const room = openRoom(5, 8, 100);
  const silent = range(5 - room.group.threshold + 1);
  expect(() => finish(room, range(5), silent)).toThrow(expect.objectContaining({ code: "undecodable" }));
});

/** How many of a block's values come out as they went in, if one ciphertext is opened under a secret. */
function hits(room: Room, secret: Int16Array): { rate: number; noise: number } {
  const { kernel, ring } = engine;
  kernel.secret.set(secret);
  ring.hold(1);
  // Without the guard of `openBlock`, as an attacker would.
  kernel.wire.set(room.ciphertexts[0]![0]!);
  kernel.unpack();
  kernel.a.set(commonOf(room));
  ring.reveal();
  const noise = kernel.unpackFields(room.layout.fields, room.layout.width, room.layout.limit);
  const opened = kernel.totals.subarray(0, room.layout.perBlock);
  return { rate: room.updates[0]!.reduce((count, value, i) => count + (opened[i] === value ? 1 : 0), 0) / room.updates[0]!.length, noise };
}

function commonOf(room: Room): Uint8Array {
  expandCommon(engine.kernel, room.context, 0);
  return engine.kernel.a.slice();
}

test("one device's ciphertext under S_U decrypts to chance, and so does the sum of all but one", () => {
  const room = openRoom(8, 4, layoutOf(4, 8).perBlock);
  room.holders.forEach((holder) => holder.sign(room.entries));
  const shares = new Map(room.holders.map((holder, index) => [index, holder.release(everyone(room.group.quorum))] as const));
  const { secret } = recoverSecret(shamir, shares, room.group.threshold, 8);
  const { rate, noise } = hits(room, secret);
  // Fields are 7 bits wide: chance is 1 in 128.
  expect(rate).toBeLessThan(0.015);
  expect(noise).toBeGreaterThan(sumBound(8) + 8);
  const opening = { engine, shamir, context: room.context, group: room.group, layout: room.layout, devices: 8 };
  for (const part of [[0], range(7)]) {
    const summed = addCiphertexts(engine.kernel, part.map((index) => room.ciphertexts[index]!));
    expect(() => openSum(opening, shares, summed, 10).next()).toThrow(expect.objectContaining({ code: "garbage" }));
  }
});

test("a ciphertext of another attempt opens to garbage, since its common randomness differs", () => {
  const room = openRoom(3, 4, 50);
  const other = openRoom(3, 4, 50, contextOf(1, 1));
  expect(room.ciphertexts[0]).not.toEqual(other.ciphertexts[0]);
  expect(() => finish({ ...room, ciphertexts: other.ciphertexts }, range(3), [])).toThrow(expect.objectContaining({ code: "garbage" }));
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

describe("a holder", () => {
  const room = openRoom(8, 4, 10);
  const holder = () => rehold(room)[0]!;
  const code = (name: string) => expect.objectContaining({ code: name });

  test("signs one U a round: the same again, never another", () => {
    const own = holder();
    const bytes = own.sign(room.entries.slice(0, 7));
    expect(own.sign(room.entries.slice(0, 7))).toEqual(bytes);
    expect(bytes).toEqual(encodeSet(room.context, room.entries.slice(0, 7)));
    expect(() => own.sign(room.entries)).toThrow(code("second-set"));
    expect(() => own.sign(room.entries.slice(0, 6))).toThrow(code("second-set"));
  });

  test("releases no share before U has its quorum", () => {
    const own = holder();
    expect(() => own.release(everyone(8))).toThrow(code("short-of-quorum"));
    own.sign(room.entries);
    expect(() => own.release(everyone(room.group.quorum - 1))).toThrow(code("short-of-quorum"));
    // Names that are nobody's do not count.
    expect(() => own.release(new Set([...everyone(room.group.quorum - 1), 8, -1, 0.5]))).toThrow(code("short-of-quorum"));
    expect(own.release(everyone(room.group.quorum)).length).toBe((N * 12) / 8);
    own.erase();
    expect(() => own.release(everyone(8))).toThrow(code("reused-key"));
  });

  test("signs no U that is too small, out of order, of unknown dealings or with a malformed hash", () => {
    expect(() => holder().sign(room.entries.slice(0, 5))).toThrow(code("too-few"));
    expect(() => holder().sign([...room.entries].reverse())).toThrow(code("malformed"));
    expect(() => holder().sign([...room.entries.slice(0, 7), room.entries[6]!])).toThrow(code("malformed"));
    expect(() => holder().sign(room.entries.with(2, { ...room.entries[2]!, dealing: new Uint8Array(31) }))).toThrow(code("malformed"));
    expect(() => holder().sign(room.entries.with(2, { ...room.entries[2]!, dealing: new Uint8Array(32).fill(77) }))).toThrow(code("unknown-dealing"));
    expect(() => holder().sign([...room.entries, { ...room.entries[0]!, id: idOf(99) }])).toThrow(code("unknown-dealing"));
  });

  test("takes one well-formed dealing of a device, before U is signed", () => {
    const own = holder();
    expect(() => own.take(idOf(0), room.dealings[0]![0]!, room.entries[0]!.dealing)).toThrow(code("unknown-dealing"));
    expect(() => own.take(idOf(50), new Uint8Array(10), new Uint8Array(32))).toThrow(code("malformed"));
    own.sign(room.entries);
    expect(() => own.take(idOf(50), room.dealings[0]![0]!, new Uint8Array(32))).toThrow(code("unknown-dealing"));
  });

  test("leaves audited devices out of U, and hears of no audit once U is signed", () => {
    const own = holder();
    own.leaveOut(idOf(3));
    expect(() => own.sign(room.entries)).toThrow(code("audited"));
    own.sign(room.entries.filter(({ id }) => id !== idOf(3)));
    expect(() => own.leaveOut(idOf(4))).toThrow(code("audited"));
  });
});

test("ciphertexts that are malformed, too short or too long are refused by name", () => {
  const room = openRoom(3, 4, 3 * layoutOf(4, 3).perBlock);
  const add = (at: number, blocks: Uint8Array[]) => () => [...addCiphertexts(engine.kernel, room.ciphertexts.with(at, blocks))];
  const whole = room.ciphertexts[1]!;
  expect(add(1, whole.slice(0, 2))).toThrow(expect.objectContaining({ code: "malformed", index: 1 }));
  expect(add(2, whole.with(1, whole[1]!.slice(1)))).toThrow(expect.objectContaining({ code: "malformed", index: 2 }));
  expect(add(0, whole.with(2, new Uint8Array(BLOCK_BYTES).fill(255)))).toThrow(expect.objectContaining({ code: "malformed", index: 0 }));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(2), (bytes, at) => {
      expect(add(at, whole.with(at, bytes))).toThrow(expect.objectContaining({ name: "SumError", code: "malformed" }));
    }),
    { numRuns: 30 },
  );
  const opening = { engine, shamir, context: room.context, group: room.group, layout: room.layout, devices: 3 };
  room.holders.forEach((holder) => holder.sign(room.entries));
  const shares = new Map(room.holders.map((holder, index) => [index, holder.release(everyone(3))] as const));
  const summed = [...addCiphertexts(engine.kernel, room.ciphertexts)];
  for (const blocks of [summed.slice(1), [...summed, summed[0]!], summed.with(0, new Uint8Array(3))]) {
    expect(() => [...openSum(opening, shares, blocks, room.updates[0]!.length)]).toThrow(expect.objectContaining({ code: expect.stringMatching(/malformed|garbage/) as string }));
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
