import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import type { Certificate } from "./certificate.ts";
import { misuse, refused } from "./errors.ts";
import { decodeId, ID_BYTES } from "./id.ts";
import type { FullKey } from "./keys.ts";
import type { ReplayGuard } from "./replay.ts";
import { SIGNATURE_BYTES, signStatement, type Statement, verifyStatement } from "./schnorr.ts";
import { concat, H, POINT_BYTES, type Random, T, text, u32 } from "./suite.ts";

/** What both modes share: the sealed, signed and padded plaintext. */

export const VERSION = 1;
export const TAG_BYTES = 16;
/** len 4 ‖ T(id_A, W_A) ‖ R ‖ z. */
export const INNER_BYTES = 4 + (4 + ID_BYTES) + (4 + POINT_BYTES) + SIGNATURE_BYTES;
/** version ‖ mode ‖ E ‖ com. */
export const HEADER_BYTES = 2 + POINT_BYTES + 32;

export interface SealKeys {
  k: Uint8Array;
  n: Uint8Array;
  com: Uint8Array;
}

const LABELS = text("k|n|com|");

/** (k 32, n 24, com 32) = HKDF-SHA512 (RFC 5869). `com` commits the ciphertext to its key. */
export function sealKeys(ikm: Uint8Array, salt: Uint8Array, context: Uint8Array): SealKeys {
  const okm = hkdf(sha512, ikm, salt, concat(LABELS, context), 88);
  return { k: okm.subarray(0, 32), n: okm.subarray(32, 56), com: okm.subarray(56) };
}

/** version ‖ mode ‖ E ‖ com, 66 bytes. */
export const headerOf = (mode: number, E: Uint8Array, com: Uint8Array): Uint8Array => concat(Uint8Array.of(VERSION, mode), E, com);

/** T(id_B, W_B) or H(slots), E, com, H(aad), H(m). */
export const statementOf = (bound: Uint8Array, E: Uint8Array, com: Uint8Array, aadHash: Uint8Array, messageHash: Uint8Array): Statement => [bound, E, com, aadHash, messageHash];

export interface Sealing {
  from: FullKey;
  statement: Statement;
  keys: SealKeys;
  /** Everything before the ciphertext. */
  header: Uint8Array;
  aad: Uint8Array;
  message: Uint8Array;
  /** The whole output's length in bytes; without it, no padding. */
  padTo?: number | undefined;
  random: Random;
}

/** header ‖ AEAD(k, n, T(header, aad), pad(len ‖ T(id, W) ‖ R ‖ z ‖ m)); the padding is zeros. */
export function sealInner({ from, statement, keys, header, aad, message, padTo, random }: Sealing): Uint8Array {
  const bare = header.length + INNER_BYTES + message.length + TAG_BYTES;
  if (padTo !== undefined && bare > padTo) throw misuse(`${message.length} bytes do not fit into an output of ${padTo}: ${bare} are needed`);
  const inner = new Uint8Array((padTo ?? bare) - header.length - TAG_BYTES);
  const head = concat(u32(message.length), T(from.id, from.W), signStatement(from, statement, random));
  inner.set(head);
  inner.set(message, head.length);
  const output = new Uint8Array(header.length + inner.length + TAG_BYTES);
  output.set(header);
  xchacha20poly1305(keys.k, keys.n, T(header, aad)).encrypt(inner, output.subarray(header.length));
  return output;
}

/** What the device that opens accepts now. */
export interface Accept {
  epoch(epoch: number): boolean;
  /** Whether the sender is on its epoch's list of the revoked. */
  revoked(certificate: Certificate): boolean;
  replay: ReplayGuard;
}

/** Everything needed to show a third person what was signed (misissue.ts). */
export interface Signed {
  certificate: Certificate;
  statement: Statement;
  /** R ‖ z, 64 bytes. */
  signature: Uint8Array;
}

export interface Opened {
  from: Certificate;
  message: Uint8Array;
  /** The sender's signature, as evidence. */
  signed: Signed;
}

export interface Opening {
  keys: SealKeys;
  header: Uint8Array;
  sealed: Uint8Array;
  aad: Uint8Array;
  /** T(id_B, W_B) or H(slots). */
  bound: Uint8Array;
  E: Uint8Array;
  /** The sender's issuer. */
  P: Uint8Array;
  accept: Accept;
}

/** Opens, then checks the signature, and only then the epoch, the list of the revoked and replay. @throws IdentityError `refused` */
export function openInner({ keys, header, sealed, aad, bound, E, P, accept }: Opening): Opened {
  const inner = decrypt(keys, T(header, aad), sealed);
  if (inner.length < INNER_BYTES) throw refused();
  const view = new DataView(inner.buffer, inner.byteOffset, inner.length);
  const end = INNER_BYTES + view.getUint32(0);
  if (end > inner.length || view.getUint32(4) !== ID_BYTES || view.getUint32(8 + ID_BYTES) !== POINT_BYTES) throw refused();
  for (let i = end; i < inner.length; i++) if (inner[i] !== 0) throw refused();
  const from = { id: inner.slice(8, 8 + ID_BYTES), W: inner.slice(12 + ID_BYTES, 12 + ID_BYTES + POINT_BYTES) };
  const signature = inner.slice(INNER_BYTES - SIGNATURE_BYTES, INNER_BYTES);
  const message = inner.subarray(INNER_BYTES, end);
  const statement = statementOf(bound, E, keys.com, H(aad), H(message));
  if (!verifyStatement(from, P, statement, signature)) throw refused();
  const { epoch } = decodeId(from.id);
  if (!accept.epoch(epoch) || accept.revoked(from) || !accept.replay.take(epoch, from.W, E)) throw refused();
  return { from, message, signed: { certificate: from, statement, signature } };
}

function decrypt({ k, n }: SealKeys, aad: Uint8Array, sealed: Uint8Array): Uint8Array {
  try {
    return xchacha20poly1305(k, n, aad).decrypt(sealed);
  } catch {
    throw refused();
  }
}
