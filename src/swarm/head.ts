import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { TaskError } from "../learn/errors.ts";
import { outerBytes, outerFrom, outerSize, type OuterState } from "../learn/outer-optimiser.ts";
import { sharedBytes, sharedFrom, sharedSize, type Shared } from "../update/compression/shared.ts";
import { UpdateError } from "../update/errors.ts";
import { WireError } from "../wire/codec.ts";
import type { Hash } from "./record.ts";

/** What a commit hands on: the model, what the outer optimiser keeps from round to round, and what the next updates are encoded by. */
export interface Model {
  /** Fixed point, 2^-20 a unit. Never written to: a commit makes a new one. */
  params: Int32Array<ArrayBuffer>;
  outer: OuterState;
  /** Empty where updates are not compressed. */
  shared: Shared;
}

export const NOTHING_SHARED: Shared = { exponents: new Uint8Array(), bases: new Int16Array() };

const paramBytes = ({ params }: Model): Uint8Array => new Uint8Array(params.buffer, params.byteOffset, params.byteLength);

/** Parameters as int32 little-endian, the outer state, the compression's: what a record's model hash stands for, and what joiners fetch. */
export const modelBytes = (model: Model): Uint8Array => concatBytes(paramBytes(model), outerBytes(model.outer), sharedBytes(model.shared));

/** A part of them, without a copy of them all for each. */
export function modelPiece(model: Model, from: number, until: number): Uint8Array {
  const params = paramBytes(model);
  return until <= params.length ? params.subarray(from, until) : modelBytes(model).subarray(from, until);
}

export const modelSize = ({ params, outer, shared }: Model): number => params.byteLength + outerSize(outer) + sharedSize(shared);

/** SHA-256 of its bytes. */
export const modelHash = (model: Model): Hash => bytesToHex(sha256.create().update(paramBytes(model)).update(outerBytes(model.outer)).update(sharedBytes(model.shared)).digest());

/**
 * @param bytes `modelSize(like)` of them
 * @param like a model of the same task
 * @throws WireError
 */
export function modelFrom(bytes: Uint8Array, like: Model): Model {
  const params = new Int32Array(bytes.slice(0, like.params.byteLength).buffer);
  const behind = like.params.byteLength + outerSize(like.outer);
  try {
    return { params, outer: outerFrom(bytes.subarray(like.params.byteLength, behind), like.outer), shared: sharedFrom(bytes.subarray(behind), like.shared) };
  } catch (cause) {
    if (!(cause instanceof TaskError || cause instanceof UpdateError)) throw cause;
    throw new WireError("malformed", `a model whose state is not of its task: ${cause.message}`);
  }
}
