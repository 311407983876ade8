import { DataError } from "./errors.ts";
import { MAX_PACK_BYTES, MAX_PACK_RAW_BYTES, PACK_FETCHES } from "./limits.ts";
import { decodePack, isPack, type Samples } from "./pack.ts";

/** Gets a pack's bytes by its file name, gzip'd or already unpacked by the transport. */
export type LoadPack = (name: string) => Promise<Uint8Array>;

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

async function loadOne(loadPack: LoadPack, name: string): Promise<Samples> {
  let bytes: Uint8Array;
  try {
    bytes = await loadPack(name);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError("unavailable", `${name} could not be fetched (${String(cause)}); check the connection to the server and try again`);
  }
  // Servers disagree whether *.gz is a file or an encoding: a browser may have unpacked it already.
  if (isPack(bytes)) return decodePack(bytes);
  if (bytes.length > MAX_PACK_BYTES) throw new DataError("malformed", `${name} has ${bytes.length} bytes; a pack has at most ${MAX_PACK_BYTES}`);
  return decodePack(await gunzip(name, bytes));
}

async function gunzip(name: string, bytes: Uint8Array): Promise<Uint8Array> {
  const out = new Uint8Array(MAX_PACK_RAW_BYTES);
  let length = 0;
  try {
    const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("gzip"));
    for await (const chunk of stream as ReadableStream<Uint8Array>) {
      if (length + chunk.length > out.length) throw new RangeError(`unpacks to more than ${out.length} bytes`);
      out.set(chunk, length);
      length += chunk.length;
    }
  } catch (cause) {
    throw new DataError("malformed", `${name} cannot be unpacked (${String(cause)}); fetch it again or rebuild the data`);
  }
  return out.slice(0, length);
}

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
