import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { IdentityError } from "./errors.ts";
import { encodeCertificate } from "./certificate.ts";
import { computeIn } from "./encoded.ts";
import { createIssuer, type FullKey } from "./keys.ts";
import { createReplayGuard } from "./replay.ts";
import { signcrypt, SIGNCRYPT_OVERHEAD, unsigncrypt, type Unsigncrypt } from "./signcrypt.ts";
import { text } from "./suite.ts";
import { acceptAll, deviceOf, flipped, roomOf } from "./testing/devices.ts";
import { curveIn } from "./testing/curve.ts";

const { random, issuer, keys } = roomOf("signcrypt", 3);
const [a, b, c] = keys as [FullKey, FullKey, FullKey];
const aad = text("round 4");
const message = text("the update");
const sealed = signcrypt({ from: a, to: b.certificate, message, aad, random });
const open = (bytes: Uint8Array, other: Partial<Unsigncrypt> = {}): ReturnType<typeof unsigncrypt> =>
  unsigncrypt({ self: b, bytes, aad, P: issuer.P, accept: acceptAll(), random, ...other });

/** Everything that a caller can tell about a failure. */
function failure(run: () => unknown): { code: string; message: string } {
  try {
    run();
  } catch (error) {
    if (error instanceof IdentityError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("it was not refused");
}
const REFUSED = failure(() => open(new Uint8Array(0)));

const holds = (bytes: Uint8Array, part: Uint8Array): boolean => Buffer.from(bytes).includes(Buffer.from(part));

describe("signcrypt", () => {
  it("any message with any aad comes back from its sender, and is 235 bytes longer", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), fc.uint8Array({ maxLength: 80 }), (m, withAad) => {
      const bytes = signcrypt({ from: a, to: b.certificate, message: m, aad: withAad, random });
      expect(bytes.length).toBe(m.length + 235);
      const opened = open(bytes, { aad: withAad });
      expect(opened.message).toEqual(m);
      expect(opened.from).toEqual(a.certificate);
    }), { numRuns: 25 });
  });

  it("a view into a larger buffer is opened like any other, and left as it was", () => {
    const buffer = new Uint8Array(sealed.length + 20);
    buffer.set(sealed, 10);
    const before = buffer.slice();
    expect(open(buffer.subarray(10, 10 + sealed.length)).message).toEqual(message);
    expect(buffer).toEqual(before);
  });

  it("padding makes all messages one length and is taken off again", () => {
    for (const length of [0, 1, 700]) {
      const m = random(length);
      const bytes = signcrypt({ from: a, to: b.certificate, message: m, aad, random, padTo: 1024 });
      expect(bytes.length).toBe(1024);
      expect(open(bytes).message).toEqual(m);
    }
    const full = random(1024 - SIGNCRYPT_OVERHEAD);
    expect(open(signcrypt({ from: a, to: b.certificate, message: full, aad, random, padTo: 1024 })).message).toEqual(full);
    expect(failure(() => signcrypt({ from: a, to: b.certificate, message: random(1025 - SIGNCRYPT_OVERHEAD), aad, random, padTo: 1024 })).code).toBe("misuse");
  });

  it("sender and receiver may stand under different issuers", () => {
    const there = deviceOf(createIssuer(random), random);
    const bytes = signcrypt({ from: a, to: there.certificate, toIssuer: there.P, message, aad, random });
    expect(open(bytes, { self: there }).message).toEqual(message);
    expect(failure(() => open(bytes, { self: there, P: there.P }))).toEqual(REFUSED);
  });

  it("the same message twice has nothing in common", () => {
    const again = signcrypt({ from: a, to: b.certificate, message, aad, random });
    expect(again.slice(2, 66)).not.toEqual(sealed.slice(2, 66));
  });

  it("repeated chance repeats no nonce over different messages", () => {
    const stuck = (length: number): Uint8Array => new Uint8Array(length).fill(7);
    const [one, two] = [text("one"), text("two")].map((m) => signcrypt({ from: a, to: b.certificate, message: m, aad, random: stuck }));
    expect(one!.slice(2, 34)).not.toEqual(two!.slice(2, 34));
    const signatures = [one!, two!].map((bytes) => open(bytes).signed.signature.slice(0, 32));
    expect(signatures[0]).not.toEqual(signatures[1]);
  });
});

describe.each(["TypeScript", "WebAssembly"])("every failure is the same refusal in %s", (where) => {
  beforeAll(async () => computeIn(where === "WebAssembly" ? await curveIn() : null));

  it("any one byte changed", () => {
    for (let at = 0; at < sealed.length; at++) expect(failure(() => open(flipped(sealed, at, 1 << at % 8)))).toEqual(REFUSED);
  });

  it("any bits changed anywhere, anything cut off or added, and chance bytes", () => {
    fc.assert(fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => void expect(failure(() => open(flipped(sealed, at, mask)))).toEqual(REFUSED)), { numRuns: 60 });
    fc.assert(fc.property(fc.nat(sealed.length - 1), (length) => void expect(failure(() => open(sealed.slice(0, length)))).toEqual(REFUSED)), { numRuns: 30 });
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void expect(failure(() => open(bytes))).toEqual(REFUSED)), { numRuns: 50 });
    expect(failure(() => open(Uint8Array.of(...sealed, 0)))).toEqual(REFUSED);
  });

  it("the identity or no point at all as E", () => {
    const withE = (E: Uint8Array): Uint8Array => Uint8Array.from([...sealed.slice(0, 2), ...E, ...sealed.slice(34)]);
    expect(failure(() => open(withE(new Uint8Array(32))))).toEqual(REFUSED);
    expect(failure(() => open(withE(new Uint8Array(32).fill(255))))).toEqual(REFUSED);
  });

  it("another receiver, another aad, another issuer", () => {
    expect(failure(() => open(sealed, { self: c }))).toEqual(REFUSED);
    expect(failure(() => open(sealed, { aad: text("round 5") }))).toEqual(REFUSED);
    expect(failure(() => open(sealed, { P: c.Y }))).toEqual(REFUSED);
    expect(failure(() => open(sealed, { self: { ...b, P: c.Y } }))).toEqual(REFUSED);
  });

  it("a replay, an epoch that is not accepted, a revoked sender; and none of these uses up the message", () => {
    const replay = createReplayGuard();
    expect(failure(() => open(sealed, { accept: acceptAll({ replay, epoch: (epoch) => epoch === 8 }) }))).toEqual(REFUSED);
    expect(failure(() => open(sealed, { accept: acceptAll({ replay, revoked: ({ W }) => Buffer.from(W).equals(Buffer.from(a.W)) }) }))).toEqual(REFUSED);
    expect(failure(() => open(flipped(sealed, 100), { accept: acceptAll({ replay }) }))).toEqual(REFUSED);
    expect(replay.size).toBe(0);
    expect(open(sealed, { accept: acceptAll({ replay, epoch: (epoch) => epoch === 7 }) }).message).toEqual(message);
    expect(failure(() => open(sealed, { accept: acceptAll({ replay }) }))).toEqual(REFUSED);
  });

  it("a message for one that its receiver passes on as its own or to another", () => {
    const { signed, message: m } = open(sealed);
    const forwarded = signcrypt({ from: { ...b, id: signed.certificate.id, W: signed.certificate.W }, to: c.certificate, message: m, aad, random });
    expect(failure(() => open(forwarded, { self: c }))).toEqual(REFUSED);
  });
});

describe("what a ciphertext shows", () => {
  const parts = [a, b].flatMap((key) => [key.id, key.id.slice(25), key.W, key.Y, encodeCertificate(key.certificate)]);

  it("holds neither party's id, W or Y, nor the issuer's P, nor the message", () => {
    for (const part of [...parts, issuer.P, message]) expect(holds(sealed, part)).toBe(false);
  });

  it("to different receivers it is alike in nothing but length, version and mode", () => {
    const [one, two] = [b, c].map((to) => signcrypt({ from: a, to: to.certificate, message, aad, random, padTo: 512 }));
    expect(one!.length).toBe(two!.length);
    expect(one!.slice(0, 2)).toEqual(two!.slice(0, 2));
    // A run of 4 equal bytes in the same place comes by chance once in some ten million pairs.
    let run = 0;
    for (let i = 2; i < one!.length; i++) {
      run = one![i] === two![i] ? run + 1 : 0;
      expect(run).toBeLessThan(4);
    }
  });

  it("the bytes after the mode are spread as chance is", () => {
    const counts = new Array<number>(256).fill(0);
    const bytes = signcrypt({ from: a, to: b.certificate, message: new Uint8Array(1 << 16), aad, random });
    for (const byte of bytes.subarray(34)) counts[byte]!++;
    const expected = (bytes.length - 34) / 256;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 255 degrees of freedom: above 400 once in ten million.
    expect(chiSquare).toBeLessThan(400);
  });
});
