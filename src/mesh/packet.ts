import { WireError } from "../wire/codec.ts";
import { peerIdBytes, peerIdOf, type PeerId } from "../wire/ids.ts";

/**
 * What a message between neighbours holds: a header of 40 bytes, then the payload as it is.
 *
 * | bytes | field |
 * |---|---|
 * | 0 | kind |
 * | 1 | hops left |
 * | 2–3 | zero |
 * | 4–7 | the source's sequence number |
 * | 8–23 | source |
 * | 24–39 | destination; zero for everybody |
 *
 * What goes to everybody, and the greeting, end with the source's proof (guard.ts). The source of a routed
 * packet is not proven here: what it carries is sealed.
 */
export const PACKET_HEADER_BYTES = 40;

const KINDS = ["hello", "ping", "goodbye", "link-state", "unicast", "flood", "signal", "summary", "want-states", "wide-flood"] as const;
export type PacketKind = (typeof KINDS)[number];

/** Between two neighbours only: never relayed, and the source is the neighbour itself. */
const LOCAL: ReadonlySet<PacketKind> = new Set(["hello", "ping", "goodbye", "summary", "want-states"]);
const TO_ALL: ReadonlySet<PacketKind> = new Set(["link-state", "flood", "wide-flood"]);
const NOBODY = "0".repeat(32) as PeerId;

export interface PacketHeader {
  kind: PacketKind;
  ttl: number;
  sequence: number;
  source: PeerId;
  /** null: everybody. */
  destination: PeerId | null;
}

export interface Packet extends PacketHeader {
  /** A view of the message. */
  payload: Uint8Array<ArrayBuffer>;
  /** The message as it came, to be sent on. */
  message: Uint8Array<ArrayBuffer>;
}

export function packetHeader(header: PacketHeader): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(PACKET_HEADER_BYTES);
  bytes[0] = KINDS.indexOf(header.kind) + 1;
  bytes[1] = header.ttl;
  new DataView(bytes.buffer).setUint32(4, header.sequence);
  bytes.set(peerIdBytes(header.source), 8);
  if (header.destination !== null) bytes.set(peerIdBytes(header.destination), 24);
  return bytes;
}

/** What a message is and whom it is for; null: everybody. */
export type Address = Pick<PacketHeader, "kind" | "destination">;

/** @param head of a message that this device sends: its header at least */
export function addressOf(head: Uint8Array): Address {
  const to = peerIdOf(head.subarray(24, 40));
  return { kind: KINDS[head[0]! - 1]!, destination: to === NOBODY ? null : to };
}

/** @param neighbour the peer at the link's other end. @throws WireError */
export function readPacket(message: Uint8Array<ArrayBuffer>, neighbour: PeerId): Packet {
  if (message.length < PACKET_HEADER_BYTES) throw new WireError("malformed", "shorter than a packet's header");
  const kind = KINDS[message[0]! - 1];
  if (kind === undefined) throw new WireError("malformed", `packet kind ${message[0]} is not known`);
  if (message[2] !== 0 || message[3] !== 0) throw new WireError("malformed", "reserved bytes that are not zero");
  const ttl = message[1]!;
  if (ttl === 0) throw new WireError("malformed", "a packet without a hop left");
  const source = peerIdOf(message.subarray(8, 24));
  const to = peerIdOf(message.subarray(24, 40));
  if (source === NOBODY) throw new WireError("malformed", "a packet from nobody");
  if ((to === NOBODY) !== TO_ALL.has(kind)) throw new WireError("malformed", `a ${kind} packet with the wrong kind of destination`);
  if (LOCAL.has(kind) && (source !== neighbour || ttl !== 1)) throw new WireError("malformed", `a ${kind} packet that came over a relay`);
  return {
    kind,
    ttl,
    sequence: new DataView(message.buffer, message.byteOffset).getUint32(4),
    source,
    destination: to === NOBODY ? null : to,
    payload: message.subarray(PACKET_HEADER_BYTES),
    message,
  };
}

/** What a source proves: its packet but for the hops left, which change on the way. */
export function statementOf(header: Uint8Array, payload: Uint8Array): Uint8Array {
  const statement = new Uint8Array(PACKET_HEADER_BYTES + payload.length);
  statement.set(header.subarray(0, PACKET_HEADER_BYTES));
  statement[1] = 0;
  statement.set(payload, PACKET_HEADER_BYTES);
  return statement;
}

/** The same message with one hop less, or null when it has gone far enough. */
export function oneHopOn(packet: Packet): Uint8Array<ArrayBuffer> | null {
  if (packet.ttl <= 1) return null;
  packet.message[1] = packet.ttl - 1;
  return packet.message;
}
