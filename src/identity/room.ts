import { hkdf } from "@noble/hashes/hkdf.js";
import { hmac } from "@noble/hashes/hmac.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { misuse } from "./errors.ts";
import { encodeId, FLAGS_BYTES, ID_RANDOM_BYTES, ROOM_HASH_BYTES } from "./id.ts";
import { createIssuer, fullKey, type FullKey, issuerKeyOfRoom, setSecretValue } from "./keys.ts";
import { type Random, SUITE, T, text, u32 } from "./suite.ts";

/** What a join link carries in its fragment. */
export const ROOM_SECRET_BYTES = 32;

function checked(secret: Uint8Array): Uint8Array {
  if (secret.length !== ROOM_SECRET_BYTES) throw misuse(`a room's secret is ${ROOM_SECRET_BYTES} bytes, not ${secret.length}`);
  return secret;
}

/** The room's name in ids, 16 bytes. It does not give the secret away. */
export const roomHash = (secret: Uint8Array): Uint8Array => hmac(sha256, checked(secret), T(text("room"))).slice(0, ROOM_HASH_BYTES);

/**
 * What a signalling server sees of a room in one epoch, 32 bytes: HMAC-SHA256(secret, T("topic", task, epoch)).
 * Without the secret, two epochs' topics have nothing in common.
 */
export const topicOf = (secret: Uint8Array, task: string, epoch: number): Uint8Array => hmac(sha256, checked(secret), T(text("topic"), text(task), u32(epoch)));

/** The bytes that follow from a secret, as if drawn. */
function drawnFrom(secret: Uint8Array, label: string): Random {
  let draws = 0;
  return (length) => hkdf(sha512, secret, text(SUITE), T(text(label), u32(draws++)), length);
}

/**
 * The key by which everybody in the room can open what is signcrypted to the room: signalling before links are there.
 * It holds under the room's own issuer (`issuerKeyOfRoom`), whoever issues the pseudonyms, and in no epoch but 0.
 */
export function roomKeyOf(secret: Uint8Array): FullKey {
  const random = drawnFrom(checked(secret), "room key");
  const issuer = createIssuer(issuerKeyOfRoom(secret));
  const id = encodeId({ room: roomHash(secret), epoch: 0, flags: new Uint8Array(FLAGS_BYTES), random: random(ID_RANDOM_BYTES) });
  const secretValue = setSecretValue(random);
  return fullKey({ id, P: issuer.P, secretValue, partial: issuer.extract(id, secretValue.U, random) });
}
