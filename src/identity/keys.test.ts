import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeCertificate, encodeCertificate, publicKeyOf } from "./certificate.ts";
import { IdentityError } from "./errors.ts";
import { decodeId, encodeId, ID_BYTES } from "./id.ts";
import { checkPartial, createIssuer, fullKey, issuerKeyOfRoom, setSecretValue } from "./keys.ts";
import { verify } from "./sign.ts";
import { Fn, hashToScalar, mulBase, mulSecret, Point, pointOf, randomScalar, scalarBytes, scalarOf, T, text, withTable } from "./suite.ts";
import { deviceOf, flipped, idOf, roomOf, seeded } from "./testing/devices.ts";

const refusal = (run: () => unknown): string | undefined => {
  try {
    run();
  } catch (error) {
    if (error instanceof IdentityError) return error.code;
    throw error;
  }
  return undefined;
};
const IDENTITY = new Uint8Array(32);
const { random, issuer, keys: [a, b] } = roomOf("keys", 2) as ReturnType<typeof roomOf> & { keys: [ReturnType<typeof deviceOf>, ReturnType<typeof deviceOf>] };

describe("the group's encodings", () => {
  it("refuse the identity, which decodes without error in the library", () => {
    expect(Point.fromBytes(IDENTITY).is0()).toBe(true);
    expect(refusal(() => pointOf(IDENTITY))).toBe("refused");
  });

  it("refuse what is not canonical (RFC 9496, A.2) and whatever else is no point", () => {
    const p = (1n << 255n) - 19n;
    const encoded = (n: bigint): Uint8Array => Uint8Array.from({ length: 32 }, (_, i) => Number((n >> BigInt(8 * i)) & 255n));
    for (const n of [p, p + 2n, p - 1n, 1n, (1n << 255n) | 2n]) expect(refusal(() => pointOf(encoded(n)))).toBe("refused");
    for (const length of [0, 31, 33]) expect(refusal(() => pointOf(new Uint8Array(length)))).toBe("refused");
    fc.assert(fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => refusal(() => expect(pointOf(bytes).toBytes()).toEqual(bytes)) !== "misuse"), { numRuns: 50 });
  });

  it("refuse scalars that are 0, not below the order, or of another length", () => {
    expect(refusal(() => scalarOf(new Uint8Array(32)))).toBe("refused");
    expect(refusal(() => scalarOf(Uint8Array.from({ length: 32 }, (_, i) => Number((Fn.ORDER >> BigInt(8 * i)) & 255n))))).toBe("refused");
    expect(refusal(() => scalarOf(new Uint8Array(31).fill(1)))).toBe("refused");
    const k = randomScalar(random);
    expect(scalarOf(scalarBytes(k))).toBe(k);
  });

  it("T is injective where plain concatenation is not", () => {
    expect(T(text("ab"), text("c"))).not.toEqual(T(text("a"), text("bc")));
    expect(hashToScalar("sig", text("a"))).not.toBe(hashToScalar("nonce", text("a")));
  });

  it("a blinded product is the product, with and without a table", () => {
    fc.assert(fc.property(fc.bigInt(1n, Fn.ORDER - 1n), fc.string(), (k, seed) => {
      const P = mulBase(randomScalar(seeded(seed)));
      expect(mulSecret(P, k, seeded(seed)).equals(P.multiply(k))).toBe(true);
    }), { numRuns: 15, examples: [[1n, ""], [Fn.ORDER - 1n, ""]] });
    const tabled = withTable(mulBase(5n));
    expect(mulSecret(tabled, 7n, random).equals(mulBase(35n))).toBe(true);
  });

  it("a blind that equals the scalar still gives the product", () => {
    const draw = seeded("the same blind");
    const P = mulBase(3n);
    const r = randomScalar(seeded("the same blind"));
    expect(mulSecret(P, r, draw).equals(P.multiply(r))).toBe(true);
    expect(mulSecret(withTable(mulBase(3n)), r, seeded("the same blind")).equals(P.multiply(r))).toBe(true);
  });
});

describe("ids and certificates", () => {
  it("ids come back as they went, in 45 bytes", () => {
    const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(fc.property(bytes(16), fc.integer({ min: 0, max: 0xffff_ffff }), bytes(4), bytes(20), (room, epoch, flags, drawn) => {
      const id = encodeId({ room, epoch, flags, random: drawn });
      expect(id.length).toBe(ID_BYTES);
      expect(decodeId(id)).toEqual({ room, epoch, flags, random: drawn });
    }));
  });

  it("other versions and lengths are refused, wrong fields are the device's own misuse", () => {
    const id = idOf(random);
    for (const wrong of [flipped(id, 0), id.slice(1), new Uint8Array(0), new Uint8Array(46)]) expect(refusal(() => decodeId(wrong))).toBe("refused");
    expect(refusal(() => encodeId({ ...decodeId(id), epoch: -1 }))).toBe("misuse");
    expect(refusal(() => encodeId({ ...decodeId(id), room: new Uint8Array(15) }))).toBe("misuse");
  });

  it("certificates come back as they went, in 77 bytes, and never with the identity as W", () => {
    const encoded = encodeCertificate(a.certificate);
    expect(encoded.length).toBe(77);
    expect(decodeCertificate(encoded)).toEqual(a.certificate);
    expect(refusal(() => decodeCertificate(encodeCertificate({ id: a.id, W: IDENTITY })))).toBe("refused");
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => refusal(() => decodeCertificate(bytes)) === "refused"));
  });

  it("anybody gets Y from a certificate and P, however often", () => {
    for (let use = 0; use < 8; use++) expect(publicKeyOf(a.certificate, issuer.P).bytes).toEqual(a.Y);
    expect(publicKeyOf(a.certificate, issuer.P).point.toBytes()).toEqual(a.Y);
    expect(publicKeyOf(a.certificate, b.Y).bytes).not.toEqual(a.Y);
  });

  it("no key follows from a W or P that is the identity, nor where Y would be", () => {
    expect(refusal(() => publicKeyOf({ id: a.id, W: IDENTITY }, issuer.P))).toBe("refused");
    expect(refusal(() => publicKeyOf(a.certificate, IDENTITY))).toBe("refused");
  });
});

describe("partial keys", () => {
  const id = idOf(random);
  const secretValue = setSecretValue(random);
  const partial = issuer.extract(id, secretValue.U, random);

  it("an honest answer gives a key that holds", () => {
    expect(checkPartial({ id, P: issuer.P, U: secretValue.U, partial })).toBe(true);
    const key = fullKey({ id, P: issuer.P, secretValue, partial });
    expect(mulBase(key.d).toBytes()).toEqual(key.Y);
  });

  it("a wrong answer gives none: another id, U, P, R or t", () => {
    const other = setSecretValue(random);
    const wrong: Parameters<typeof fullKey>[0][] = [
      { id: idOf(random), P: issuer.P, secretValue, partial },
      { id, P: b.Y, secretValue, partial },
      { id, P: issuer.P, secretValue: other, partial },
      { id, P: issuer.P, secretValue: { x: other.x, U: secretValue.U }, partial },
      { id, P: issuer.P, secretValue, partial: { R: other.U, t: partial.t } },
      { id, P: issuer.P, secretValue, partial: { R: partial.R, t: scalarBytes(other.x) } },
      { id, P: issuer.P, secretValue, partial: { R: IDENTITY, t: partial.t } },
      { id, P: issuer.P, secretValue, partial: { R: partial.R, t: new Uint8Array(32) } },
      { id, P: IDENTITY, secretValue, partial },
    ];
    for (const inputs of wrong) expect(refusal(() => fullKey(inputs))).toBe("refused");
  });

  it("a W that would be the identity is refused on both sides", () => {
    const R = pointOf(secretValue.U).negate().toBytes();
    expect(refusal(() => fullKey({ id, P: issuer.P, secretValue, partial: { R, t: partial.t } }))).toBe("refused");
    expect(refusal(() => issuer.extract(idOf(random), IDENTITY, random))).toBe("refused");
  });

  it("one id is issued once: the same question has the same answer, another has none", () => {
    expect(issuer.extract(id, secretValue.U, random)).toEqual(partial);
    expect(refusal(() => issuer.extract(id, setSecretValue(random).U, random))).toBe("refused");
  });

  it("R is not to be had before U: the issuer has nothing to ask but `extract`, which takes U", () => {
    expect(Object.keys(issuer).sort()).toEqual(["P", "extract"]);
    // @ts-expect-error without a U there is no call
    expect(() => issuer.extract(idOf(random), random)).toThrow();
    // Two sessions of one id and one chance still have different R: w hangs on U.
    const [one, two] = [createIssuer(scalarBytes(9n)), createIssuer(scalarBytes(9n))];
    const first = one.extract(id, secretValue.U, seeded("same"));
    expect(two.extract(id, setSecretValue(random).U, seeded("same")).R).not.toEqual(first.R);
  });

  it("a room without a committee has one issuer, that of its secret", () => {
    const secret = random(32);
    expect(createIssuer(issuerKeyOfRoom(secret)).P).toEqual(createIssuer(issuerKeyOfRoom(secret)).P);
    expect(issuerKeyOfRoom(flipped(secret, 0))).not.toEqual(issuerKeyOfRoom(secret));
  });

  it("an issuer's wrong secret is refused", () => {
    expect(refusal(() => createIssuer(new Uint8Array(32)))).toBe("refused");
    expect(refusal(() => verify(a.certificate, IDENTITY, text("m"), text(""), new Uint8Array(64)))).toBe(undefined);
    expect(verify(a.certificate, IDENTITY, text("m"), text(""), new Uint8Array(64))).toBe(false);
  });
});
