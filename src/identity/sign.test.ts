import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { FullKey } from "./keys.ts";
import { computeIn } from "./encoded.ts";
import { broadcastStatement, sign, verify } from "./sign.ts";
import { signcrypt, unsigncrypt } from "./signcrypt.ts";
import { Fn, H, hashToScalar, scalarBytes, text } from "./suite.ts";
import { acceptAll, flipped, roomOf } from "./testing/devices.ts";
import { curveIn } from "./testing/curve.ts";

const { random, issuer, keys } = roomOf("sign", 2);
const [a, b] = keys as [FullKey, FullKey];
const [message, aad] = [text("commit"), text("round 4")];
const signature = sign(a, message, aad, random);
const { P } = issuer;

describe.each(["TypeScript", "WebAssembly"])("a signature alone, checked in %s", (where) => {
  beforeAll(async () => computeIn(where === "WebAssembly" ? await curveIn() : null));

  it("any message with any aad verifies, in 64 bytes", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 80 }), (m, withAad) => {
      const made = sign(a, m, withAad, random);
      expect(made.length).toBe(64);
      expect(verify(a.certificate, P, m, withAad, made)).toBe(true);
    }), { numRuns: 20 });
  });

  it("does not for another message, aad, signer, issuer or any byte changed", () => {
    expect(verify(a.certificate, P, text("commut"), aad, signature)).toBe(false);
    expect(verify(a.certificate, P, message, text("round 5"), signature)).toBe(false);
    expect(verify(b.certificate, P, message, aad, signature)).toBe(false);
    expect(verify({ id: a.id, W: b.W }, P, message, aad, signature)).toBe(false);
    expect(verify({ id: b.id, W: a.W }, P, message, aad, signature)).toBe(false);
    expect(verify(a.certificate, b.Y, message, aad, signature)).toBe(false);
    for (let at = 0; at < signature.length; at++) expect(verify(a.certificate, P, message, aad, flipped(signature, at, 1 << at % 8))).toBe(false);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => !verify(a.certificate, P, message, aad, bytes)), { numRuns: 30 });
  });

  it("the parts' borders cannot be moved: aad and message are apart", () => {
    expect(verify(a.certificate, P, text("commitround 4"), text(""), signature)).toBe(false);
    expect(verify(a.certificate, P, aad, message, signature)).toBe(false);
  });

  it("the identity as R, and z = 0, are no signature", () => {
    const z = signature.slice(32);
    expect(verify(a.certificate, P, message, aad, Uint8Array.of(...new Uint8Array(32), ...z))).toBe(false);
    expect(verify(a.certificate, P, message, aad, Uint8Array.of(...signature.slice(0, 32), ...new Uint8Array(32)))).toBe(false);
    // z = c·d verifies with R the identity, were that allowed: whoever saw it would have d.
    const identity = new Uint8Array(32);
    const c = hashToScalar("sig", P, a.id, a.W, ...broadcastStatement(message, aad), identity);
    expect(verify(a.certificate, P, message, aad, Uint8Array.of(...identity, ...scalarBytes(Fn.mul(c, a.d))))).toBe(false);
  });

  it("z above the order is not a second form of the same signature", () => {
    const z = Fn.fromBytes(signature.slice(32)) + Fn.ORDER;
    const bytes = Uint8Array.from({ length: 32 }, (_, i) => Number((z >> BigInt(8 * i)) & 255n));
    expect(verify(a.certificate, P, message, aad, Uint8Array.of(...signature.slice(0, 32), ...bytes))).toBe(false);
  });

  it("one out of a signcryption is no signature alone", () => {
    const bytes = signcrypt({ from: a, to: b.certificate, message, aad, random });
    const { signed } = unsigncrypt({ self: b, bytes, aad, P, accept: acceptAll(), random });
    expect(verify(a.certificate, P, message, aad, signed.signature)).toBe(false);
    expect(signed.statement.length).toBe(5);
    expect(signed.statement[4]).toEqual(H(message));
  });

  it("repeated chance repeats no nonce over different messages", () => {
    const stuck = (length: number): Uint8Array => new Uint8Array(length);
    expect(sign(a, text("one"), aad, stuck).slice(0, 32)).not.toEqual(sign(a, text("two"), aad, stuck).slice(0, 32));
    expect(sign(a, text("one"), aad, random).slice(0, 32)).not.toEqual(sign(a, text("one"), aad, random).slice(0, 32));
  });
});
