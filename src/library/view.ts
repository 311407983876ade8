import type { HeadNote, ObjectId } from "./message.ts";
import { present, shardsOf, usedBytes, wholeShards, type LibraryState } from "./state.ts";

/** An object that is being fetched: shards that are there, of those needed; null until its manifest is. */
export interface Fetching {
  have: number;
  need: number | null;
}

export interface ObjectView {
  id: ObjectId;
  /** Of a checkpoint; null of what somebody published. */
  head: HeadNote | null;
  /** Whose pseudonym signed it; null where that cannot be checked. */
  author: string | null;
  bytes: number;
  k: number;
  m: number;
  /** Shards that this device keeps. */
  held: number[];
  /** Different shards that can be had in the room, and those of them that somebody keeps. */
  present: number;
  kept: number;
}

/** What the page shows of the memory that is lent, as plain data. */
export interface LibraryView {
  /** `memory`: nothing outlives the tab; null until the store is open. */
  where: "opfs" | "indexeddb" | "memory" | null;
  /** Bytes that the person lends, and those in use. */
  lends: number;
  used: number;
  shards: number;
  objects: ObjectView[];
  fetches: ({ id: ObjectId } & Fetching)[];
  /** Peers that gave wrong bytes, and authors of dishonest manifests. */
  wrong: string[];
}

function keptShards(s: LibraryState, id: ObjectId): Set<number> {
  const kept = new Set(wholeShards(s, id));
  for (const { objects } of s.peers.values()) {
    const holding = objects.get(id);
    if (holding && !holding.passing) for (const shard of holding.shards) kept.add(shard);
  }
  return kept;
}

export function libraryView(s: LibraryState, where: LibraryView["where"], fetching: ReadonlyMap<ObjectId, Fetching>, wrong: ReadonlySet<string>): LibraryView {
  const objects = [...s.known.values()].map(({ id, head, author, manifest }): ObjectView => ({
    id,
    head,
    author,
    bytes: manifest.length,
    k: manifest.shape.k,
    m: shardsOf(manifest) - manifest.shape.k,
    held: wholeShards(s, id),
    present: present(s, id).size,
    kept: keptShards(s, id).size,
  }));
  return {
    where,
    lends: s.lends,
    used: usedBytes(s),
    shards: objects.reduce((sum, { held }) => sum + held.length, 0),
    objects,
    fetches: [...fetching].map(([id, progress]) => ({ id, ...progress })),
    wrong: [...wrong],
  };
}
