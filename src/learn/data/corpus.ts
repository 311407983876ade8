import * as v from "valibot";
import { DataError } from "../errors.ts";
import { MAX_INDEX_BYTES, MAX_PACK_BYTES, MAX_PART_BYTES, MAX_PARTS, MAX_TEXT_BYTES, PACK_FETCHES } from "../limits.ts";
import { join, loadFile, type LoadPack } from "./load.ts";

const fileName = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]{0,79}$/));
const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

/** What a folder of texts holds (`tools/texts.ts`). */
const IndexSchema = v.object({
  v: v.literal(1),
  /** In the text's order. Parts of one group (a book, a speaker, a language) lie together. */
  parts: v.pipe(v.array(v.object({ file: fileName, group: v.string(), set: v.picklist(["train", "test"]), bytes: v.pipe(whole, v.maxValue(MAX_PART_BYTES)) })), v.minLength(1), v.maxLength(MAX_PARTS)),
});
export type TextIndex = v.InferOutput<typeof IndexSchema>;
type Part = TextIndex["parts"][number];

export interface Share {
  /** 0 ≤ share < shares */
  share: number;
  shares: number;
}

export async function loadIndex(loadPack: LoadPack, folder: string): Promise<TextIndex> {
  const path = `${folder}/index.json`;
  const bytes = await loadFile(loadPack, path, MAX_INDEX_BYTES, MAX_INDEX_BYTES);
  try {
    return v.parse(IndexSchema, JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw new DataError("malformed", `${path} cannot be read (${String(cause)}); rebuild the data`);
  }
}

/** Parts, a few at a time, in the order asked for. @throws DataError */
export async function loadParts(loadPack: LoadPack, folder: string, parts: readonly Part[]): Promise<Uint8Array[]> {
  const loaded = new Array<Uint8Array>(parts.length);
  let next = 0;
  const fetchNext = async () => {
    for (let at = next++; at < parts.length; at = next++) {
      const { file, bytes } = parts[at]!;
      const part = await loadFile(loadPack, `${folder}/${file}`, MAX_PACK_BYTES, MAX_PART_BYTES);
      if (part.length !== bytes) throw new DataError("malformed", `${folder}/${file} has ${part.length} bytes where ${bytes} are listed; rebuild the data`);
      loaded[at] = part;
    }
  };
  await Promise.all(Array.from({ length: Math.min(PACK_FETCHES, parts.length) }, fetchNext));
  return loaded;
}

/**
 * A device's piece of the training text: only the parts that it lies in are fetched. One group is cut into equal
 * stretches, one after another; several groups are dealt out whole, so that each device has its own speakers.
 */
export async function loadTextShare(loadPack: LoadPack, folder: string, { share, shares }: Share): Promise<Uint8Array> {
  const parts = (await loadIndex(loadPack, folder)).parts.filter(({ set }) => set === "train");
  const groups = [...new Set(parts.map(({ group }) => group))];
  // More devices than groups: those of one group cut it among them.
  const own = groups.filter((_, index) => index % shares === share % groups.length);
  const mates = shares <= groups.length ? 1 : Math.ceil((shares - (share % groups.length)) / groups.length);
  const turn = shares <= groups.length ? 0 : Math.floor(share / groups.length);
  const stretches = groups.length === 1 ? await stretch(loadPack, folder, parts, share, shares) : await stretch(loadPack, folder, parts.filter(({ group }) => own.includes(group)), turn, mates);
  if (stretches.length > MAX_TEXT_BYTES) throw new DataError("too-large", `a share of ${stretches.length} bytes is over the limit of ${MAX_TEXT_BYTES}; cut the text into more shares`);
  return stretches;
}

async function stretch(loadPack: LoadPack, folder: string, parts: readonly Part[], turn: number, of: number): Promise<Uint8Array> {
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const [from, to] = [Math.floor((total * turn) / of), Math.floor((total * (turn + 1)) / of)];
  let at = 0;
  const touched = parts.map((part) => ({ part, from: at, to: (at += part.bytes) })).filter((part) => part.to > from && part.from < to);
  const loaded = await loadParts(loadPack, folder, touched.map(({ part }) => part));
  const start = touched[0]?.from ?? 0;
  return join(loaded).subarray(from - start, to - start);
}

/** The held-out text of all groups. */
export async function loadTestText(loadPack: LoadPack, folder: string): Promise<Uint8Array> {
  const parts = (await loadIndex(loadPack, folder)).parts.filter(({ set }) => set === "test");
  return join(await loadParts(loadPack, folder, parts));
}

/** A person's own text, streamed from wherever it lies. @throws DataError if it is too long or no UTF-8 */
export async function readText(files: readonly Blob[]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (const file of files) {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    for await (const chunk of file.stream() as unknown as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      if (length > MAX_TEXT_BYTES) throw new DataError("too-large", `the text is longer than ${MAX_TEXT_BYTES} bytes; take a part of it`, { what: "long-text", most: MAX_TEXT_BYTES });
      check(decoder, chunk);
      chunks.push(chunk);
    }
    check(decoder);
  }
  return join(chunks);
}

function check(decoder: TextDecoder, chunk?: Uint8Array): void {
  try {
    decoder.decode(chunk, { stream: chunk !== undefined });
  } catch {
    throw new DataError("malformed", "the file is no text in UTF-8; save it as UTF-8 first", { what: "not-utf8" });
  }
}
