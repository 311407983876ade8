import { CodingError } from "./errors.ts";
import { field8, type Field } from "./field.ts";
import { leopard } from "./leopard.ts";

/** Which code, by the id in a manifest. */
export const CODECS = { vandermonde: 1, leopard8: 2, leopard16: 3 } as const;
export type CodecId = (typeof CODECS)[keyof typeof CODECS];

/** k data shards and m parity shards, numbered in this order. */
export interface Shape {
  readonly codec: CodecId;
  readonly k: number;
  readonly m: number;
}

/**
 * A generalised Reed–Solomon code: element i of a codeword is scale(i) · g(point(i)) for a polynomial g of degree
 * below k. All three codecs are one, so parity, erasures and errors are found alike.
 */
export interface Code extends Shape {
  readonly n: number;
  readonly field: Field;
  /** Of Leopard, the points kept for parity, a power of two; else 0. */
  readonly size: number;
  point(shard: number): number;
  /** The scale of each shard. */
  scales(): Uint16Array;
}

/** @throws CodingError `shape` where the codec has no such code */
export function codeOf({ codec, k, m }: Shape): Code {
  const n = k + m;
  const size = codec === CODECS.vandermonde ? 0 : powerOfTwo(m);
  const limit = codec === CODECS.leopard16 ? 65_536 : 256;
  if (!Number.isInteger(k) || !Number.isInteger(m) || k < 1 || m < 1 || Math.max(n, size + k) > limit) {
    throw new CodingError("shape", `codec ${codec} has no code of ${k} + ${m} shards; choose it by shapeFor`);
  }
  if (codec !== CODECS.vandermonde) return { codec, k, m, n, size, ...leopard(codec === CODECS.leopard8 ? 8 : 16, k, size) };
  return { codec, k, m, n, size, field: field8(), point: (shard) => shard, scales: () => new Uint16Array(n).fill(1) };
}

/** The fastest code for so many shards: a matrix while one pass over the data makes all parity, else Leopard. */
export function shapeFor(k: number, m: number): Shape {
  const codec = m <= 4 && k + m <= 256 ? CODECS.vandermonde : powerOfTwo(m) + k <= 256 ? CODECS.leopard8 : CODECS.leopard16;
  return { codec, k, m };
}

export const powerOfTwo = (atLeast: number): number => 2 ** Math.ceil(Math.log2(atLeast));

export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/**
 * Which k shards a decoder takes, data first, and which data shards it has to make.
 * @throws CodingError `lost`
 */
export function erasures({ k, n }: Code, present: readonly boolean[]): { from: number[]; lost: number[] } {
  const from = range(0, n).filter((shard) => present[shard]).slice(0, k);
  if (from.length < k) throw new CodingError("lost", `only ${from.length} of the ${k} shards needed are there; wait for a device that holds another`);
  return { from, lost: range(0, k).filter((shard) => !present[shard]) };
}
