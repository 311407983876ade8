import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { codec } from "../wire/codec.ts";

export const BOARD_LIMITS = {
  /** Tasks that a device keeps and tells of in a room. */
  tasks: 48,
  /** Bytes of a signed task that are passed on: a table of hundreds of columns. */
  taskBytes: 64 << 10,
  /** Tasks that a device asks for at once, and how long it waits for each, in milliseconds. */
  asked: 4,
  patience: 10_000,
  /** Tasks that one peer is given within `turn` milliseconds. */
  given: 64,
  turn: 60_000,
  tick: 1_000,
  /** How often it is said again what is there, for those who missed it. */
  again: 30_000,
  /** Tasks that a person took off the board and does not want again. */
  hidden: 512,
  /** Rooms whose boards are kept. */
  rooms: 16,
} as const;

/** First byte of what boards say to each other; the round protocol's, the library's and the committee's begin with others. */
const BOARD_BYTE = 0x42;
export const isBoard = (bytes: Uint8Array): boolean => bytes[0] === BOARD_BYTE;

const bytesOf = (least: number, most: number) => v.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length >= least && value.length <= most, `not ${least} to ${most} bytes`);
const hash = v.pipe(bytesOf(32, 32), v.transform(bytesToHex));

/** `have`: which tasks lie here, to all. `want`: one of them, from one peer. `task`: that one, signed. */
const frame = codec(
  1,
  v.variant("kind", [
    v.strictObject({ kind: v.literal("have"), tasks: v.pipe(v.array(hash), v.maxLength(BOARD_LIMITS.tasks)) }),
    v.strictObject({ kind: v.literal("want"), task: hash }),
    v.strictObject({ kind: v.literal("task"), sealed: bytesOf(1, BOARD_LIMITS.taskBytes) }),
  ]),
  BOARD_LIMITS.taskBytes + 64,
);

export type BoardMessage = { kind: "have"; tasks: string[] } | { kind: "want"; task: string } | { kind: "task"; sealed: Uint8Array };

export function encodeBoard(message: BoardMessage): Uint8Array<ArrayBuffer> {
  const body = frame.encode(message.kind === "have" ? { kind: "have", tasks: message.tasks.map(hexToBytes) } : message.kind === "want" ? { kind: "want", task: hexToBytes(message.task) } : message);
  const bytes = new Uint8Array(1 + body.length);
  bytes[0] = BOARD_BYTE;
  bytes.set(body, 1);
  return bytes;
}

/** @throws WireError */
export const decodeBoard = (bytes: Uint8Array): BoardMessage => frame.decode(bytes.subarray(1));
