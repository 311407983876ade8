import { equalBytes } from "@noble/ciphers/utils.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { CERTIFICATE_BYTES, type Certificate, decodeCertificate, encodeCertificate } from "../identity/certificate.ts";
import { isRevoked } from "../identity/committee/revocation.ts";
import { IdentityError } from "../identity/errors.ts";
import { decodeId } from "../identity/id.ts";
import { proveMisissue } from "../identity/misissue.ts";
import { createReplayGuard } from "../identity/replay.ts";
import { SIGNATURE_BYTES } from "../identity/schnorr.ts";
import { broadcastStatement, sign, verify } from "../identity/sign.ts";
import { type Accept, type Signed, signcrypt, unsigncrypt } from "../identity/signcrypt.ts";
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
/** Issuers of others in the room that are remembered. */
const STRANGERS_KEPT = 8;
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
  /** On the committee's list of those that hold no more. */
  revoked: number;
  /** A pseudonym that its device made for itself, where a committee issues them. */
  unknown: number;
}

export const noRefusals = (): Refusals => ({ forged: 0, epoch: 0, replayed: 0, revoked: 0, unknown: 0 });

/** A peer's certificate, and the issuer under which it holds. */
export interface Known {
  certificate: Certificate;
  P: Uint8Array;
}

/** The identity's work for the mesh, under one pseudonym in one epoch. */
export interface EpochGuard extends Guard {
  readonly refusals: Refusals;
  /** Of a peer that has proven something; null of one that is not known yet. */
  known(peer: PeerId): Known | null;
  /** The same, or as somebody has shown it: enough to seal to it, and to check what it signed. */
  met(peer: PeerId): Known | null;
  /**
   * A certificate as somebody else has it, with the issuer's key, which is right only once the peer has signed something.
   * @param about whose it may be
   * @returns whose it is; null where it is not one that holds here
   */
  shown(certificate: Uint8Array, P: Uint8Array, about: Pick<ReadonlySet<PeerId>, "has">): PeerId | null;
  /** Whose pseudonyms are let in, 32 bytes each. */
  readonly issuers: readonly Uint8Array[];
  /** Pseudonyms of this issuer are let in too, from now on. @param P 32 bytes. */
  trust(P: Uint8Array): void;
  /** Others in this epoch are let in by this issuer: to this device they are strangers, and what they send is not forged. @param P 32 bytes. */
  hear(P: Uint8Array): void;
  /** Pseudonyms of this issuer are let in no more: it made two keys for one id. */
  distrust(P: Uint8Array): void;
  /** These hold no more: H(W) or H(id) as hex (committee/revocation.ts). */
  revoke(names: ReadonlySet<string>): void;
  /** A signature for the committee's business, 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
  signedBy(peer: PeerId, message: Uint8Array, signature: Uint8Array): boolean;
  /** For opening what is signcrypted to this device. */
  readonly accept: Accept;
  /** Room, epoch and kind of message: what every proof and every sealed message is bound to. */
  aad(kind: string, ...parts: readonly Uint8Array[]): Uint8Array;
}

/**
 * @param issuers whose pseudonyms are let in, 32 bytes each.
 * @param onMisissue gets the proof that one of them made two keys for one id.
 */
export function createGuard(room: RoomKeys, { self, epoch, key }: Credential, issuers: readonly Uint8Array[], random: Random, onMisissue: (proof: Uint8Array) => void = () => undefined): EpochGuard {
  let trusted = [...issuers];
  let strangers: Uint8Array[] = [];
  let revoked: ReadonlySet<string> = new Set();
  /** The first thing that each id signed. */
  const first = new Map<string, Signed>();
  const certificates = new Map<PeerId, Known>();
  /** Those that were shown and have proven nothing yet. */
  const strange = new Map<PeerId, Known>();
  const refusals = noRefusals();
  const own = encodeCertificate(key.certificate);
  const replay = createReplayGuard();
  const aad = (kind: string, ...parts: readonly Uint8Array[]): Uint8Array => T(utf8ToBytes(kind), room.hash, u32(epoch), ...parts);
  const roomAad = aad("room");
  const proofAad = aad("proof");
  const committeeAad = aad("committee");

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
    revoked: (certificate) => !counted("revoked", !isRevoked(revoked, certificate)),
    replay: { ...replay, take: (at, sender, E) => counted("replayed", replay.take(at, sender, E)) },
  };

  function remember(peer: PeerId, known: Known, among = certificates): void {
    strange.delete(peer);
    among.delete(peer);
    among.set(peer, known);
    for (const oldest of among.keys()) {
      if (among.size <= CERTIFICATES_KEPT) break;
      among.delete(oldest);
    }
  }

  /** Under whichever issuer: of one that was only shown it is found here. */
  function provenBy(peer: PeerId, message: Uint8Array, signature: Uint8Array): boolean {
    const shown = strange.get(peer);
    const P = shown && trusted.find((issuer) => verify(shown.certificate, issuer, message, committeeAad, signature));
    if (P === undefined) return false;
    remember(peer, { certificate: shown!.certificate, P });
    return true;
  }

  /** The certificate that goes with this peer's id, in this room and epoch. */
  function certificateIn(proof: Uint8Array): Certificate {
    const bytes = proof.subarray(0, CERTIFICATE_BYTES);
    const certificate = decodeCertificate(bytes);
    const id = decodeId(certificate.id);
    if (id.epoch !== epoch) throw refuse("epoch", `a pseudonym of epoch ${id.epoch} in epoch ${epoch}`);
    if (!equalBytes(id.room, room.hash)) throw refuse("forged", "a certificate of another room");
    return certificate;
  }

  function checked(source: PeerId, statement: Uint8Array, proof: Uint8Array): void {
    const before = certificates.get(source);
    const certificate = before && equalBytes(encodeCertificate(before.certificate), proof.subarray(0, CERTIFICATE_BYTES)) ? before.certificate : certificateIn(proof);
    if (peerIdOfCertificate(certificate) !== source) throw refuse("forged", "a certificate that is not this peer's");
    const signature = proof.subarray(CERTIFICATE_BYTES);
    const holds = (issuer: Uint8Array): boolean => verify(certificate, issuer, statement, proofAad, signature);
    const P = (before ? [before.P] : trusted).find(holds);
    if (P === undefined && holds(room.issuer.P)) throw refuse("unknown", "a pseudonym that no committee issued");
    if (P === undefined) throw refuse("forged", "its source has not said this, or has a forged certificate");
    if (accept.revoked(certificate)) throw new WireError("malformed", "a pseudonym that the committee revoked");
    compare(P, certificate, () => ({ certificate, statement: broadcastStatement(statement, proofAad), signature: signature.slice() }));
    remember(source, { certificate, P });
  }

  /** Of the room's own issuer everybody has the key, so that two keys for one id prove nothing of anybody. */
  function compare(P: Uint8Array, { id, W }: Certificate, signed: () => Signed): void {
    if (equalBytes(P, room.issuer.P)) return;
    const name = bytesToHex(id);
    const before = first.get(name);
    if (!before) first.set(name, signed());
    else if (!equalBytes(before.certificate.W, W)) onMisissue(proveMisissue(P, before, signed()));
    if (first.size > CERTIFICATES_KEPT) first.delete(first.keys().next().value!);
  }

  /** A certificate does not say whose it is: every issuer's key is tried, the room's own last. @throws IdentityError */
  function openedBlob(bytes: Uint8Array): Known & { message: Uint8Array } {
    const openedBy = (P: Uint8Array): Known & { message: Uint8Array } => {
      const { from, message } = unsigncrypt({ self: room.key, bytes, aad: roomAad, P, accept, random });
      return { certificate: from, P, message };
    };
    for (const P of [...trusted, ...strangers]) {
      if (equalBytes(P, room.issuer.P)) continue;
      try {
        return openedBy(P);
      } catch (error) {
        if (!(error instanceof IdentityError)) throw error; // of another issuer, perhaps
      }
    }
    return openedBy(room.issuer.P);
  }

  /** Identity says of a peer's bytes only that they are refused; here it is counted what for. */
  function asWireError<R>(work: () => R): R {
    const count = (): number => Object.values(refusals).reduce((sum, times) => sum + times, 0);
    const before = count();
    try {
      return work();
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      if (count() > before) throw new WireError("malformed", error.message);
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
      const opened = asWireError(() => openedBlob(sealed));
      if (peerIdOfCertificate(opened.certificate) !== from || !equalBytes(opened.message.subarray(0, PEER_ID_BYTES), peerIdBytes(self))) throw refuse("forged", "a blob from or for somebody else");
      if (!trusted.some((P) => equalBytes(P, opened.P))) {
        refusals.unknown++;
        return null;
      }
      remember(from, opened);
      return opened.message.subarray(PEER_ID_BYTES);
    },
    get issuers() {
      return trusted;
    },
    known: (peer) => certificates.get(peer) ?? null,
    met: (peer) => certificates.get(peer) ?? strange.get(peer) ?? null,
    shown(bytes, P, about) {
      try {
        const certificate = certificateIn(bytes);
        const peer = peerIdOfCertificate(certificate);
        if (!about.has(peer) || isRevoked(revoked, certificate)) return null;
        if (!certificates.has(peer) && trusted.some((issuer) => equalBytes(issuer, P))) remember(peer, { certificate, P }, strange);
        return peer;
      } catch (error) {
        if (!(error instanceof IdentityError) && !(error instanceof WireError)) throw error;
        return null;
      }
    },
    trust(P) {
      if (!trusted.some((known) => equalBytes(known, P))) trusted.push(P);
    },
    hear(P) {
      if (![...trusted, ...strangers].some((known) => equalBytes(known, P))) strangers = [...strangers, P].slice(-STRANGERS_KEPT);
    },
    distrust(P) {
      trusted = trusted.filter((known) => !equalBytes(known, P));
      for (const [peer, known] of certificates) if (equalBytes(known.P, P)) certificates.delete(peer);
    },
    revoke: (names) => void (revoked = names),
    sign: (message) => sign(key, message, committeeAad, random),
    signedBy(peer, message, signature) {
      const known = certificates.get(peer) ?? (peer === self ? { certificate: key.certificate, P: key.P } : null);
      return known === null ? provenBy(peer, message, signature) : verify(known.certificate, known.P, message, committeeAad, signature);
    },
  };
}
