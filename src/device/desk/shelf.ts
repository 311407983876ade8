import { DataError } from "../../learn/errors.ts";
import { MAX_PICTURES, MAX_TEXT_BYTES } from "../../learn/limits.ts";
import type { OwnData } from "../../store/own-data.ts";
import type { GivenFile, OwnSet } from "./api.ts";
import { unpackArchives } from "./unpack.ts";
import { type About, decodeAbout, encodeAbout, folderOf, kindOf, type OwnKind, type OwnUse } from "./own-set.ts";

export const SHELF_LIMITS = {
  /** Bytes of one set that are kept; larger ones are only looked at where they lie. */
  kept: 256 << 20,
  /** Bytes that go into the store at once. */
  part: 16 << 20,
  sets: 64,
  files: MAX_PICTURES,
} as const;

/** A person's sets: kept in the store, or only pointed to for this visit. */
export interface Shelf {
  sets(): OwnSet[];
  about(id: string): About;
  /** One a file, in their order. */
  blobs(id: string): Promise<Blob[]>;
  /** Yields the bytes that are taken in. */
  add(files: readonly GivenFile[], name: string, keep: boolean): AsyncGenerator<number, OwnSet, void>;
  append(id: string, files: readonly GivenFile[]): Promise<OwnSet>;
  change(id: string, change: (about: About) => Pick<About, "files"> | { use: OwnUse }): Promise<OwnSet>;
  remove(id: string, index: number): Promise<OwnSet>;
  forget(id: string): Promise<void>;
}

type Entry = About["files"][number];
/** `visit`: the files themselves, where they are not kept. */
interface Held {
  about: About;
  visit: Blob[] | null;
}

const newId = (): string => Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
const noRoom = () => new DataError("too-large", "the browser has no room for these data; use them for this visit only, or free some space", { what: "no-room" });

export async function openShelf(store: OwnData, now: () => number): Promise<Shelf> {
  const held = new Map<string, Held>();
  for (const [id, bytes] of await store.list()) {
    const about = decodeAbout(bytes);
    if (about) held.set(id, { about, visit: null });
  }

  const find = (id: string): Held => {
    const found = held.get(id);
    if (!found) throw new DataError("unavailable", "these data are not here any more; give them again", { what: "gone" });
    return found;
  };

  async function save(id: string, next: Held): Promise<OwnSet> {
    if (next.visit === null && !(await store.describe(id, encodeAbout(next.about)))) throw noRoom();
    held.set(id, next);
    return viewOf(id, next);
  }

  /** Several files make a part, which may be as large as one of them. */
  async function* write(id: string, files: readonly GivenFile[], firstPart: number): AsyncGenerator<number, { entries: Entry[]; parts: number }, void> {
    const entries: Entry[] = [];
    let part = firstPart;
    let chunks: Uint8Array[] = [];
    let length = 0;
    let done = 0;
    const flush = async (): Promise<void> => {
      if (chunks.length === 0) return;
      if (!(await store.put(id, part++, join(chunks, length)))) throw noRoom();
      [chunks, length] = [[], 0];
    };
    for (const { file, name, label } of files) {
      if (length > 0 && length + file.size > SHELF_LIMITS.part) await flush();
      const bytes = new Uint8Array(await file.arrayBuffer());
      entries.push({ name, label: label ?? null, type: file.type, part, from: length, bytes: bytes.length });
      chunks.push(bytes);
      length += bytes.length;
      yield (done += bytes.length);
    }
    await flush();
    return { entries, parts: part };
  }

  return {
    sets: () => [...held].map(([id, entry]) => viewOf(id, entry)).sort((a, b) => b.at - a.at),
    about: (id) => find(id).about,
    async blobs(id) {
      const { about, visit } = find(id);
      return visit ?? keptBlobs(store, id, about);
    },
    async *add(given, name, keep) {
      if (held.size >= SHELF_LIMITS.sets) throw new DataError("too-large", `there are ${SHELF_LIMITS.sets} sets of data here; forget some first`, { what: "many-sets", most: SHELF_LIMITS.sets });
      const { kind, files } = ofOneKind(await unpackArchives(given, SHELF_LIMITS.kept));
      const id = newId();
      const about: About = { v: 1, name, kind, at: now(), parts: 0, files: files.map(({ file, name: path, label }) => ({ name: path, label: label ?? null, type: file.type, part: 0, from: 0, bytes: file.size })), use: null };
      if (!keep) return save(id, { about, visit: files.map(({ file }) => file) });
      const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
      if (bytes > SHELF_LIMITS.kept) throw new DataError("too-large", `${bytes} bytes are more than the ${SHELF_LIMITS.kept} that are kept; use them for this visit only`, { what: "large-set", most: SHELF_LIMITS.kept });
      try {
        const { entries, parts } = yield* write(id, files, 0);
        return await save(id, { about: { ...about, files: entries, parts }, visit: null });
      } finally {
        // Stopped or refused half-way: nothing stays behind.
        if (!held.has(id)) await store.forget(id);
      }
    },
    async append(id, given) {
      const { about, visit } = find(id);
      if (about.files.length + given.length > SHELF_LIMITS.files) throw new DataError("too-large", `a set holds at most ${SHELF_LIMITS.files} files`, { what: "many-files", most: SHELF_LIMITS.files });
      const steps = visit === null ? write(id, given, about.parts) : null;
      if (steps === null) {
        const entries = given.map(({ file, name, label }): Entry => ({ name, label: label ?? null, type: file.type, part: 0, from: 0, bytes: file.size }));
        return save(id, { about: { ...about, files: [...about.files, ...entries] }, visit: [...visit!, ...given.map(({ file }) => file)] });
      }
      for (;;) {
        const { done, value } = await steps.next();
        if (done) return save(id, { about: { ...about, files: [...about.files, ...value.entries], parts: value.parts }, visit });
      }
    },
    async change(id, change) {
      const { about, visit } = find(id);
      return save(id, { about: { ...about, ...change(about) }, visit });
    },
    async remove(id, index) {
      const { about, visit } = find(id);
      const others = <T>(all: readonly T[]): T[] => all.filter((_, at) => at !== index);
      return save(id, { about: { ...about, files: others(about.files) }, visit: visit && others(visit) });
    },
    async forget(id) {
      held.delete(id);
      await store.forget(id);
    },
  };
}

/** A kept set's files. @throws DataError where a part is gone */
export async function keptBlobs(store: Pick<OwnData, "part">, id: string, about: About): Promise<Blob[]> {
  const parts = new Map<number, Uint8Array<ArrayBuffer>>();
  for (const { part } of about.files) {
    if (parts.has(part)) continue;
    const bytes = await store.part(id, part);
    if (bytes === null) throw new DataError("unavailable", "a part of these data is gone from this browser; give them again", { what: "gone" });
    parts.set(part, bytes);
  }
  return about.files.map(({ part, from, bytes, type }) => new Blob([parts.get(part)!.subarray(from, from + bytes)], { type }));
}

/** All files of the kind that most are of, each with a label where its folder gives one. Others are left aside. */
function ofOneKind(given: readonly GivenFile[]): { kind: OwnKind; files: GivenFile[] } {
  const sorted = new Map<OwnKind, GivenFile[]>();
  for (const entry of given) {
    const kind = kindOf(entry.name, entry.file.type);
    if (kind === null || entry.file.size === 0) continue;
    sorted.set(kind, [...(sorted.get(kind) ?? []), { ...entry, label: entry.label ?? folderOf(entry.name) }]);
  }
  const [most] = [...sorted].sort(([, a], [, b]) => b.length - a.length);
  if (!most) throw new DataError("bad-choice", "no file of these can be used: tables (CSV), pictures, texts and IDX files can", { what: "no-usable" });
  const [kind, files] = most;
  if (kind === "table" && files.length > 1) throw new DataError("bad-choice", `${files.length} tables were given; a set has one`, { what: "many-tables", tables: files.length });
  if (files.length > SHELF_LIMITS.files) throw new DataError("too-large", `a set holds at most ${SHELF_LIMITS.files} files`, { what: "many-files", most: SHELF_LIMITS.files });
  if (kind === "text" && files.reduce((sum, { file }) => sum + file.size, 0) > MAX_TEXT_BYTES) throw new DataError("too-large", `the texts are longer than ${MAX_TEXT_BYTES} bytes; take a part of them`, { what: "long-text", most: MAX_TEXT_BYTES });
  return { kind, files };
}

function viewOf(id: string, { about: { name, kind, at, files, use }, visit }: Held): OwnSet {
  const labels = new Map<string, number>();
  for (const { label } of files) if (label !== null) labels.set(label, (labels.get(label) ?? 0) + 1);
  return {
    id,
    name,
    kind,
    at,
    use,
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    kept: visit === null,
    labels: [...labels].sort(([a], [b]) => (a < b ? -1 : 1)).map(([label, count]) => ({ label, files: count })),
  };
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
