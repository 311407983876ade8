import { ristretto255_oprf } from "@noble/curves/ed25519.js";
import { equalBytes } from "@noble/ciphers/utils.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { encoded, timesSecret } from "../encoded.ts";
import { Fn, scalarOf, T, text, type Random } from "../suite.ts";
import { evaluationHolds, hashToGroup, interpolate, ONE, VOPRF, type Evaluation, type Part } from "./evaluate.ts";
import { rng, type FrostPublic, type KeyShare } from "./frost.ts";
import { TOKEN_INPUT_BYTES } from "./message.ts";

/*
 * A threshold VOPRF (2HashDH; Jarecki et al., "TOPPSS", 2017) whose token every member checks alone.
 *
 * The shared output k·H(input) would take t members' help to check, and whoever was shown it could spend it.
 * So the token is kept as t points kⱼ·H(input), and redeemed with each member j by what its own share kⱼ makes of the
 * input: RFC 9497's output under kⱼ, used as the key of a MAC over the request. A member computes the same output by
 * itself; it learns nothing that another member would accept; and since t points give the point of any member by
 * interpolation, any t members can be redeemed with, whichever t issued.
 * A holder of one issuance has at most n members' answers on one point. Two tokens would take t each, and 2t > n.
 */

/** What a device keeps while its token is issued: all but `blinded` is secret. */
export interface BlindToken {
  /** 32 random bytes. */
  input: Uint8Array;
  blind: Uint8Array;
  /** What the issuers see: blind·H(input), uniform and independent of the input. */
  blinded: Uint8Array;
}

/** Secret until it is redeemed, and of no use afterwards. */
export interface Token {
  input: Uint8Array;
  /** kⱼ·H(input) of t members. */
  parts: readonly Part[];
}

export function blindToken(random: Random): BlindToken {
  const input = random(TOKEN_INPUT_BYTES);
  return { input, ...VOPRF.blind(input, rng(random)) };
}

/** @returns a member's part with the blind taken off, or null where its proof does not hold. */
export function unblind(key: FrostPublic, { blind, blinded }: BlindToken, place: number, evaluation: Evaluation, random: Random): Part | null {
  if (!evaluationHolds(key, place, blinded, evaluation)) return null;
  return { place, point: timesSecret(encoded(evaluation.evaluated), Fn.inv(scalarOf(blind)), random) };
}

/** What the redeemer asks for; the MAC binds it, so that a token shown is a token shown for this. */
export interface Redemption {
  id: Uint8Array;
  U: Uint8Array;
  instead: Uint8Array | null;
}

const macOver = (key: Uint8Array, { id, U, instead }: Redemption): Uint8Array => hmac(sha256, key, T(text("redeem"), id, U, instead ?? new Uint8Array(0)));

/** RFC 9497's output under one member's share; Finalize with a blind of 1 is its hash of the input and the point. */
const outputOf = (input: Uint8Array, point: Uint8Array): Uint8Array => ristretto255_oprf.oprf.finalize(input, ONE, point);

/** The holder's MAC (32 bytes) for the member at `place`. */
export const presentToken = ({ input, parts }: Token, place: number, redemption: Redemption): Uint8Array =>
  macOver(outputOf(input, interpolate(parts, BigInt(place + 1))), redemption);

/** A member's check, by its own share alone. */
export function tokenHolds({ secret }: KeyShare, input: Uint8Array, redemption: Redemption, mac: Uint8Array, random: Random): boolean {
  const point = timesSecret(encoded(hashToGroup(input).toBytes()), scalarOf(secret.signingShare), random);
  return equalBytes(macOver(outputOf(input, point), redemption), mac);
}
