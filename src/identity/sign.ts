import type { Certificate } from "./certificate.ts";
import type { FullKey } from "./keys.ts";
import { hashes, signStatement, type Statement, verifyStatement } from "./schnorr.ts";
import { type Random, text } from "./suite.ts";

const DOMAIN = text("broadcast");

/** "broadcast", H(aad), H(m): three parts, where a signcryption's statement has five. */
export function broadcastStatement(message: Uint8Array, aad: Uint8Array): Statement {
  const { aadHash, messageHash } = hashes(aad, message);
  return [DOMAIN, aadHash, messageHash];
}

/** A signature alone, for what everybody may read. @returns R ‖ z, 64 bytes. */
export function sign(key: FullKey, message: Uint8Array, aad: Uint8Array, random: Random): Uint8Array {
  return signStatement(key, broadcastStatement(message, aad), random);
}

/** Whether this certificate's key under P signed exactly this. Epochs, revocation and replay are the caller's to check. */
export const verify = (certificate: Certificate, P: Uint8Array, message: Uint8Array, aad: Uint8Array, signature: Uint8Array): boolean =>
  verifyStatement(certificate, P, broadcastStatement(message, aad), signature);
