import { createRandom, type SeedPart } from "../../wire/random.ts";
import type { Piece } from "./pieces.ts";

/** Signs of a round, the same on every device: one bit a value. */
export function drawSigns(values: number, seed: readonly SeedPart[]): Uint32Array {
  const random = createRandom([...seed, "signs"]);
  return new Uint32Array(Math.ceil(values / 32)).map(() => random.uint32());
}

/** Multiplies by the round's signs, in place. */
export function flip(vector: Float64Array, signs: Uint32Array): void {
  for (let i = 0; i < vector.length; i++) if ((signs[i >>> 5]! >>> (i & 31)) & 1) vector[i] = -vector[i]!;
}

/**
 * Walsh–Hadamard transform of each piece, in place and not normalised: twice it is `length` times the values.
 * After random signs all values of a piece are about normal with one deviation, whatever they were (Suresh et al.,
 * "Distributed Mean Estimation with Limited Communication", 2017). Whole numbers stay whole.
 */
export function transform(vector: Float64Array, pieces: readonly Piece[]): void {
  for (const { from, length } of pieces) {
    for (let half = 1; half < length; half *= 2) {
      for (let block = from; block < from + length; block += 2 * half) {
        for (let i = block; i < block + half; i++) {
          const a = vector[i]!;
          const b = vector[i + half]!;
          vector[i] = a + b;
          vector[i + half] = a - b;
        }
      }
    }
  }
}
