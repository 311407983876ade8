import * as v from "valibot";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { codec } from "../wire/codec.ts";
import type { HeadNote } from "./message.ts";

export interface Note {
  room: Uint8Array;
  frame: Uint8Array;
  head: HeadNote | null;
}

const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array);
const HashBytes = v.pipe(bytes, v.check((hash) => hash.length === 32), v.transform(bytesToHex));
const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** What is kept of an object beside its shards: of which room it is, and its manifest. */
const note = codec(1, v.strictObject({ room: bytes, frame: bytes, head: v.nullable(v.strictObject({ root: HashBytes, round: natural, weight: natural })) }), 2 ** 21);

export const encodeNote = ({ room, frame, head }: Note): Uint8Array => note.encode({ room, frame, head: head && { ...head, root: hexToBytes(head.root) } });

/** @throws WireError */
export const decodeNote = (kept: Uint8Array): Note => note.decode(kept);
