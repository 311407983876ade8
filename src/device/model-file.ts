import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { TaskError } from "../learn/errors.ts";
import { MAX_PARAMETERS, MAX_TASK_BYTES } from "../learn/limits.ts";
import { checkTask, type TaskManifest } from "../learn/task.ts";
import { LIBRARY_LIMITS } from "../library/limits.ts";
import { canonicalJson, decodeRecord, encodeRecord, taskHash, type CommitRecord } from "../swarm/record.ts";
import { codec, WireError } from "../wire/codec.ts";

/** A model with all that is needed to use it, and to check where it comes from. */
export interface OpenModel {
  task: TaskManifest;
  /** The commit that it is the model of; null of one that was brought from a file. */
  record: CommitRecord | null;
  /** Fixed point, 2^-20 a unit. */
  params: Int32Array<ArrayBuffer>;
  /** The outer optimiser's state in its own encoding; part of what the record's hash stands for. */
  outer: Uint8Array;
  /** The same of the compression's. */
  shared: Uint8Array;
}

const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array);
const atMost = (most: number) => v.pipe(bytes, v.check(({ length }) => length <= most, `over ${most} bytes`));

/** As an object of the library; its kind is named, for other things are published too. */
const wire = codec(
  2,
  v.strictObject({
    kind: v.literal("hromada model"),
    task: atMost(MAX_TASK_BYTES),
    record: v.nullable(bytes),
    /** int32, little-endian. */
    params: v.pipe(atMost(4 * MAX_PARAMETERS), v.check(({ length }) => length > 0 && length % 4 === 0, "no whole numbers")),
    outer: bytes,
    shared: bytes,
  }),
  LIBRARY_LIMITS.objectBytes,
);

export const encodeModel = ({ task, record, params, outer, shared }: OpenModel): Uint8Array<ArrayBuffer> =>
  wire.encode({ kind: "hromada model", task: utf8ToBytes(canonicalJson(task)), record: record && encodeRecord(record), params: new Uint8Array(params.buffer, params.byteOffset, params.byteLength), outer, shared });

/**
 * Takes nothing on trust: the task is the one that the record names, and the numbers are those that the record names.
 * That the swarm really committed the record is known only to who took part; its root can be compared.
 * @throws WireError
 */
export function decodeModel(file: Uint8Array): OpenModel {
  const { task: text, record: encoded, params, outer, shared } = wire.decode(file);
  const task = taskIn(text);
  const record = encoded && decodeRecord(encoded);
  if (record && record.task !== taskHash(task)) throw new WireError("malformed", "a model whose record is of another task");
  if (record && record.model !== bytesToHex(sha256.create().update(params).update(outer).update(shared).digest())) throw new WireError("malformed", "a model that is not the one its record names");
  return { task, record, params: new Int32Array(params.slice().buffer), outer: outer.slice(), shared: shared.slice() };
}

function taskIn(text: Uint8Array): TaskManifest {
  try {
    return checkTask(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text)));
  } catch (cause) {
    if (!(cause instanceof TaskError || cause instanceof SyntaxError || cause instanceof TypeError)) throw cause;
    throw new WireError("malformed", `a model without a task: ${cause.message}`);
  }
}
