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

/** An id that is drawn before its key is issued, and the secret of its lock. */
export interface DrawnId {
  /** 45 bytes. */
  id: Uint8Array;
  secret: Uint8Array;
}

const hashOf = (certificate: Certificate): Uint8Array => sha256(encodeCertificate(certificate));

/** The id that goes with a certificate: whoever has other keys has another id. */
export const peerIdOfCertificate = (certificate: Certificate): PeerId => peerIdFor(hashOf(certificate), decodeId(certificate.id).random);

export function drawId(room: Uint8Array, epoch: number, random: Random): DrawnId {
  const secret = random(CLAIM_BYTES - 32);
  return { id: encodeId({ room, epoch, flags: new Uint8Array(FLAGS_BYTES), random: lockOf(secret) }), secret };
}

export const credentialOf = (key: FullKey, { secret }: DrawnId): Credential => ({
  self: peerIdOfCertificate(key.certificate),
  epoch: decodeId(key.id).epoch,
  key,
  claim: concatBytes(hashOf(key.certificate), secret),
});

/** A pseudonym by the room's own issuer: whoever holds the room's secret makes it for itself. */
export function roomCredential({ hash, issuer }: RoomKeys, epoch: number, random: Random): Credential {
  const drawn = drawId(hash, epoch, random);
  const secretValue = setSecretValue(random);
  const partial = issuer.extract(drawn.id, secretValue.U, random);
  return credentialOf(fullKey({ id: drawn.id, P: issuer.P, secretValue, partial }), drawn);
}
