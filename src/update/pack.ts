import { UpdateError } from "./errors.ts";

/** Bits that hold any integer from 0 to `max`. */
export const fieldWidth = (max: number): number => Math.max(1, Math.ceil(Math.log2(max + 1)));

export const packedBytes = (count: number, width: number): number => Math.ceil((count * width) / 8);

/** Packs unsigned fields of `width` ≤ 24 bits, least significant bit first, with no gaps. */
export function packFields(fields: Uint32Array, width: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(packedBytes(fields.length, width));
  let pending = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < fields.length; i++) {
    pending |= fields[i]! << bits;
    bits += width;
    while (bits >= 8) {
      bytes[at++] = pending;
      pending >>>= 8;
      bits -= 8;
    }
  }
  if (bits > 0) bytes[at] = pending;
  return bytes;
}

/**
 * @param max the largest field that an honest sender can have produced
 * @throws UpdateError `malformed` for a wrong length, `out-of-range` for a field above `max`
 */
export function unpackFields(bytes: Uint8Array, count: number, width: number, max: number): Uint32Array<ArrayBuffer> {
  if (bytes.length !== packedBytes(count, width))
    throw new UpdateError("malformed", `${bytes.length} bytes where ${count} fields of ${width} bits take ${packedBytes(count, width)}`);
  const fields = new Uint32Array(count);
  const mask = 2 ** width - 1;
  let pending = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < count; i++) {
    while (bits < width) {
      pending |= bytes[at++]! << bits;
      bits += 8;
    }
    const field = pending & mask;
    if (field > max) throw new UpdateError("out-of-range", `field ${i} is ${field}, at most ${max} is possible`);
    fields[i] = field;
    pending >>>= width;
    bits -= width;
  }
  return fields;
}
