import { ristretto255, ristretto255_hasher } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { refused } from "./errors.ts";

/**
 * Suite `CLSC-R255-XC20P-SHA512-v1`: ristretto255 (RFC 9496), XChaCha20-Poly1305, SHA-512.
 * Points and scalars are 32 bytes, scalars little-endian.
 */
export const SUITE = "CLSC-R255-XC20P-SHA512-v1";

export const POINT_BYTES = 32;
export const SCALAR_BYTES = 32;

export type Point = InstanceType<typeof ristretto255.Point>;
export const Point = ristretto255.Point;
/** The scalar field, of the group's order q. */
export const Fn = ristretto255.Point.Fn;

/** The caller's source of random bytes: this room has none of its own. */
export type Random = (length: number) => Uint8Array;

const encoder = new TextEncoder();
export const text = (value: string): Uint8Array => encoder.encode(value);

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** Injective: every part is preceded by its length as u32, big-endian. */
export const T = (...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> => concat(...parts.flatMap((part) => [u32(part.length), part]));

export type HashLabel = "partial" | "sig" | "nonce" | "rnd";

const DST: Readonly<Record<HashLabel, Uint8Array>> = {
  partial: text(`${SUITE}/partial`),
  sig: text(`${SUITE}/sig`),
  nonce: text(`${SUITE}/nonce`),
  rnd: text(`${SUITE}/rnd`),
};

/** Hs: the parts, under `T`, hashed to a scalar below q (expand_message_xmd with SHA-512, 64 bytes mod q). */
export const hashToScalar = (label: HashLabel, ...parts: readonly Uint8Array[]): bigint => ristretto255_hasher.hashToScalar(T(...parts), { DST: DST[label] });

/** λ = Hs(partial, P, id, W): the challenge to which a partial key is the issuer's Schnorr response. */
export const lambdaOf = (P: Uint8Array, id: Uint8Array, W: Uint8Array): bigint => hashToScalar("partial", P, id, W);

/** Its encoding is 32 zeros. */
export const isIdentity = (encoded: Uint8Array): boolean => encoded.every((byte) => byte === 0);

/**
 * @param bytes 32 bytes from anybody.
 * @throws IdentityError `refused` unless they are the canonical encoding of a point other than the identity.
 */
export function pointOf(bytes: Uint8Array): Point {
  let point: Point;
  try {
    point = Point.fromBytes(bytes);
  } catch {
    throw refused();
  }
  // 32 zero bytes decode without error.
  if (point.is0()) throw refused();
  return point;
}

/**
 * @param bytes 32 bytes from anybody, little-endian.
 * @throws IdentityError `refused` unless 0 < scalar < q.
 */
export function scalarOf(bytes: Uint8Array): bigint {
  let scalar: bigint;
  try {
    scalar = Fn.fromBytes(bytes);
  } catch {
    throw refused();
  }
  if (!Fn.isValidNot0(scalar)) throw refused();
  return scalar;
}

export const scalarBytes = (scalar: bigint): Uint8Array => Fn.toBytes(scalar);

/** A secret scalar, uniform below q and not 0. */
export const randomScalar = (random: Random): bigint => nonZero(hashToScalar("rnd", random(64)));

/** A hash that comes out as 0 (once in 2^252) is as good as 1, and spares every caller the case. */
export const nonZero = (scalar: bigint): bigint => (Fn.is0(scalar) ? Fn.ONE : scalar);

/** k·G for a secret k: the library blinds multiplications of the base point. */
export const mulBase = (k: bigint): Point => Point.BASE.multiply(k);

/** Points with a table of multiples, of which a product is a fifth of the work. */
const tabled = new WeakSet<Point>();

/** Window of 6 bits: 1,408 points, some 300 kB, built in the time of ten products. */
const TABLE_WINDOW = 6;

/** For a point that will be multiplied again and again: a peer's key, the issuer's. */
export function withTable(point: Point): Point {
  tabled.add(point);
  return point.precompute(TABLE_WINDOW);
}

/**
 * k·P for a secret k and a point of somebody else's, as P·r + P·(k − r) with a fresh r:
 * the library's multiplication takes the same steps for every scalar but does not blind it,
 * and a chosen P could make the steps tell.
 */
export function mulSecret(point: Point, k: bigint, random: Random): Point {
  const r = randomScalar(random);
  const rest = Fn.sub(k, r);
  // The library's product refuses 0, which a blind equal to k would leave.
  if (!tabled.has(point) || Fn.is0(rest)) return mulTwice(point, Fn.toBytes(r), Fn.toBytes(rest));
  return point.multiply(r).add(point.multiply(rest));
}

/**
 * P·a + P·b in one walk with one table and one chain of doublings (Straus): half the time of two products.
 * As in the library's own fixed-window multiplication, every entry of the table is read for every digit,
 * and a digit of 0 adds the identity rather than nothing, so the steps are the same for all scalars.
 * @param a and b are 32 bytes, little-endian.
 */
function mulTwice(point: Point, a: Uint8Array, b: Uint8Array): Point {
  const table = [Point.ZERO];
  for (let i = 1; i < 16; i++) table.push(table[i - 1]!.add(point));
  const select = (digit: number): Point => {
    let chosen = table[0]!;
    for (let i = 1; i < 16; i++) chosen = i === digit ? table[i]! : chosen;
    return chosen;
  };
  let sum = Point.ZERO;
  for (let nibble = 63; nibble >= 0; nibble--) {
    if (nibble < 63) for (let i = 0; i < 4; i++) sum = sum.double();
    const shift = (nibble & 1) * 4;
    sum = sum.add(select((a[nibble >> 1]! >> shift) & 15)).add(select((b[nibble >> 1]! >> shift) & 15));
  }
  return sum;
}

/** a·G + b·P, for public values only: not in constant time, and with P's table where it has one. */
export const mulAddPublic = (a: bigint, b: bigint, P: Point): Point => Point.BASE.multiplyUnsafe(a).add(P.multiplyUnsafe(b));

/** H of the specification: SHA-512, 64 bytes. */
export const H = (bytes: Uint8Array): Uint8Array => sha512(bytes);
