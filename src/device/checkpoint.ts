import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";
import { modelBytes, modelFrom, modelSize, type Model } from "../swarm/head.ts";
import type { Hash } from "../swarm/record.ts";
import { decodeCommit, encodeCommit } from "../swarm/roll.ts";
import type { Head } from "../swarm/state.ts";
import { WireError } from "../wire/codec.ts";

/** Before the commit. */
const LENGTH_BYTES = 4;

/** A head as one object: the commit's length (u32, big-endian), the commit, the model's bytes. */
export function encodeCheckpoint(head: Head): Uint8Array<ArrayBuffer> {
  const bytes = encodeCommit(head);
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return concatBytes(length, bytes, modelBytes(head)) as Uint8Array<ArrayBuffer>;
}

/**
 * Takes nothing on trust: the record is the one that the root names, and the model the one that the record names.
 * @param like a model of the same task
 * @throws WireError
 */
export function decodeCheckpoint(bytes: Uint8Array, root: Hash, task: Hash, like: Model): Head {
  if (bytes.length < LENGTH_BYTES) throw new WireError("malformed", "a checkpoint that ends early");
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const commit = decodeCommit(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  const model = bytes.slice(LENGTH_BYTES + length);
  if (model.length !== modelSize(like)) throw new WireError("malformed", "a checkpoint whose model is not as long as the task's");
  if (commit.root !== root || commit.record.task !== task || bytesToHex(sha256(model)) !== commit.record.model) throw new WireError("malformed", "a checkpoint that is not the one its name says");
  return { ...commit, ...modelFrom(model, like) };
}
