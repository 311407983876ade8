import { equalBytes } from "@noble/ciphers/utils.js";
import { hkdf } from "@noble/hashes/hkdf.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { type Certificate, encodeCertificate } from "./certificate.ts";
import { encoded, type Encoded, timesBase, timesSecret } from "./encoded.ts";
import { refused } from "./errors.ts";
import type { FullKey } from "./keys.ts";
import { signcrypt, unsigncrypt, type Signcrypt, type Unsigncrypt } from "./signcrypt.ts";
import { concat, H, POINT_BYTES, randomScalar, SUITE, T, text } from "./suite.ts";

/** A channel's name on the wire, drawn by who offers it. */
export const CHANNEL_ID_BYTES = 8;

/** A chain's key is a key of HKDF-Expand with SHA-512. */
export const CHAIN_BYTES = 64;

/** Where both directions' chains begin: 64 bytes each. */
export interface ChannelSecrets {
  id: Uint8Array;
  send: Uint8Array;
  receive: Uint8Array;
}

/** What the offering side keeps until the answer; to be dropped with it, for the forward secrecy. */
export interface PendingChannel {
  id: Uint8Array;
  ephemeral: bigint;
  offer: Uint8Array;
  self: FullKey;
  to: Certificate;
}

const OFFER = text("channel offer");
const ANSWER = text("channel answer");
const HANDSHAKE_AAD = text("channel");
const SALT = text(`${SUITE}/channel`);

/** A channel begins with two signcrypted ephemerals. This is the first. */
export function offerChannel(offer: Omit<Signcrypt, "message">): { bytes: Uint8Array; pending: PendingChannel } {
  const ephemeral = randomScalar(offer.random);
  const id = offer.random(CHANNEL_ID_BYTES);
  const message = concat(OFFER, id, timesBase(ephemeral));
  const bytes = signcrypt({ ...offer, message, aad: T(HANDSHAKE_AAD, offer.aad) });
  return { bytes, pending: { id, ephemeral, offer: bytes, self: offer.from, to: offer.to } };
}

/**
 * Takes an offer and makes the second.
 * @param padTo the answer's whole length in bytes.
 * @throws IdentityError `refused` where the offer is not one for this key.
 */
export function answerChannel({ padTo, ...received }: Unsigncrypt & { padTo?: number | undefined }): { bytes: Uint8Array; from: Certificate; secrets: ChannelSecrets } {
  const { self, random } = received;
  const aad = T(HANDSHAKE_AAD, received.aad);
  const { from, message } = unsigncrypt({ ...received, aad });
  const { id, theirs } = parse(OFFER, message);
  const ephemeral = randomScalar(random);
  const answer = concat(ANSWER, id, timesBase(ephemeral), H(received.bytes));
  const bytes = signcrypt({ from: self, to: from, toIssuer: received.P, message: answer, aad, random, padTo });
  const Z = timesSecret(theirs, ephemeral, random);
  const [offering, answering] = chains(Z, received.bytes, bytes, from, self.certificate);
  return { bytes, from, secrets: { id, send: answering, receive: offering } };
}

/** Takes the answer to an offer. @throws IdentityError `refused` where it is not the answer of whom it was offered to. */
export function completeChannel(pending: PendingChannel, received: Omit<Unsigncrypt, "self">): ChannelSecrets {
  const { id, self, to, offer } = pending;
  const { from, message } = unsigncrypt({ ...received, self, aad: T(HANDSHAKE_AAD, received.aad) });
  const { id: answered, theirs, rest } = parse(ANSWER, message);
  if (!equalBytes(encodeCertificate(from), encodeCertificate(to)) || !equalBytes(answered, id) || !equalBytes(rest, H(offer))) throw refused();
  const Z = timesSecret(theirs, pending.ephemeral, received.random);
  const [offering, answering] = chains(Z, offer, received.bytes, self.certificate, from);
  return { id, send: offering, receive: answering };
}

function parse(kind: Uint8Array, message: Uint8Array): { id: Uint8Array; theirs: Encoded; rest: Uint8Array } {
  const at = kind.length + CHANNEL_ID_BYTES;
  const length = at + POINT_BYTES + (kind === ANSWER ? 64 : 0);
  if (message.length !== length || !equalBytes(message.subarray(0, kind.length), kind)) throw refused();
  return { id: message.slice(kind.length, at), theirs: encoded(message.slice(at, at + POINT_BYTES)), rest: message.subarray(at + POINT_BYTES) };
}

/** Both chains from the ephemerals' secret, bound to both messages of the handshake and both certificates. */
function chains(Z: Uint8Array, offer: Uint8Array, answer: Uint8Array, offering: Certificate, answering: Certificate): [Uint8Array, Uint8Array] {
  const transcript = H(T(offer, answer, encodeCertificate(offering), encodeCertificate(answering)));
  const okm = hkdf(sha512, Z, SALT, transcript, 2 * CHAIN_BYTES);
  return [okm.slice(0, CHAIN_BYTES), okm.slice(CHAIN_BYTES)];
}
