import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { WireError } from "./codec.ts";

/** A device's name in a room: 16 bytes as 32 lowercase hex digits. */
export type PeerId = string & { readonly PeerId: unique symbol };

export const PEER_ID_BYTES = 16;

const PATTERN = /^[0-9a-f]{32}$/;

export const isPeerId = (text: unknown): text is PeerId => typeof text === "string" && PATTERN.test(text);

/** @throws WireError `malformed` unless exactly 16 bytes are given. */
export function peerIdOf(bytes: Uint8Array): PeerId {
  if (bytes.length !== PEER_ID_BYTES) throw new WireError("malformed", `a peer id is ${PEER_ID_BYTES} bytes, not ${bytes.length}`);
  return bytesToHex(bytes) as PeerId;
}

export const peerIdBytes = (id: PeerId): Uint8Array => hexToBytes(id);
