import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { TaskError } from "../errors.ts";
import type { NamedFile } from "../trainer.ts";

/** Signatures and sizes of APPNOTE.TXT (PKWARE), 4.3. */
const LOCAL = { signature: 0x04034b50, bytes: 30 };
const ENTRY = { signature: 0x02014b50, bytes: 46 };
const END = { signature: 0x06054b50, bytes: 22 };
const STORED = 0;
const DEFLATED = 8;
/** 1 January 1980, the earliest that the format can say: the same files make the same bytes. */
const DATE = 0x21;

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/** CRC-32 of ISO 3309. */
export function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC[(crc ^ byte) & 0xff]!;
  return ~crc >>> 0;
}

/** Little-endian numbers of 2 or 4 bytes. */
function packed(...numbers: readonly (readonly [bytes: 2 | 4, value: number])[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(numbers.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of numbers) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

/** Files in one, not compressed: weights are not to be had smaller so. */
export function zip(files: readonly NamedFile[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, bytes } of files) {
    const title = utf8ToBytes(name);
    const common = packed([2, 20], [2, 0], [2, STORED], [2, 0], [2, DATE], [4, crc32(bytes)], [4, bytes.length], [4, bytes.length], [2, title.length], [2, 0]);
    directory.push(packed([4, ENTRY.signature], [2, 20]), common, packed([2, 0], [2, 0], [2, 0], [4, 0], [4, at]), title);
    const own = [packed([4, LOCAL.signature]), common, title, bytes];
    parts.push(...own);
    at += own.reduce((sum, part) => sum + part.length, 0);
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = packed([4, END.signature], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, at], [2, 0]);
  return concatBytes(...parts, ...directory, end) as Uint8Array<ArrayBuffer>;
}

const wrong = (what: string): TaskError => new TaskError("bad-model", `the archive cannot be read: ${what}`);

/**
 * Files of an archive, stored or deflated, with their folders in their names.
 * @param limit bytes of all of them together, so that no small file fills the memory
 * @throws TaskError `bad-model`
 */
export async function unzip(bytes: Uint8Array, limit: number): Promise<NamedFile[]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - END.bytes;
  while (end >= 0 && view.getUint32(end, true) !== END.signature) end--;
  if (end < 0) throw wrong("it has no directory");
  const files: NamedFile[] = [];
  let at = view.getUint32(end + 16, true);
  let left = limit;
  for (let count = view.getUint16(end + 10, true); count > 0; count--) {
    if (at + ENTRY.bytes > end || view.getUint32(at, true) !== ENTRY.signature) throw wrong("its directory is damaged");
    const [method, crc, packedBytes, size] = [view.getUint16(at + 10, true), view.getUint32(at + 16, true), view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
    const [nameBytes, extra, comment, place] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true), view.getUint16(at + 32, true), view.getUint32(at + 42, true)];
    const name = new TextDecoder().decode(bytes.subarray(at + ENTRY.bytes, at + ENTRY.bytes + nameBytes));
    at += ENTRY.bytes + nameBytes + extra + comment;
    if (place + LOCAL.bytes > bytes.length || view.getUint32(place, true) !== LOCAL.signature) throw wrong(`${name} is damaged`);
    const from = place + LOCAL.bytes + view.getUint16(place + 26, true) + view.getUint16(place + 28, true);
    const content = bytes.subarray(from, from + packedBytes);
    if ((left -= size) < 0) throw wrong(`it holds more than ${limit} bytes`);
    const data = method === STORED ? content.slice() : method === DEFLATED ? await inflate(content, size) : null;
    if (data?.length !== size || crc32(data) !== crc) throw wrong(`${name} is damaged`);
    if (!name.endsWith("/")) files.push({ name, bytes: data });
  }
  return files;
}

/** At most one byte more than the size that is said. */
async function inflate(bytes: Uint8Array, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const reader = stream.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (let step = await reader.read(); !step.done && length <= size; step = await reader.read()) {
      parts.push(step.value);
      length += step.value.length;
    }
  } catch (cause) {
    throw wrong(String(cause));
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  return concatBytes(...parts) as Uint8Array<ArrayBuffer>;
}
