import { bytesToHex } from "@noble/hashes/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { drawSecret, expandCommon } from "./blocks.ts";
import { compileRing, createRingKernel } from "./kernel.ts";
import { BLOCK_BYTES, CBD, layoutOf, N, Q } from "./params.ts";
import { addPieces } from "./pieces.ts";
import { createWasmRing } from "./ring.wasm.ts";
import { binomials, common, keystream, messages, mod, packBits, power, read, totals, transform, words } from "./testing/reference.ts";

const q = BigInt(Q);
const kernel = createRingKernel(compileRing());
const context = { session: Uint8Array.from({ length: 32 }, (_, i) => i), round: 7, attempt: 2 };
const seed = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);

/** Residues with the ends of the range among them. */
const edgy = (salt: number): bigint[] => {
  const bytes = keystream(Uint8Array.from({ length: 32 }, () => salt), [0, 0, 0], 8 * N);
  return read(bytes).map((x, i) => (i % 64 === 0 ? 0n : i % 64 === 1 ? q - 1n : x % q));
};

test("q is prime, 1 mod 4096, and the largest such number of 52 bits", () => {
  expect(q % 4096n).toBe(1n);
  expect(q + 4096n).toBeGreaterThan(2n ** 52n);
  // Lucas: q is prime if for every prime factor of q − 1 some base has an order that the factor is needed for.
  const factors = [2n, 3n, 5n, 11n, 17n, 31n, 41n, 61681n];
  expect(4096n * 3n * 25n * 11n * 17n * 31n * 41n * 61681n).toBe(q - 1n);
  for (const factor of factors) expect([2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n].some((base) => power(base, q - 1n) === 1n && power(base, (q - 1n) / factor) !== 1n)).toBe(true);
});

test("every device expands the same residues for a block, and these ones", () => {
  expandCommon(kernel, context, 3);
  expect(kernel.a).toEqual(words(common(context, 3)));
  expect(read(kernel.a).slice(0, 2)).toEqual([1630021674481931n, 4431070126786351n]);
  expect(bytesToHex(sha256(kernel.a))).toBe("d6cb03227b217f5c99dfc49f57e1b8301148c4a1fd7ee111c5bd658302c27cc9");
  const first = kernel.a.slice();
  for (const other of [{ ...context, round: 8 }, { ...context, attempt: 3 }, { ...context, session: new Uint8Array(32) }]) {
    expandCommon(kernel, other, 3);
    expect(kernel.a).not.toEqual(first);
  }
});

test("residues that are not below q are left out of the expansion, and the next ones take their places", () => {
  const candidates = edgy(1).map((x, i) => (i % 5 === 0 ? q + BigInt(i) : x));
  // What is above the 52 bits does not count.
  const noisy = candidates.map((x, i) => x | (BigInt(i % 4096) << 52n));
  kernel.stream.set(words(noisy));
  const good = candidates.filter((x) => x < q);
  expect(kernel.sift(0)).toBe(good.length);
  expect(read(kernel.a).slice(0, good.length)).toEqual(good);
  expect(kernel.sift(good.length)).toBe(N);
  expect(read(kernel.a)).toEqual([...good, ...good].slice(0, N));
});

test("secrets and errors are CBD(42) of the ChaCha20 stream", () => {
  const secret = drawSecret(kernel, seed);
  expect([...secret]).toEqual(binomials(keystream(seed, [0, 0, 0], 12 * N)));
  const x = edgy(2);
  kernel.x.set(words(x));
  kernel.key.set(seed);
  kernel.draw(1, 9, 0);
  kernel.addErrors();
  const errors = binomials(keystream(seed, [1, 9, 0], 12 * N));
  expect(read(kernel.x)).toEqual(x.map((value, i) => mod(value + BigInt(errors[i]!))));
});

test("CBD(42) has the binomial's distribution (chi-square over 400 secrets)", () => {
  const secrets = 400;
  const counts = new Array<number>(2 * CBD + 1).fill(0);
  kernel.key.set(seed);
  for (let k = 0; k < secrets; k++) {
    kernel.draw(5, k, 0);
    kernel.sampleSecret();
    for (const value of kernel.secret) counts[value + CBD]!++;
  }
  // Binomial(84, 1/2), with each tail from ±19 on in one class.
  const odds = [2 ** -84];
  for (let i = 1; i <= 84; i++) odds.push((odds[i - 1]! * (85 - i)) / i);
  const pooled = (list: readonly number[]): number[] => [list.slice(0, 24), ...list.slice(24, 61).map((x) => [x]), list.slice(61)].map((part) => part.reduce((a, b) => a + b, 0));
  const expected = pooled(odds).map((p) => p * secrets * N);
  const chi = pooled(counts).reduce((sum, count, i) => sum + (count - expected[i]!) ** 2 / expected[i]!, 0);
  // 38 degrees of freedom: the quantile at 1 − 10^-4.
  expect(chi).toBeLessThan(79.4);
  expect(expected.every((count) => count > 5)).toBe(true);
});

test("a block is hidden as NTT(x) − a·NTT(s), and revealed again", () => {
  const ring = createWasmRing(kernel);
  const [x, a] = [edgy(3), edgy(4)];
  const secret = [...drawSecret(kernel, seed)];
  ring.hold(-1);
  kernel.x.set(words(x));
  kernel.a.set(words(a));
  ring.hide();
  const [xt, st] = [transform(x), transform(secret.map((value) => mod(BigInt(value))))];
  expect(read(kernel.x)).toEqual(xt.map((value, i) => mod(value - a[i]! * st[i]!)));
  ring.hold(1);
  kernel.x.set(words(xt.map((value, i) => mod(value - a[i]! * st[i]!))));
  ring.reveal();
  expect(read(kernel.x)).toEqual(x);
  ring.erase();
  expect(kernel.held.every((byte) => byte === 0)).toBe(true);
});

test("fields are packed, scaled, rounded and unpacked as in plain integers, for every layout", () => {
  for (const [bits, devices] of [[8, 64], [8, 2], [4, 8], [4, 15], [2, 8], [2, 3], [6, 33]] as const) {
    const layout = layoutOf(bits, devices);
    const values = Array.from({ length: layout.perBlock }, (_, i) => ((i * 7919) % (2 * layout.limit + 1)) - layout.limit);
    kernel.values.fill(0);
    kernel.values.set(values);
    expect(kernel.packFields(layout.fields, layout.width, layout.limit)).toBe(1);
    const scaled = messages(values, layout);
    expect(read(kernel.x)).toEqual(scaled);
    // Each message is rounded down, and half a unit is 512.
    const most = devices <= 8 ? 500 : 512 - devices;
    const noisy = scaled.map((x, i) => mod(x * BigInt(devices) + BigInt((i % (2 * most + 1)) - most)));
    kernel.x.set(words(noisy));
    const noise = kernel.unpackFields(layout.fields, layout.width, layout.bound);
    const sums = [...kernel.values.subarray(0, layout.perBlock)];
    expect(sums).toEqual(totals(noisy, layout));
    if (devices <= 8) {
      expect(sums).toEqual(values.map((value) => value * devices));
      expect(noise).toBeGreaterThan(480);
    }
  }
});

test("a value beyond the limit is noticed, wherever it stands", () => {
  const { fields, width, limit, perBlock } = layoutOf(4, 8);
  for (const at of [0, 1, perBlock - 1]) {
    for (const value of [limit + 1, -limit - 1, 127, -128]) {
      kernel.values.fill(0);
      kernel.values[at] = value;
      expect(kernel.packFields(fields, width, limit)).toBe(0);
    }
  }
});

test("residues travel in 52 bits each, and one that is not below q is noticed", () => {
  const x = edgy(5);
  kernel.x.set(words(x));
  kernel.pack();
  expect(kernel.wire).toEqual(packBits(x, 52));
  kernel.x.fill(0);
  expect(kernel.unpack()).toBe(1);
  expect(read(kernel.x)).toEqual(x);
  for (const at of [0, 1, 1000, N - 1]) {
    for (const wrong of [q, 2n ** 52n - 1n]) {
      kernel.wire.set(packBits(x.with(at, wrong), 52));
      expect(kernel.unpack()).toBe(0);
      expect(kernel.accumulate()).toBe(0);
    }
  }
});

test("blocks are added mod q, and any that is malformed is named", () => {
  const blocks = Array.from({ length: 64 }, (_, i) => edgy(10 + i));
  const packed = blocks.map((block) => packBits(block, 52));
  const sum = blocks.reduce((a, b) => a.map((x, i) => (x + b[i]!) % q));
  expect(addPieces(kernel, packed)).toEqual(packBits(sum, 52));
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 63 }), fc.nat(2 * BLOCK_BYTES), (at, length) => {
      const cut = length === BLOCK_BYTES ? new Uint8Array(0) : new Uint8Array(length);
      expect(() => addPieces(kernel, packed.with(at, cut))).toThrow(expect.objectContaining({ code: "malformed", index: at }));
    }),
    { numRuns: 20 },
  );
  expect(addPieces(kernel, packed), "what was refused leaves nothing behind").toEqual(packBits(sum, 52));
});

test("blocks are added in any proportion mod q", () => {
  const blocks = [edgy(7), edgy(8), edgy(9)];
  const weights = [1n, q - 1n, 2n ** 51n + 12345n];
  kernel.sums.fill(0);
  blocks.forEach((block, i) => {
    kernel.wire.set(packBits(block, 52));
    expect(kernel.accumulateScaled(Number(weights[i]))).toBe(1);
  });
  kernel.reduce();
  expect(read(kernel.x)).toEqual(blocks[0]!.map((_, i) => blocks.reduce((sum, block, k) => mod(sum + weights[k]! * block[i]!), 0n)));
  kernel.wire.set(packBits(edgy(7).with(5, q), 52));
  expect(kernel.accumulateScaled(3)).toBe(0);
});
