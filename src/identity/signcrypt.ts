import { equalBytes } from "@noble/ciphers/utils.js";
import { type Certificate, publicKeyOf } from "./certificate.ts";
import { encoded, timesBase, timesSecret } from "./encoded.ts";
import { refused } from "./errors.ts";
import { type Accept, HEADER_BYTES, headerOf, INNER_BYTES, type Opened, openInner, sealInner, sealKeys, type SealKeys, statementOf, TAG_BYTES, VERSION } from "./inner.ts";
import type { FullKey } from "./keys.ts";
import { hashes, hedged } from "./schnorr.ts";
import { H, POINT_BYTES, type Random, SUITE, T, text } from "./suite.ts";

export type { Accept, Opened, Signed } from "./inner.ts";

/** 66 header, 153 inner, 16 tag. */
export const SIGNCRYPT_OVERHEAD = HEADER_BYTES + INNER_BYTES + TAG_BYTES;

const MODE = text("1");
const SALT = text(`${SUITE}/kem`);

/** k, n and com from Z, bound to the suite, the issuer, both ends' keys and the aad. */
function kem(Z: Uint8Array, P: Uint8Array, E: Uint8Array, to: Certificate, Y: Uint8Array, aad: Uint8Array): SealKeys {
  return sealKeys(Z, SALT, H(T(text(SUITE), MODE, P, E, to.id, to.W, Y, aad)));
}

export interface Signcrypt {
  from: FullKey;
  to: Certificate;
  /** The receiver's issuer, where it is not the sender's. */
  toIssuer?: Uint8Array | undefined;
  message: Uint8Array;
  /** What both sides know and nobody sends; see the specification for what belongs in it. */
  aad: Uint8Array;
  random: Random;
  /** The whole output's length in bytes, so that all of a kind are alike. */
  padTo?: number | undefined;
}

/**
 * Signs inside of encrypting, from one pseudonym to one other (Cheng and Chen's composition: implicit
 * certificate, DHIES-like KEM with a committing AEAD, Schnorr signature).
 * @returns message + 235 bytes, or `padTo` bytes.
 * @throws IdentityError `misuse` where the message does not fit `padTo`, `refused` where the receiver's certificate is none.
 */
export function signcrypt({ from, to, toIssuer = from.P, message, aad, random, padTo }: Signcrypt): Uint8Array {
  const receiver = publicKeyOf(to, toIssuer);
  const bound = T(to.id, to.W);
  const { aadHash, messageHash } = hashes(aad, message);
  const e = hedged(from.d, random, text("e"), toIssuer, bound, aadHash, messageHash);
  const E = timesBase(e);
  const Z = timesSecret(receiver, e, random);
  const keys = kem(Z, toIssuer, E, to, receiver.bytes, aad);
  const header = headerOf(MODE[0]!, E, keys.com);
  return sealInner({ from, statement: statementOf(bound, E, keys.com, aadHash, messageHash), keys, header, aad, message, padTo, random });
}

export interface Unsigncrypt {
  self: FullKey;
  bytes: Uint8Array;
  aad: Uint8Array;
  /** The sender's issuer. */
  P: Uint8Array;
  accept: Accept;
  /** Blinds the product of the key with the sender's point. */
  random: Random;
}

/**
 * Opens what `signcrypt` made for this key. Of the message's bytes nothing is copied but what decrypting makes.
 * @throws IdentityError `refused`, always the same, for every fault there can be.
 */
export function unsigncrypt({ self, bytes, aad, P, accept, random }: Unsigncrypt): Opened {
  if (bytes.length < SIGNCRYPT_OVERHEAD || bytes[0] !== VERSION || bytes[1] !== MODE[0]) throw refused();
  const header = bytes.subarray(0, HEADER_BYTES);
  const E = bytes.slice(2, 2 + POINT_BYTES);
  const Z = timesSecret(encoded(E), self.d, random);
  const keys = kem(Z, self.P, E, self.certificate, self.Y, aad);
  if (!equalBytes(keys.com, bytes.subarray(2 + POINT_BYTES, HEADER_BYTES))) throw refused();
  const bound = T(self.id, self.W);
  return openInner({ keys, header, sealed: bytes.subarray(HEADER_BYTES), aad, bound, E, P, accept });
}
