import { bytesToHex } from "@noble/hashes/utils.js";
import { decodeId, ID_BYTES } from "./id.ts";
import { refused } from "./errors.ts";
import { addTimes, type Encoded, encoded } from "./encoded.ts";
import { concat, isIdentity, lambdaOf, type Point, POINT_BYTES, pointOf, withTable } from "./suite.ts";

export const CERTIFICATE_BYTES = ID_BYTES + POINT_BYTES;

/**
 * The anonymous implicit certificate (after ECQV, SEC 4): nobody signs it.
 * Whoever uses the key that follows from it and from the issuer's P shows that the issuer made it.
 */
export interface Certificate {
  /** 45 bytes. */
  id: Uint8Array;
  /** A point, 32 bytes. */
  W: Uint8Array;
}

/** @returns 77 bytes. */
export const encodeCertificate = ({ id, W }: Certificate): Uint8Array => concat(id, W);

/** @throws IdentityError `refused` unless these are 77 bytes with a known id version and a point other than the identity. */
export function decodeCertificate(bytes: Uint8Array): Certificate {
  if (bytes.length !== CERTIFICATE_BYTES) throw refused();
  const certificate = { id: bytes.slice(0, ID_BYTES), W: bytes.slice(ID_BYTES) };
  decodeId(certificate.id);
  pointOf(certificate.W);
  return certificate;
}

/** Keys are derived once a pseudonym, and the ones in use get tables. Both caches only save time. */
const KEYS_KEPT = 1_024;
const TABLES_KEPT = 32;
const ISSUERS_KEPT = 4;
/** A table pays from about the tenth product on. */
const TABLE_AFTER_USES = 4;

/** A certificate's key, whose point gets a table once it is used often. */
export type PublicKey = Encoded;

/** By P ‖ id ‖ W, in the order of last use. */
const keys = new Map<string, PublicKey>();
/** How to take the table away again, in the order of the points' last use. */
const tables = new Map<PublicKey, () => void>();
const issuers = new Map<string, Encoded>();

function keep<K, V>(cache: Map<K, V>, limit: number, name: K, value: V, dropped?: (value: V) => void): V {
  cache.delete(name);
  cache.set(name, value);
  const [oldest] = cache;
  if (cache.size > limit && oldest) {
    cache.delete(oldest[0]);
    dropped?.(oldest[1]);
  }
  return value;
}

function issuerOf(P: Uint8Array): Encoded {
  const name = bytesToHex(P);
  return keep(issuers, ISSUERS_KEPT, name, issuers.get(name) ?? { bytes: P.slice(), point: withTable(pointOf(P)) });
}

/**
 * Y = W + λP, the key that the certificate stands for under the issuer P (32 bytes).
 * @throws IdentityError `refused` where the id, W or P is malformed, or Y would be the identity.
 */
export function publicKeyOf(certificate: Certificate, P: Uint8Array): PublicKey {
  const name = bytesToHex(concat(P, certificate.id, certificate.W));
  return keep(keys, KEYS_KEPT, name, keys.get(name) ?? publicKey(derive(certificate, P)));
}

function derive({ id, W }: Certificate, P: Uint8Array): Uint8Array {
  decodeId(id);
  if (isIdentity(W)) throw refused();
  const Y = addTimes(encoded(W), lambdaOf(P, id, W), issuerOf(P));
  if (isIdentity(Y)) throw refused();
  return Y;
}

function publicKey(bytes: Uint8Array): PublicKey {
  let point: Point | null = null;
  let uses = 0;
  const drop = (): void => {
    point = null;
    uses = 0;
  };
  const key: PublicKey = {
    bytes,
    get point() {
      point ??= pointOf(bytes);
      if (uses++ < TABLE_AFTER_USES) return point;
      if (!tables.has(key)) point = withTable(point);
      keep(tables, TABLES_KEPT, key, drop, (dropTable) => dropTable());
      return point;
    },
  };
  return key;
}
