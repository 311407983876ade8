import { DataError } from "../errors.ts";
import { MAX_PIXEL_BYTES } from "../limits.ts";

/**
 * An IDX file of bytes (LeCun's format: two zero bytes, 08 for bytes, the number of dimensions, each dimension as
 * big-endian u32, then the values). The values are a view of `bytes`. @throws DataError `malformed`
 */
export function readIdx(bytes: Uint8Array): { shape: number[]; values: Uint8Array } {
  const malformed = (what: string) => new DataError("malformed", `this is no IDX file of bytes (${what}); take the unzipped file as it was published`, { what: "not-idx" });
  if (bytes.length < 8) throw malformed("shorter than its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const dimensions = bytes[3]!;
  if (view.getUint16(0) !== 0 || bytes[2] !== 8 || dimensions < 1 || dimensions > 4) throw malformed("wrong first bytes");
  const header = 4 + 4 * dimensions;
  if (bytes.length < header) throw malformed("shorter than its header");
  const shape = Array.from({ length: dimensions }, (_, i) => view.getUint32(4 + 4 * i));
  const values = shape.reduce((product, side) => product * side, 1);
  if (values > MAX_PIXEL_BYTES) throw new DataError("malformed", `the file says that it holds ${shape.join(" × ")} values, which is over the limit of ${MAX_PIXEL_BYTES}`, { what: "large-file", most: MAX_PIXEL_BYTES });
  if (bytes.length !== header + values) throw malformed(`${bytes.length} bytes for ${shape.join(" × ")} values`);
  return { shape, values: bytes.subarray(header) };
}
