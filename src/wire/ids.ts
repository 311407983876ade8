import { equalBytes } from "@noble/ciphers/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import { WireError } from "./codec.ts";

/** A device's name in a room: 16 bytes as 32 lowercase hex digits. */
export type PeerId = string & { readonly PeerId: unique symbol };

export const PEER_ID_BYTES = 16;

/** As many as the devices and hashes of some rounds of a large room. */
const MOST_SHARED = 2 ** 16;
const strings = new Map<string, string>();

/**
 * One string for all that are equal to it: names and hashes come with every message, and are looked up and compared all
 * the time, which is quick where it is the same string. When there are too many it begins anew.
 */
function shared<T extends string>(text: T): T {
  const known = strings.get(text);
  if (known !== undefined) return known as T;
  if (strings.size >= MOST_SHARED) strings.clear();
  strings.set(text, text);
  return text;
}

const seen = new Map<number, { bytes: Uint8Array; text: string }>();

/** Hex digits of 4 bytes or more, shared. What was seen already is found by its first bytes, which takes less than making it anew. */
export function sharedHex(bytes: Uint8Array): string {
  const key = bytes[0]! | (bytes[1]! << 8) | (bytes[2]! << 16) | (bytes[3]! << 24);
  const last = seen.get(key);
  if (last && equalBytes(last.bytes, bytes)) return last.text;
  const text = shared(bytesToHex(bytes));
  if (seen.size >= MOST_SHARED) seen.clear();
  seen.set(key, { bytes: Uint8Array.from(bytes), text });
  return text;
}

const PATTERN = /^[0-9a-f]{32}$/;

export const isPeerId = (text: unknown): text is PeerId => typeof text === "string" && PATTERN.test(text);

/** @throws WireError `malformed` unless exactly 16 bytes are given. */
export function peerIdOf(bytes: Uint8Array): PeerId {
  if (bytes.length !== PEER_ID_BYTES) throw new WireError("malformed", `a peer id is ${PEER_ID_BYTES} bytes, not ${bytes.length}`);
  return sharedHex(bytes) as PeerId;
}

/** Bytes of a lock: what a claim to an id has to open. */
export const LOCK_BYTES = 20;

/**
 * A device's id is bound to its certificate, so that nobody takes it over with other keys, and to a lock whose
 * secret only it has, so that a signalling server can tell it from those who have seen its certificate.
 * @param certificate SHA-256 of the certificate, 32 bytes. @param lock `LOCK_BYTES`, part of the certificate.
 */
export const peerIdFor = (certificate: Uint8Array, lock: Uint8Array): PeerId => peerIdOf(sha256(concatBytes(certificate, lock)).subarray(0, PEER_ID_BYTES));

/** The lock that this secret opens. */
export const lockOf = (secret: Uint8Array): Uint8Array => sha256(secret).subarray(0, LOCK_BYTES);

export const peerIdBytes = (id: PeerId): Uint8Array => hexToBytes(id);
