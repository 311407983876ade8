import { equalBytes } from "@noble/ciphers/utils.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { CERTIFICATE_BYTES, type Certificate, decodeCertificate, encodeCertificate } from "../identity/certificate.ts";
import { IdentityError } from "../identity/errors.ts";
import { decodeId } from "../identity/id.ts";
import { createReplayGuard } from "../identity/replay.ts";
import { SIGNATURE_BYTES } from "../identity/schnorr.ts";
import { sign, verify } from "../identity/sign.ts";
import { type Accept, signcrypt, unsigncrypt } from "../identity/signcrypt.ts";
import { type Random, T, u32 } from "../identity/suite.ts";
import type { Guard } from "../mesh/guard.ts";
import { WireError } from "../wire/codec.ts";
import { PEER_ID_BYTES, peerIdBytes, type PeerId } from "../wire/ids.ts";
import { type Credential, peerIdOfCertificate } from "./credential.ts";
import type { RoomKeys } from "./room.ts";

/** Every signalling blob has this size, in bytes: an offer of a bare data channel takes under 1 KiB of it. */
export const BLOB_BYTES = 4_096;
/** First byte of a blob: the suite's version. */
const SUITE_VERSION = 1;
/** Certificates of peers that are remembered, so that messages can be sealed to them. */
const CERTIFICATES_KEPT = 1_024;

/** What was refused, and how often. */
export interface Refusals {
  /** No valid signature of who it says it is from. */
  forged: number;
  /** Of another epoch. */
  epoch: number;
  /** Seen before. */
  replayed: number;
}

/** The identity's work for the mesh, under one pseudonym in one epoch. */
export interface EpochGuard extends Guard {
  readonly refusals: Refusals;
  /** Of a peer that has proven something; null of one that is not known yet. */
  certificateOf(peer: PeerId): Certificate | null;
  /** For opening what is signcrypted to this device. */
  readonly accept: Accept;
  /** Room, epoch and kind of message: what every proof and every sealed message is bound to. */
  aad(kind: string, ...parts: readonly Uint8Array[]): Uint8Array;
}

export function createGuard(room: RoomKeys, { self, epoch, key }: Credential, random: Random): EpochGuard {
  const certificates = new Map<PeerId, Certificate>();
  const refusals: Refusals = { forged: 0, epoch: 0, replayed: 0 };
  const own = encodeCertificate(key.certificate);
  const replay = createReplayGuard();
  const aad = (kind: string, ...parts: readonly Uint8Array[]): Uint8Array => T(utf8ToBytes(kind), room.hash, u32(epoch), ...parts);
  const roomAad = aad("room");
  const proofAad = aad("proof");

  function refuse(why: keyof Refusals, message: string): WireError {
    refusals[why]++;
    return new WireError("malformed", message);
  }

  const counted = (why: keyof Refusals, fine: boolean): boolean => {
    if (!fine) refusals[why]++;
    return fine;
  };
  const accept: Accept = {
    epoch: (theirs) => counted("epoch", theirs === epoch),
    revoked: () => false,
    replay: { ...replay, take: (at, sender, E) => counted("replayed", replay.take(at, sender, E)) },
  };

  function remember(peer: PeerId, certificate: Certificate): void {
    certificates.delete(peer);
    certificates.set(peer, certificate);
    for (const oldest of certificates.keys()) {
      if (certificates.size <= CERTIFICATES_KEPT) break;
      certificates.delete(oldest);
    }
  }

  /** The certificate that goes with this peer's id, in this room and epoch. */
  function certificateIn(proof: Uint8Array, source: PeerId): Certificate {
    const bytes = proof.subarray(0, CERTIFICATE_BYTES);
    const known = certificates.get(source);
    if (known && equalBytes(encodeCertificate(known), bytes)) return known;
    const certificate = decodeCertificate(bytes);
    const id = decodeId(certificate.id);
    if (id.epoch !== epoch) throw refuse("epoch", `a pseudonym of epoch ${id.epoch} in epoch ${epoch}`);
    if (!equalBytes(id.room, room.hash) || peerIdOfCertificate(certificate) !== source) throw refuse("forged", "a certificate that is not this peer's");
    return certificate;
  }

  function checked(source: PeerId, statement: Uint8Array, proof: Uint8Array): void {
    const certificate = certificateIn(proof, source);
    if (!verify(certificate, key.P, statement, proofAad, proof.subarray(CERTIFICATE_BYTES))) throw refuse("forged", "its source has not said this, or has a forged certificate");
    remember(source, certificate);
  }

  /** Identity says of a peer's bytes only that they are refused; here it is counted what for. */
  function asWireError<R>(work: () => R): R {
    const before = refusals.epoch + refusals.replayed;
    try {
      return work();
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      if (refusals.epoch + refusals.replayed > before) throw new WireError("malformed", error.message);
      throw refuse("forged", error.message);
    }
  }

  return {
    refusals,
    aad,
    accept,
    proofBytes: CERTIFICATE_BYTES + SIGNATURE_BYTES,
    prove: (statement) => concatBytes(own, sign(key, statement, proofAad, random)),
    check(source, statement, proof) {
      if (proof.length !== CERTIFICATE_BYTES + SIGNATURE_BYTES) throw refuse("forged", "a proof of the wrong length");
      asWireError(() => checked(source, statement, proof));
    },
    sealBlob: (to, blob) =>
      signcrypt({ from: key, to: room.key.certificate, toIssuer: room.key.P, message: concatBytes(peerIdBytes(to), blob), aad: roomAad, random, padTo: BLOB_BYTES }),
    openBlob(from, sealed) {
      if (sealed[0] !== SUITE_VERSION) throw new WireError("version", "a signalling blob of another version");
      if (sealed.length !== BLOB_BYTES) throw refuse("forged", `a signalling blob of ${sealed.length} bytes`);
      const opened = asWireError(() => unsigncrypt({ self: room.key, bytes: sealed, aad: roomAad, P: key.P, accept, random }));
      if (peerIdOfCertificate(opened.from) !== from || !equalBytes(opened.message.subarray(0, PEER_ID_BYTES), peerIdBytes(self))) throw refuse("forged", "a blob from or for somebody else");
      remember(from, opened.from);
      return opened.message.subarray(PEER_ID_BYTES);
    },
    certificateOf: (peer) => certificates.get(peer) ?? null,
  };
}
