import type { Code } from "./code.ts";
import { cantorField16, cantorField8, type Field } from "./field.ts";

/**
 * Leopard's points: 0..size for the parity, of which the first m are used, then the data's.
 *
 * Elements are named by their bits in a Cantor basis, so that point i is the element i, and the polynomial that
 * vanishes on 0..2^j takes p to p >> j.
 */
export function leopard(bits: 8 | 16, k: number, size: number): Pick<Code, "field" | "point" | "scales"> {
  const field = bits === 8 ? cantorField8() : cantorField16();
  const point = (shard: number) => (shard < k ? size + shard : shard - k);
  return {
    field,
    point,
    // A codeword sums to 0 with the powers 0..size of its points. The dual of that (MacWilliams and Sloane, chapter
    // 10, §8) has scale(i) = 1 / Π (point(i) − p) over all other points, those of unused parity too.
    scales() {
      const points = Array.from({ length: size + k }, (_, p) => p);
      return Uint16Array.from(points, (_, shard) => inverse(field, productLog(field, point(shard), points)));
    },
  };
}

/**
 * What the kernel multiplies by at each point: E at the points of `from`, 1 / D(E) at those of `lost`, where E
 * vanishes at all points but those of `from`, and D is the formal derivative.
 */
export function locators({ field, k, size, point }: Code, from: readonly number[], lost: readonly number[]): Map<number, number> {
  const there = new Set(from.map(point));
  const erased = Array.from({ length: size + k }, (_, p) => p).filter((p) => !there.has(p));
  const factors = new Map<number, number>();
  for (const p of there) factors.set(p, field.exp[productLog(field, p, erased)]!);
  for (const p of lost.map(point)) factors.set(p, inverse(field, productLog(field, p, erased)));
  return factors;
}

/** log Π (at − p) over those points p that are not `at`. */
function productLog({ log, order }: Field, at: number, points: readonly number[]): number {
  let sum = 0;
  for (const p of points) if (p !== at) sum += log[at ^ p]!;
  return sum % order;
}

const inverse = ({ exp, order }: Field, log: number): number => exp[(order - log) % order]!;
