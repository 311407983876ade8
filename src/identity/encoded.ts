import type { WasmCurve } from "../wasm/curve.ts";
import { mulAddPublic, mulBase, mulSecret, type Point, pointOf, type Random, scalarBytes } from "./suite.ts";

/**
 * Products whose points come and go as their 32 bytes: in WebAssembly once a device has loaded it, in a seventh of the
 * time, and else by the library in TypeScript. They are most of what a device computes for others. The results are the same.
 */

let wasm: WasmCurve | null = null;

/** From now on (wasm/curve.ts loads it); null: by the library in TypeScript. */
export const computeIn = (curve: WasmCurve | null): void => void (wasm = curve);

/** Null where there is none, or it refuses: what is no point, and the identity as a product. */
function inWasm(work: (curve: WasmCurve) => Uint8Array): Uint8Array | null {
  if (wasm === null) return null;
  try {
    return work(wasm);
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

const product = (P: Encoded, k: bigint): Uint8Array | null => inWasm(({ times }) => times(scalarBytes(k), P.bytes));

/** k·G for a secret k. */
export const timesBase = (k: bigint): Uint8Array => inWasm(({ base }) => base(scalarBytes(k))) ?? mulBase(k).toBytes();

/** k·P for a secret k and a point of somebody else's. @throws IdentityError `refused` where it is none. */
export const timesSecret = (P: Encoded, k: bigint, random: Random): Uint8Array => product(P, k) ?? mulSecret(P.point, k, random).toBytes();

/** k·P for a public k. @throws IdentityError `refused` where P is no point. */
export const timesPublic = (P: Encoded, k: bigint): Uint8Array => product(P, k) ?? P.point.multiplyUnsafe(k).toBytes();

/** a·G + b·P for public values; of the identity 32 zeros. */
export const mulAddBase = (a: bigint, b: bigint, P: Encoded): Uint8Array =>
  inWasm(({ add, base, times }) => add(base(scalarBytes(a)), times(scalarBytes(b), P.bytes))) ?? mulAddPublic(a, b, P.point).toBytes();

/** A + b·P for public values; of the identity 32 zeros. @throws IdentityError `refused` */
export const addTimes = (A: Encoded, b: bigint, P: Encoded): Uint8Array =>
  inWasm(({ add, times }) => add(A.bytes, times(scalarBytes(b), P.bytes))) ?? A.point.add(P.point.multiplyUnsafe(b)).toBytes();
