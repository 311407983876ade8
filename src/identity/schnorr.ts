import { equalBytes } from "@noble/ciphers/utils.js";
import { publicKeyOf, type Certificate } from "./certificate.ts";
import { Fn, hashToScalar, H, isIdentity, nonZero, POINT_BYTES, type Random, SCALAR_BYTES, scalarBytes, scalarOf } from "./suite.ts";
import { IdentityError } from "./errors.ts";
import { mulAddBase, timesBase } from "./encoded.ts";
import type { FullKey } from "./keys.ts";

export const SIGNATURE_BYTES = POINT_BYTES + SCALAR_BYTES;

/**
 * What a signature is about, beyond who signs: the parts of Hs(sig, P, id, W, …, R) in between.
 * `T` is injective, so statements of another number of parts or of other lengths are other domains.
 */
export type Statement = readonly Uint8Array[];

/** Fresh chance mixed with the key and the content: neither bad chance alone nor a repeated state repeats a nonce. */
export const hedged = (d: bigint, random: Random, ...parts: readonly Uint8Array[]): bigint =>
  nonZero(hashToScalar("nonce", random(32), scalarBytes(d), ...parts));

/**
 * @returns R ‖ z, 64 bytes, with R = rG, c = Hs(sig, P, id, W, …statement, R) and z = r + c·d.
 * All that c hangs on is in the hedged r, or fixed with d: no r serves two c.
 */
export function signStatement({ P, id, W, d }: FullKey, statement: Statement, random: Random): Uint8Array {
  const r = hedged(d, random, ...statement);
  const R = timesBase(r);
  const c = hashToScalar("sig", P, id, W, ...statement, R);
  const signature = new Uint8Array(SIGNATURE_BYTES);
  signature.set(R);
  signature.set(scalarBytes(Fn.add(r, Fn.mul(c, d))), POINT_BYTES);
  return signature;
}

/**
 * Whether zG − cW − cλP = R. With Y = W + λP from the cache this is zG − cY, of which in TypeScript G's table,
 * and soon Y's, make less work than one product of several scalars.
 */
export function verifyStatement(certificate: Certificate, P: Uint8Array, statement: Statement, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  const R = signature.subarray(0, POINT_BYTES);
  try {
    const z = scalarOf(signature.subarray(POINT_BYTES));
    const Y = publicKeyOf(certificate, P);
    const c = hashToScalar("sig", P, certificate.id, certificate.W, ...statement, R);
    const claimed = mulAddBase(z, Fn.neg(c), Y);
    // Encoding the result rather than decoding R: a non-canonical R matches nothing.
    return !isIdentity(claimed) && equalBytes(claimed, R);
  } catch (error) {
    if (error instanceof IdentityError) return false;
    throw error;
  }
}

/** H(aad) and H(m), which stand for both in every statement. */
export const hashes = (aad: Uint8Array, message: Uint8Array): { aadHash: Uint8Array; messageHash: Uint8Array } => ({ aadHash: H(aad), messageHash: H(message) });
