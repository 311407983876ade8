import type { PeerId } from "../wire/ids.ts";
import { inquire, lookFor, lookNoMore, nameWrong, openFetches, schedule, startFetch, takeLack, takeShard } from "./asks.ts";
import type { Arrival, LibraryEffect, LibraryEvent } from "./events.ts";
import { keep } from "./keeping.ts";
import { LIBRARY_LIMITS as LIMITS } from "./limits.ts";
import { encodeLibrary, type Holding, type Holdings, type ObjectId } from "./message.ts";
import { drop, lose, makeRoom, worthOf } from "./room.ts";
import { columnBytes, heads, present, wholeShards, type Held, type Known, type LibraryState } from "./state.ts";

/** Between two looks at what should be held, in milliseconds. */
const LOOK = 500;

/**
 * The library as one function: what happened and where it stands, to where it stands then and what it has to do.
 * It reads no clock and does no I/O: shards are hashed and manifests opened before they come here (intake.ts).
 */
export function step(before: LibraryState, event: LibraryEvent): [LibraryState, LibraryEffect[]] {
  const s: LibraryState = { ...before, now: Math.max(before.now, event.now) };
  const out: LibraryEffect[] = [];
  apply(s, out, event);
  inquire(s, out, inquiries(s));
  openFetches(s, out);
  if (s.now - s.keptAt >= LOOK || event.type === "lend" || event.type === "made") {
    s.keptAt = s.now;
    keep(s, out);
  }
  schedule(s, out);
  announce(s, out);
  return [s, out];
}

function apply(s: LibraryState, out: LibraryEffect[], event: LibraryEvent): void {
  switch (event.type) {
    case "tick":
      return;
    case "named":
      return rename(s, event.self);
    case "reachable":
      return meet(s, event.peers);
    case "arrival":
      if (!s.wrong.includes(event.from)) take(s, out, event.from, event.arrival);
      return;
    case "malformed":
      return nameWrong(s, out, event.from, event.error);
    case "lend":
      s.lends = event.bytes;
      return;
    case "made":
      return know(s, out, event);
    case "kept":
      return hold(s, out, event);
    case "lost":
      return lose(s, event.id, event.shard);
    case "fetch":
      return startFetch(s, event);
    case "stop": {
      const waits = new Map(s.waits);
      waits.delete(event.id);
      s.waits = waits;
      return;
    }
    case "want":
      return lookFor(s, event, "fetch");
    case "unwant":
      return lookNoMore(s, event);
    case "repaired":
      if (s.repairing === event.id) s.repairing = null;
  }
}

/** Nothing that was known by name holds any more; what is held does. */
function rename(s: LibraryState, self: PeerId | null): void {
  s.self = self;
  s.reachable = [];
  s.peers = new Map();
  s.inquiries = new Map();
  s.wrong = [];
  s.slow = new Map();
  s.late = new Set();
  // Whoever is asked next goes by another name.
  s.asks = new Map([...s.asks].map(([name, ask]) => [name, { ...ask, peer: null, tried: [] }]));
  s.announced = { text: "", at: -Infinity, peers: 0 };
}

function meet(s: LibraryState, peers: readonly PeerId[]): void {
  s.left += s.reachable.filter((peer) => !peers.includes(peer)).length;
  s.reachable = peers;
  s.peers = new Map([...s.peers].filter(([peer]) => peers.includes(peer)));
}

function take(s: LibraryState, out: LibraryEffect[], from: PeerId, arrival: Arrival): void {
  switch (arrival.kind) {
    case "holdings":
      return note(s, from, arrival);
    case "want-manifest": {
      const known = s.known.get(arrival.id);
      if (known) out.push({ type: "send", to: from, bytes: encodeLibrary({ kind: "manifest", frame: known.frame }) });
      return;
    }
    case "manifest": {
      const asked = s.inquiries.get(arrival.id)?.peer === from;
      if (!asked || s.known.has(arrival.id)) return;
      const head = s.peers.get(from)?.objects.get(arrival.id)?.head ?? null;
      return learn(s, { ...arrival, head, passing: false });
    }
    case "want-shard":
      out.push({ type: "serve", to: from, id: arrival.id, segment: arrival.segment, shard: arrival.shard });
      return;
    case "lack-shard":
      return takeLack(s, from, arrival);
    case "shard":
      return takeShard(s, out, from, arrival);
  }
}

function note(s: LibraryState, from: PeerId, { seq, lends, objects }: Holdings): void {
  const before = s.peers.get(from);
  if (before && before.seq >= seq) return;
  s.peers = new Map(s.peers).set(from, { seq, lends, objects: new Map(objects.map((holding) => [holding.id, holding])) });
}

function learn(s: LibraryState, { id, manifest, frame, author, head, passing }: Omit<Known, "since" | "missingSince" | "repairAt">): void {
  const known = new Map(s.known).set(id, { id, manifest, frame, author, head, passing, since: s.now, missingSince: null, repairAt: -Infinity });
  for (const each of s.known.values()) {
    if (known.size <= LIMITS.known) break;
    if (!each.passing && !s.held.has(each.id)) known.delete(each.id);
  }
  s.known = known;
}

function know(s: LibraryState, out: LibraryEffect[], event: LibraryEvent & { type: "made" }): void {
  learn(s, event);
  // Coding took longer than two rounds.
  if (event.head !== null && !heads(s, LIMITS.heads).includes(event.id)) return;
  const shards = event.own.filter((shard) => !wholeShards(s, event.id).includes(shard));
  const bytes = shards.length * columnBytes(event.manifest);
  if (shards.length === 0 || !makeRoom(s, out, bytes, worthOf(s, event.id, shards[0]!))) return;
  out.push({ type: "keep-made", id: event.id, shards });
}

function hold(s: LibraryState, out: LibraryEffect[], { id, segment, shard, bytes, at }: LibraryEvent & { type: "kept" }): void {
  // Forgotten while it was being written.
  if (!s.known.has(id)) return drop(s, out, id, shard);
  const shards = new Map(s.held.get(id));
  const before = shards.get(shard) ?? ({ segments: new Set<number>(), bytes: 0, at, surplusSince: null } satisfies Held);
  if (before.segments.has(segment)) return;
  shards.set(shard, { ...before, segments: new Set([...before.segments, segment]), bytes: before.bytes + bytes, at: Math.max(at, before.at) });
  s.held = new Map(s.held).set(id, shards);
}

/** Manifests to ask for: of what is fetched, and of published objects whose shards this device may have to hold. */
function inquiries(s: LibraryState): Set<ObjectId> {
  const wanted = new Set([...s.waits.keys()].filter((id) => !s.known.has(id)));
  if (s.lends === 0) return wanted;
  for (const { objects } of s.peers.values()) {
    for (const { id, head } of objects.values()) if (head === null && !s.known.has(id) && s.known.size + wanted.size < LIMITS.known) wanted.add(id);
  }
  return wanted;
}

/** Says what this device has: on every change, now and then, and when somebody new is there. */
function announce(s: LibraryState, out: LibraryEffect[]): void {
  if (s.self === null) return;
  const objects = [...s.known.values()].flatMap(({ id, head, passing }): Holding[] => {
    const shards = passing ? [...present(s, id)].sort((a, b) => a - b) : wholeShards(s, id);
    return shards.length > 0 ? [{ id, head, shards, passing }] : [];
  });
  const content = { lends: s.lends, objects: objects.slice(-LIMITS.objects) };
  const text = JSON.stringify(content);
  const peers = s.reachable.length;
  // Whoever comes after somebody has left is new all the same.
  s.announced = { ...s.announced, peers: Math.min(s.announced.peers, peers) };
  const since = s.now - s.announced.at;
  const changed = text !== s.announced.text || peers > s.announced.peers;
  if (peers === 0 || !(changed ? since >= LIMITS.announceGap : since >= LIMITS.announceEvery)) return;
  s.announced = { text, at: s.now, peers };
  s.seq++;
  out.push({ type: "broadcast", bytes: encodeLibrary({ kind: "holdings", seq: s.seq, ...content }) });
}
