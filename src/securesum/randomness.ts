import { sha512 } from "@noble/hashes/sha2.js";
import { within } from "./params.ts";

/** What names one attempt at one round's sum: a retry counts, so that no two share their randomness. */
export interface Context {
  /** 32 bytes. */
  session: Uint8Array;
  round: number;
  attempt: number;
}

const SESSION_BYTES = 32;
const MOST = 0xffffffff;

/** The context in 40 bytes. @throws SumError `out-of-range` */
export function contextBytes({ session, round, attempt }: Context): Uint8Array<ArrayBuffer> {
  within(session.length, SESSION_BYTES, SESSION_BYTES, "bytes of a session");
  within(round, 0, MOST, "round");
  within(attempt, 0, MOST, "attempt");
  const bytes = new Uint8Array(SESSION_BYTES + 8);
  bytes.set(session);
  const view = new DataView(bytes.buffer);
  view.setUint32(SESSION_BYTES, round);
  view.setUint32(SESSION_BYTES + 4, attempt);
  return bytes;
}

/** What a ChaCha20 stream starts from: 32 bytes of key, and three words of nonce. */
interface Start {
  key: Uint8Array;
  nonce: [number, number, number];
}

/** Where the residues of a_k come from: the first 44 bytes of SHA-512(session ‖ round ‖ attempt ‖ k), numbers big-endian. */
export function commonStart(context: Context, k: number): Start {
  const name = contextBytes(context);
  const bytes = new Uint8Array(name.length + 4);
  bytes.set(name);
  new DataView(bytes.buffer).setUint32(name.length, k);
  const digest = sha512(bytes);
  const words = new DataView(digest.buffer, digest.byteOffset + 32);
  return { key: digest.subarray(0, 32), nonce: [words.getUint32(0, true), words.getUint32(4, true), words.getUint32(8, true)] };
}

/** What a device's one seed is stretched to: a stream each. */
export const PURPOSE = { secret: 0, error: 1, shares: 2 } as const;
