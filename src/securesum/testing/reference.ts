/** The kernels' arithmetic once more, in plain numbers, to compare them with byte by byte. */
import { chacha20 } from "@noble/ciphers/chacha.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes } from "@noble/hashes/utils.js";
import { CBD, N, P, PLAIN_BITS, Q, type Layout } from "../params.ts";
import type { Context } from "../randomness.ts";

const q = BigInt(Q);
const ROOT = 263727199427n;

export const mod = (x: bigint): bigint => ((x % q) + q) % q;

export function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let e = exponent, b = base; e > 0n; e >>= 1n, b = (b * b) % q) if (e & 1n) result = (result * b) % q;
  return result;
}

/** RFC 8439's keystream from block 0 on. */
export function keystream(key: Uint8Array, nonce: readonly number[], length: number): Uint8Array {
  const bytes = new Uint8Array(12);
  nonce.forEach((word, i) => new DataView(bytes.buffer).setUint32(4 * i, word, true));
  return chacha20(key, bytes, new Uint8Array(length));
}

const little = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

const ones = (x: bigint): number => [...x.toString(2)].filter((bit) => bit === "1").length;

/** 12 bytes a number: 42 bits from the first byte on, less 42 bits from the seventh on. */
export function binomials(stream: Uint8Array): number[] {
  const mask = (1n << BigInt(CBD)) - 1n;
  return Array.from({ length: N }, (_, i) => {
    const bytes = little(stream.subarray(12 * i, 12 * i + 12));
    return ones(bytes & mask) - ones((bytes >> 48n) & mask);
  });
}

/** a_k: SHA-512, then 52 bits of each 8 bytes of keystream that are below q. */
export function common({ session, round, attempt }: Context, k: number): bigint[] {
  const numbers = new Uint8Array(12);
  [round, attempt, k].forEach((number, i) => new DataView(numbers.buffer).setUint32(4 * i, number));
  const digest = sha512(concatBytes(session, numbers));
  const nonce = [32, 36, 40].map((at) => Number(little(digest.subarray(at, at + 4))));
  const stream = keystream(digest.subarray(0, 32), nonce, 8 * (N + 16));
  const residues: bigint[] = [];
  for (let at = 0; residues.length < N; at += 8) {
    const x = little(stream.subarray(at, at + 8)) & ((1n << 52n) - 1n);
    if (x < q) residues.push(x);
  }
  return residues;
}

const reversed = (i: number): number => parseInt(i.toString(2).padStart(11, "0").split("").reverse().join(""), 2);

/** Values of Σ x_j X^j at the odd powers of the root, in bit-reversed order. */
export function transform(x: readonly bigint[]): bigint[] {
  const roots = Array.from({ length: 2 * N }, () => 1n);
  for (let i = 1; i < roots.length; i++) roots[i] = (roots[i - 1]! * ROOT) % q;
  return x.map((_, at) => {
    const odd = 2 * reversed(at) + 1;
    let sum = 0n;
    for (let j = 0; j < N; j++) sum += x[j]! * roots[(odd * j) % (2 * N)]!;
    return sum % q;
  });
}

/** ⌊q·m / t⌋, each m made of fields. */
export function messages(values: readonly number[], { fields, width }: Layout): bigint[] {
  return Array.from({ length: N }, (_, i) => {
    let m = 0n;
    for (let f = 0; f < fields; f++) m += BigInt(values[i * fields + f] ?? 0) << BigInt(f * width);
    return (q * BigInt.asUintN(PLAIN_BITS, m)) >> BigInt(PLAIN_BITS);
  });
}

/** Signed fields of round(t·x / q) mod t. */
export function totals(x: readonly bigint[], { fields, width }: Layout): number[] {
  const t = 1n << BigInt(PLAIN_BITS);
  return x.flatMap((residue) => {
    let m = ((residue * t + q / 2n) / q) % t;
    // From the lowest on: a negative field has borrowed from those above it.
    return Array.from({ length: fields }, () => {
      const field = BigInt.asIntN(width, m);
      m = (m - field) >> BigInt(width);
      return Number(field);
    });
  });
}

/** Numbers of some bits each, with no gaps, least significant bit first. */
export function packBits(numbers: readonly bigint[], bits: number): Uint8Array {
  const bytes = new Uint8Array((numbers.length * bits) / 8);
  let whole = 0n;
  let have = 0;
  let at = 0;
  for (const number of numbers) {
    whole |= number << BigInt(have);
    for (have += bits; have >= 8; have -= 8, whole >>= 8n) bytes[at++] = Number(whole & 255n);
  }
  return bytes;
}

/** Uniform residues mod 4093: 12 bits of each 16-bit word that are below it. */
export function residues(stream: Uint8Array, count: number): number[] {
  const list: number[] = [];
  for (let at = 0; list.length < count; at += 2) {
    const x = (stream[at]! | (stream[at + 1]! << 8)) & 0xfff;
    if (x < P) list.push(x);
  }
  return list;
}

export const words = (numbers: readonly bigint[]): Uint8Array => new Uint8Array(BigUint64Array.from(numbers).buffer);
export const read = (bytes: Uint8Array): bigint[] => [...new BigUint64Array(bytes.slice().buffer)];
