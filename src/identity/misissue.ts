import { equalBytes } from "@noble/ciphers/utils.js";
import { ID_BYTES } from "./id.ts";
import { misuse, refused } from "./errors.ts";
import type { Signed } from "./inner.ts";
import { type Statement, SIGNATURE_BYTES, verifyStatement } from "./schnorr.ts";
import { concat, POINT_BYTES, T } from "./suite.ts";

/**
 * Two valid signatures under two different W for one id: only the issuer can have made the second key
 * (Girault level 3). A proof holds what was signed as hashes, so that no message is published with it.
 */
export interface Misissue {
  /** The issuer that cheated, 32 bytes. */
  P: Uint8Array;
  /** The id issued twice, 45 bytes. */
  id: Uint8Array;
  signed: readonly [Evidence, Evidence];
}

export interface Evidence {
  W: Uint8Array;
  statement: Statement;
  signature: Uint8Array;
}

const VERSION = 1;
/** A statement is three parts of a broadcast or five of a signcryption, the longest 85 bytes. */
const MOST_PARTS = 5;
const MOST_PART_BYTES = 128;
export const MOST_PROOF_BYTES = 2_048;

const holds = ({ P, id, signed }: Misissue): boolean =>
  !equalBytes(signed[0].W, signed[1].W) && signed.every(({ W, statement, signature }) => verifyStatement({ id, W }, P, statement, signature));

/** @throws IdentityError `misuse` where the two do not prove it: then there is nothing to publish. */
export function proveMisissue(P: Uint8Array, a: Signed, b: Signed): Uint8Array {
  const evidence = ({ certificate, statement, signature }: Signed): Evidence => ({ W: certificate.W, statement, signature });
  const proof: Misissue = { P, id: a.certificate.id, signed: [evidence(a), evidence(b)] };
  if (!equalBytes(a.certificate.id, b.certificate.id) || !holds(proof)) throw misuse("two valid signatures under two keys of one id are needed");
  return concat(Uint8Array.of(VERSION), P, proof.id, ...proof.signed.flatMap(({ W, statement, signature }) => [W, signature, Uint8Array.of(statement.length), T(...statement)]));
}

/**
 * @param P the issuer that one has, 32 bytes: a proof against another is of no concern.
 * @returns the proof, checked.
 * @throws IdentityError `refused` unless it shows that this issuer cheated.
 */
export function verifyMisissue(bytes: Uint8Array, P: Uint8Array): Misissue {
  if (bytes.length > MOST_PROOF_BYTES || bytes[0] !== VERSION) throw refused();
  let at = 1;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw refused();
    return bytes.slice(at, (at += length));
  };
  const u32 = (): number => new DataView(take(4).buffer).getUint32(0);
  const part = (): Uint8Array => {
    const length = u32();
    if (length > MOST_PART_BYTES) throw refused();
    return take(length);
  };
  const evidence = (): Evidence => {
    const [W, signature] = [take(POINT_BYTES), take(SIGNATURE_BYTES)];
    const parts = take(1)[0]!;
    if (parts > MOST_PARTS) throw refused();
    return { W, signature, statement: Array.from({ length: parts }, part) };
  };
  const proof: Misissue = { P: take(POINT_BYTES), id: take(ID_BYTES), signed: [evidence(), evidence()] };
  if (at !== bytes.length) throw refused();
  if (!equalBytes(proof.P, P) || !holds(proof)) throw refused();
  return proof;
}
