import { ristretto255_hasher, ristretto255_oprf } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { encoded, timesBase, timesPublic, timesSecret } from "../encoded.ts";
import { concat, Fn, Point, pointOf, randomScalar, scalarBytes, scalarOf, text, type Random } from "../suite.ts";
import { identifierOf, type FrostPublic, type KeyShare } from "./frost.ts";

/** RFC 9497, ristretto255-SHA512, verifiable mode. */
export const VOPRF = ristretto255_oprf.voprf;
export const ONE = scalarBytes(Fn.ONE);

const CONTEXT = concat(text("OPRFV1-"), Uint8Array.of(1), text("-ristretto255-SHA512"));
const SCALAR_DST = concat(text("HashToScalar-"), CONTEXT);

/** RFC 9497's HashToGroup in verifiable mode. */
export const hashToGroup = (input: Uint8Array): Point => ristretto255_hasher.hashToCurve(input, { DST: concat(text("HashToGroup-"), CONTEXT) });

/** kⱼ·point (32 bytes) for a member's share kⱼ, and the proof (DLEQ, 64 bytes) that it is the share of the verifying share. */
export interface Evaluation {
  evaluated: Uint8Array;
  proof: Uint8Array;
}

/**
 * RFC 9497's BlindEvaluate under one member's share and against its verifying share. The library's own multiplies
 * somebody else's point by the share unblinded, so the two products with secrets are made here.
 * @throws IdentityError `refused` where the point is none.
 */
export function evaluate({ secret, public: known }: KeyShare, point: Uint8Array, random: Random): Evaluation {
  const k = scalarOf(secret.signingShare);
  const evaluated = timesSecret(encoded(point), k, random);
  return { evaluated, proof: prove(k, known.verifyingShares[secret.identifier]!, point, evaluated, random) };
}

/** RFC 9497, 2.2.1 (GenerateProof) for one element: that `evaluated` is k·point and V is k·G. */
function prove(k: bigint, V: Uint8Array, point: Uint8Array, evaluated: Uint8Array, random: Random): Uint8Array {
  const seed = sha512(concat(sized(V), sized(concat(text("Seed-"), CONTEXT))));
  const d = hashToScalar(sized(seed), Uint8Array.of(0, 0), sized(point), sized(evaluated), text("Composite"));
  // The weight d and both points are public; k·M is d·evaluated, without the secret.
  const M = timesPublic(encoded(point), d);
  const Z = timesPublic(encoded(evaluated), d);
  const r = randomScalar(random);
  const commitments = [timesBase(r), timesSecret(encoded(M), r, random)];
  const c = hashToScalar(sized(V), ...[M, Z, ...commitments].map(sized), text("Challenge"));
  return concat(scalarBytes(c), scalarBytes(Fn.sub(r, Fn.mul(c, k))));
}

const sized = (bytes: Uint8Array): Uint8Array => concat(Uint8Array.of(bytes.length >> 8, bytes.length & 255), bytes);
const hashToScalar = (...parts: Uint8Array[]): bigint => ristretto255_hasher.hashToScalar(concat(...parts), { DST: SCALAR_DST });

/** Whether the member at `place` multiplied this point by its share. Never throws for bytes of a peer. */
export function evaluationHolds(key: FrostPublic, place: number, point: Uint8Array, { evaluated, proof }: Evaluation): boolean {
  try {
    // Finalize checks the proof; with a blind of 1 there is nothing to take off, and the output is not of interest.
    VOPRF.finalize(new Uint8Array(0), ONE, evaluated, point, key.verifyingShares[identifierOf(place)]!, proof);
    return true;
  } catch {
    return false;
  }
}

/** A point kⱼ·H, by the place of its member. */
export interface Part {
  place: number;
  point: Uint8Array;
}

/**
 * f(x)·H from t parts f(place + 1)·H: Lagrange's interpolation in the exponent. x = 0 gives k·H under the shared key,
 * x = place + 1 what that member's own share would give.
 */
export function interpolate(parts: readonly Part[], x: bigint): Uint8Array {
  const xs = parts.map(({ place }) => BigInt(place + 1));
  const weights = xs.map((xi) =>
    xs.filter((xj) => xj !== xi).reduce((weight, xj) => Fn.mul(weight, Fn.div(Fn.sub(Fn.create(x), xj), Fn.sub(xi, xj))), Fn.ONE),
  );
  return parts.reduce((sum, { point }, at) => sum.add(pointOf(point).multiplyUnsafe(weights[at]!)), Point.ZERO).toBytes();
}
