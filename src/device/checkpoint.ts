import { concatBytes } from "@noble/hashes/utils.js";
import { decodeRecord, encodeRecord, modelHash, rootOf, type Hash } from "../swarm/record.ts";
import type { Head } from "../swarm/state.ts";
import { WireError } from "../wire/codec.ts";

/** Before the record. */
const LENGTH_BYTES = 4;

/** A head as one object: the record's length (u32, big-endian), the record, the params (int32, little-endian). */
export function encodeCheckpoint({ record, params }: Head): Uint8Array<ArrayBuffer> {
  const bytes = encodeRecord(record);
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concatBytes(length, bytes, new Uint8Array(params.buffer, params.byteOffset, params.byteLength)) as Uint8Array<ArrayBuffer>;
}

/**
 * Takes nothing on trust: the record is the one that the root names, and the model the one that the record names.
 * @throws WireError
 */
export function decodeCheckpoint(bytes: Uint8Array, root: Hash, task: Hash): Head {
  if (bytes.length < LENGTH_BYTES) throw new WireError("malformed", "a checkpoint that ends early");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const record = decodeRecord(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  const model = bytes.slice(LENGTH_BYTES + length);
  if (model.length % 4 !== 0) throw new WireError("malformed", "a checkpoint whose model ends early");
  const params = new Int32Array(model.buffer);
  if (rootOf(record) !== root || record.task !== task || modelHash(params) !== record.model) throw new WireError("malformed", "a checkpoint that is not the one its name says");
  return { record, root, params };
}
