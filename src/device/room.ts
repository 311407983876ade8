import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { createIssuer, type FullKey, type Issuer, issuerKeyOfRoom } from "../identity/keys.ts";
import { roomHash, roomKeyOf, topicOf } from "../identity/room.ts";
import type { Random } from "../identity/suite.ts";
import { DeviceError } from "./errors.ts";
import type { Room } from "./api.ts";

const SECRET_BYTES = 32;
/** A door stands open under one name for this long, in milliseconds. */
const DOOR_SLOT = 3_600_000;

/** What all who hold a room's secret have in common. */
export interface RoomKeys {
  /** 16 bytes, in every pseudonym's id. */
  hash: Uint8Array;
  /** Opens what is signcrypted to the room. */
  key: FullKey;
  /** Issues pseudonyms while no committee does: everybody in the room can. */
  issuer: Issuer;
  /** Where the signalling server lets the devices of an epoch meet. */
  topic(epoch: number): Uint8Array;
  /** Where newcomers ask for the epoch; changes with the clock, which is all that they know. */
  door(now: number): Uint8Array;
}

/**
 * Without a secret all who open this server's page meet, one room a task: its secret is known to everybody.
 * @throws DeviceError `bad-link`
 */
export function roomKeys(room: Room, task: string): RoomKeys {
  const secret = room.secret === undefined ? sha256(utf8ToBytes(`hromada/open room/${task}`)) : secretBytes(room.secret);
  return {
    hash: roomHash(secret),
    key: roomKeyOf(secret),
    issuer: createIssuer(issuerKeyOfRoom(secret)),
    topic: (epoch) => topicOf(secret, task, epoch),
    door: (now) => topicOf(secret, `door of ${task}`, Math.floor(now / DOOR_SLOT)),
  };
}

function secretBytes(secret: string): Uint8Array {
  if (!/^[A-Za-z0-9_-]{43}$/.test(secret)) throw new DeviceError("bad-link", `a room's secret is ${SECRET_BYTES} bytes as 43 characters of base64url; copy the whole link`);
  return Uint8Array.from(atob(secret.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

export const systemRandom: Random = (length) => crypto.getRandomValues(new Uint8Array(length));

/** Uniform in [0, 1), of 32 bits. */
export const systemChance = (): number => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;
