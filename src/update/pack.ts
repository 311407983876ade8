import { UpdateError } from "./errors.ts";

/** Bits of a signed field that holds −bound … bound. */
export const widthOf = (bound: number): number => Math.ceil(Math.log2(2 * bound + 1));

export const packedBytes = (count: number, bound: number): number => Math.ceil((count * widthOf(bound)) / 8);

/** Powers of two: `2 ** n` is slow, and so is a remainder of floats. */
const POWERS = Array.from({ length: 53 }, (_, n) => 2 ** n);

/** Signed values in the narrowest field, least significant bits first, each as value + bound. @param bound below 2^24 */
export function pack(values: Int32Array, bound: number): Uint8Array<ArrayBuffer> {
  const width = widthOf(bound);
  const bytes = new Uint8Array(packedBytes(values.length, bound));
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const value of values) {
    // Fewer than 8 bits are held, so this stays below 2^32.
    held += (value + bound) * POWERS[bits]!;
    for (bits += width; bits >= 8; bits -= 8) {
      const rest = Math.floor(held / 256);
      bytes[at++] = held - 256 * rest;
      held = rest;
    }
  }
  if (bits > 0) bytes[at] = held;
  return bytes;
}

/** @throws UpdateError `malformed` for a wrong length, a value beyond the bound, or bits left over */
export function unpack(bytes: Uint8Array, count: number, bound: number): Int32Array<ArrayBuffer> {
  if (bytes.length !== packedBytes(count, bound)) throw new UpdateError("malformed", `${bytes.length} packed bytes where ${packedBytes(count, bound)} are due`);
  const width = widthOf(bound);
  const base = 2 ** width;
  const values = new Int32Array(count);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < count; i++) {
    for (; bits < width; bits += 8) held += bytes[at++]! * POWERS[bits]!;
    const rest = Math.floor(held / base);
    const value = held - base * rest;
    if (value > 2 * bound) throw new UpdateError("malformed", `packed value ${i} is beyond ±${bound}`);
    values[i] = value - bound;
    held = rest;
    bits -= width;
  }
  if (held !== 0) throw new UpdateError("malformed", "bits are left over behind the packed values");
  return values;
}
