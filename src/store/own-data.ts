import { type Files, memoryFiles, openDatabaseFiles, openPrivateFiles } from "./files.ts";

/** A person's own data on this device: what is to be known of each set, and its bytes in parts. Nobody else reads them. */
export interface OwnData {
  /** `memory`: this browser keeps nothing, and all goes with the tab. */
  readonly where: Files["where"];
  /** Sets that are whole, by name, with what was said of them; what a crash left of others is dropped. */
  list(): Promise<Map<string, Uint8Array>>;
  /** What was said of a set; null where there is no such set. */
  about(set: string): Promise<Uint8Array | null>;
  /** @param set hex digits @param about replaces what was said before. @returns false where there is no room */
  describe(set: string, about: Uint8Array): Promise<boolean>;
  put(set: string, part: number, bytes: Uint8Array): Promise<boolean>;
  /** Null where it is not there, or not whole. */
  part(set: string, part: number): Promise<Uint8Array<ArrayBuffer> | null>;
  forget(set: string): Promise<void>;
}

/** Part of the browser's storage that is left free. */
const RESERVE = 0.1;
const ABOUT = "about";
const SET = /^[0-9a-f]{1,64}$/;

/** Each slot has a folder of its own in the origin's private file system; where there is none, a database, or memory. */
export async function openOwnData(slot: number, storage: Pick<StorageManager, "estimate" | "getDirectory"> | undefined): Promise<OwnData> {
  const name = `hromada-data-slot-${slot}`;
  const files = (await openPrivateFiles(name, storage)) ?? (await openDatabaseFiles(name)) ?? memoryFiles();

  async function write(path: string, bytes: Uint8Array): Promise<boolean> {
    const { quota, usage } = (await storage?.estimate()) ?? {};
    if (quota !== undefined && usage !== undefined && bytes.length > (1 - RESERVE) * quota - usage) return false;
    return files.write(path, bytes);
  }

  async function forget(set: string): Promise<void> {
    for (const { path } of await files.list()) if (path.startsWith(`${set}/`)) await files.remove(path);
  }

  return {
    where: files.where,
    async list() {
      const sets = new Map<string, Uint8Array>();
      const found = new Set<string>();
      for (const { path, whole } of await files.list()) {
        const [set = "", part] = path.split("/");
        found.add(set);
        const about = whole && part === ABOUT && SET.test(set) ? await files.read(path) : null;
        if (about) sets.set(set, about);
      }
      for (const set of found) if (!sets.has(set)) await forget(set);
      return sets;
    },
    about: (set) => files.read(`${set}/${ABOUT}`),
    describe: (set, about) => write(`${set}/${ABOUT}`, about),
    put: (set, part, bytes) => write(`${set}/${part}`, bytes),
    part: (set, part) => files.read(`${set}/${part}`),
    forget,
  };
}
