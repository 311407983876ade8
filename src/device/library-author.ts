import { equalBytes } from "@noble/ciphers/utils.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { CERTIFICATE_BYTES, decodeCertificate, encodeCertificate } from "../identity/certificate.ts";
import { IdentityError } from "../identity/errors.ts";
import { decodeId } from "../identity/id.ts";
import { SIGNATURE_BYTES } from "../identity/schnorr.ts";
import { sign, verify } from "../identity/sign.ts";
import { type Random, T } from "../identity/suite.ts";
import type { PeerId } from "../wire/ids.ts";
import { type Credential, peerIdOfCertificate } from "./credential.ts";
import type { RoomKeys } from "./room.ts";

/**
 * Manifests are signed for the room and not for an epoch, for an object outlives it: certificate 77 ‖ signature 64.
 */
const aadOf = (room: RoomKeys): Uint8Array => T(utf8ToBytes("manifest"), room.hash);

export const signManifest = (room: RoomKeys, { key }: Credential, bytes: Uint8Array, random: Random): Uint8Array =>
  concatBytes(encodeCertificate(key.certificate), sign(key, bytes, aadOf(room), random));

/** Whose pseudonym signed; null where none did that one of these issued. @param issuers 32 bytes each */
export function manifestAuthor(room: RoomKeys, issuers: readonly Uint8Array[], bytes: Uint8Array, signature: Uint8Array): PeerId | null {
  if (signature.length !== CERTIFICATE_BYTES + SIGNATURE_BYTES) return null;
  try {
    const certificate = decodeCertificate(signature.subarray(0, CERTIFICATE_BYTES));
    if (!equalBytes(decodeId(certificate.id).room, room.hash)) return null;
    const signed = issuers.some((P) => verify(certificate, P, bytes, aadOf(room), signature.subarray(CERTIFICATE_BYTES)));
    return signed ? peerIdOfCertificate(certificate) : null;
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    return null;
  }
}
