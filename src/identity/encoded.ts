import { mulAddPublic, mulBase, mulSecret, type Point, pointOf, type Random, scalarBytes } from "./suite.ts";

/**
 * Products whose points come and go as their 32 bytes: in WebAssembly once it is loaded, where they take a seventh of the
 * time, and else by the library in TypeScript. They are most of what a device computes for others. The results are the same.
 */

/** libsodium in WebAssembly, whose steps hang on no scalar either. */
let sodium: (typeof import("libsodium-wrappers-sumo"))["default"] | null = null;
let loading: Promise<boolean> | null = null;

/** @returns false where it cannot be loaded; the next call tries again. */
export const loadWasmCurve = (): Promise<boolean> => (loading ??= load());

async function load(): Promise<boolean> {
  try {
    const { default: library } = await import("libsodium-wrappers-sumo");
    await library.ready;
    sodium = library;
  } catch {
    loading = null; // no WebAssembly, or offline and not kept
  }
  return sodium !== null;
}

/** Null where it is not loaded, or refuses: what is no point, and the identity as a product. */
function inWasm(work: (library: NonNullable<typeof sodium>) => Uint8Array): Uint8Array | null {
  if (sodium === null) return null;
  try {
    return work(sodium);
  } catch {
    return null;
  }
}

/** A point, and its 32 bytes. */
export interface Encoded {
  readonly bytes: Uint8Array;
  /** @throws IdentityError `refused` */
  readonly point: Point;
}

/** Bytes from anybody, which are looked at when they are used. */
export const encoded = (bytes: Uint8Array): Encoded => ({
  bytes,
  get point() {
    return pointOf(bytes);
  },
});

const product = (P: Encoded, k: bigint): Uint8Array | null => inWasm(({ crypto_scalarmult_ristretto255: times }) => times(scalarBytes(k), P.bytes));

/** k·G for a secret k. */
export const timesBase = (k: bigint): Uint8Array => inWasm(({ crypto_scalarmult_ristretto255_base: base }) => base(scalarBytes(k))) ?? mulBase(k).toBytes();

/** k·P for a secret k and a point of somebody else's. @throws IdentityError `refused` where it is none. */
export const timesSecret = (P: Encoded, k: bigint, random: Random): Uint8Array => product(P, k) ?? mulSecret(P.point, k, random).toBytes();

/** k·P for a public k. @throws IdentityError `refused` where P is no point. */
export const timesPublic = (P: Encoded, k: bigint): Uint8Array => product(P, k) ?? P.point.multiplyUnsafe(k).toBytes();

/** a·G + b·P for public values; of the identity 32 zeros. */
export const mulAddBase = (a: bigint, b: bigint, P: Encoded): Uint8Array =>
  inWasm(({ crypto_core_ristretto255_add: add, crypto_scalarmult_ristretto255: times, crypto_scalarmult_ristretto255_base: base }) => add(base(scalarBytes(a)), times(scalarBytes(b), P.bytes))) ?? mulAddPublic(a, b, P.point).toBytes();

/** A + b·P for public values; of the identity 32 zeros. @throws IdentityError `refused` */
export const addTimes = (A: Encoded, b: bigint, P: Encoded): Uint8Array =>
  inWasm(({ crypto_core_ristretto255_add: add, crypto_scalarmult_ristretto255: times }) => add(A.bytes, times(scalarBytes(b), P.bytes))) ?? A.point.add(P.point.multiplyUnsafe(b)).toBytes();
