import { WireError } from "../wire/codec.ts";
import { PEER_ID_BYTES, peerIdBytes, peerIdOf, type PeerId } from "../wire/ids.ts";
import { MESH_LIMITS } from "./limits.ts";

/** What one device says of its own links. */
export interface LinkState {
  /** Higher is newer, below 2^48; starts at the clock's reading, so that a reloaded device is newer than before. */
  version: number;
  neighbours: PeerId[];
  /** What it sends leaves slowly: ways lead over it only where there is no other (as over a stub router of OSPF, RFC 6987). */
  slow: boolean;
}

export const LINK_STATE_VERSION_MAX = 2 ** 48 - 1;
export const LINK_STATE_VERSION_BYTES = 6;
const HEADER_BYTES = LINK_STATE_VERSION_BYTES + 1;
/** In the byte that counts the neighbours. */
const SLOW = 0x80;

export function writeVersion(bytes: Uint8Array, at: number, version: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint16(at, Math.floor(version / 2 ** 32));
  view.setUint32(at + 2, version % 2 ** 32);
}

export function readVersion(bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2);
}

/** Six bytes version, one byte with the count and above it whether it is slow, then the neighbours. */
export function encodeLinkState(state: LinkState): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_BYTES + state.neighbours.length * PEER_ID_BYTES);
  writeVersion(bytes, 0, state.version);
  bytes[6] = state.neighbours.length | (state.slow ? SLOW : 0);
  state.neighbours.forEach((peer, index) => bytes.set(peerIdBytes(peer), HEADER_BYTES + index * PEER_ID_BYTES));
  return bytes;
}

/** @throws WireError */
export function decodeLinkState(origin: PeerId, bytes: Uint8Array): LinkState {
  const described = bytes[6];
  if (described === undefined) throw new WireError("malformed", "shorter than a link state");
  const count = described & ~SLOW;
  if (count > MESH_LIMITS.neighbours) throw new WireError("oversized", `${count} neighbours where at most ${MESH_LIMITS.neighbours} are allowed`);
  if (bytes.length !== HEADER_BYTES + count * PEER_ID_BYTES) throw new WireError("malformed", `a link state of ${bytes.length} bytes with ${count} neighbours`);
  const neighbours: PeerId[] = [];
  for (let at = HEADER_BYTES; at < bytes.length; at += PEER_ID_BYTES) neighbours.push(peerIdOf(bytes.subarray(at, at + PEER_ID_BYTES)));
  if (new Set(neighbours).size !== count || neighbours.includes(origin)) throw new WireError("malformed", "a neighbour named twice, or the device itself");
  return { version: readVersion(bytes, 0), neighbours, slow: (described & SLOW) !== 0 };
}
