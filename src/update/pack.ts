import { UpdateError } from "./errors.ts";

/** Bits of a signed field that holds −bound … bound. */
export const widthOf = (bound: number): number => Math.ceil(Math.log2(2 * bound + 1));

export const packedBytes = (count: number, bound: number): number => Math.ceil((count * widthOf(bound)) / 8);

/** Signed values in the narrowest field, least significant bits first, each as value + bound. @param bound below 2^24 */
export function pack(values: Int32Array, bound: number): Uint8Array<ArrayBuffer> {
  const width = widthOf(bound);
  const bytes = new Uint8Array(packedBytes(values.length, bound));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const value of values) {
    // Fewer than 8 bits are held, so this stays below 2^32.
    held += (value + bound) * 2 ** bits;
    for (bits += width; bits >= 8; bits -= 8) {
      bytes[at++] = held % 256;
      held = Math.floor(held / 256);
    }
  }
  if (bits > 0) bytes[at] = held;
  return bytes;
}

/** @throws UpdateError `malformed` for a wrong length, a value beyond the bound, or bits left over */
export function unpack(bytes: Uint8Array, count: number, bound: number): Int32Array<ArrayBuffer> {
  if (bytes.length !== packedBytes(count, bound)) throw new UpdateError("malformed", `${bytes.length} packed bytes where ${packedBytes(count, bound)} are due`);
  const base = 2 ** widthOf(bound);
  const values = new Int32Array(count);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < count; i++) {
    for (; 2 ** bits < base; bits += 8) held += bytes[at++]! * 2 ** bits;
    const value = held % base;
    if (value > 2 * bound) throw new UpdateError("malformed", `packed value ${i} is beyond ±${bound}`);
    values[i] = value - bound;
    held = (held - value) / base;
    bits -= Math.round(Math.log2(base));
  }
  if (held !== 0) throw new UpdateError("malformed", "bits are left over behind the packed values");
  return values;
}
