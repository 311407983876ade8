import * as v from "valibot";
import { codec, type Codec } from "../wire/codec.ts";
import { lockOf, PEER_ID_BYTES, peerIdFor, type PeerId } from "../wire/ids.ts";
import { CLAIM_BYTES, ENVELOPE_BYTES, SIGNAL_LIMITS, TOPIC_BYTES } from "./limits.ts";
import { REFUSAL_CODES } from "./refusal.ts";

/** The first byte of each message. */
export const SIGNAL_VERSION = 3;
export const SIGNAL_PATH = "/signal";

const bytes = (length: number) => v.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === length, `${length} bytes are needed`);
const peerId = bytes(PEER_ID_BYTES);
/** A room's list may not make a client hold more than it could ever use. */
const peerIds = v.pipe(v.array(peerId), v.maxLength(4_096));

/** Largest blob that a message of `messageBytes` carries. */
export const blobBytes = (messageBytes: number): number => Math.max(0, messageBytes - ENVELOPE_BYTES);

const blobOf = (messageBytes: number) =>
  v.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.length <= blobBytes(messageBytes),
    `a blob of at most ${blobBytes(messageBytes)} bytes is needed`,
  );

const toServer = (messageBytes: number) =>
  v.variant("kind", [
    v.strictObject({ kind: v.literal("join"), topic: bytes(TOPIC_BYTES), claim: bytes(CLAIM_BYTES) }),
    v.strictObject({ kind: v.literal("send"), to: peerId, blob: blobOf(messageBytes) }),
    /** Asks for `here`: a browser can neither send nor see WebSocket pings. */
    v.strictObject({ kind: v.literal("there") }),
  ]);

const toClient = (messageBytes: number) =>
  v.variant("kind", [
    /** The answer to `join`; `peers` are the others. */
    v.strictObject({ kind: v.literal("room"), you: peerId, peers: peerIds }),
    v.strictObject({ kind: v.literal("news"), came: peerIds, gone: peerIds }),
    v.strictObject({ kind: v.literal("from"), peer: peerId, blob: blobOf(messageBytes) }),
    v.strictObject({ kind: v.literal("here") }),
    /** The last message: the socket is closed after it. */
    v.strictObject({ kind: v.literal("refused"), code: v.picklist(REFUSAL_CODES), message: v.pipe(v.string(), v.maxLength(500)) }),
  ]);

export type ToServer = v.InferOutput<ReturnType<typeof toServer>>;
export type ToClient = v.InferOutput<ReturnType<typeof toClient>>;

export const toServerCodec = (messageBytes: number = SIGNAL_LIMITS.messageBytes): Codec<ToServer, ToServer> =>
  codec(SIGNAL_VERSION, toServer(messageBytes), messageBytes);
/** A room's list can be longer than a small `messageBytes`, so the client reads at least the default. */
export const toClientCodec = (messageBytes: number = SIGNAL_LIMITS.messageBytes): Codec<ToClient, ToClient> =>
  codec(SIGNAL_VERSION, toClient(messageBytes), Math.max(messageBytes, SIGNAL_LIMITS.messageBytes));

/**
 * The id that a claim opens: 32 bytes are the hash of the device's certificate, which tells the server nothing
 * of it, and the rest is the secret of its lock, which nobody else has.
 */
export const peerIdOfClaim = (claim: Uint8Array): PeerId => peerIdFor(claim.subarray(0, 32), lockOf(claim.subarray(32)));
