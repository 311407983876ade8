import type { PeerId } from "../wire/ids.ts";
import { LINK_STATE_VERSION_MAX, type LinkState } from "./linkstate.ts";
import { MESH_LIMITS } from "./limits.ts";

/** A large room is cut into areas, by the peers' names alone. */
export type AreaOf = (peer: PeerId) => number;

export interface Topology {
  /**
   * From now on the map holds this device's own area, and of the others those that somebody of it is linked with (as
   * routers of OSPF keep the states of their own area alone, RFC 2328 section 3). null: there is one area.
   */
  setAreas(areaOf: AreaOf | null): void;
  /** Whether a peer is in this device's own area. */
  isNear(peer: PeerId): boolean;
  /** Own live links; they count at once, whatever their other ends have said so far. */
  setLinks(neighbours: readonly PeerId[]): void;
  /** Whether what this device sends leaves slowly. */
  setSlow(slow: boolean): void;
  /** What to tell the others of the own links now. */
  announce(now: number): LinkState;
  /** Whether this says more of its origin than what is known. */
  isNews(origin: PeerId, state: Pick<LinkState, "version">): boolean;
  /** False when the map has no room. `message`: the origin's own words, to be passed on. */
  accept(origin: PeerId, state: LinkState, now: number, message: Uint8Array): boolean;
  /** Forgets what was not refreshed for long. */
  age(now: number): void;
  /** Devices whose states are known, and how often each says its own again where there are so many, in milliseconds. */
  readonly size: number;
  readonly refreshEvery: number;
  /** Peers of the own area that a path of confirmed links leads to, and neighbours in others, sorted. */
  reachable(): PeerId[];
  isReachable(peer: PeerId): boolean;
  /** The neighbour that the shortest path begins with; of several, always the same. Into another area over one who is linked with somebody there, for each peer another. */
  nextHop(to: PeerId): PeerId | null;
  /** Whether anybody leads into the area of this peer, as `nextHop` goes. */
  leadsTo(to: PeerId): boolean;
  /** Whether these two have a confirmed link. */
  linked(a: PeerId, b: PeerId): boolean;
  /**
   * Whether it is for this device to pass what `source` told all on to its neighbour `to`. The source's own neighbours
   * have it from itself. Theirs have it from so many of them, the same on every device (as the multipoint relays of RFC
   * 3626 section 3.4, chosen by the receiver's links and not by the source's); whoever is further away, from all.
   */
  passesOn(source: PeerId, to: PeerId, relays: number): boolean;
  /** Confirmed links between devices, each once, in order. */
  edges(): [PeerId, PeerId][];
  /** Of whom a new neighbour should hear: who is within reach. */
  known(): { origin: PeerId; version: number }[];
  /** What is known of a device, as it said it; null of one that is not known. */
  entry(origin: PeerId): { version: number; message: Uint8Array } | null;
}

/** So many of them whose names are nearest to those of the two, so that each pair has others. */
export function nearest(between: readonly PeerId[], source: PeerId, to: PeerId, count: number): PeerId[] {
  const word = (peer: PeerId): number => Number.parseInt(peer.slice(0, 8), 16);
  const pair = word(source) ^ word(to);
  const far = (peer: PeerId): number => (word(peer) ^ pair) >>> 0;
  return [...between].sort((a, b) => far(a) - far(b)).slice(0, count);
}

/**
 * The map of who is linked with whom, by link state: each device tells all of its own links. A link counts
 * only when both its ends name it, so that one frozen end is enough to take it off. Pure: time is given.
 */
export function createTopology(self: PeerId): Topology {
  const entries = new Map<PeerId, { state: LinkState; heard: number; message: Uint8Array }>();
  let links: PeerId[] = [];
  let slow = false;
  let version = 0;
  let areaOf: AreaOf = () => 0;
  /** Area → those of the own one who are linked with somebody there; found anew after a change. */
  const gates = new Map<number, readonly PeerId[]>();
  /** Peer → neighbour to go by; made anew after a change. */
  let routes: Map<PeerId, PeerId> | null = null;
  /** Peer → the other ends of its confirmed links; found anew after a change. */
  const ends = new Map<PeerId, readonly PeerId[]>();

  function changed(): void {
    routes = null;
    ends.clear();
    gates.clear();
  }

  const isNear = (peer: PeerId): boolean => areaOf(peer) === areaOf(self);

  function confirmed(from: PeerId): readonly PeerId[] {
    let found = ends.get(from);
    if (!found) {
      const named = entries.get(from)?.state.neighbours ?? [];
      found = named.filter((end) => (end === self ? links.includes(from) : entries.get(end)?.state.neighbours.includes(from) ?? false)).sort();
      ends.set(from, found);
    }
    return found;
  }

  const linked = (a: PeerId, b: PeerId): boolean => confirmed(a).includes(b);

  const isSlow = (peer: PeerId): boolean => (peer === self ? slow : entries.get(peer)?.state.slow === true);

  /** Those of them that are not slow; all where there are no others. */
  function quick(peers: readonly PeerId[]): readonly PeerId[] {
    const some = peers.filter((peer) => !isSlow(peer));
    return some.length > 0 ? some : peers;
  }

  /** The shortest ways that lead over nobody slow, and then those over the slow ones. */
  function search(): Map<PeerId, PeerId> {
    const found = new Map<PeerId, PeerId>(links.map((link) => [link, link]));
    const queue = links.filter((link) => !isSlow(link));
    const slowOnes = links.filter(isSlow);
    for (let at = 0; at < queue.length || slowOnes.length > 0; at++) {
      if (at === queue.length) queue.push(slowOnes.shift()!);
      const from = queue[at]!;
      for (const to of confirmed(from)) {
        if (to === self || found.has(to)) continue;
        found.set(to, found.get(from)!);
        (isSlow(to) ? slowOnes : queue).push(to);
      }
    }
    return found;
  }

  const map = (): Map<PeerId, PeerId> => (routes ??= search());

  function gatesTo(area: number): readonly PeerId[] {
    let found = gates.get(area);
    if (!found) {
      found = [...entries].flatMap(([peer, { state }]) => (map().has(peer) && state.neighbours.some((end) => areaOf(end) === area) ? [peer] : []));
      gates.set(area, found);
    }
    return found;
  }

  /** Own neighbours there, or others' who have some. */
  function waysInto(area: number): readonly PeerId[] {
    const own = links.filter((link) => areaOf(link) === area);
    return quick(own.length > 0 ? own : gatesTo(area));
  }

  function wayOut(to: PeerId): PeerId | null {
    const [gate] = nearest(waysInto(areaOf(to)), self, to, 1);
    return (gate !== undefined && map().get(gate)) || null;
  }

  /** Room for one more: the longest unheard device that no path leads to has to go. */
  function makeRoom(): boolean {
    if (entries.size < MESH_LIMITS.topologyEntries) return true;
    const lost = [...entries].filter(([peer]) => !map().has(peer)).sort((a, b) => a[1].heard - b[1].heard)[0];
    return lost !== undefined && entries.delete(lost[0]);
  }

  const refreshEvery = (): number => Math.max(MESH_LIMITS.linkStateRefresh, MESH_LIMITS.linkStateRefreshEach * entries.size);

  return {
    setAreas(next) {
      areaOf = next ?? (() => 0);
      for (const peer of entries.keys()) if (!isNear(peer)) entries.delete(peer);
      changed();
    },
    isNear,
    get size() {
      return entries.size;
    },
    get refreshEvery() {
      return refreshEvery();
    },
    setLinks(neighbours) {
      links = [...neighbours].sort();
      changed();
    },
    setSlow(next) {
      slow = next;
      changed();
    },
    announce(now) {
      version = Math.min(Math.max(version + 1, Math.floor(now)), LINK_STATE_VERSION_MAX);
      return { version, neighbours: links.slice(0, MESH_LIMITS.neighbours), slow };
    },
    isNews: (origin, state) => origin !== self && isNear(origin) && state.version > (entries.get(origin)?.state.version ?? -1),
    accept(origin, state, now, message) {
      if (!entries.has(origin) && !makeRoom()) return false;
      entries.set(origin, { state, heard: now, message });
      changed();
      return true;
    },
    age(now) {
      const age = MESH_LIMITS.linkStateAges * refreshEvery();
      for (const [peer, entry] of entries) {
        if (now - entry.heard <= age) continue;
        entries.delete(peer);
        changed();
      }
    },
    reachable: () => [...map().keys()].sort(),
    isReachable: (peer) => map().has(peer),
    nextHop: (to) => map().get(to) ?? (isNear(to) ? null : wayOut(to)),
    leadsTo: (to) => map().has(to) || (!isNear(to) && waysInto(areaOf(to)).length > 0),
    linked,
    passesOn(source, to, relays) {
      if (linked(source, to)) return false;
      const between = confirmed(to).filter((end) => linked(source, end));
      return between.length === 0 || nearest(quick(between), source, to, relays).includes(self);
    },
    edges() {
      const edges: [PeerId, PeerId][] = links.map((link) => (self < link ? [self, link] : [link, self]));
      for (const from of entries.keys()) {
        for (const to of confirmed(from)) if (to !== self && from < to) edges.push([from, to]);
      }
      return edges.sort((a, b) => (a[0] + a[1] < b[0] + b[1] ? -1 : 1));
    },
    known: () => [...entries].flatMap(([origin, { state: { version: newest } }]) => (map().has(origin) ? [{ origin, version: newest }] : [])),
    entry(origin) {
      const found = entries.get(origin);
      return found ? { version: found.state.version, message: found.message } : null;
    },
  };
}
