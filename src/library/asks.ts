import { segmentsOf } from "../coding/manifest.ts";
import type { PeerId } from "../wire/ids.ts";
import type { LibraryEffect, LibraryEvent } from "./events.ts";
import { LIBRARY_LIMITS as LIMITS } from "./limits.ts";
import { encodeLibrary, type ObjectId } from "./message.ts";
import { holdersOf, mayAsk, present, type Ask, type LibraryState } from "./state.ts";

type Place = Pick<Ask, "id" | "segment" | "shard">;

export const placeName = ({ id, segment, shard }: Place): string => `${id} ${segment} ${shard}`;

/** Looks for a shard: for the whole object, or to keep it. */
export function lookFor(s: LibraryState, { id, segment, shard }: Place, purpose: "fetch" | "keep"): void {
  const name = placeName({ id, segment, shard });
  const before = s.asks.get(name);
  const ask: Ask = before ?? { id, segment, shard, fetch: false, keep: false, peer: null, until: 0, tried: [] };
  s.asks = new Map(s.asks).set(name, { ...ask, [purpose]: true });
}

export function lookNoMore(s: LibraryState, place: Place): void {
  const ask = s.asks.get(placeName(place));
  if (!ask) return;
  const asks = new Map(s.asks);
  if (ask.keep) asks.set(placeName(place), { ...ask, fetch: false });
  else {
    asks.delete(placeName(place));
    expectLate(s, ask);
  }
  s.asks = asks;
}

const lateName = (place: Place, peer: PeerId): string => `${placeName(place)} ${peer}`;

/** Nobody waits for this answer any more; a lie in it counts all the same. */
function expectLate(s: LibraryState, ask: Ask): void {
  if (ask.peer !== null) s.late = new Set([...s.late, lateName(ask, ask.peer)].slice(-LIMITS.late));
}

/** Whether this peer was asked for this shard, in time or not. */
export const wasAsked = (s: LibraryState, peer: PeerId, place: Place): boolean => s.asks.get(placeName(place))?.peer === peer || s.late.has(lateName(place, peer));

/** Gives every shard that is looked for to the least busy of its holders; what does not come is asked of the next. */
export function schedule(s: LibraryState, out: LibraryEffect[]): void {
  const asks = new Map(s.asks);
  const load = new Map<PeerId, number>();
  for (const [name, ask] of asks) {
    if (ask.peer === null) continue;
    if (s.now < ask.until && mayAsk(s, ask.peer)) {
      load.set(ask.peer, (load.get(ask.peer) ?? 0) + 1);
      continue;
    }
    asks.set(name, { ...ask, peer: null, tried: [...ask.tried, ask.peer] });
    expectLate(s, ask);
    s.slow = new Map(s.slow).set(ask.peer, s.now + LIMITS.slowFor);
  }
  // A whole object goes first: somebody waits for it.
  const idle = [...asks].filter(([, { peer }]) => peer === null).sort(([, a], [, b]) => Number(b.fetch) - Number(a.fetch));
  for (const [name, ask] of idle) {
    const spare = hasSpare(s, asks, ask);
    const able = holdersOf(s, ask.id, ask.shard).filter((peer) => !ask.tried.includes(peer) && !(spare && isSlow(s, peer)));
    if (able.length === 0) {
      asks.delete(name);
      if (ask.fetch) out.push({ type: "settled", id: ask.id, segment: ask.segment, shard: ask.shard, bytes: null });
      continue;
    }
    const free = able.filter((peer) => (load.get(peer) ?? 0) < LIMITS.perPeer && (load.has(peer) || load.size < LIMITS.peers));
    const peer = free.sort((a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0) || (a < b ? -1 : 1))[0];
    if (peer === undefined) continue;
    load.set(peer, (load.get(peer) ?? 0) + 1);
    asks.set(name, { ...ask, peer, until: s.now + patience(s, ask, spare) });
    out.push({ type: "send", to: peer, bytes: encodeLibrary({ kind: "want-shard", id: ask.id, segment: ask.segment, shard: ask.shard }) });
  }
  s.asks = asks;
}

const isSlow = (s: LibraryState, peer: PeerId): boolean => s.now < (s.slow.get(peer) ?? -Infinity);

/**
 * Whether the restoring that wants a shard can do without it: it asks for them in their order, so that one behind all
 * that it has asked for is still to be had.
 */
function hasSpare(s: LibraryState, asks: ReadonlyMap<string, Ask>, { id, segment, fetch }: Ask): boolean {
  if (!fetch) return false;
  const last = Math.max(...[...asks.values()].flatMap((ask) => (ask.fetch && ask.id === id && ask.segment === segment ? [ask.shard] : [])));
  return [...present(s, id)].some((shard) => shard > last);
}

function patience(s: LibraryState, { id, segment }: Ask, spare: boolean): number {
  const known = s.known.get(id);
  const bytes = known ? (segmentsOf(known.manifest)[segment]?.shardBytes ?? 0) : 0;
  return spare ? LIMITS.spareAnswerAtMost + (1000 * bytes) / LIMITS.spareBytesPerSecond : LIMITS.answerAtMost + (1000 * bytes) / LIMITS.slowestBytesPerSecond;
}

/** A shard came. What nobody asked this peer for is passed over. */
export function takeShard(s: LibraryState, out: LibraryEffect[], from: PeerId, arrival: Place & { payload: Uint8Array; right: boolean | null }): void {
  if (arrival.right === null || !wasAsked(s, from, arrival)) return;
  const { id, segment, shard } = arrival;
  s.late = new Set([...s.late].filter((name) => name !== lateName(arrival, from)));
  if (!arrival.right) return nameWrong(s, out, from, new Error(`shard ${shard} of segment ${segment} of ${id} as it gave it is not what the manifest says`));
  const ask = s.asks.get(placeName(arrival));
  if (ask?.peer !== from) return;
  const asks = new Map(s.asks);
  asks.delete(placeName(arrival));
  s.asks = asks;
  const slow = new Map(s.slow);
  if (slow.delete(from)) s.slow = slow;
  if (ask.fetch) out.push({ type: "settled", id, segment, shard, bytes: arrival.payload });
  if (ask.keep) out.push({ type: "keep", id, segment, shard, bytes: arrival.payload });
}

/** It has no such shard, or too much to do: the next one is asked. */
export function takeLack(s: LibraryState, from: PeerId, place: Place): void {
  const ask = s.asks.get(placeName(place));
  if (ask?.peer === from) s.asks = new Map(s.asks).set(placeName(place), { ...ask, peer: null, tried: [...ask.tried, from] });
}

/** Nothing is asked of this peer any more, and what it was asked for goes to others. */
export function nameWrong(s: LibraryState, out: LibraryEffect[], peer: PeerId, error: Error): void {
  if (s.wrong.includes(peer)) return;
  s.wrong = [...s.wrong, peer];
  const peers = new Map(s.peers);
  peers.delete(peer);
  s.peers = peers;
  out.push({ type: "wrong", peer, error });
}

// Manifests.

/** Asks the next peer that speaks of an object for its manifest. */
export function inquire(s: LibraryState, out: LibraryEffect[], wanted: ReadonlySet<ObjectId>): void {
  const inquiries = new Map([...s.inquiries].filter(([id]) => wanted.has(id)));
  for (const id of wanted) {
    const before = inquiries.get(id);
    if (before && s.now < before.until && mayAsk(s, before.peer)) continue;
    const tried = before ? [...before.tried, before.peer] : [];
    const all = [...s.peers].flatMap(([peer, { objects }]) => (mayAsk(s, peer) && objects.has(id) ? [peer] : []));
    // Once round, it begins anew: an answer may have been lost.
    const peer = all.find((each) => !tried.includes(each)) ?? all[0];
    if (peer === undefined) {
      inquiries.delete(id);
      continue;
    }
    inquiries.set(id, { peer, until: s.now + LIMITS.manifestAtMost, tried: tried.length < all.length ? tried : [] });
    out.push({ type: "send", to: peer, bytes: encodeLibrary({ kind: "want-manifest", id }) });
  }
  s.inquiries = inquiries;
}

// Whole objects.

export function startFetch(s: LibraryState, { id, now }: LibraryEvent & { type: "fetch" }): void {
  s.waits = new Map(s.waits).set(id, { until: now + LIMITS.holdersAtMost });
}

/** Restoring begins once k shards can be had; before, it would only find out that they cannot. */
export function openFetches(s: LibraryState, out: LibraryEffect[]): void {
  const waits = new Map(s.waits);
  for (const [id, { until }] of waits) {
    const known = s.known.get(id);
    const there = present(s, id).size;
    if (known && there >= known.manifest.shape.k) {
      waits.delete(id);
      out.push({ type: "open", id });
    } else if (s.now >= until) {
      waits.delete(id);
      const reason = known ? `${there} of the ${known.manifest.shape.k} shards needed can be had` : "no device here knows of this object";
      out.push({ type: "unavailable", id, reason: `${reason}; try again when more devices are there` });
    }
  }
  s.waits = waits;
}
