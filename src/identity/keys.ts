import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { equalBytes } from "@noble/ciphers/utils.js";
import { publicKeyOf, type Certificate } from "./certificate.ts";
import { timesBase } from "./encoded.ts";
import { decodeId } from "./id.ts";
import { misuse, refused } from "./errors.ts";
import { Fn, hashToScalar, lambdaOf, mulAddPublic, mulBase, nonZero, pointOf, type Random, randomScalar, scalarBytes, scalarOf, SUITE, text } from "./suite.ts";

export { encodeCertificate, type Certificate } from "./certificate.ts";

/** The device's own half: x stays, U goes to the issuer. */
export interface SecretValue {
  x: bigint;
  /** U = xG, 32 bytes. */
  U: Uint8Array;
}

/** The issuer's half. It needs no secret channel: without x it is of no use. */
export interface PartialKey {
  /** R = wG, 32 bytes. */
  R: Uint8Array;
  /** t = w + λs, 32 bytes. */
  t: Uint8Array;
}

/** A pseudonym's key. `d` and nothing else in it is secret. */
export interface FullKey {
  id: Uint8Array;
  W: Uint8Array;
  d: bigint;
  /** Y = dG, 32 bytes. */
  Y: Uint8Array;
  /** The issuer under which the key holds, 32 bytes. */
  P: Uint8Array;
  certificate: Certificate;
}

/** An issuer of one key: the embedded default of a small room. */
export interface Issuer {
  readonly P: Uint8Array;
  /**
   * Draws w only now, with U fixed: had the issuer shown R first, a few hundred sessions side by side
   * would forge a full key (ROS; Benhamouda et al., eprint 2020/945). There is no other way to get an R.
   * The same id with the same U gets the same answer again, so that a lost answer can be asked for once more.
   * @throws IdentityError `refused` where id or U is malformed, or the id was issued for another U.
   */
  extract(id: Uint8Array, U: Uint8Array, random: Random): PartialKey;
}

/** Of one issuer in one session. A room that issues more changes its issuer. */
export const ISSUED_LIMIT = 65_536;

export function setSecretValue(random: Random): SecretValue {
  const x = randomScalar(random);
  return { x, U: timesBase(x) };
}

/** @param secret the issuer's scalar (32 bytes, little-endian), or chance to draw one. */
export function createIssuer(secret: Uint8Array | Random): Issuer {
  const s = typeof secret === "function" ? randomScalar(secret) : scalarOf(secret);
  const P = timesBase(s);
  const issued = new Map<string, { U: string; partial: PartialKey }>();
  return {
    P,
    extract(id, U, random) {
      decodeId(id);
      const point = pointOf(U);
      const [name, asked] = [bytesToHex(id), bytesToHex(U)];
      const before = issued.get(name);
      // Two keys for one id would be the proof of a cheating issuer.
      if (before !== undefined && before.U !== asked) throw refused();
      if (before !== undefined) return before.partial;
      if (issued.size >= ISSUED_LIMIT) throw misuse(`${ISSUED_LIMIT} keys are issued: found a new issuer`);
      const w = nonZero(hashToScalar("nonce", random(32), scalarBytes(s), id, U));
      const R = mulBase(w);
      const W = R.add(point);
      const t = Fn.add(w, Fn.mul(lambdaOf(P, id, W.toBytes()), s));
      const partial = { R: R.toBytes(), t: scalarBytes(t) };
      issued.set(name, { U: asked, partial });
      return partial;
    },
  };
}

/** W = R + U, 32 bytes. @throws IdentityError `refused` where a point is malformed or W would be the identity. */
export function certificatePoint(R: Uint8Array, U: Uint8Array): Uint8Array {
  const W = pointOf(R).add(pointOf(U));
  if (W.is0()) throw refused();
  return W.toBytes();
}

/** Whether tG = R + λP: the issuer answered honestly for this id and this U. */
export function checkPartial({ id, P, U, partial }: { id: Uint8Array; P: Uint8Array; U: Uint8Array; partial: PartialKey }): boolean {
  const lambda = lambdaOf(P, id, certificatePoint(partial.R, U));
  return mulAddPublic(scalarOf(partial.t), Fn.neg(lambda), pointOf(P)).equals(pointOf(partial.R));
}

/**
 * d = t + x and W = R + U, checked: tG = R + λP, d ≠ 0 and dG = W + λP.
 * @throws IdentityError `refused` where the issuer's answer is not right.
 */
export function fullKey({ id, P, secretValue, partial }: { id: Uint8Array; P: Uint8Array; secretValue: SecretValue; partial: PartialKey }): FullKey {
  const { x, U } = secretValue;
  if (!checkPartial({ id, P, U, partial })) throw refused();
  const d = Fn.add(scalarOf(partial.t), x);
  if (Fn.is0(d)) throw refused();
  const W = certificatePoint(partial.R, U);
  const certificate = { id, W };
  const Y = timesBase(d);
  if (!equalBytes(Y, publicKeyOf(certificate, P).bytes)) throw refused();
  return { id, W, d, Y, P, certificate };
}

/**
 * The issuer's scalar of a room without a committee: everybody who holds the room's secret (32 bytes) is the issuer.
 * @returns 32 bytes, for `createIssuer`.
 */
export function issuerKeyOfRoom(roomSecret: Uint8Array): Uint8Array {
  const seed = hkdf(sha512, roomSecret, text(SUITE), text("issuer"), 64);
  return scalarBytes(randomScalar(() => seed));
}
