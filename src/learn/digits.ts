import { loadFile, type LoadPack } from "./data/load.ts";
import { DataError } from "./errors.ts";
import { MAX_PACK_BYTES, MAX_PACK_RAW_BYTES, PACK_FETCHES } from "./limits.ts";
import { decodePack, type Samples } from "./pack.ts";

export const packName = (set: "train" | "test", index: number): string => `${set}-${String(index).padStart(2, "0")}.bin.gz`;

/**
 * Loads packs, a few at a time, and joins them in the order asked for.
 * @throws DataError `unavailable` if a pack cannot be fetched, `malformed` if one is broken or of another shape
 */
export async function loadPacks(loadPack: LoadPack, names: readonly string[]): Promise<Samples> {
  const packs = new Array<Samples>(names.length);
  let next = 0;
  const fetchNext = async () => {
    for (let at = next++; at < names.length; at = next++) packs[at] = await loadOne(loadPack, names[at]!);
  };
  await Promise.all(Array.from({ length: Math.min(PACK_FETCHES, names.length) }, fetchNext));
  return joinSamples(packs);
}

const loadOne = async (loadPack: LoadPack, name: string): Promise<Samples> => decodePack(await loadFile(loadPack, `digits/${name}`, MAX_PACK_BYTES, MAX_PACK_RAW_BYTES));

function joinSamples(packs: readonly Samples[]): Samples {
  const first = packs[0];
  if (!first) throw new DataError("bad-choice", "no pack was asked for");
  const { height, width, labelCount } = first;
  if (packs.some((pack) => pack.height !== height || pack.width !== width || pack.labelCount !== labelCount)) {
    throw new DataError("malformed", "the packs are not of one shape; rebuild the data");
  }
  const count = packs.reduce((sum, pack) => sum + pack.labels.length, 0);
  const labels = new Uint8Array(count);
  const pixels = new Uint8Array(count * height * width);
  let at = 0;
  for (const pack of packs) {
    labels.set(pack.labels, at);
    pixels.set(pack.pixels, at * height * width);
    at += pack.labels.length;
  }
  return { height, width, labelCount, labels, pixels };
}
