import { DataError } from "./errors.ts";

/** Grey images, all of one size, and what they show. */
export interface Samples {
  height: number;
  width: number;
  /** How many labels there are; every label is below it. */
  labelCount: number;
  labels: Uint8Array;
  /** 0 (paper) to 255 (ink), row by row, image after image. */
  pixels: Uint8Array;
}

const MAGIC = 0x48445031; // "HDP1"
const HEADER_BYTES = 16;
const MAX_SIDE = 1024;

/**
 * A pack: "HDP1", then big-endian count (u32), height, width, label count (u16 each), two zero bytes;
 * one label byte a sample; then the pixels.
 */
export function encodePack({ height, width, labelCount, labels, pixels }: Samples): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + labels.length + pixels.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setUint32(4, labels.length);
  view.setUint16(8, height);
  view.setUint16(10, width);
  view.setUint16(12, labelCount);
  bytes.set(labels, HEADER_BYTES);
  bytes.set(pixels, HEADER_BYTES + labels.length);
  return bytes;
}

/** Labels and pixels are views of `bytes`. @throws DataError `malformed` */
export function decodePack(bytes: Uint8Array): Samples {
  const malformed = (what: string) => new DataError("malformed", `this is no pack of digits (${what}); fetch it again or rebuild the data`);
  if (bytes.length < HEADER_BYTES) throw malformed("shorter than its header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  if (view.getUint32(0) !== MAGIC) throw malformed("wrong first bytes");
  const count = view.getUint32(4);
  const height = view.getUint16(8);
  const width = view.getUint16(10);
  const labelCount = view.getUint16(12);
  if (view.getUint16(14) !== 0) throw malformed("unknown flags");
  if (height < 1 || width < 1 || height > MAX_SIDE || width > MAX_SIDE) throw malformed(`images of ${height} × ${width}`);
  if (labelCount < 1 || labelCount > 256) throw malformed(`${labelCount} labels`);
  if (bytes.length !== HEADER_BYTES + count * (1 + height * width)) throw malformed(`${bytes.length} bytes for ${count} samples`);
  const labels = bytes.subarray(HEADER_BYTES, HEADER_BYTES + count);
  if (labels.some((label) => label >= labelCount)) throw malformed("a label out of range");
  return { height, width, labelCount, labels, pixels: bytes.subarray(HEADER_BYTES + count) };
}
