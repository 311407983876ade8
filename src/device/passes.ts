import { equalBytes } from "@noble/ciphers/utils.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { publicKeyOf } from "../identity/certificate.ts";
import { timesBase } from "../identity/encoded.ts";
import { IdentityError } from "../identity/errors.ts";
import { decodeId, ID_BYTES } from "../identity/id.ts";
import type { FullKey } from "../identity/keys.ts";
import { POINT_BYTES, pointOf, SCALAR_BYTES, scalarBytes, scalarOf } from "../identity/suite.ts";
import { CLAIM_BYTES } from "../signal/limits.ts";
import type { Hash } from "../swarm/record.ts";
import { codec, WireError } from "../wire/codec.ts";
import { lockOf } from "../wire/ids.ts";
import { type Credential, credentialOf } from "./credential.ts";

/** A pseudonym that a committee issued. */
export interface IssuedPass {
  credential: Credential;
  /** Whose pseudonyms its epoch lets in, 32 bytes. */
  P: Uint8Array;
  /** The committee that issued it for an epoch to come; null for the epoch that the device is in. */
  committee: Hash | null;
}

/** Most that are kept: of a few rooms, this epoch's and the next one's. */
export const PASSES_KEPT = 64;
const PASS_BYTES = 512;
const SECRET_BYTES = CLAIM_BYTES - 32;

const bytes = (length: number) => v.pipe(v.instance(Uint8Array<ArrayBufferLike>), v.length(length));
const wire = codec(
  1,
  v.pipe(
    v.array(
      v.strictObject({
        id: bytes(ID_BYTES),
        W: bytes(POINT_BYTES),
        d: bytes(SCALAR_BYTES),
        issuer: bytes(POINT_BYTES),
        lock: bytes(SECRET_BYTES),
        P: bytes(POINT_BYTES),
        committee: v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
      }),
    ),
    v.maxLength(PASSES_KEPT),
  ),
  PASSES_KEPT * PASS_BYTES,
);

/** Secret: to be sealed before it is kept anywhere. @param passes of more than are kept, the last ones count. */
export const encodePasses = (passes: readonly IssuedPass[]): Uint8Array<ArrayBuffer> =>
  wire.encode(
    passes.slice(-PASSES_KEPT).map(({ credential: { key, claim }, P, committee }) => ({
      id: key.id,
      W: key.W,
      d: scalarBytes(key.d),
      issuer: key.P,
      lock: claim.slice(-SECRET_BYTES),
      P,
      committee,
    })),
  );

/** Each key is checked as when it was issued: dG = W + λP, and the lock that is in the id. @throws WireError */
export function decodePasses(encoded: Uint8Array): IssuedPass[] {
  return wire.decode(encoded).map(({ id, W, d, issuer, lock, P, committee }) => {
    try {
      pointOf(P);
      const key = keyFrom(id, W, scalarOf(d), issuer);
      if (!equalBytes(decodeId(id).random, lockOf(lock))) throw new WireError("malformed", "a pseudonym with another's lock");
      return { credential: credentialOf(key, { id, secret: lock }), P, committee };
    } catch (cause) {
      if (!(cause instanceof IdentityError)) throw cause;
      throw new WireError("malformed", `a pseudonym that does not hold: ${cause.message}`);
    }
  });
}

function keyFrom(id: Uint8Array, W: Uint8Array, d: bigint, P: Uint8Array): FullKey {
  const certificate = { id, W };
  const Y = timesBase(d);
  if (!equalBytes(Y, publicKeyOf(certificate, P).bytes)) throw new WireError("malformed", "a pseudonym with another's key");
  return { id, W, d, Y, P, certificate };
}

/** Hex of the 16 bytes that name its room. */
export const roomOf = ({ credential }: IssuedPass): string => bytesToHex(decodeId(credential.key.id).room);
