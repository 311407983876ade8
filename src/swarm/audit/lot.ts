import { sha256 } from "@noble/hashes/sha2.js";
import { hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { peerIdBytes, type PeerId } from "../../wire/ids.ts";
import type { Hash } from "../record.ts";
import type { Round, SwarmState } from "../state.ts";

/** What a device shows of a round that others train again (rerun.ts), besides its values. */
export interface How {
  /** Local steps that it did: a device that is held back does fewer. */
  steps: number;
  /** How often the round's update was dropped before, modulo `DRAWS`. */
  lost: number;
}

/** So many different lots a device may have in a round: it may try them all, and gains little. */
const DRAWS = 8;
export const HOW_BYTES = 5;

/** Of this device's own round. */
export const howOf = ({ lost }: Round, steps: number): How => ({ steps, lost: lost % DRAWS });

/** Steps as big-endian u32, then a byte. */
export function howBytes({ steps, lost }: How): Uint8Array {
  const bytes = new Uint8Array(HOW_BYTES);
  new DataView(bytes.buffer).setUint32(0, steps);
  bytes[4] = lost;
  return bytes;
}

/** Null where no device can have done so. @param bytes `HOW_BYTES` of them; @param most local steps of a round */
export function howFrom(bytes: Uint8Array, most: number): How | null {
  const how = { steps: new DataView(bytes.buffer, bytes.byteOffset, HOW_BYTES).getUint32(0), lost: bytes[4]! };
  return how.steps >= 1 && how.steps <= most && how.lost < DRAWS ? how : null;
}

/** Seeds a device's round on this head: the first 4 bytes of SHA-256("lot" ‖ root ‖ device ‖ lost). */
export function lotOf(root: Hash, peer: PeerId, lost: number): number {
  const digest = sha256.create().update(utf8ToBytes("lot")).update(hexToBytes(root)).update(peerIdBytes(peer)).update(Uint8Array.of(lost)).digest();
  return new DataView(digest.buffer, digest.byteOffset).getUint32(0);
}

/** Of this device's own round; undefined where its data are its own. */
export const ownLot = ({ config: { audits, self }, head, round }: SwarmState): { seed?: number } => (audits?.steps ? { seed: lotOf(head.root, self, round.lost % DRAWS) } : {});
