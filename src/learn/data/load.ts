import { DataError } from "../errors.ts";

/** Gets a data file's bytes by its path below the app's `data/`. A *.gz file may have been unpacked by the transport. */
export type LoadPack = (path: string) => Promise<Uint8Array>;

/**
 * A file's bytes, unpacked. @param most bytes as served; @param mostRaw bytes after decompression
 * @throws DataError `unavailable` or `malformed`
 */
export async function loadFile(loadPack: LoadPack, path: string, most: number, mostRaw: number): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await loadPack(path);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    throw new DataError("unavailable", `${path} could not be fetched (${String(cause)}); check the connection to the server and try again`);
  }
  // Servers disagree whether *.gz is a file or an encoding: a browser may have unpacked it already.
  const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const limit = zipped ? most : mostRaw;
  if (bytes.length > limit) throw new DataError("malformed", `${path} has ${bytes.length} bytes; at most ${limit} are taken`);
  return zipped ? gunzip(path, bytes, mostRaw) : bytes;
}

async function gunzip(path: string, bytes: Uint8Array, most: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(new DecompressionStream("gzip"));
    for await (const chunk of stream as ReadableStream<Uint8Array>) {
      length += chunk.length;
      // Stops a compressed bomb.
      if (length > most) throw new RangeError(`unpacks to more than ${most} bytes`);
      chunks.push(chunk);
    }
  } catch (cause) {
    throw new DataError("malformed", `${path} cannot be unpacked (${String(cause)}); fetch it again or rebuild the data`);
  }
  return join(chunks);
}

export function join(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
