import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { DeviceError } from "./errors.ts";
import type { Room } from "./api.ts";

const SECRET_BYTES = 32;

/**
 * Where the signalling server lets a room's devices meet: it sees 32 bytes that tell nothing of the secret.
 * Without a secret all who open this server's page meet, one room a task.
 * @throws DeviceError `bad-link`
 */
export function topicOf(room: Room, task: string): Uint8Array {
  return sha256(concatBytes(utf8ToBytes(`hromada/topic/1/${task}/`), room.secret === undefined ? utf8ToBytes("open") : secretBytes(room.secret)));
}

function secretBytes(secret: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]{43}$/.test(secret)) throw new DeviceError("bad-link", `a room's secret is ${SECRET_BYTES} bytes as 43 characters of base64url; copy the whole link`);
  return Uint8Array.from(atob(secret.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}
