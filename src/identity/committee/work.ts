import { argon2id, argon2idAsync } from "@noble/hashes/argon2.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { peerIdBytes, type PeerId } from "../../wire/ids.ts";
import { T, text, u32 } from "../suite.ts";
import { committeeHash, type Committee } from "./announce.ts";
import { WORK_NONCE_BYTES } from "./message.ts";

/** What a registration costs, when it is not an invitation that does: argon2id (RFC 9106) until an answer is rare enough. */
export interface WorkCost {
  /** KiB. */
  memory: number;
  passes: number;
  /** Leading zero bits; 2^bits tries on average. */
  bits: number;
}

/** The work of one device, for one committee, in one epoch: it cannot be done ahead or be sold on. 32 bytes. */
export const workChallenge = (committee: Committee, epoch: number, device: PeerId): Uint8Array =>
  sha256(T(text("registration"), committee.room, committeeHash(committee), u32(epoch), peerIdBytes(device)));

const options = ({ memory, passes }: WorkCost) => ({ m: memory, t: passes, p: 1, dkLen: 32 });

const rare = (answer: Uint8Array, bits: number): boolean => {
  const whole = bits >> 3;
  return answer.subarray(0, whole).every((byte) => byte === 0) && answer[whole]! >> (8 - (bits & 7)) === 0;
};

/** One hash. */
export const workHolds = (challenge: Uint8Array, nonce: Uint8Array, cost: WorkCost): boolean => rare(argon2id(nonce, challenge, options(cost)), cost.bits);

/** Yields the number of tries so that the caller can breathe, show them, or stop; returns the nonce, 8 bytes. */
export async function* solveWork(challenge: Uint8Array, cost: WorkCost): AsyncGenerator<number, Uint8Array> {
  const nonce = new Uint8Array(WORK_NONCE_BYTES);
  for (let tries = 1; ; tries++) {
    new DataView(nonce.buffer).setBigUint64(0, BigInt(tries));
    if (rare(await argon2idAsync(nonce, challenge, options(cost)), cost.bits)) return nonce;
    yield tries;
  }
}
