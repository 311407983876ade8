import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { IdentityError } from "./errors.ts";
import type { FullKey } from "./keys.ts";
import { manyBytes, signcryptMany, SLOT_BYTES, slotsFor, unsigncryptMany } from "./many.ts";
import { createReplayGuard } from "./replay.ts";
import { signcrypt, unsigncrypt, type Unsigncrypt } from "./signcrypt.ts";
import { text } from "./suite.ts";
import { acceptAll, flipped, roomOf } from "./testing/devices.ts";

const { random, issuer, keys } = roomOf("many", 6);
const [a, ...others] = keys as [FullKey, ...FullKey[]];
const to = others.slice(0, 3).map(({ certificate }) => certificate);
const outside = others[4]!;
const aad = text("round 4");
const message = text("to all of you");
const sealed = signcryptMany({ from: a, to, message, aad, random });
const open = (self: FullKey, bytes = sealed, other: Partial<Unsigncrypt> = {}): ReturnType<typeof unsigncryptMany> =>
  unsigncryptMany({ self, bytes, aad, P: issuer.P, accept: acceptAll(), random, ...other });
const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof IdentityError) return error.code;
    throw error;
  }
  return "none";
};

describe("signcryption for many", () => {
  it("each of the receivers opens it, and nobody else", () => {
    for (const self of others.slice(0, 3)) {
      const opened = open(self);
      expect([opened.from, opened.message]).toEqual([a.certificate, message]);
    }
    expect(code(() => open(outside))).toBe("refused");
    expect(code(() => open(a))).toBe("refused");
  });

  it("slots are a power of two, sorted by tag, and the length is what the receivers' number makes it", () => {
    expect([1, 2, 3, 4, 5, 16, 17].map(slotsFor)).toEqual([1, 2, 4, 4, 8, 16, 32]);
    expect(sealed.length).toBe(manyBytes(3, message.length));
    expect(sealed[66]).toBe(2);
    const tags = Array.from({ length: 4 }, (_, i) => Buffer.from(sealed.slice(67 + i * SLOT_BYTES, 75 + i * SLOT_BYTES)).toString("hex"));
    expect(tags).toEqual([...tags].sort());
    for (const length of [0, 50]) expect(signcryptMany({ from: a, to, message: random(length), aad, random, padTo: 1000 }).length).toBe(1000);
  });

  it("any number of receivers with any message", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), fc.subarray(others, { minLength: 1 }), (m, chosen) => {
      const bytes = signcryptMany({ from: a, to: chosen.map(({ certificate }) => certificate), message: m, aad, random });
      for (const self of others) {
        if (chosen.includes(self)) expect(open(self, bytes).message).toEqual(m);
        else expect(code(() => open(self, bytes))).toBe("refused");
      }
    }), { numRuns: 6 });
  });

  it("any one byte changed is refused by every receiver, in the others' slots too", () => {
    const small = signcryptMany({ from: a, to: to.slice(0, 2), message: text("m"), aad, random });
    for (const self of others.slice(0, 2)) expect(open(self, small).message).toEqual(text("m"));
    for (let at = 0; at < small.length; at++) expect(code(() => open(others[at % 2]!, flipped(small, at, 1 << at % 8)))).toBe("refused");
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => code(() => open(others[0]!, bytes)) === "refused"), { numRuns: 50 });
    fc.assert(fc.property(fc.nat(sealed.length - 1), (length) => code(() => open(others[0]!, sealed.slice(0, length))) === "refused"), { numRuns: 30 });
  });

  it("another aad, issuer or epoch, a revoked sender, a replay and the identity as E are refused", () => {
    const [self] = others as [FullKey];
    expect(code(() => open(self, sealed, { aad: text("round 5") }))).toBe("refused");
    expect(code(() => open(self, sealed, { P: a.Y }))).toBe("refused");
    expect(code(() => open(self, sealed, { accept: acceptAll({ epoch: (epoch) => epoch > 7 }) }))).toBe("refused");
    expect(code(() => open(self, sealed, { accept: acceptAll({ revoked: () => true }) }))).toBe("refused");
    const accept = acceptAll({ replay: createReplayGuard() });
    expect(open(self, sealed, { accept }).message).toEqual(message);
    expect(code(() => open(self, sealed, { accept }))).toBe("refused");
    expect(code(() => open(self, sealed.map((byte, i) => (i >= 2 && i < 34 ? 0 : byte))))).toBe("refused");
  });

  it("the modes are not to be taken for one another", () => {
    const single = signcrypt({ from: a, to: to[0]!, message, aad, random });
    expect(code(() => open(others[0]!, single))).toBe("refused");
    expect(code(() => open(others[0]!, single.map((byte, i) => (i === 1 ? sealed[1]! : byte))))).toBe("refused");
    const opening = { self: others[0]!, aad, P: issuer.P, accept: acceptAll(), random };
    expect(code(() => unsigncrypt({ ...opening, bytes: sealed }))).toBe("refused");
    expect(code(() => unsigncrypt({ ...opening, bytes: sealed.map((byte, i) => (i === 1 ? single[1]! : byte)) }))).toBe("refused");
  });

  it("holds no receiver's and no sender's id, W or Y, and two of one size share nothing but the header's first bytes and the count", () => {
    for (const key of keys) for (const part of [key.id, key.W, key.Y]) expect(Buffer.from(sealed).includes(Buffer.from(part))).toBe(false);
    const other = signcryptMany({ from: a, to: others.slice(2).map(({ certificate }) => certificate), message, aad, random });
    expect(other.length).toBe(sealed.length);
    let run = 0;
    for (let i = 2; i < sealed.length; i++) {
      if (i === 66) continue;
      run = sealed[i] === other[i] ? run + 1 : 0;
      expect(run).toBeLessThan(4);
    }
  });

  it("nobody, too many or somebody twice as receivers is the sender's own mistake", () => {
    const { certificate } = others[0]!;
    for (const wrong of [[], [certificate, certificate], Array.from({ length: 1_025 }, () => certificate)]) {
      expect(code(() => signcryptMany({ from: a, to: wrong, message, aad, random }))).toBe("misuse");
    }
  });
});
