import type { PeerId } from "../wire/ids.ts";
import { lookFor, placeName } from "./asks.ts";
import type { LibraryEffect } from "./events.ts";
import { LIBRARY_LIMITS as LIMITS } from "./limits.ts";
import { keepersOf } from "./placement.ts";
import { drop, fit, makeRoom, worthOf } from "./room.ts";
import { columnBytes, heads, holdersOf, present, segmentCount, shardsOf, wholeShards, type Known, type LibraryState } from "./state.ts";

/** Brings what this device holds to what it should hold. */
export function keep(s: LibraryState, out: LibraryEffect[]): void {
  forget(s, out);
  fit(s, out);
  const { self } = s;
  if (self === null) return;
  const last = heads(s, 1);
  for (const known of s.known.values()) {
    if (known.author === null && !s.held.has(known.id)) continue;
    const isHead = known.head !== null;
    if (isHead && !last.includes(known.id)) continue;
    const n = shardsOf(known.manifest);
    const keepers = keepersOf(known.id, n, lenders(s, self, known), (peer, shard) => (peer === self ? wholeShards(s, known.id) : (s.peers.get(peer)?.objects.get(known.id)?.shards ?? [])).includes(shard));
    const mine = keepers.flatMap((keeper, shard) => (keeper === self ? [shard] : []));
    // A checkpoint is coded by all who made it: there is nothing to be brought from one to another.
    if (!isHead) {
      collect(s, out, known, mine);
      letGo(s, out, known, self, keepers);
    }
    repair(s, out, known, mine);
  }
}

/** Who keeps an object's shards: all who lend memory, and its publisher only where nobody else does. */
function lenders(s: LibraryState, self: PeerId, known: Known): PeerId[] {
  const others = [...s.peers].flatMap(([peer, { lends, objects }]) => (lends > 0 && s.reachable.includes(peer) && !s.wrong.includes(peer) && !objects.get(known.id)?.passing ? [peer] : []));
  const own = s.lends > 0 && (!known.passing || others.length === 0);
  return own ? [...others, self].sort() : others.sort();
}

/** Gets the shards that this device should hold from those who have them. */
function collect(s: LibraryState, out: LibraryEffect[], { id, manifest, passing }: Known, mine: readonly number[]): void {
  const whole = wholeShards(s, id);
  const made: number[] = [];
  for (const shard of mine) {
    if (whole.includes(shard)) continue;
    const segments = [...Array(segmentCount(manifest)).keys()].filter((segment) => !s.held.get(id)?.get(shard)?.segments.has(segment));
    if (segments.some((segment) => s.asks.get(placeName({ id, segment, shard }))?.keep)) continue;
    if (!passing && holdersOf(s, id, shard).length === 0) continue;
    if (!makeRoom(s, out, columnBytes(manifest), worthOf(s, id, shard))) continue;
    if (passing) made.push(shard);
    else for (const segment of segments) lookFor(s, { id, segment, shard }, "keep");
  }
  if (made.length > 0) out.push({ type: "keep-made", id, shards: made });
}

/** A copy beside the keeper's own goes, once it is sure that the keeper stays. */
function letGo(s: LibraryState, out: LibraryEffect[], { id }: Known, self: PeerId, keepers: readonly (PeerId | null)[]): void {
  const shards = new Map(s.held.get(id));
  for (const [shard, held] of shards) {
    const keeper = keepers[shard] ?? null;
    const surplus = keeper !== null && keeper !== self && holdersOf(s, id, shard).includes(keeper);
    shards.set(shard, { ...held, surplusSince: surplus ? (held.surplusSince ?? s.now) : null });
  }
  if (shards.size === 0) return;
  s.held = new Map(s.held).set(id, shards);
  for (const [shard, { surplusSince }] of shards) if (surplusSince !== null && s.now - surplusSince >= LIMITS.letGoAfter) drop(s, out, id, shard);
}

/** Shards that nobody holds any more are made again where that has gone on for a while and too few are left. */
function repair(s: LibraryState, out: LibraryEffect[], known: Known, mine: readonly number[]): void {
  const { id, manifest } = known;
  const { k, m } = manifest.shape;
  const there = present(s, id);
  const rare = there.size < k + Math.ceil(m / 2);
  const missingSince = there.size === k + m ? null : (known.missingSince ?? s.now);
  let next: Known = { ...known, missingSince };
  const shards = mine.filter((shard) => !there.has(shard));
  const due = missingSince !== null && s.now - missingSince >= LIMITS.repairAfter && s.now - known.repairAt >= LIMITS.repairAgain;
  if (rare && there.size >= k && due && s.repairing === null && shards.length > 0) {
    const room = shards.filter((shard) => makeRoom(s, out, columnBytes(manifest), worthOf(s, id, shard)));
    if (room.length > 0) {
      out.push({ type: "repair", id, shards: room });
      s.repairing = id;
      next = { ...next, repairAt: s.now };
    }
  }
  s.known = new Map(s.known).set(id, next);
}

/** Old checkpoints go, and manifests that nobody here speaks of; not those that this very step has something done with. */
function forget(s: LibraryState, out: LibraryEffect[]): void {
  const kept = heads(s, LIMITS.heads);
  const due = new Set(out.flatMap((effect) => ("id" in effect ? [effect.id] : [])));
  const spoken = new Set([...s.peers.values()].flatMap(({ objects }) => [...objects.keys()]));
  const known = new Map(s.known);
  for (const { id, head, passing, since } of s.known.values()) {
    const old = head !== null && !kept.includes(id);
    if (old) for (const shard of s.held.get(id)?.keys() ?? []) drop(s, out, id, shard);
    const wanted = passing || due.has(id) || s.waits.has(id) || s.repairing === id || [...s.asks.values()].some((ask) => ask.id === id);
    const idle = !spoken.has(id) && s.now - since >= LIMITS.forgetAfter;
    if (!wanted && !s.held.has(id) && (old || idle)) known.delete(id);
  }
  s.known = known;
}
