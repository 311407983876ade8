import { bytesToHex } from "@noble/hashes/utils.js";
import { decodeId, ID_BYTES } from "./id.ts";
import { refused } from "./errors.ts";
import { concat, lambdaOf, Point, POINT_BYTES, pointOf, withTable } from "./suite.ts";

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
const KEYS_KEPT = 512;
const TABLES_KEPT = 32;
const ISSUERS_KEPT = 4;
/** A table pays from about the tenth product on. */
const TABLE_AFTER_USES = 4;

/** A certificate's key as a point, with a table once it is used often, and encoded. */
export interface PublicKey {
  point: Point;
  bytes: Uint8Array;
}

interface Counted extends PublicKey {
  uses: number;
}

/** By P ‖ id ‖ W, in the order of last use. */
const keys = new Map<string, Counted>();
const tables = new Map<string, PublicKey>();
const issuers = new Map<string, Point>();

function keep<V>(cache: Map<string, V>, limit: number, name: string, value: V): V {
  cache.delete(name);
  cache.set(name, value);
  if (cache.size > limit) cache.delete(cache.keys().next().value!);
  return value;
}

function issuerPoint(P: Uint8Array): Point {
  const name = bytesToHex(P);
  return keep(issuers, ISSUERS_KEPT, name, issuers.get(name) ?? withTable(pointOf(P)));
}

/**
 * Y = W + λP, the key that the certificate stands for under the issuer P (32 bytes).
 * @throws IdentityError `refused` where the id, W or P is malformed, or Y would be the identity.
 */
export function publicKeyOf(certificate: Certificate, P: Uint8Array): PublicKey {
  const name = bytesToHex(concat(P, certificate.id, certificate.W));
  const table = tables.get(name);
  if (table !== undefined) return keep(tables, TABLES_KEPT, name, table);
  const known = keys.get(name) ?? derive(certificate, P);
  known.uses++;
  if (known.uses <= TABLE_AFTER_USES) return keep(keys, KEYS_KEPT, name, known);
  keys.delete(name);
  return keep(tables, TABLES_KEPT, name, { point: withTable(known.point), bytes: known.bytes });
}

function derive({ id, W }: Certificate, P: Uint8Array): Counted {
  decodeId(id);
  const Y = pointOf(W).add(issuerPoint(P).multiplyUnsafe(lambdaOf(P, id, W)));
  if (Y.is0()) throw refused();
  return { point: Y, bytes: Y.toBytes(), uses: 0 };
}
