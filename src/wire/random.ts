import { sha256 } from "@noble/hashes/sha2.js";

/** Part of a seed: a name, or any finite number. */
export type SeedPart = number | string;

/** A seeded stream of chance. The same seed gives the same stream on every device; never for secrets. */
export interface Random {
  /** Uniform integer, 0 ≤ x < 2^32. */
  uint32(): number;
  /** Uniform number, 0 ≤ x < 1, in steps of 2^-32. */
  uniform(): number;
  /** Uniform integer, 0 ≤ x < bound; bound is an integer from 1 to 2^32. @throws RangeError */
  below(bound: number): number;
  /** Standard normal. Uses `Math.log`, whose last bit may differ between engines: never for shared bytes. */
  normal(): number;
  /** Puts the items in a random order, in place (Fisher–Yates). */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T;
}

/**
 * xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), its state
 * the first 16 bytes of SHA-256 over the seed's parts. Parts are tagged and counted, so ["a", "b"] and ["ab"]
 * and [1] and ["1"] are four different seeds; a bare part is the same as a list of that one part.
 */
export function createRandom(seed: SeedPart | readonly SeedPart[]): Random {
  const digest = sha256(seedBytes(typeof seed === "object" ? seed : [seed]));
  const words = new DataView(digest.buffer, digest.byteOffset, 16);
  let [a, b, c, d] = [words.getUint32(0), words.getUint32(4), words.getUint32(8), words.getUint32(12)];
  // The all-zero state is the generator's only fixed point.
  if ((a | b | c | d) === 0) d = 1;
  let spare: number | null = null;

  const uint32 = (): number => {
    const five = Math.imul(b, 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const uniform = (): number => uint32() * 2 ** -32;

  const below = (bound: number): number => {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) throw new RangeError(`a bound from 1 to 2^32 is needed, not ${bound}`);
    const whole = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const draw = uint32();
      if (draw < whole) return draw % bound;
    }
  };

  /** Marsaglia's polar method: two normals for every accepted pair. */
  const normal = (): number => {
    if (spare !== null) {
      const kept = spare;
      spare = null;
      return kept;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const s = x * x + y * y;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      spare = y * factor;
      return x * factor;
    }
  };

  return {
    uint32,
    uniform,
    below,
    normal,
    shuffle(items) {
      const slots = items as { length: number; [index: number]: unknown };
      for (let i = slots.length - 1; i > 0; i--) {
        const j = below(i + 1);
        const held = slots[i];
        slots[i] = slots[j];
        slots[j] = held;
      }
      return items;
    },
  };
}

function seedBytes(parts: readonly SeedPart[]): Uint8Array {
  const chunks = parts.map((part) => {
    if (typeof part === "string") {
      const text = new TextEncoder().encode(part);
      const chunk = new Uint8Array(5 + text.length);
      chunk[0] = 1;
      new DataView(chunk.buffer).setUint32(1, text.length);
      chunk.set(text, 5);
      return chunk;
    }
    if (!Number.isFinite(part)) throw new RangeError(`a seed is made of names and finite numbers, not ${part}`);
    const chunk = new Uint8Array(9);
    // -0 and 0 are one number to a caller, so they are one seed.
    new DataView(chunk.buffer).setFloat64(1, part + 0);
    return chunk;
  });
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
