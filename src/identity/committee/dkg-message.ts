import { sha256 } from "@noble/hashes/sha2.js";
import * as v from "valibot";
import { codec } from "../../wire/codec.ts";
import { SIGNATURE_BYTES } from "../schnorr.ts";
import { T, text } from "../suite.ts";
import { KEY_NAMES } from "./frost.ts";
import { LIMITS } from "./limits.ts";
import { Bytes, HashBytes, Place, PointBytes, ProofBytes, ScalarBytes } from "./schema.ts";

const KeyDeal = v.strictObject({ commitment: v.pipe(v.array(PointBytes), v.maxLength(LIMITS.membersAtMost)), proof: ProofBytes });
const Shares = v.strictObject({ issuer: ScalarBytes, token: ScalarBytes, beacon: ScalarBytes });
const Signature = Bytes(SIGNATURE_BYTES);

/** `session` is the charter's hash. All but `share` are for everybody. */
const DkgSchema = v.variant("kind", [
  /** Round 1: commitments and proofs of knowledge for three keys, and the dealer's sealing key. */
  v.strictObject({ kind: v.literal("deal"), session: HashBytes, issuer: KeyDeal, token: KeyDeal, beacon: KeyDeal, seal: PointBytes, signature: Signature }),
  /** What the sender got as everybody's deal, in the members' order, with the dealer's signature on each. */
  v.strictObject({
    kind: v.literal("echo"),
    session: HashBytes,
    seen: v.pipe(v.array(v.strictObject({ hash: HashBytes, signature: Signature })), v.maxLength(LIMITS.membersAtMost)),
  }),
  /** Round 2, private: the receiver's share of the sender's three polynomials. */
  v.strictObject({ kind: v.literal("share"), session: HashBytes, shares: Shares }),
  v.strictObject({ kind: v.literal("complaint"), session: HashBytes, against: Place }),
  /** The answer to a complaint of the member at `to`: its shares, for all to check. */
  v.strictObject({ kind: v.literal("reveal"), session: HashBytes, to: Place, shares: Shares }),
  /** The sender holds valid shares and signs the committee that follows from the deals. */
  v.strictObject({ kind: v.literal("consent"), session: HashBytes, signature: Signature }),
]);

export type DkgMessage = v.InferOutput<typeof DkgSchema>;
export type Deal = Extract<DkgMessage, { kind: "deal" }>;
/** One scalar (32 bytes) a key. */
export type Shares = v.InferOutput<typeof Shares>;

const wire = codec(1, DkgSchema, LIMITS.messageBytes);
export const encodeDkg = (message: DkgMessage): Uint8Array<ArrayBuffer> => wire.encode(message);
/** @throws WireError */
export const decodeDkg = (bytes: Uint8Array): DkgMessage => wire.decode(bytes);

/** Stands for a deal, signature apart. 32 bytes. */
export const dealHash = (deal: Omit<Deal, "signature">): Uint8Array =>
  sha256(T(deal.session, deal.seal, ...KEY_NAMES.map((name) => T(deal[name].proof, ...deal[name].commitment))));

/** What a dealer signs: two of one session with different hashes prove that it dealt twice. */
export const dealStatement = (session: Uint8Array, hash: Uint8Array): Uint8Array => T(text("committee-deal"), session, hash);
