import type { PeerId } from "../wire/ids.ts";

/** By which way a signalling blob went or came. */
export type Way = "server" | "mesh";

/**
 * How the mesh knows who said what. It is given from above: the mesh knows packets, not keys.
 * Messages for one peer are the caller's to seal.
 */
export interface Guard {
  readonly proofBytes: number;
  /** Shows to everybody in the room that this device said `statement`; always `proofBytes` long. */
  prove(statement: Uint8Array): Uint8Array;
  /** @throws WireError unless `proof` shows that `source` said `statement`. */
  check(source: PeerId, statement: Uint8Array, proof: Uint8Array): void;
  /** A signalling blob as the server and relays see it: unreadable, and all of one size. */
  sealBlob(to: PeerId, blob: Uint8Array): Uint8Array;
  /** Null of a stranger to the room's issuer. @throws WireError `version` where the peer speaks another version, else `malformed`: it is not as `from` sent it. */
  openBlob(from: PeerId, sealed: Uint8Array): Uint8Array | null;
}
