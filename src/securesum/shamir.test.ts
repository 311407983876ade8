import fc from "fast-check";
import { expect, test } from "vitest";
import { drawSecret } from "./blocks.ts";
import { recoverSecret } from "./decode.ts";
import { answerBytes, answerChallenge, fits, judge } from "./degree.ts";
import { compileRing, createRingKernel, createShamirKernel } from "./kernel.ts";
import { CHECKS, DEALING_BYTES, groupOf, N, P, SHARE_BYTES } from "./params.ts";
import { primeField } from "./prime-field.ts";
import { combineRows, dealRows, drawPolynomials, powers, readRow, ROW, rowOf, sumDealings } from "./shamir.ts";
import { keystream, packBits, residues } from "./testing/reference.ts";

const kernel = createShamirKernel();
const { lagrange, wrongPositions } = primeField(P);
const ring = createRingKernel(compileRing());
const seedOf = (salt: number): Uint8Array => new Uint8Array(32).fill(salt + 1);
const secretOf = (salt: number): Int16Array => drawSecret(ring, seedOf(salt)).slice();
const pack = (row: readonly number[]): Uint8Array => packBits(row.map(BigInt), 12);

/** Dealings by dealer, then holder. */
const dealAll = (devices: number): Uint8Array[][] =>
  Array.from({ length: devices }, (_, i) => {
    drawPolynomials(kernel, secretOf(i), seedOf(i), groupOf(devices).threshold);
    return dealRows(kernel, groupOf(devices));
  });
const sharesOf = (dealings: readonly Uint8Array[][]): Uint8Array[] => dealings[0]!.map((_, holder) => sumDealings(kernel, dealings.map((own) => own[holder]!)));
const sumOfSecrets = (devices: number): number[] => Array.from({ length: devices }, (_, i) => secretOf(i)).reduce<number[]>((sum, secret) => sum.map((x, i) => x + secret[i]!), new Array<number>(N).fill(0));

test("rows are uniform residues of the stream, and combine as in plain integers", () => {
  const key = seedOf(3);
  kernel.key.set(key);
  kernel.draw(2, 5, 6, 0, 96);
  const expected = residues(keystream(key, [2, 5, 6], 96 * ROW * 2 + 4096), 96 * ROW);
  expect([...kernel.rows]).toEqual(expected);
  const weights = Array.from({ length: 96 }, (_, k) => (k % 2 === 0 ? P - 1 : (k * 1009) % P));
  kernel.rows.fill(P - 1, 0, ROW);
  const sums = Array.from({ length: ROW }, (_, i) => weights.reduce((sum, weight, k) => sum + weight * kernel.rows[k * ROW + i]!, 0) % P);
  expect([...combineRows(kernel, weights)]).toEqual(sums);
  kernel.pack();
  expect(kernel.wire).toEqual(pack(sums));
  readRow(kernel, 7, pack(sums), DEALING_BYTES);
  expect([...rowOf(kernel, 7)]).toEqual(sums);
});

test("bytes that are not a share are refused with one error", () => {
  const row = Array.from({ length: ROW }, (_, i) => i);
  fc.assert(
    fc.property(fc.nat(2 * DEALING_BYTES), (length) => {
      fc.pre(length !== DEALING_BYTES);
      expect(() => readRow(kernel, 0, new Uint8Array(length), DEALING_BYTES)).toThrow(expect.objectContaining({ code: "malformed" }));
    }),
  );
  fc.assert(
    fc.property(fc.nat(ROW - 1), fc.integer({ min: P, max: 4095 }), (at, value) => {
      expect(() => readRow(kernel, 0, pack(row.with(at, value)), DEALING_BYTES)).toThrow(expect.objectContaining({ code: "malformed" }));
    }),
  );
});

test("T shares give the secret, whichever they are; T − 1 fit any secret", () => {
  const [dealings] = dealAll(5);
  const { threshold } = groupOf(5);
  const rows = dealings!.map((bytes) => {
    readRow(kernel, 0, bytes, DEALING_BYTES);
    return [...rowOf(kernel, 0)];
  });
  const secret = [...secretOf(0)];
  for (let missing = 0; missing < 5; missing++) {
    const points = [1, 2, 3, 4, 5].filter((point) => point !== missing + 1).slice(0, threshold);
    const weights = lagrange(points, 0);
    expect(secret.map((_, i) => weights.reduce((sum, weight, k) => sum + weight * rows[points[k]! - 1]![i]!, 0) % P)).toEqual(secret.map((x) => (x + P) % P));
  }
  // Whatever secret is assumed at 0, T − 1 shares are on a polynomial with it, and only one.
  const [first] = rows.map((row) => row[0]!);
  for (const assumed of [0, 1, 2000, P - 1]) {
    const points = [0, 1, 2, 3];
    const values = [assumed, first!, rows[1]![0]!, rows[2]![0]!];
    const weights = lagrange(points, 5);
    const fifth = weights.reduce((sum, weight, k) => sum + weight * values[k]!, 0) % P;
    expect(fifth === rows[4]![0]!).toBe(assumed === (secret[0]! + P) % P);
  }
});

test("Gao's decoder names the wrong values up to its bound, and never gives a wrong word for one beyond it unnoticed", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 64 }), fc.nat(), fc.nat(), fc.array(fc.nat(P - 1), { minLength: 64, maxLength: 64 }), (n, a, b, coefficients) => {
      const threshold = 1 + (a % n);
      const points = Array.from({ length: n }, (_, i) => i + 1);
      const values = points.map((x) => powers(x, threshold).reduce((sum, power, k) => (sum + power * coefficients[k]!) % P, 0));
      const errors = b % (Math.floor((n - threshold) / 2) + 1);
      const wrong = Array.from({ length: errors }, (_, i) => (b + i) % n).sort((x, y) => x - y);
      const spoilt = values.map((value, i) => (wrong.includes(i) ? (value + 1 + (b % (P - 1))) % P : value));
      expect(wrongPositions(points, spoilt, threshold)).toEqual(wrong);
    }),
  );
});

/** The specification's table: holders, dropouts allowed, wrong shares corrected with nobody and with one missing. */
const TABLE = [
  [3, 0, 0, null],
  [4, 1, 0, 0],
  [5, 1, 0, 0],
  [7, 2, 1, 0],
  [8, 2, 1, 0],
  [16, 5, 2, 2],
  [64, 21, 10, 10],
] as const;

test.each(TABLE)("%i holders: every dropout that is allowed, and every wrong share that can be corrected", (devices, dropouts, corrected, correctedWithOneMissing) => {
  const { threshold } = groupOf(devices);
  expect(devices - threshold).toBe(dropouts);
  const shares = sharesOf(dealAll(devices));
  const expected = sumOfSecrets(devices);
  for (let missing = 0; missing <= dropouts; missing++) {
    const answers = new Map(shares.map((share, holder) => [holder, share] as const).slice(missing));
    const most = Math.floor((devices - missing - threshold) / 2);
    if (missing === 0) expect(most).toBe(corrected);
    if (missing === 1) expect(most).toBe(correctedWithOneMissing);
    for (let errors = 0; errors <= most; errors++) {
      // The first ones spoil one coefficient each, the others all of theirs.
      const wrong = Array.from({ length: errors }, (_, i) => missing + 2 * i);
      const spoilt = new Map(answers);
      wrong.forEach((holder, i) => spoilt.set(holder, i % 2 === 0 ? changed(answers.get(holder)!, 100 + i) : pack(Array.from({ length: N }, (_, at) => (at * (i + 3)) % P))));
      const recovered = recoverSecret(kernel, spoilt, threshold, devices);
      expect(recovered.wrong).toEqual(wrong);
      expect([...recovered.secret]).toEqual(expected);
    }
    // One more is noticed, where a share is to spare at all.
    if (devices - missing > threshold) {
      const tooMany = new Map(answers);
      for (let i = 0; i <= most; i++) tooMany.set(missing + i, changed(answers.get(missing + i)!, 5));
      expect(() => recoverSecret(kernel, tooMany, threshold, devices)).toThrow(expect.objectContaining({ code: "undecodable" }));
    }
  }
  const few = new Map(shares.map((share, holder) => [holder, share] as const).slice(0, threshold - 1));
  expect(() => recoverSecret(kernel, few, threshold, devices)).toThrow(expect.objectContaining({ code: "undecodable" }));
});

/** The share with one coefficient changed, still below 4093. */
function changed(share: Uint8Array, at: number): Uint8Array {
  readRow(kernel, 0, share, SHARE_BYTES);
  const row = [...rowOf(kernel, 0).subarray(0, N)];
  return pack(row.with(at, (row[at]! + 1) % P));
}

test("a sum of secrets that honest devices cannot have is refused as garbage", () => {
  const { threshold } = groupOf(3);
  const shares = new Map(sharesOf(dealAll(3)).entries());
  // With no share to spare, one wrong share goes into the result.
  shares.set(1, pack(Array.from({ length: N }, (_, i) => (i * 31) % P)));
  expect(() => recoverSecret(kernel, shares, threshold, 3)).toThrow(expect.objectContaining({ code: "garbage" }));
});

test("a share of the sum that is malformed names its holder", () => {
  const shares = new Map(sharesOf(dealAll(4)).entries());
  shares.set(2, shares.get(2)!.slice(1));
  expect(() => recoverSecret(kernel, shares, 3, 4)).toThrow(expect.objectContaining({ code: "malformed", index: 2 }));
});

test("the degree test convicts a dealer that gave a holder values off its polynomials, and no honest holder or dealer", () => {
  const devices = 8;
  const { threshold } = groupOf(devices);
  const dealings = dealAll(devices);
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(devices - 1), fc.nat(devices - 1), fc.nat(N + CHECKS - 1), fc.integer({ min: 1, max: P - 1 }), (challenge, dealer, holder, at, by) => {
      const answer = answerChallenge(kernel, secretOf(dealer), seedOf(dealer), threshold, challenge);
      const honest = dealings[dealer]![holder]!;
      expect(fits(kernel, honest, holder, answer, threshold, challenge)).toBe(true);
      expect(judge(kernel, honest, holder, answer, threshold, challenge), "a false complaint").toBe("holder");
      readRow(kernel, 0, honest, DEALING_BYTES);
      const row = [...rowOf(kernel, 0)];
      const off = pack(row.with(at, (row[at]! + by) % P));
      expect(judge(kernel, off, holder, answer, threshold, challenge)).toBe("dealer");
      expect(judge(kernel, honest, holder, answer.slice(1), threshold, challenge), "a malformed answer").toBe("dealer");
      expect(judge(kernel, new Uint8Array(DEALING_BYTES).fill(255), holder, answer, threshold, challenge), "a malformed dealing").toBe("dealer");
    }),
    { numRuns: 30 },
  );
});

test("bytes that are not an answer are refused with one error, and a challenge of the wrong length convicts nobody", () => {
  const [dealings] = dealAll(3);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      fc.pre(bytes.length !== answerBytes(3));
      expect(() => fits(kernel, dealings![0]!, 0, bytes, 3, seedOf(1))).toThrow(expect.objectContaining({ name: "SumError", code: "malformed" }));
    }),
  );
  expect(() => fits(kernel, dealings![0]!, 0, new Uint8Array(answerBytes(3)).fill(255), 3, seedOf(1))).toThrow(expect.objectContaining({ code: "malformed" }));
  expect(() => judge(kernel, dealings![0]!, 0, new Uint8Array(answerBytes(3)), 3, new Uint8Array(31))).toThrow(expect.objectContaining({ code: "out-of-range" }));
});

test("a dealer whose polynomials have too high a degree fits no answer", () => {
  const { threshold, holders } = groupOf(7);
  drawPolynomials(kernel, secretOf(0), seedOf(0), threshold + 1);
  const dealings = dealRows(kernel, { ...groupOf(7), threshold: threshold + 1 });
  const challenge = seedOf(9);
  const answer = answerChallenge(kernel, secretOf(0), seedOf(0), threshold, challenge);
  const fitting = Array.from({ length: holders }, (_, holder) => fits(kernel, dealings[holder]!, holder, answer, threshold, challenge));
  expect(fitting.filter(Boolean)).toHaveLength(0);
});

test("an answer to the degree test says nothing of the secret: its masks make it uniform", () => {
  const challenge = seedOf(1);
  const answers = new Set<number>();
  for (let salt = 0; salt < 40; salt++) {
    // The same secret each time; only the seed of the polynomials and masks differs.
    const answer = answerChallenge(kernel, secretOf(0), seedOf(salt), 3, challenge);
    expect(answer.length).toBe(answerBytes(3));
    answers.add(new DataView(answer.buffer).getUint16(0));
  }
  // 40 draws from 4,093 values: two alike now and then, never more than a few.
  expect(answers.size).toBeGreaterThan(35);
});
