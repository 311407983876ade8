import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { UpdateError } from "../errors.ts";

/**
 * What a device's updates have not said yet: the coordinates whose turn is still to come, and what rounding, clipping
 * and the low rank left out. Its own; it goes on with it after a reload.
 */
export interface Carry {
  /** In model units, [parameters]. */
  residual: Float32Array<ArrayBuffer>;
}

export const emptyCarry = (parameters: number): Carry => ({ residual: new Float32Array(parameters) });

const MAGIC = 0x48434331; // "HCC1"
const HEADER_BYTES = 8;

/** "HCC1", parameters as big-endian u32, the residual as little-endian float32. */
export function carryBytes({ residual }: Carry): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + residual.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setUint32(4, residual.length);
  residual.forEach((value, i) => view.setFloat32(HEADER_BYTES + 4 * i, value, true));
  return bytes;
}

/** @throws UpdateError `bad-state` */
export function carryFrom(bytes: Uint8Array, parameters: number): Carry {
  const bad = (what: string) => new UpdateError("bad-state", `the kept carry cannot be used (${what}); go on with an empty one`);
  if (bytes.length !== HEADER_BYTES + 4 * parameters) throw bad(`${bytes.length} bytes for ${parameters} parameters`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== MAGIC || view.getUint32(4) !== parameters) throw bad("another layout or model");
  const residual = Float32Array.from({ length: parameters }, (_, i) => view.getFloat32(HEADER_BYTES + 4 * i, true));
  if (!residual.every(Number.isFinite)) throw bad("numbers out of range");
  return { residual };
}

/** SHA-256 of its bytes in hex, for a device to commit to. */
export const carryHash = (carry: Carry): string => bytesToHex(sha256(carryBytes(carry)));
