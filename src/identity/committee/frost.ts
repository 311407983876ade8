import { createFROST, type FROST, type FrostPublic, type Key, type NonceCommitments } from "@noble/curves/abstract/frost.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { misuse, refused } from "../errors.ts";
import { lambdaOf, Point, POINT_BYTES, pointOf, SUITE, T, type Random } from "../suite.ts";
import { thresholdOf } from "./limits.ts";

/** The three keys of a committee. Each has a generation of its own and is used for one thing. */
export const KEY_NAMES = ["issuer", "token", "beacon"] as const;
export type KeyName = (typeof KEY_NAMES)[number];

/** A member's part of one key: the public package and its own share. */
export type KeyShare = Key;
export type { FROST, FrostPublic };

const scheme = (name: string, challenge?: (R: Point, P: Point, message: Uint8Array) => bigint): FROST =>
  createFROST({ name: `${SUITE}/${name}/`, Point, hash: sha512, ...(challenge && { challenge }) });

/**
 * FROST (RFC 9591) over ristretto255 with the challenge of a partial key: on the message T(U, id) it is
 * λ(P, id, R + U), so that the signature (R, t) *is* PartialKeyExtract's answer, t = w + λs.
 * The binding factor hashes the message, hence U: R is not known to anybody before U is fixed.
 */
const EXTRACT = scheme("issuer", (R, P, message) => {
  const { U, id } = parseExtractMessage(message);
  return lambdaOf(P.toBytes(), id, R.add(pointOf(U)).toBytes());
});

/** The library's generation for each key; the names keep one key's proofs from serving another's. */
export const DKG: Readonly<Record<KeyName, FROST>> = { issuer: EXTRACT, token: scheme("token"), beacon: scheme("beacon") };

/**
 * What the issuer key signs, by two schemes that hash to their challenges under different names:
 * `extract` makes partial keys, `statement` the committee's word (its successor, a revocation list),
 * which therefore can never serve as a partial key.
 */
export const SCHEMES = { extract: EXTRACT, statement: scheme("statement") } as const;
export type SchemeName = keyof typeof SCHEMES;

/** @param id 45 bytes. */
export const extractMessage = (U: Uint8Array, id: Uint8Array): Uint8Array => T(U, id);

function parseExtractMessage(message: Uint8Array): { U: Uint8Array; id: Uint8Array } {
  const U = message.subarray(4, 4 + POINT_BYTES);
  const id = message.subarray(8 + POINT_BYTES);
  if (bytesToHex(T(U, id)) !== bytesToHex(message)) throw refused();
  return { U, id };
}

/** The library's name of the member at `place`: the polynomial's argument place + 1. */
export const identifierOf = (place: number): string => EXTRACT.Identifier.fromNumber(place + 1);

/**
 * f(place + 1)·G from the commitments to f's coefficients, by Horner's rule.
 * @param commitments t points, lowest coefficient first; public.
 */
export function verifyingShare(commitments: readonly Point[], place: number): Point {
  const x = BigInt(place + 1);
  return commitments.slice(0, -1).reduceRight((sum, point) => sum.multiplyUnsafe(x).add(point), commitments.at(-1)!);
}

/**
 * What everybody knows of a shared key, from the t commitments to its polynomial; the first is the public key.
 * @throws IdentityError `refused` for a point that is none, or not t points.
 */
export function publicPackage(commitments: readonly Uint8Array[], members: number): FrostPublic {
  const min = thresholdOf(members);
  if (commitments.length !== min) throw refused();
  const points = commitments.map(pointOf);
  const shares = Array.from({ length: members }, (_, place) => [identifierOf(place), verifyingShare(points, place).toBytes()] as const);
  return { signers: { min, max: members }, commitments: commitments.map((point) => Uint8Array.from(point)), verifyingShares: Object.fromEntries(shares) };
}

/** The caller's chance in the form that the library takes. */
export const rng =
  (random: Random) =>
  (length = 32): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(random(length));

/** One member's place in one threshold signature. */
export interface Opening {
  readonly commitments: NonceCommitments;
  /**
   * The member's share of the signature, over exactly t members' commitments. Once: the nonces are gone then.
   * @throws IdentityError `misuse` on a second call, `refused` for a list that is not in order.
   */
  sign(list: readonly NonceCommitments[]): Uint8Array;
}

/**
 * The only way to a nonce pair, and it takes the message: so no commitment, and no R, exists before the request
 * (with its U) is fixed, and none is shared by two requests. Were R known first, concurrent requests would forge
 * a full key (ROS, eprint 2020/945). It lives in a closure and not in a state's data, because nonces that can be
 * stored can be restored, and then be used twice.
 */
export function openSignature(name: SchemeName, key: KeyShare, message: Uint8Array, random: Random): Opening {
  const { commitments, nonces } = SCHEMES[name].commit(key.secret, rng(random));
  let used = false;
  return {
    commitments,
    sign(list) {
      if (used) throw misuse("this nonce pair has signed; open a new signature");
      used = true;
      if (list.length !== key.public.signers.min || list.some(({ identifier }) => !(identifier in key.public.verifyingShares))) throw refused();
      try {
        return SCHEMES[name].signShare(key.secret, key.public, nonces, [...list], message);
      } catch {
        throw refused();
      }
    },
  };
}
