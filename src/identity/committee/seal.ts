import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { encoded, timesBase, timesSecret } from "../encoded.ts";
import { misuse, refused } from "../errors.ts";
import { concat, POINT_BYTES, randomScalar, SUITE, T, text, u32, type Random } from "../suite.ts";

/*
 * A request that travels over another peer names no sender, so it is not signcrypted: it is sealed to the member's
 * point (DHIES), and carries with it the key of its one answer, as in Oblivious HTTP (RFC 9458). All have one size.
 */

const PLAIN_BYTES = 1024;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const NONCE_BYTES = 24;

/** nonce 24, then 1,024 bytes under the AEAD. */
export const SEALED_ANSWER_BYTES = NONCE_BYTES + PLAIN_BYTES + TAG_BYTES;
/** E 32, then as an answer. */
export const SEALED_BYTES = POINT_BYTES + SEALED_ANSWER_BYTES;

const keysOf = (Z: Uint8Array, E: Uint8Array, S: Uint8Array): { requestKey: Uint8Array; answerKey: Uint8Array } => {
  const okm = hkdf(sha512, Z, text(`${SUITE}/seal`), T(E, S), 2 * KEY_BYTES);
  return { requestKey: okm.slice(0, KEY_BYTES), answerKey: okm.slice(KEY_BYTES) };
};

/** With a random nonce, because a request that its carrier repeats has a second answer under one key. */
function encrypt(key: Uint8Array, bytes: Uint8Array, random: Random): Uint8Array {
  if (bytes.length > PLAIN_BYTES - 4) throw misuse(`at most ${PLAIN_BYTES - 4} bytes fit in one sealed message`);
  const plain = new Uint8Array(PLAIN_BYTES);
  plain.set(concat(u32(bytes.length), bytes));
  const nonce = random(NONCE_BYTES);
  return concat(nonce, xchacha20poly1305(key, nonce).encrypt(plain));
}

function decrypt(key: Uint8Array, sealed: Uint8Array): Uint8Array {
  if (sealed.length !== SEALED_ANSWER_BYTES) throw refused();
  let plain: Uint8Array;
  try {
    plain = xchacha20poly1305(key, sealed.subarray(0, NONCE_BYTES)).decrypt(sealed.subarray(NONCE_BYTES));
  } catch {
    throw refused();
  }
  const length = new DataView(plain.buffer, plain.byteOffset).getUint32(0);
  if (length > PLAIN_BYTES - 4) throw refused();
  return plain.slice(4, 4 + length);
}

/** @returns the sealed bytes, and the secret key of the answer. @param S the member's point, 32 bytes. */
export function sealTo(S: Uint8Array, bytes: Uint8Array, random: Random): { sealed: Uint8Array; answerKey: Uint8Array } {
  const e = randomScalar(random);
  const E = timesBase(e);
  const { requestKey, answerKey } = keysOf(timesSecret(encoded(S), e, random), E, S);
  return { sealed: concat(E, encrypt(requestKey, bytes, random)), answerKey };
}

/** @param s the member's secret. @throws IdentityError `refused` for bytes that were not sealed to it. */
export function openSealed(s: bigint, sealed: Uint8Array, random: Random): { bytes: Uint8Array; answerKey: Uint8Array } {
  if (sealed.length !== SEALED_BYTES) throw refused();
  const E = sealed.slice(0, POINT_BYTES);
  const { requestKey, answerKey } = keysOf(timesSecret(encoded(E), s, random), E, timesBase(s));
  return { bytes: decrypt(requestKey, sealed.subarray(POINT_BYTES)), answerKey };
}

export const sealAnswer = (answerKey: Uint8Array, bytes: Uint8Array, random: Random): Uint8Array => encrypt(answerKey, bytes, random);

/** @throws IdentityError `refused` for bytes that are no answer under this key. */
export const openAnswer = (answerKey: Uint8Array, sealed: Uint8Array): Uint8Array => decrypt(answerKey, sealed);
