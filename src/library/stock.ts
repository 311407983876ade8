import type { Manifest } from "../coding/manifest.ts";
import type { ObjectId } from "./message.ts";
import { encodeNote } from "./note.ts";
import { shardsOf, type Known } from "./state.ts";

interface Place {
  object: string;
  segment: number;
  shard: number;
}

/** Where shards lie (store/shards.ts). */
export interface Shelf {
  readonly where: "opfs" | "indexeddb" | "memory";
  list(): Promise<{ objects: Map<string, Uint8Array>; shards: (Place & { bytes: number; at: number })[] }>;
  putObject(object: string, bytes: Uint8Array): Promise<boolean>;
  put(place: Place, bytes: Uint8Array): Promise<boolean>;
  get(place: Place, hash: Uint8Array): Promise<Uint8Array | null>;
  drop(object: string, shard: number | null): Promise<void>;
}

/** Shards by segment and number. */
export type Shards = Map<string, Uint8Array>;

export const shardKey = (segment: number, shard: number): string => `${segment} ${shard}`;

/** This device's shards: those on the shelf, and those in memory until somebody keeps them. */
export interface Stock {
  /** Checked as it is read. @returns null where it is not there, or not what it was */
  read(id: ObjectId, manifest: Manifest, segment: number, shard: number): Promise<Uint8Array | null>;
  /** In memory. */
  lay(id: ObjectId, shards: Shards): void;
  laid(id: ObjectId, segment: number, shard: number): Uint8Array | null;
  readonly laidBytes: number;
  keep(known: Known, segment: number, shard: number, bytes: Uint8Array): void;
  /** Of an earlier visit. */
  shelved(id: ObjectId): void;
  drop(id: ObjectId, shard: number | null): void;
  /** Forgets what lies in memory, once what is being written is. */
  clear(id: ObjectId): void;
  /** Settles when what is being written is. */
  idle(): Promise<void>;
}

export interface StockDeps {
  shelf: Shelf;
  /** Names the room that the objects are of. */
  room: Uint8Array;
  onKept(id: ObjectId, segment: number, shard: number, bytes: number): void;
  /** The browser has no room for it. */
  onLost(id: ObjectId, shard: number): void;
  onProblem(error: unknown): void;
}

export function createStock({ shelf, room, onKept, onLost, onProblem }: StockDeps): Stock {
  const desk = new Map<ObjectId, Shards>();
  /** Whose manifest the shelf has. */
  const named = new Set<ObjectId>();
  let writing: Promise<void> = Promise.resolve();
  const inOrder = (work: () => Promise<void> | void): void => void (writing = writing.then(work).catch(onProblem));
  const laid = (id: ObjectId, segment: number, shard: number): Uint8Array | null => desk.get(id)?.get(shardKey(segment, shard)) ?? null;

  return {
    async read(id, manifest, segment, shard) {
      const hash = manifest.hashes[segment * shardsOf(manifest) + shard];
      if (hash === undefined) return null;
      return laid(id, segment, shard) ?? (await shelf.get({ object: id, segment, shard }, hash));
    },
    lay: (id, shards) => void desk.set(id, shards),
    laid,
    get laidBytes() {
      return [...desk.values()].reduce((sum, shards) => sum + [...shards.values()].reduce((bytes, shard) => bytes + shard.length, 0), 0);
    },
    keep(known, segment, shard, bytes) {
      inOrder(async () => {
        const { id } = known;
        const fits = (named.has(id) || (await shelf.putObject(id, encodeNote({ room, ...known })))) && (named.add(id), await shelf.put({ object: id, segment, shard }, bytes));
        if (fits) onKept(id, segment, shard, bytes.length);
        else onLost(id, shard);
      });
    },
    shelved: (id) => void named.add(id),
    drop(id, shard) {
      inOrder(async () => {
        if (shard === null) named.delete(id);
        await shelf.drop(id, shard);
      });
    },
    clear: (id) => inOrder(() => void desk.delete(id)),
    idle: () => writing,
  };
}
