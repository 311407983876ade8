import { PEER_ID_BYTES, peerIdBytes, type PeerId } from "../wire/ids.ts";
import { SumError } from "./errors.ts";
import { contextBytes, type Context } from "./randomness.ts";

/** A device of U. */
export interface Entry {
  id: PeerId;
  /** Stands for its ciphertext and all its dealings, 32 bytes. */
  commitment: Uint8Array;
}

const HASH_BYTES = 32;
const ENTRY_BYTES = PEER_ID_BYTES + HASH_BYTES;

/** What holders sign: the context, and the entries, ascending by id. @throws SumError `malformed` */
export function encodeSet(context: Context, entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const head = contextBytes(context);
  const bytes = new Uint8Array(head.length + entries.length * ENTRY_BYTES);
  bytes.set(head);
  entries.forEach(({ id, commitment }, index) => {
    if (index > 0 && entries[index - 1]!.id >= id) throw new SumError("malformed", "a set whose devices are not strictly ascending", index);
    if (commitment.length !== HASH_BYTES) throw new SumError("malformed", `a set with a commitment that is not ${HASH_BYTES} bytes`, index);
    const at = head.length + index * ENTRY_BYTES;
    bytes.set(peerIdBytes(id), at);
    bytes.set(commitment, at + PEER_ID_BYTES);
  });
  return bytes;
}
