import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { codec } from "../../wire/codec.ts";
import { refused } from "../errors.ts";
import type { Certificate } from "../certificate.ts";
import { SIGNATURE_BYTES } from "../schnorr.ts";
import { T, text, u32 } from "../suite.ts";
import { committeeHash, committeeSigned, type Committee } from "./announce.ts";
import { LIMITS } from "./limits.ts";
import { Bytes, HashBytes, U32 } from "./schema.ts";

/** What holds no more within its epoch, signed by the committee. */
export interface RevocationList {
  epoch: number;
  /** H(W) of pseudonyms, and H(id) of attempts that were replaced (whose W no member need know). Ascending. */
  hashes: readonly Uint8Array[];
  /** 64 bytes. */
  signature: Uint8Array;
}

const wire = codec(
  1,
  v.strictObject({ epoch: U32, hashes: v.pipe(v.array(HashBytes), v.maxLength(LIMITS.revoked)), signature: Bytes(SIGNATURE_BYTES) }),
  LIMITS.messageBytes,
);

export const encodeRevocationList = (list: RevocationList): Uint8Array<ArrayBuffer> => wire.encode({ ...list, hashes: [...list.hashes] });

/** @throws WireError for bytes that are none, IdentityError `refused` where the committee did not sign. */
export function openRevocationList(bytes: Uint8Array, committee: Committee): RevocationList {
  const list = wire.decode(bytes);
  if (!committeeSigned(committee, revocationMessage(committee, list.epoch, list.hashes), list.signature)) throw refused();
  return list;
}

/** What the committee signs, by the scheme `statement`. */
export const revocationMessage = (committee: Committee, epoch: number, hashes: readonly Uint8Array[]): Uint8Array =>
  T(text("revocation"), committeeHash(committee), u32(epoch), ...hashes);

/** H(W) or H(id), as hex: either on a list revokes the certificate. */
export const revocationName = (part: Uint8Array): string => bytesToHex(sha256(part));

export const isRevoked = (revoked: ReadonlySet<string>, { id, W }: Certificate): boolean => revoked.has(revocationName(W)) || revoked.has(revocationName(id));
