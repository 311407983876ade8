import { segmentsOf, type Manifest } from "../coding/manifest.ts";
import type { PeerId } from "../wire/ids.ts";
import type { HeadNote, Holding, ObjectId } from "./message.ts";

/** An object whose manifest this device has. */
export interface Known {
  readonly id: ObjectId;
  readonly manifest: Manifest;
  /** The manifest as it was signed. */
  readonly frame: Uint8Array;
  /** Who signed it; null where that cannot be told any more. */
  readonly author: string | null;
  readonly head: HeadNote | null;
  /** This device published it in this session, and gives out all shards from memory. */
  readonly passing: boolean;
  /** Since when this device has had the manifest. */
  readonly since: number;
  /** Since when a shard has had no holder; null while all have one. */
  readonly missingSince: number | null;
  /** When a repair of it was last begun. */
  readonly repairAt: number;
}

/** A shard in this device's store, as far as its segments are there. */
export interface Held {
  readonly segments: ReadonlySet<number>;
  readonly bytes: number;
  /** When it was last written. */
  readonly at: number;
  /** Since when another device, whose shard it is, has it too. */
  readonly surplusSince: number | null;
}

export interface PeerStock {
  readonly seq: number;
  readonly lends: number;
  readonly objects: ReadonlyMap<ObjectId, Holding>;
}

/** A shard of a segment that is being looked for. */
export interface Ask {
  readonly id: ObjectId;
  readonly segment: number;
  readonly shard: number;
  /** For the object as a whole, and to be kept. */
  readonly fetch: boolean;
  readonly keep: boolean;
  /** Who was asked, and until when the answer is waited for. */
  readonly peer: PeerId | null;
  readonly until: number;
  readonly tried: readonly PeerId[];
}

/** An object that is being waited for: first for its manifest, then for enough holders. */
export interface Wait {
  readonly until: number;
}

/** Whom this device asks for a manifest. */
export interface Inquiry {
  readonly peer: PeerId;
  readonly until: number;
  readonly tried: readonly PeerId[];
}

export interface LibraryState {
  /** Null between two epochs. */
  self: PeerId | null;
  now: number;
  /** Bytes of memory that the person lends. */
  lends: number;
  reachable: readonly PeerId[];
  /** What each reachable peer says that it has. */
  peers: ReadonlyMap<PeerId, PeerStock>;
  /** Peers that gave wrong bytes: nothing is asked of them any more. */
  wrong: readonly PeerId[];
  /** Peers that did not answer in time, and until when they are passed over. */
  slow: ReadonlyMap<PeerId, number>;
  known: ReadonlyMap<ObjectId, Known>;
  held: ReadonlyMap<ObjectId, ReadonlyMap<number, Held>>;
  asks: ReadonlyMap<string, Ask>;
  /** Shards that peers were asked for and that are not waited for any more (asks.ts). */
  late: ReadonlySet<string>;
  waits: ReadonlyMap<ObjectId, Wait>;
  inquiries: ReadonlyMap<ObjectId, Inquiry>;
  /** One at a time. */
  repairing: ObjectId | null;
  /** Devices that were seen to leave in this session. */
  left: number;
  seq: number;
  announced: { text: string; at: number; peers: number };
  keptAt: number;
}

/** @param now a clock's reading, so that a device that comes back under its name is not taken for its past */
export const initialLibrary = (lends: number, now: number): LibraryState => ({
  self: null,
  now,
  lends,
  reachable: [],
  peers: new Map(),
  wrong: [],
  slow: new Map(),
  known: new Map(),
  held: new Map(),
  asks: new Map(),
  late: new Set(),
  waits: new Map(),
  inquiries: new Map(),
  repairing: null,
  left: 0,
  seq: Math.max(0, Math.floor(now)),
  announced: { text: "", at: -Infinity, peers: 0 },
  keptAt: -Infinity,
});

export const shardsOf = ({ shape }: Manifest): number => shape.k + shape.m;

export const segmentCount = ({ hashes, shape }: Manifest): number => hashes.length / (shape.k + shape.m);

/** Bytes of one shard, of all segments. */
export const columnBytes = (manifest: Manifest): number => segmentsOf(manifest).reduce((sum, { shardBytes }) => sum + shardBytes, 0);

/** Shards of which this device's store has all segments. */
export function wholeShards(s: LibraryState, id: ObjectId): number[] {
  const known = s.known.get(id);
  if (!known) return [];
  const count = segmentCount(known.manifest);
  return [...(s.held.get(id) ?? [])].flatMap(([shard, { segments }]) => (segments.size === count ? [shard] : [])).sort((a, b) => a - b);
}

export const usedBytes = (s: LibraryState): number => [...s.held.values()].reduce((sum, shards) => sum + [...shards.values()].reduce((bytes, held) => bytes + held.bytes, 0), 0);

/** Peers that say that they have this shard, and may be asked. */
export const holdersOf = (s: LibraryState, id: ObjectId, shard: number): PeerId[] =>
  [...s.peers].flatMap(([peer, { objects }]) => (mayAsk(s, peer) && objects.get(id)?.shards.includes(shard) ? [peer] : []));

export const mayAsk = (s: LibraryState, peer: PeerId): boolean => s.reachable.includes(peer) && !s.wrong.includes(peer);

/** Shards of an object that can be had: from this device or another. */
export function present(s: LibraryState, id: ObjectId): Set<number> {
  const known = s.known.get(id);
  const all = new Set(known?.passing ? Array.from({ length: shardsOf(known.manifest) }, (_, shard) => shard) : wholeShards(s, id));
  for (const [peer, { objects }] of s.peers) if (mayAsk(s, peer)) for (const shard of objects.get(id)?.shards ?? []) all.add(shard);
  return all;
}

/** The checkpoints that are kept, the heaviest first. */
export function heads(s: LibraryState, most: number): ObjectId[] {
  const all = [...s.known.values()].flatMap(({ id, head }) => (head === null ? [] : [{ id, head }]));
  all.sort((a, b) => b.head.weight - a.head.weight || (a.head.root < b.head.root ? -1 : 1) || (a.id < b.id ? -1 : 1));
  const roots = [...new Set(all.map(({ head }) => head.root))].slice(0, most);
  return all.filter(({ head }) => roots.includes(head.root)).map(({ id }) => id);
}

/** The heaviest checkpoint that two peers speak of, or one where there is but one, if it is heavier than this. */
export function announcedHead(s: LibraryState, weight: number): { id: ObjectId; head: HeadNote } | null {
  const all = [...s.peers].flatMap(([peer, { objects }]) => (mayAsk(s, peer) ? [...objects.values()].flatMap(({ id, head }) => (head && head.weight > weight ? [{ id, head }] : [])) : []));
  const needed = Math.min(2, s.peers.size);
  const confirmed = all.filter(({ head: { root } }) => all.filter(({ head }) => head.root === root).length >= needed);
  const best = confirmed.sort((a, b) => b.head.weight - a.head.weight || (a.head.root < b.head.root ? -1 : 1) || (a.id < b.id ? -1 : 1))[0];
  return best ?? null;
}
