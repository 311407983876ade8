import { equalBytes } from "@noble/ciphers/utils.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { decodeCertificate, encodeCertificate } from "../identity/certificate.ts";
import { IdentityError } from "../identity/errors.ts";
import { decodeId } from "../identity/id.ts";
import { sign, verify } from "../identity/sign.ts";
import { T } from "../identity/suite.ts";
import type { TaskSigner, VerifyTask } from "../learn/signed-task.ts";
import type { Room } from "./api.ts";
import { roomCredential } from "./credential.ts";
import { type RoomKeys, roomKeys, systemRandom } from "./room.ts";

/** In place of a task's hash: what holds for a room whatever it trains. */
const BOARD = "board";

/** The keys of a room's board: the same for all tasks, so that a task is carried from one's devices to another's. */
export const boardKeys = (room: Room): RoomKeys => roomKeys(room, BOARD);

const aadOf = (room: RoomKeys): Uint8Array => T(utf8ToBytes("task"), room.hash);

/**
 * Signs a task under a pseudonym that is drawn for it and by the room's own issuer, so that it can be checked for as
 * long as the room is there, and is linked to nothing else that this device does.
 */
export function taskSigner(room: RoomKeys): TaskSigner {
  const { key } = roomCredential(room, 0, systemRandom);
  return { certificate: encodeCertificate(key.certificate), sign: (message) => sign(key, message, aadOf(room), systemRandom) };
}

/** Whether somebody of this room signed it. */
export const taskVerifier =
  (room: RoomKeys): VerifyTask =>
  (bytes, message, signature) => {
    try {
      const certificate = decodeCertificate(bytes);
      return equalBytes(decodeId(certificate.id).room, room.hash) && verify(certificate, room.issuer.P, message, aadOf(room), signature);
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      return false;
    }
  };
