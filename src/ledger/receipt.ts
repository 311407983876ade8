import { bytesToHex, hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { CERTIFICATE_BYTES, type Certificate, decodeCertificate, encodeCertificate } from "../identity/certificate.ts";
import { IdentityError } from "../identity/errors.ts";
import { SIGNATURE_BYTES } from "../identity/schnorr.ts";
import { verify } from "../identity/sign.ts";
import { T } from "../identity/suite.ts";
import { LIMITS } from "../swarm/limits.ts";
import { type Hash, quorum } from "../swarm/record.ts";
import { type Commit, decodeCommit, encodeCommit } from "../swarm/roll.ts";
import { codec, WireError } from "../wire/codec.ts";
import { isPeerId, peerIdBytes, type PeerId } from "../wire/ids.ts";

/** One member's word that this round was committed, and that it summed with exactly this group. */
export interface Endorsement {
  certificate: Certificate;
  /** Of its issuer, 32 bytes: whoever reads the receipt decides whose pseudonyms count. */
  P: Uint8Array;
  signature: Uint8Array;
}

/** That the devices of one group did the work of a round: the word of two thirds of them. Anybody can check it. */
export interface Receipt {
  commit: Commit;
  /** Who summed together, ascending; some or all of its contributors. */
  group: readonly PeerId[];
  endorsements: readonly Endorsement[];
}

/** What a member signs. */
export const endorsed = (root: Hash, group: readonly PeerId[]): Uint8Array<ArrayBuffer> => T(utf8ToBytes("receipt"), hexToBytes(root), ...group.map(peerIdBytes));

/** ⌊2n/3⌋ + 1 of a group, whoever shows the receipt included. */
export const endorsementsDue = (group: readonly PeerId[]): number => quorum(group.length);

const bytesOf = (length: number) => v.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === length, `not ${length} bytes`);
const peer = v.pipe(bytesOf(16), v.transform((bytes) => bytesToHex(bytes)), v.custom<PeerId>(isPeerId));
const wire = codec(
  2,
  v.strictObject({
    commit: v.instance(Uint8Array),
    group: v.pipe(v.array(peer), v.minLength(2), v.maxLength(LIMITS.members)),
    endorsements: v.pipe(v.array(v.strictObject({ certificate: bytesOf(CERTIFICATE_BYTES), P: bytesOf(32), signature: bytesOf(SIGNATURE_BYTES) })), v.maxLength(LIMITS.members)),
  }),
  32 << 10,
);

export const encodeReceipt = ({ commit, group, endorsements }: Receipt): Uint8Array<ArrayBuffer> =>
  wire.encode({
    commit: encodeCommit(commit),
    group: group.map((each) => peerIdBytes(each)) as never,
    endorsements: endorsements.map(({ certificate, P, signature }) => ({ certificate: encodeCertificate(certificate), P, signature })),
  });

/**
 * @param nameOf the id that goes with a certificate
 * @param aad what members of this room sign under in this receipt's epoch
 * @throws WireError `malformed` unless two thirds of the group, all of them contributors, signed exactly this
 */
export function decodeReceipt(bytes: Uint8Array, nameOf: (certificate: Certificate) => PeerId, aad: Uint8Array): Receipt {
  const { commit: encoded, group, endorsements: given } = wire.decode(bytes);
  const commit = decodeCommit(encoded);
  const message = endorsed(commit.root, group);
  const signers = new Set<PeerId>();
  const endorsements = given.map(({ certificate: signer, P, signature }) => {
    const certificate = certificateIn(signer);
    const name = nameOf(certificate);
    if (!group.includes(name) || signers.has(name)) throw new WireError("malformed", "a receipt endorsed by a stranger, or twice by one");
    if (!verify(certificate, P, message, aad, signature)) throw new WireError("malformed", "a receipt with a false signature");
    signers.add(name);
    return { certificate, P, signature };
  });
  if (new Set(group).size < group.length || group.some((each) => !commit.roll.contributors.includes(each))) throw new WireError("malformed", "a receipt for devices that did not contribute");
  if (signers.size < endorsementsDue(group)) throw new WireError("malformed", `a receipt with the word of ${signers.size} where ${endorsementsDue(group)} are due`);
  return { commit, group, endorsements };
}

function certificateIn(bytes: Uint8Array): Certificate {
  try {
    return decodeCertificate(bytes);
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    throw new WireError("malformed", "a receipt with a certificate that is none");
  }
}
