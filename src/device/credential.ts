import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { decodeId, encodeId, FLAGS_BYTES } from "../identity/id.ts";
import { type Certificate, encodeCertificate, type FullKey, fullKey, setSecretValue } from "../identity/keys.ts";
import type { Random } from "../identity/suite.ts";
import { CLAIM_BYTES } from "../signal/limits.ts";
import { lockOf, peerIdFor, type PeerId } from "../wire/ids.ts";
import type { RoomKeys } from "./room.ts";

/** A device's pseudonym for one epoch, and what proves it: to peers the key, to the signalling server the claim. */
export interface Credential {
  self: PeerId;
  epoch: number;
  key: FullKey;
  claim: Uint8Array;
}

const hashOf = (certificate: Certificate): Uint8Array => sha256(encodeCertificate(certificate));

/** The id that goes with a certificate: whoever has other keys has another id. */
export const peerIdOfCertificate = (certificate: Certificate): PeerId => peerIdFor(hashOf(certificate), decodeId(certificate.id).random);

/** A pseudonym by the room's own issuer. */
export function roomCredential(room: RoomKeys, epoch: number, random: Random): Credential {
  const secret = random(CLAIM_BYTES - 32);
  const id = encodeId({ room: room.hash, epoch, flags: new Uint8Array(FLAGS_BYTES), random: lockOf(secret) });
  const secretValue = setSecretValue(random);
  const key = fullKey({ id, P: room.issuer.P, secretValue, partial: room.issuer.extract(id, secretValue.U, random) });
  const certificate = hashOf(key.certificate);
  return { self: peerIdFor(certificate, lockOf(secret)), epoch, key, claim: concatBytes(certificate, secret) };
}
