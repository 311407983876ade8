import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { publicKeyOf } from "./certificate.ts";
import { addTimes, computeIn, encoded, type Encoded, mulAddBase, timesBase, timesPublic, timesSecret } from "./encoded.ts";
import { IdentityError } from "./errors.ts";
import type { FullKey } from "./keys.ts";
import { signcrypt, unsigncrypt } from "./signcrypt.ts";
import { Fn, mulAddPublic, mulBase, Point, POINT_BYTES, pointOf, text } from "./suite.ts";
import { curveIn } from "./testing/curve.ts";
import { acceptAll, roomOf } from "./testing/devices.ts";

const { random, issuer, keys } = roomOf("encoded", 3);
const [a, b, c] = keys as [FullKey, FullKey, FullKey];
const scalar = fc.bigInt({ min: 1n, max: Fn.ORDER - 1n });
const IDENTITY = new Uint8Array(POINT_BYTES);
/** An encoding whose point the test would notice being asked for: what is computed in WebAssembly needs none. */
const bytesAlone = (bytes: Uint8Array): Encoded => ({
  bytes,
  get point(): Point {
    throw new Error("not computed in WebAssembly");
  },
});
const sealed = signcrypt({ from: a, to: b.certificate, message: text("hello"), aad: text("round 4"), random });
const open = (bytes: Uint8Array): Uint8Array => unsigncrypt({ self: b, bytes, aad: text("round 4"), P: issuer.P, accept: acceptAll(), random }).message;

it("nothing is computed in WebAssembly before that is loaded", () => {
  expect(() => mulAddBase(1n, 1n, bytesAlone(a.Y))).toThrow("not computed in WebAssembly");
  expect(publicKeyOf(a.certificate, issuer.P).bytes).toEqual(a.Y);
  expect(open(sealed)).toEqual(text("hello"));
});

describe("in WebAssembly", () => {
  beforeAll(async () => computeIn(await curveIn()));

  it("all products are those of the library in TypeScript", () => {
    fc.assert(fc.property(scalar, scalar, scalar, (x, y, k) => {
      const P = mulBase(k);
      const bytes = bytesAlone(P.toBytes());
      expect(mulAddBase(x, y, bytes)).toEqual(mulAddPublic(x, y, P).toBytes());
      expect(addTimes(bytesAlone(a.Y), y, bytes)).toEqual(P.multiplyUnsafe(y).add(pointOf(a.Y)).toBytes());
      expect(timesSecret(bytes, x, random)).toEqual(P.multiply(x).toBytes());
      expect(timesPublic(bytes, x)).toEqual(P.multiply(x).toBytes());
      expect(timesBase(x)).toEqual(mulBase(x).toBytes());
    }), { numRuns: 40 });
    for (const edge of [1n, 2n, Fn.ORDER - 1n]) expect(mulAddBase(edge, edge, bytesAlone(b.Y))).toEqual(mulAddPublic(edge, edge, pointOf(b.Y)).toBytes());
    expect(mulAddBase(1n, Fn.ORDER - 1n, encoded(Point.BASE.toBytes()))).toEqual(IDENTITY);
    expect(addTimes(encoded(a.Y), Fn.ORDER - 1n, encoded(a.Y))).toEqual(IDENTITY);
  });

  it("what is no point, the identity or another's second encoding is refused as it is in TypeScript", () => {
    // p itself is 0 once more, and 1 is no square's.
    const second = Uint8Array.from({ length: POINT_BYTES }, (_, i) => (i === 0 ? 0xed : i === 31 ? 0x7f : 0xff));
    for (const none of [new Uint8Array(POINT_BYTES).fill(255), second, Uint8Array.of(1, ...new Uint8Array(31)), a.Y.slice(1), IDENTITY]) {
      for (const work of [() => timesSecret(encoded(none), 5n, random), () => timesPublic(encoded(none), 5n), () => mulAddBase(1n, 1n, encoded(none)), () => addTimes(encoded(a.Y), 1n, encoded(none))]) expect(work).toThrow(IdentityError);
      expect(() => publicKeyOf({ id: c.id, W: none }, issuer.P)).toThrow(IdentityError);
      expect(() => publicKeyOf(c.certificate, none)).toThrow(IdentityError);
    }
    expect(mulAddBase(3n, 0n, encoded(a.Y))).toEqual(mulBase(3n).toBytes());
  });

  it("a certificate's key is the same, and what was sealed in TypeScript opens and the other way round", () => {
    expect(publicKeyOf(b.certificate, issuer.P).bytes).toEqual(b.Y);
    expect(publicKeyOf(b.certificate, issuer.P).point.toBytes()).toEqual(b.Y);
    expect(open(sealed)).toEqual(text("hello"));
    expect(open(signcrypt({ from: a, to: b.certificate, message: text("again"), aad: text("round 4"), random }))).toEqual(text("again"));
  });
});
