import { createRandom, type SeedPart } from "../../wire/random.ts";

/**
 * The coordinates that round `round` sends: each tensor's are put in an order of this cycle and cut into `fragments`
 * near-equal parts, so that as many rounds send each coordinate once.
 * @param lengths of the tensors
 */
export function coordinatesOf(lengths: readonly number[], fragments: number, round: number, seed: readonly SeedPart[]): { coordinates: Uint32Array<ArrayBuffer>; parts: number[] } {
  const cycle = Math.floor(round / fragments);
  const [first, last] = [round % fragments, (round % fragments) + 1];
  const chosen: Uint32Array[] = [];
  let from = 0;
  lengths.forEach((length, tensor) => {
    const order = createRandom([...seed, "fragments", cycle, tensor]).shuffle(new Uint32Array(length).map((_, i) => from + i));
    chosen.push(order.subarray(Math.floor((first * length) / fragments), Math.floor((last * length) / fragments)));
    from += length;
  });
  const parts = chosen.map(({ length }) => length);
  const coordinates = new Uint32Array(parts.reduce((a, b) => a + b, 0));
  let at = 0;
  for (const part of chosen) {
    coordinates.set(part, at);
    at += part.length;
  }
  return { coordinates, parts };
}
