import { UpdateError } from "../errors.ts";
import { BASIS_ONE } from "./basis.ts";
import { MOST_EXPONENT } from "./limits.ts";

/**
 * What the next round's encoding depends on, and all devices have to agree in: it follows from the public sums. A commit
 * has to stand for its bytes, and whoever takes a model over takes it along.
 */
export interface Shared {
  /** Half octaves, a group each. */
  exponents: Uint8Array<ArrayBuffer>;
  /** Of low rank: both bases of each matrix, in 2^-15. */
  bases: Int16Array<ArrayBuffer>;
}

const MAGIC = 0x48435331; // "HCS1"
const HEADER_BYTES = 12;

export const sharedSize = ({ exponents, bases }: Shared): number => HEADER_BYTES + exponents.byteLength + bases.byteLength;

/** Its only encoding: "HCS1", lengths of both parts as big-endian u32, exponents as u8, bases as little-endian int16. */
export function sharedBytes(shared: Shared): Uint8Array<ArrayBuffer> {
  const { exponents, bases } = shared;
  const bytes = new Uint8Array(sharedSize(shared));
  const view = new DataView(bytes.buffer);
  [MAGIC, exponents.length, bases.length].forEach((value, i) => view.setUint32(4 * i, value));
  bytes.set(exponents, HEADER_BYTES);
  bases.forEach((value, i) => view.setInt16(HEADER_BYTES + exponents.length + 2 * i, value, true));
  return bytes;
}

/**
 * @param bytes from a peer or the store; @param like a state of this task, as `initial` gives it
 * @throws UpdateError `bad-state`
 */
export function sharedFrom(bytes: Uint8Array, like: Shared): Shared {
  const bad = (what: string) => new UpdateError("bad-state", `this is no compression state of the task (${what}); take the model from another peer`);
  if (bytes.length !== sharedSize(like)) throw bad(`${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== MAGIC || view.getUint32(4) !== like.exponents.length || view.getUint32(8) !== like.bases.length) throw bad("another layout or model");
  const at = HEADER_BYTES + like.exponents.length;
  const exponents = Uint8Array.from(bytes.subarray(HEADER_BYTES, at));
  const bases = Int16Array.from({ length: like.bases.length }, (_, i) => view.getInt16(at + 2 * i, true));
  if (exponents.some((value) => value > MOST_EXPONENT) || bases.some((value) => value <= -BASIS_ONE)) throw bad("numbers out of range");
  return { exponents, bases };
}
