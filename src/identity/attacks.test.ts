import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { describe, expect, it } from "vitest";
import { IdentityError } from "./errors.ts";
import { sealKeys } from "./inner.ts";
import { createIssuer, fullKey, type FullKey, type PartialKey, setSecretValue } from "./keys.ts";
import { proveMisissue, verifyMisissue } from "./misissue.ts";
import { sign, verify, broadcastStatement } from "./sign.ts";
import { signcrypt, unsigncrypt } from "./signcrypt.ts";
import { Fn, H, lambdaOf, mulBase, type Point, pointOf, randomScalar, scalarBytes, scalarOf, SUITE, T, text } from "./suite.ts";
import { acceptAll, deviceOf, flipped, idOf, seeded } from "./testing/devices.ts";

const random = seeded("attacks");
const s = randomScalar(random);
const issuer = createIssuer(scalarBytes(s));
const aad = text("aad");
const message = text("message");
const id = idOf(random);
const secretValue = setSecretValue(random);
const partial = issuer.extract(id, secretValue.U, random);
const victim = fullKey({ id, P: issuer.P, secretValue, partial });
const peer = deviceOf(issuer, random);

/** A key as somebody would have it who claims that d belongs to W. */
const claimed = (W: Uint8Array, d: bigint, name = id): FullKey => ({ id: name, W, d, Y: mulBase(d).toBytes(), P: issuer.P, certificate: { id: name, W } });
const forges = (key: FullKey): boolean => verify(key.certificate, issuer.P, message, aad, sign(key, message, aad, random));
const opens = (self: FullKey, bytes: Uint8Array): boolean => {
  try {
    unsigncrypt({ self, bytes, aad, P: issuer.P, accept: acceptAll(), random });
    return true;
  } catch (error) {
    if (error instanceof IdentityError && error.code === "refused") return false;
    throw error;
  }
};
const lambda = (W: Uint8Array, name = id): bigint => lambdaOf(issuer.P, name, W);
const P = pointOf(issuer.P);

describe("Type I: who replaces keys but has not the issuer's s", () => {
  const x = randomScalar(random);
  const attempts: [string, Uint8Array, bigint][] = [
    ["W = xG, as if there were no issuer", mulBase(x).toBytes(), x],
    ["W chosen so that Y = xG for another W's λ", mulBase(x).add(P.multiply(Fn.neg(lambda(victim.W)))).toBytes(), x],
    ["the victim's R with an own U", pointOf(partial.R).add(mulBase(x)).toBytes(), x],
    ["the victim's whole partial key with an own U", pointOf(partial.R).add(mulBase(x)).toBytes(), Fn.add(scalarOf(partial.t), x)],
    ["the victim's W shifted by xG", pointOf(victim.W).add(mulBase(x)).toBytes(), x],
  ];

  it.each(attempts)("%s: signs nothing and opens nothing", (_, W, d) => {
    const key = claimed(W, d);
    expect(forges(key)).toBe(false);
    const forged = signcrypt({ from: key, to: peer.certificate, message, aad, random });
    expect(opens(peer, forged)).toBe(false);
    expect(opens(key, signcrypt({ from: peer, to: key.certificate, message, aad, random }))).toBe(false);
  });

  it("W solved for Y = xG, over and over, never meets its own λ", () => {
    let W: Point = mulBase(x);
    for (let round = 0; round < 20; round++) {
      W = mulBase(x).add(P.multiply(Fn.neg(lambda(W.toBytes()))));
      expect(forges(claimed(W.toBytes(), x))).toBe(false);
    }
  });

  it("a partial key serves no other id and no other issuer", () => {
    const other = idOf(random);
    expect(forges(claimed(victim.W, victim.d, other))).toBe(false);
    const elsewhere = createIssuer(random);
    expect(verify(victim.certificate, elsewhere.P, message, aad, sign(victim, message, aad, random))).toBe(false);
  });
});

describe("Type II: the issuer alone, with s, w and t but without x", () => {
  const t = scalarOf(partial.t);
  const w = Fn.sub(t, Fn.mul(lambda(victim.W), s));

  it("knows w and t as the test does", () => {
    expect(mulBase(w).toBytes()).toEqual(partial.R);
  });

  it.each([
    ["t alone", t],
    ["w and λs anew", Fn.add(w, Fn.mul(lambda(victim.W), s))],
    ["t with an x of its own", Fn.add(t, randomScalar(random))],
    ["s itself", s],
  ])("%s neither signs for the victim nor opens what is for it", (_, d) => {
    const key = claimed(victim.W, d);
    expect(forges(key)).toBe(false);
    expect(opens(key, signcrypt({ from: peer, to: victim.certificate, message, aad, random }))).toBe(false);
    expect(opens(peer, signcrypt({ from: key, to: peer.certificate, message, aad, random }))).toBe(false);
  });

  it("reads no message even from E and all it knows", () => {
    const bytes = signcrypt({ from: peer, to: victim.certificate, message, aad, random });
    const E = pointOf(bytes.slice(2, 34));
    for (const Z of [E.multiply(t), E.multiply(w), E.multiply(s), E.multiply(t).add(pointOf(secretValue.U))]) {
      const ctx = H(T(text(SUITE), text("1"), issuer.P, E.toBytes(), victim.id, victim.W, victim.Y, aad));
      const { k, n, com } = sealKeys(Z.toBytes(), text(`${SUITE}/kem`), ctx);
      expect(com).not.toEqual(bytes.slice(34, 66));
      expect(() => xchacha20poly1305(k, n, T(bytes.slice(0, 66), aad)).decrypt(bytes.slice(66))).toThrow();
    }
  });

  it("R = wG − U, which would give it the key, is noticed by the device", () => {
    const cancelled: PartialKey = { R: mulBase(w).subtract(pointOf(secretValue.U)).toBytes(), t: scalarBytes(Fn.add(w, Fn.mul(lambda(partial.R), s))) };
    expect(() => fullKey({ id, P: issuer.P, secretValue, partial: cancelled })).toThrow(IdentityError);
  });

  it("can only make a second key for the id, and any two signatures prove that it did", () => {
    const minted = randomScalar(random);
    const W = mulBase(minted).toBytes();
    const second = claimed(W, Fn.add(minted, Fn.mul(lambda(W), s)));
    expect(forges(second)).toBe(true);
    const signed = (key: FullKey, m: Uint8Array): Parameters<typeof proveMisissue>[1] => ({ certificate: key.certificate, statement: broadcastStatement(m, aad), signature: sign(key, m, aad, random) });
    // What the victim was sent under its own name, and what it signs itself.
    const received = unsigncrypt({ self: peer, bytes: signcrypt({ from: second, to: peer.certificate, message, aad, random }), aad, P: issuer.P, accept: acceptAll(), random });
    for (const other of [signed(second, text("forged")), received.signed]) {
      const proof = proveMisissue(issuer.P, signed(victim, text("mine")), other);
      expect(verifyMisissue(proof, issuer.P)).toMatchObject({ P: issuer.P, id });
      expect(() => verifyMisissue(proof, createIssuer(random).P)).toThrow(IdentityError);
      for (let at = 0; at < proof.length; at += 7) expect(() => verifyMisissue(flipped(proof, at, 1 << at % 8), issuer.P)).toThrow(IdentityError);
      for (const length of [0, 1, 77, proof.length - 1]) expect(() => verifyMisissue(proof.slice(0, length), issuer.P)).toThrow(IdentityError);
      expect(() => verifyMisissue(Uint8Array.of(...proof, 0), issuer.P)).toThrow(IdentityError);
    }
    // An honest issuer cannot be accused.
    expect(() => proveMisissue(issuer.P, signed(victim, text("one")), signed(victim, text("two")))).toThrow(IdentityError);
    expect(() => proveMisissue(issuer.P, signed(victim, text("one")), signed(peer, text("two")))).toThrow(IdentityError);
    const wrong = { ...signed(second, text("x")), signature: signed(victim, text("x")).signature };
    expect(() => proveMisissue(issuer.P, signed(victim, text("one")), wrong)).toThrow(IdentityError);
  });
});
