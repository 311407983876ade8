import { versionError, WireError } from "../wire/codec.ts";
import { MESH_LIMITS } from "./limits.ts";

/**
 * A message crosses a link as frames, each one data-channel message:
 *
 * | bytes | field |
 * |---|---|
 * | 0 | version, first in every version of this protocol |
 * | 1 | kind: 1 part, 2 cancel |
 * | 2–3 | CRC-16/CCITT of the header, these two bytes taken as zero |
 * | 4–7 | message id, one up for each message begun |
 * | 8–11 | bytes in the whole message |
 * | 12–15 | offset of this part |
 * | 16–19 | bytes in this part |
 *
 * Big-endian. The payload has no checksum of its own: SCTP and DTLS have theirs.
 */
export const FRAME_VERSION = 4;
export const FRAME_HEADER_BYTES = 20;

const PART = 1;
const CANCEL = 2;

export interface Frame {
  kind: "part" | "cancel";
  id: number;
  total: number;
  offset: number;
  payload: Uint8Array;
}

/** CRC-16/CCITT-FALSE (polynomial 0x1021): finds any burst of up to 16 flipped bits. */
export function headerCheck(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (let i = 0; i < FRAME_HEADER_BYTES; i++) {
    crc ^= (i === 2 || i === 3 ? 0 : bytes[i]!) << 8;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
  }
  return crc;
}

function writeHeader(frame: Uint8Array<ArrayBuffer>, kind: number, id: number, total: number, offset: number): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  frame[0] = FRAME_VERSION;
  frame[1] = kind;
  view.setUint32(4, id);
  view.setUint32(8, total);
  view.setUint32(12, offset);
  view.setUint32(16, frame.length - FRAME_HEADER_BYTES);
  view.setUint16(2, headerCheck(frame));
}

/** Checks a frame by itself; the payload is a view of `bytes`. @throws WireError */
export function readFrame(bytes: Uint8Array): Frame {
  if (bytes.length === 0) throw new WireError("malformed", "an empty frame");
  if (bytes[0] !== FRAME_VERSION) throw versionError(bytes[0]!, FRAME_VERSION);
  if (bytes.length > MESH_LIMITS.frameBytesMax) throw new WireError("oversized", `a frame of ${bytes.length} bytes where at most ${MESH_LIMITS.frameBytesMax} are allowed`);
  if (bytes.length < FRAME_HEADER_BYTES) throw new WireError("malformed", "shorter than a frame's header");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(2) !== headerCheck(bytes)) throw new WireError("malformed", "a frame whose header does not match its check");
  const kind = bytes[1];
  const frame = { id: view.getUint32(4), total: view.getUint32(8), offset: view.getUint32(12), payload: bytes.subarray(FRAME_HEADER_BYTES) };
  if (frame.payload.length !== view.getUint32(16)) throw new WireError("malformed", `a frame of ${frame.payload.length} bytes that says ${view.getUint32(16)}`);
  if (frame.total > MESH_LIMITS.messageBytes) throw new WireError("oversized", `a message of ${frame.total} bytes where at most ${MESH_LIMITS.messageBytes} are allowed`);
  if (kind === CANCEL) {
    if (frame.total !== 0 || frame.offset !== 0 || frame.payload.length !== 0) throw new WireError("malformed", "a cancelling frame with a payload");
    return { kind: "cancel", ...frame };
  }
  if (kind !== PART) throw new WireError("malformed", `frame kind ${kind} is not known`);
  if (frame.payload.length === 0 || frame.offset + frame.payload.length > frame.total) throw new WireError("malformed", "a part outside its message");
  return { kind: "part", ...frame };
}

export interface Splitter {
  readonly total: number;
  /** Bytes of the message already in frames. */
  readonly offset: number;
  readonly done: boolean;
  /** The next frame, in a buffer of its own that may be transferred. */
  next(): Uint8Array<ArrayBuffer>;
}

/** Cuts `parts`, read one after the other as one message, into frames of at most `frameBytes`. */
export function split(id: number, parts: readonly Uint8Array[], frameBytes: number = MESH_LIMITS.frameBytes): Splitter {
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  if (total === 0 || total > MESH_LIMITS.messageBytes) throw new RangeError(`a message has 1 to ${MESH_LIMITS.messageBytes} bytes, not ${total}`);
  if (frameBytes <= FRAME_HEADER_BYTES || frameBytes > MESH_LIMITS.frameBytesMax) throw new RangeError(`a frame cannot have ${frameBytes} bytes`);
  let offset = 0;
  let part = 0;
  let within = 0;
  return {
    total,
    get offset() {
      return offset;
    },
    get done() {
      return offset === total;
    },
    next() {
      const size = Math.min(frameBytes - FRAME_HEADER_BYTES, total - offset);
      const frame = new Uint8Array(FRAME_HEADER_BYTES + size);
      for (let at = FRAME_HEADER_BYTES; at < frame.length; ) {
        const source = parts[part]!;
        const slice = source.subarray(within, within + frame.length - at);
        frame.set(slice, at);
        at += slice.length;
        within += slice.length;
        if (within === source.length) {
          part++;
          within = 0;
        }
      }
      writeHeader(frame, PART, id, total, offset);
      offset += size;
      return frame;
    },
  };
}

/** Tells the other side to forget what it has of a message that will not be finished. */
export function cancelFrame(id: number): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(FRAME_HEADER_BYTES);
  writeHeader(frame, CANCEL, id, 0, 0);
  return frame;
}

export interface Received {
  message: Uint8Array<ArrayBuffer>;
  /** Bytes it took on the channel, headers included. */
  wireBytes: number;
}

export interface Reassembler {
  /** A whole message once its last part is there. The frame's buffer is kept until then. @throws WireError */
  accept(bytes: Uint8Array): Received | null;
  /** Bytes held in unfinished messages. */
  readonly held: number;
}

interface Partial {
  total: number;
  received: number;
  wireBytes: number;
  chunks: Uint8Array[];
}

/**
 * Puts the frames of one link together. Nothing is allocated on a peer's word: parts are kept as they come
 * and copied once at the end, and the messages a peer may have open at once are few, and together no bigger
 * than one of the biggest and an urgent one.
 */
export function createReassembler(): Reassembler {
  const open = new Map<number, Partial>();
  let begun = -1;
  let held = 0;
  let declared = 0;

  function begin(frame: Frame): Partial {
    if (frame.offset !== 0) throw new WireError("malformed", `a part of message ${frame.id}, which was never begun`);
    if (begun !== -1 && frame.id !== (begun + 1) >>> 0) throw new WireError("malformed", `message ${frame.id} where ${(begun + 1) >>> 0} was next`);
    if (open.size >= MESH_LIMITS.partialMessages) throw new WireError("oversized", `more than ${MESH_LIMITS.partialMessages} unfinished messages`);
    if (declared + frame.total > MESH_LIMITS.messageBytes + MESH_LIMITS.urgentBytes) throw new WireError("oversized", "unfinished messages bigger than one may be");
    begun = frame.id;
    declared += frame.total;
    const partial = { total: frame.total, received: 0, wireBytes: 0, chunks: [] };
    open.set(frame.id, partial);
    return partial;
  }

  function end(id: number, partial: Partial): void {
    open.delete(id);
    held -= partial.received;
    declared -= partial.total;
  }

  return {
    get held() {
      return held;
    },
    accept(bytes) {
      const frame = readFrame(bytes);
      const known = open.get(frame.id);
      if (frame.kind === "cancel") {
        if (!known) throw new WireError("malformed", `cancels message ${frame.id}, which is not open`);
        end(frame.id, known);
        return null;
      }
      const partial = known ?? begin(frame);
      if (frame.total !== partial.total || frame.offset !== partial.received) throw new WireError("malformed", `a part at ${frame.offset} of message ${frame.id} where ${partial.received} was next`);
      partial.chunks.push(frame.payload);
      partial.received += frame.payload.length;
      partial.wireBytes += bytes.length;
      held += frame.payload.length;
      if (partial.received < partial.total) return null;
      end(frame.id, partial);
      const message = new Uint8Array(partial.total);
      let at = 0;
      for (const chunk of partial.chunks) {
        message.set(chunk, at);
        at += chunk.length;
      }
      return { message, wireBytes: partial.wireBytes };
    },
  };
}
