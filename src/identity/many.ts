import { equalBytes } from "@noble/ciphers/utils.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { type Certificate, publicKeyOf } from "./certificate.ts";
import { encoded, timesBase, timesSecret } from "./encoded.ts";
import { misuse, refused } from "./errors.ts";
import { HEADER_BYTES, headerOf, INNER_BYTES, type Opened, openInner, sealInner, sealKeys, type SealKeys, statementOf, TAG_BYTES, VERSION } from "./inner.ts";
import type { Signcrypt, Unsigncrypt } from "./signcrypt.ts";
import { hashes, hedged } from "./schnorr.ts";
import { concat, H, POINT_BYTES, scalarBytes, SUITE, T, text } from "./suite.ts";

/** tag 8 ‖ (K ⊕ pad 32). */
export const SLOT_BYTES = 40;
const TAG = 8;
export const MOST_RECEIVERS = 1_024;

const MODE = text("m");
const KEM_SALT = text(`${SUITE}/kem`);
const KEY_SALT = text(`${SUITE}/dek`);

/** tag ‖ pad of one receiver, 40 bytes, from Z = eY_i and ctx_i. */
function slotKey(Z: Uint8Array, P: Uint8Array, E: Uint8Array, to: Certificate, Y: Uint8Array, aad: Uint8Array): Uint8Array {
  const context = H(T(text(SUITE), MODE, P, E, to.id, to.W, Y, aad));
  return hkdf(sha512, Z, KEM_SALT, concat(text("tag|pad|"), context), SLOT_BYTES);
}

/** k, n and com = KDF(K, E). What else there is hangs on com and on the slots, which the AEAD and the signature bind. */
const contentKeys = (K: Uint8Array, E: Uint8Array): SealKeys => sealKeys(K, KEY_SALT, E);

const masked = (K: Uint8Array, pad: Uint8Array): Uint8Array => K.map((byte, i) => byte ^ pad[i]!);

/** Slots up to a power of two, so that the length says little about how many receive. */
export const slotsFor = (receivers: number): number => 2 ** Math.ceil(Math.log2(receivers));

/** @returns the output's length in bytes for this many receivers without padding. */
export const manyBytes = (receivers: number, message: number): number => HEADER_BYTES + 1 + slotsFor(receivers) * SLOT_BYTES + INNER_BYTES + message + TAG_BYTES;

export interface SigncryptMany extends Omit<Signcrypt, "to"> {
  /** 1 to 1,024 certificates, each once. */
  to: readonly Certificate[];
}

/**
 * One message for many: version ‖ mode ‖ E ‖ com ‖ log₂ slots (1 byte) ‖ slots (40 bytes each) ‖ AEAD.
 * Who receives is not in it; a receiver learns only that it is one of them.
 * @throws IdentityError `misuse` where nobody, too many or somebody twice is named, or the message does not fit.
 */
export function signcryptMany({ from, to, toIssuer = from.P, message, aad, random, padTo }: SigncryptMany): Uint8Array {
  if (to.length < 1 || to.length > MOST_RECEIVERS) throw misuse(`1 to ${MOST_RECEIVERS} receivers, not ${to.length}`);
  const receivers = T(...to.map(({ id, W }) => T(id, W)));
  const { aadHash, messageHash } = hashes(aad, message);
  const e = hedged(from.d, random, text("e"), toIssuer, receivers, aadHash, messageHash);
  const E = timesBase(e);
  const K = scalarBytes(hedged(from.d, random, text("K"), toIssuer, receivers, aadHash, messageHash));
  const filled = to.map((certificate) => {
    const Y = publicKeyOf(certificate, toIssuer);
    const key = slotKey(timesSecret(Y, e, random), toIssuer, E, certificate, Y.bytes, aad);
    return concat(key.subarray(0, TAG), masked(K, key.subarray(TAG)));
  });
  while (filled.length < slotsFor(to.length)) filled.push(concat(random(SLOT_BYTES)));
  filled.sort(compareTags);
  if (!ascending(filled)) throw misuse("a receiver is named twice");
  const slots = concat(...filled);
  const keys = contentKeys(K, E);
  const header = concat(headerOf(MODE[0]!, E, keys.com), Uint8Array.of(Math.log2(filled.length)), slots);
  return sealInner({ from, statement: statementOf(H(slots), E, keys.com, aadHash, messageHash), keys, header, aad, message, padTo, random });
}

/** Opens what `signcryptMany` made for this key among others. @throws IdentityError `refused` for every fault there can be. */
export function unsigncryptMany({ self, bytes, aad, P, accept, random }: Unsigncrypt): Opened {
  if (bytes.length < manyBytes(1, 0) || bytes[0] !== VERSION || bytes[1] !== MODE[0]) throw refused();
  const count = 2 ** bytes[HEADER_BYTES]!;
  const end = HEADER_BYTES + 1 + count * SLOT_BYTES;
  if (count > MOST_RECEIVERS || bytes.length < end + INNER_BYTES + TAG_BYTES) throw refused();
  const slots = Array.from({ length: count }, (_, i) => bytes.subarray(HEADER_BYTES + 1 + i * SLOT_BYTES, HEADER_BYTES + 1 + (i + 1) * SLOT_BYTES));
  if (!ascending(slots)) throw refused();
  const E = bytes.slice(2, 2 + POINT_BYTES);
  const Z = timesSecret(encoded(E), self.d, random);
  const key = slotKey(Z, self.P, E, self.certificate, self.Y, aad);
  // All slots are looked at: the time does not tell which is ours.
  const mine = slots.filter((slot) => equalBytes(slot.subarray(0, TAG), key.subarray(0, TAG)))[0];
  if (mine === undefined) throw refused();
  const keys = contentKeys(masked(mine.subarray(TAG), key.subarray(TAG)), E);
  if (!equalBytes(keys.com, bytes.subarray(2 + POINT_BYTES, HEADER_BYTES))) throw refused();
  const bound = H(bytes.subarray(HEADER_BYTES + 1, end));
  return openInner({ keys, header: bytes.subarray(0, end), sealed: bytes.subarray(end), aad, bound, E, P, accept });
}

function compareTags(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < TAG; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}

const ascending = (slots: readonly Uint8Array[]): boolean => slots.every((slot, i) => i === 0 || compareTags(slots[i - 1]!, slot) < 0);
