import type { LibraryEffect } from "./events.ts";
import type { ObjectId } from "./message.ts";
import { columnBytes, heads, holdersOf, usedBytes, type LibraryState } from "./state.ts";

/** What a shard is worth keeping for: of a higher class, or in fewer copies, it stays longer. */
export interface Worth {
  /** 0: a checkpoint that another follows; 1: anything else; 2: the last head. */
  rank: 0 | 1 | 2;
  /** Other devices that hold it. */
  copies: number;
}

export function worthOf(s: LibraryState, id: ObjectId, shard: number): Worth {
  const last = heads(s, 1).includes(id);
  const rank = last ? 2 : s.known.get(id)?.head ? 0 : 1;
  return { rank, copies: holdersOf(s, id, shard).length };
}

/** All that is held, what is needed least first: by rank, then the most copies, then the oldest. */
function byNeed(s: LibraryState): { id: ObjectId; shard: number; bytes: number; worth: Worth }[] {
  const all = [...s.held].flatMap(([id, shards]) => [...shards].map(([shard, { bytes, at }]) => ({ id, shard, bytes, at, worth: worthOf(s, id, shard) })));
  return all.sort((a, b) => a.worth.rank - b.worth.rank || b.worth.copies - a.worth.copies || a.at - b.at);
}

/** A shard is not there any more. */
export function lose(s: LibraryState, id: ObjectId, shard: number): void {
  const shards = new Map(s.held.get(id));
  shards.delete(shard);
  const held = new Map(s.held);
  if (shards.size > 0) held.set(id, shards);
  else held.delete(id);
  s.held = held;
}

export function drop(s: LibraryState, out: LibraryEffect[], id: ObjectId, shard: number): void {
  lose(s, id, shard);
  out.push({ type: "drop", id, shard: s.held.has(id) ? shard : null });
}

/** Bytes that are on their way to be kept. */
function awaited(s: LibraryState): number {
  const columns = new Set([...s.asks.values()].flatMap(({ id, shard, keep }) => (keep ? [`${id} ${shard}`] : [])));
  return [...columns].reduce((sum, column) => {
    const known = s.known.get(column.split(" ")[0]!);
    return sum + (known ? columnBytes(known.manifest) : 0);
  }, 0);
}

/** Makes room for so many bytes, at the cost of what is worth less. @returns false, having dropped nothing, where there is none */
export function makeRoom(s: LibraryState, out: LibraryEffect[], bytes: number, worth: Worth): boolean {
  let short = usedBytes(s) + awaited(s) + bytes - s.lends;
  const going = [];
  for (const each of byNeed(s)) {
    if (short <= 0) break;
    const less = each.worth.rank < worth.rank || (each.worth.rank === worth.rank && each.worth.copies > worth.copies);
    if (!less) continue;
    going.push(each);
    short -= each.bytes;
  }
  if (short > 0) return false;
  for (const { id, shard } of going) drop(s, out, id, shard);
  return true;
}

/** The person lends less than before: what is needed least goes. */
export function fit(s: LibraryState, out: LibraryEffect[]): void {
  let over = usedBytes(s) - s.lends;
  for (const { id, shard, bytes } of byNeed(s)) {
    if (over <= 0) return;
    drop(s, out, id, shard);
    over -= bytes;
  }
}
