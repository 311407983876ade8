import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { outerBytes, outerFrom, outerSize, type OuterState } from "../learn/outer-optimiser.ts";
import type { Hash } from "./record.ts";

/** What a commit hands on: the model, and what the outer optimiser keeps from round to round. */
export interface Model {
  /** Fixed point, 2^-20 a unit. Never written to: a commit makes a new one. */
  params: Int32Array<ArrayBuffer>;
  outer: OuterState;
}

const paramBytes = ({ params }: Model): Uint8Array => new Uint8Array(params.buffer, params.byteOffset, params.byteLength);

/** Parameters as int32 little-endian, then the outer state: what a record's model hash stands for, and what joiners fetch. */
export const modelBytes = (model: Model): Uint8Array => (model.outer.momentum.length === 0 ? paramBytes(model) : concatBytes(paramBytes(model), outerBytes(model.outer)));

export const modelSize = ({ params, outer }: Model): number => params.byteLength + outerSize(outer);

/** SHA-256 of its bytes. */
export const modelHash = (model: Model): Hash => bytesToHex(sha256.create().update(paramBytes(model)).update(outerBytes(model.outer)).digest());

/**
 * @param bytes `modelSize(like)` of them
 * @param like a model of the same task
 * @throws TaskError `bad-state`
 */
export function modelFrom(bytes: Uint8Array, like: Model): Model {
  const params = new Int32Array(bytes.slice(0, like.params.byteLength).buffer);
  return { params, outer: outerFrom(bytes.subarray(like.params.byteLength), like.outer) };
}
