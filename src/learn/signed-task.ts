import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { decode, encode } from "cborg";
import * as v from "valibot";
import { codec } from "../wire/codec.ts";
import { TaskError } from "./errors.ts";
import { MAX_TASK_BYTES } from "./limits.ts";
import { checkTask, type TaskManifest } from "./task.ts";

/** Who posts a task; the identity's certificate and signature are given by whoever has the keys. */
export interface TaskSigner {
  certificate: Uint8Array;
  /** 64 bytes over the message. */
  sign(message: Uint8Array): Uint8Array;
}

/** Whether the certificate's key signed exactly this message. */
export type VerifyTask = (certificate: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

const bytes = (least: number, most: number) => v.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length >= least && value.length <= most, `not ${least} to ${most} bytes`);
const frame = codec(1, v.strictObject({ task: bytes(1, MAX_TASK_BYTES), certificate: bytes(1, 4096), signature: bytes(64, 64) }), MAX_TASK_BYTES);
const DOMAIN = new TextEncoder().encode("hromada task 1\0");

/** Absent fields are left out, so that `undefined` and absent are one. */
const canonical = (value: unknown): Uint8Array => encode(JSON.parse(JSON.stringify(value)));
const sha256Hex = (message: Uint8Array): string => bytesToHex(sha256(message));

/** Canonical CBOR (RFC 8949, 4.2): one manifest has one encoding, whatever order its fields were written in. */
export const taskBytes = (task: TaskManifest): Uint8Array => canonical(task);

/** SHA-256 of the canonical bytes, 64 hex digits. */
export const hashOfTask = (task: TaskManifest): string => sha256Hex(taskBytes(task));

/** What a manifest's `modelHash` has to be: SHA-256 of the model's canonical CBOR. */
export const modelHashOf = (model: TaskManifest["model"]): string => sha256Hex(canonical(model));

const toSign = (task: Uint8Array): Uint8Array => Uint8Array.of(...DOMAIN, ...sha256(task));

/** A task as it is posted: the manifest's canonical bytes, its author's certificate, and a signature over their hash. */
export function sealTask(task: TaskManifest, { certificate, sign }: TaskSigner): Uint8Array<ArrayBuffer> {
  const body = taskBytes(checkTask(task));
  const sealed = frame.encode({ task: body, certificate, signature: sign(toSign(body)) });
  if (sealed.length > MAX_TASK_BYTES) throw new TaskError("too-large", `the signed task has ${sealed.length} bytes; at most ${MAX_TASK_BYTES} are passed on`);
  return sealed;
}

/**
 * The signature is checked before the manifest is read.
 * @throws WireError if the bytes are no signed task at all
 * @throws TaskError `bad-signature` if nobody with that certificate signed it, `bad-task` if it is no manifest
 */
export function openTask(sealed: Uint8Array, verify: VerifyTask): { task: TaskManifest; hash: string; certificate: Uint8Array } {
  const { task: body, certificate, signature } = frame.decode(sealed);
  if (!verify(certificate, toSign(body), signature)) throw new TaskError("bad-signature", "this task was changed after it was signed, or was not signed by its author; ask for it again");
  const task = checkTask(read(body));
  if (!same(taskBytes(task), body)) throw new TaskError("bad-task", "the task: it is not in its canonical form", "");
  if (task.modelHash !== undefined && task.modelHash !== modelHashOf(task.model)) throw new TaskError("bad-task", "modelHash: it is not the hash of the model", "modelHash");
  return { task, hash: sha256Hex(body), certificate };
}

function read(body: Uint8Array): unknown {
  try {
    return decode(body, { strict: true, allowIndefinite: false, rejectDuplicateMapKeys: true });
  } catch (cause) {
    throw new TaskError("bad-task", `the task: it is not canonical CBOR (${String(cause)})`, "");
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
