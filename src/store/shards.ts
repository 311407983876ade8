import { type Files, memoryFiles, openDatabaseFiles, openPrivateFiles } from "./files.ts";

/** Where a shard belongs: an object's name, 64 hex digits, and the shard of one of its segments. */
export interface ShardPlace {
  object: string;
  segment: number;
  shard: number;
}

export interface KeptShard extends ShardPlace {
  bytes: number;
  /** When it was written, milliseconds since 1970. */
  at: number;
}

/** Part of the browser's storage that is left free, so that a database beside this one can still be written. */
const RESERVE = 0.1;
const MANIFEST = "manifest";
const OBJECT = /^[0-9a-f]{64}$/;
const SHARD = /^(\d{1,6})\.(\d{1,5})$/;

/** The shards that one slot keeps for others. Whoever uses it decides what to keep; the browser, how much. */
export interface ShardStore {
  /** `memory`: this browser keeps nothing, and all goes with the tab. */
  readonly where: Files["where"];
  /** What an earlier visit left; half-written shards, and such whose object is not named, are dropped. */
  list(): Promise<{ objects: Map<string, Uint8Array>; shards: KeptShard[] }>;
  /** @param bytes what is to be known of the object: its manifest. */
  putObject(object: string, bytes: Uint8Array): Promise<boolean>;
  /** @returns false where the browser has no room for it. */
  put(place: ShardPlace, bytes: Uint8Array): Promise<boolean>;
  /** Checked: what is not these bytes any more is dropped. @param hash SHA-256 @returns null where it is not there */
  get(place: ShardPlace, hash: Uint8Array): Promise<Uint8Array<ArrayBuffer> | null>;
  /** One shard, of all segments, or the object with all of them. */
  drop(object: string, shard: number | null): Promise<void>;
  clear(): Promise<void>;
}

export interface ShardStoreDeps {
  subtle: Pick<SubtleCrypto, "digest">;
  /** `navigator.storage`, where there is one. */
  storage: Pick<StorageManager, "estimate" | "getDirectory"> | undefined;
}

const nameOf = ({ object, segment, shard }: ShardPlace): string => `${object}/${segment}.${shard}`;

/** Each slot has a folder of its own; where there is none, a database, and where there is none either, memory. */
export async function openShardStore(slot: number, { subtle, storage }: ShardStoreDeps): Promise<ShardStore> {
  const name = `hromada-shards-slot-${slot}`;
  const files = (await openPrivateFiles(name, storage)) ?? (await openDatabaseFiles(name)) ?? memoryFiles();

  async function write(path: string, bytes: Uint8Array): Promise<boolean> {
    const { quota, usage } = (await storage?.estimate()) ?? {};
    if (quota !== undefined && usage !== undefined && bytes.length > (1 - RESERVE) * quota - usage) return false;
    return files.write(path, bytes);
  }

  async function dropWhere(gone: (path: string) => boolean): Promise<void> {
    for (const { path } of await files.list()) if (gone(path)) await files.remove(path);
  }

  return {
    where: files.where,
    async list() {
      const objects = new Map<string, Uint8Array>();
      const shards: KeptShard[] = [];
      const all = await files.list();
      for (const { path } of all) {
        const [object = "", part] = path.split("/");
        if (part !== MANIFEST || !OBJECT.test(object)) continue;
        const bytes = await files.read(path);
        if (bytes) objects.set(object, bytes);
      }
      for (const { path, bytes, at, whole } of all) {
        const [object = "", part = ""] = path.split("/");
        const [, segment, shard] = SHARD.exec(part) ?? [];
        if (whole && part === MANIFEST && objects.has(object)) continue;
        if (whole && segment !== undefined && shard !== undefined && objects.has(object)) shards.push({ object, segment: Number(segment), shard: Number(shard), bytes, at });
        else await files.remove(path);
      }
      return { objects, shards };
    },
    putObject: (object, bytes) => write(`${object}/${MANIFEST}`, bytes),
    put: (place, bytes) => write(nameOf(place), bytes),
    async get(place, hash) {
      const bytes = await files.read(nameOf(place));
      if (bytes === null) return null;
      const found = new Uint8Array(await subtle.digest("SHA-256", bytes));
      if (found.every((byte, i) => byte === hash[i])) return bytes;
      await files.remove(nameOf(place));
      return null;
    },
    drop: (object, shard) => dropWhere((path) => path.startsWith(`${object}/`) && (shard === null || path.endsWith(`.${shard}`))),
    clear: () => dropWhere(() => true),
  };
}
