import { openDB, type DBSchema, type IDBPDatabase } from "idb";

export interface FileEntry {
  /** Folder and name, with a slash between. */
  path: string;
  bytes: number;
  /** When it was written, milliseconds since 1970. */
  at: number;
  /** False of a file whose writing was cut off. */
  whole: boolean;
}

/** Files that are written as a whole, and after a crash are seen to be whole or not. */
export interface Files {
  readonly where: "opfs" | "indexeddb" | "memory";
  list(): Promise<FileEntry[]>;
  /** Null where it is not there, or not whole. */
  read(path: string): Promise<Uint8Array<ArrayBuffer> | null>;
  /** @returns false where the browser has no room, or another worker has the file. */
  write(path: string, bytes: Uint8Array): Promise<boolean>;
  remove(path: string): Promise<void>;
}

/** A file's `FileSystemSyncAccessHandle`, as far as it is used here; TypeScript knows it in workers only. */
interface SyncHandle {
  read(into: ArrayBufferView, options: { at: number }): number;
  write(bytes: ArrayBufferView, options: { at: number }): number;
  getSize(): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}
type SyncFile = FileSystemFileHandle & { createSyncAccessHandle?(): Promise<SyncHandle> };

/** "HSH1" and the length, both big-endian u32, before a file's bytes: written last, so that it stands for the rest. */
const MAGIC = 0x48534831;
const HEADER_BYTES = 8;
/** How often, and how many milliseconds apart, a file is tried that another worker has open. */
const TRIES = 10;
const TRY_EVERY = 100;

const hasNoRoom = (cause: unknown): boolean => cause instanceof DOMException && cause.name === "QuotaExceededError";
/** As where the last visit's worker has not quite ended. */
const isLocked = (cause: unknown): boolean => cause instanceof DOMException && cause.name === "NoModificationAllowedError";
const isMissing = (cause: unknown): boolean => cause instanceof DOMException && cause.name === "NotFoundError";

/** In the origin's private file system, by access handles, which only workers have; null where there is none. */
export async function openPrivateFiles(name: string, storage: Pick<StorageManager, "getDirectory"> | undefined): Promise<Files | null> {
  let folder: FileSystemDirectoryHandle;
  try {
    if (storage?.getDirectory === undefined) return null;
    folder = await (await storage.getDirectory()).getDirectoryHandle(name, { create: true });
    // By a name of its own: two workers of one tab may look at once.
    const probed = `probe-${crypto.randomUUID()}`;
    const probe: SyncFile = await folder.getFileHandle(probed, { create: true });
    if (probe.createSyncAccessHandle === undefined) return null;
    (await probe.createSyncAccessHandle()).close();
    await folder.removeEntry(probed);
  } catch (cause) {
    // Private modes have no such file system, or one that refuses.
    if (cause instanceof DOMException) return null;
    throw cause;
  }

  /** A file has one handle at a time, so that those who use it take turns. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined); // the failure belongs to whoever asked
    return result;
  };

  /** Null where it is not there, or in other hands. */
  async function handleOf(path: string, create: boolean): Promise<SyncHandle | null> {
    const [directory, file] = path.split("/") as [string, string];
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        const inside = await folder.getDirectoryHandle(directory, { create });
        return await ((await inside.getFileHandle(file, { create })) as SyncFile).createSyncAccessHandle!();
      } catch (cause) {
        if (isMissing(cause)) return null;
        if (!isLocked(cause)) throw cause;
        await new Promise((resolve) => setTimeout(resolve, TRY_EVERY));
      }
    }
    return null;
  }

  /** The length that the header says, or null where it and the file's do not agree. */
  function lengthIn(handle: SyncHandle): number | null {
    const header = new DataView(new ArrayBuffer(HEADER_BYTES));
    if (handle.read(header, { at: 0 }) < HEADER_BYTES || header.getUint32(0) !== MAGIC) return null;
    const length = header.getUint32(4);
    return handle.getSize() === HEADER_BYTES + length ? length : null;
  }

  async function remove(path: string): Promise<void> {
    const [directory, file] = path.split("/") as [string, string];
    try {
      const inside = await folder.getDirectoryHandle(directory);
      await inside.removeEntry(file);
      for await (const _ of inside.keys()) return;
      await folder.removeEntry(directory);
    } catch (cause) {
      if (!isMissing(cause)) throw cause;
    }
  }

  return {
    where: "opfs",
    list: () =>
      inTurn(async () => {
        const entries: FileEntry[] = [];
        for await (const [directory, inside] of folder.entries()) {
          if (inside.kind !== "directory") continue;
          for await (const file of (inside as FileSystemDirectoryHandle).keys()) {
            const path = `${directory}/${file}`;
            const { lastModified } = await (await (inside as FileSystemDirectoryHandle).getFileHandle(file)).getFile();
            const handle = await handleOf(path, false);
            if (handle === null) continue;
            const length = lengthIn(handle);
            handle.close();
            entries.push({ path, bytes: length ?? 0, at: lastModified, whole: length !== null });
          }
        }
        return entries;
      }),
    read: (path) =>
      inTurn(async () => {
        const handle = await handleOf(path, false);
        if (handle === null) return null;
        try {
          const length = lengthIn(handle);
          if (length === null) return null;
          const bytes = new Uint8Array(length);
          return handle.read(bytes, { at: HEADER_BYTES }) === length ? bytes : null;
        } finally {
          handle.close();
        }
      }),
    write: (path, bytes) =>
      inTurn(async () => {
        const handle = await handleOf(path, true);
        if (handle === null) return false;
        try {
          const header = new DataView(new ArrayBuffer(HEADER_BYTES));
          header.setUint32(0, MAGIC);
          header.setUint32(4, bytes.length);
          handle.truncate(0);
          // It takes no bytes of shared memory.
          handle.write(bytes.buffer instanceof ArrayBuffer ? bytes : bytes.slice(), { at: HEADER_BYTES });
          handle.flush();
          handle.write(header, { at: 0 });
          handle.flush();
          return true;
        } catch (cause) {
          if (!hasNoRoom(cause)) throw cause;
        } finally {
          handle.close();
        }
        await remove(path);
        return false;
      }),
    remove: (path) => inTurn(() => remove(path)),
  };
}

interface Schema extends DBSchema {
  bytes: { key: string; value: Uint8Array<ArrayBuffer> };
  entries: { key: string; value: FileEntry };
}

/** In a database: a transaction is there as a whole or not at all. Null where the browser keeps none. */
export async function openDatabaseFiles(name: string): Promise<Files | null> {
  if (typeof indexedDB === "undefined") return null;
  let db: IDBPDatabase<Schema>;
  try {
    db = await openDB<Schema>(name, 1, {
      upgrade(fresh) {
        fresh.createObjectStore("bytes");
        fresh.createObjectStore("entries");
      },
    });
  } catch (cause) {
    if (cause instanceof DOMException) return null;
    throw cause;
  }
  return {
    where: "indexeddb",
    list: () => db.getAll("entries"),
    read: async (path) => (await db.get("bytes", path)) ?? null,
    async write(path, bytes) {
      const transaction = db.transaction(["bytes", "entries"], "readwrite");
      const entry: FileEntry = { path, bytes: bytes.length, at: Date.now(), whole: true };
      try {
        await Promise.all([transaction.objectStore("bytes").put(bytes.slice(), path), transaction.objectStore("entries").put(entry, path), transaction.done]);
        return true;
      } catch (cause) {
        if (hasNoRoom(cause)) return false;
        throw cause;
      }
    },
    async remove(path) {
      const transaction = db.transaction(["bytes", "entries"], "readwrite");
      await Promise.all([transaction.objectStore("bytes").delete(path), transaction.objectStore("entries").delete(path), transaction.done]);
    },
  };
}

export function memoryFiles(): Files {
  const files = new Map<string, { bytes: Uint8Array<ArrayBuffer>; at: number }>();
  return {
    where: "memory",
    list: async () => [...files].map(([path, { bytes, at }]) => ({ path, bytes: bytes.length, at, whole: true })),
    read: async (path) => files.get(path)?.bytes.slice() ?? null,
    async write(path, bytes) {
      files.set(path, { bytes: bytes.slice(), at: Date.now() });
      return true;
    },
    remove: async (path) => void files.delete(path),
  };
}
