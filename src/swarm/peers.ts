import type { PeerId } from "../wire/ids.ts";
import type { Stand, Status } from "./message.ts";
import type { Hash } from "./record.ts";
import type { Place, SwarmState } from "./state.ts";
import { groupsAfter, type Groups } from "./tier/groups.ts";
import { withEntries } from "./versions.ts";

/** A peer's status, if it stands on the same head as this device. */
export function fellow(s: SwarmState, peer: PeerId): Status | null {
  const status = s.peers.get(peer);
  if (status?.root !== s.head.root) return null;
  return later(status, s.stands.get(peer))!.root === s.head.root ? status : null;
}

/** What a peer said to all, if it stands on the same head. */
export function fellowStand(s: SwarmState, peer: PeerId): Stand | null {
  const stand = s.stands.get(peer);
  return stand?.root === s.head.root ? stand : null;
}

/** What a peer said last, to its group or to all. */
export const newest = (s: SwarmState, peer: PeerId): Status | Stand | undefined => later(s.peers.get(peer), s.stands.get(peer));

export const later = (status: Status | undefined, stand: Stand | undefined): Status | Stand | undefined => (!stand || (status && status.seq > stand.seq) ? status : stand);

/** Takes down where these say now that they stand. */
export function notePlaces(s: SwarmState, peers: readonly PeerId[]): void {
  const moved: [PeerId, Place][] = [];
  for (const peer of peers) {
    const said = newest(s, peer);
    const before = s.places.get(peer);
    if (said !== undefined && (said.root !== before?.root || said.weight !== before.weight)) moved.push([peer, { root: said.root, weight: said.weight, round: said.round }]);
  }
  if (moved.length > 0) s.places = withEntries(s.places, moved);
}

const roots = new WeakMap<SwarmState["places"], ReadonlySet<Hash>>();

/** On which heads anybody stands: they are few. */
export function rootsIn(places: SwarmState["places"]): ReadonlySet<Hash> {
  const known = roots.get(places) ?? new Set([...places.values()].map(({ root }) => root));
  roots.set(places, known);
  return known;
}

export const others = (s: SwarmState): PeerId[] => s.round.view.filter((peer) => peer !== s.config.self);

const sets = new WeakMap<readonly PeerId[], ReadonlySet<PeerId>>();

/** Of a list that is asked for again and again, and never written to. */
export function setOf(list: readonly PeerId[]): ReadonlySet<PeerId> {
  const set = sets.get(list) ?? new Set(list);
  sets.set(list, set);
  return set;
}

/** Nobody watches over the devices of other nodes: they are held to be there. */
export const present = (s: SwarmState, peer: PeerId): boolean => peer === s.config.self || setOf(s.reachable).has(peer) || groupsIn(s).of(peer) < 0;

const isSlow = (s: SwarmState, peer: PeerId): boolean => (peer === s.config.self ? s.slow : s.stands.get(peer)?.slow === true);

/** Whose task it is what any of them could do: of those whose links are not slow, by what they say; of all where that is not most of them, or a few could make it theirs alone. */
export function quick(s: SwarmState, peers: readonly PeerId[]): readonly PeerId[] {
  const some = peers.filter((peer) => !isSlow(s, peer));
  return 2 * some.length > peers.length ? some : peers;
}

/** The same before the rest. */
export const quickFirst = (s: SwarmState, peers: readonly PeerId[]): PeerId[] => [...new Set([...quick(s, peers), ...peers])];

/** Of several that are as good another one for each device and each time, so that all are asked alike. */
export const turnOf = (s: SwarmState, peers: readonly PeerId[], times: number): PeerId => peers[(parseInt(s.config.self.slice(0, 8), 16) + s.seq + times) % peers.length]!;

export const ascending = (peers: Iterable<PeerId>): PeerId[] => [...new Set(peers)].sort();

export const groupsIn = (s: SwarmState): Groups => groupsAfter(s.head, s.config);

/** Whether this device, or another, is in no round of this epoch. */
export const rests = (s: SwarmState, peer = s.config.self): boolean => groupsIn(s).nodeOf(peer) >= groupsIn(s).nodes;

const nearby = new WeakMap<readonly PeerId[], { groups: Groups; peers: readonly PeerId[] }>();

/** Those of its own node that this device can reach. */
export function near(s: SwarmState): readonly PeerId[] {
  const groups = groupsIn(s);
  if (groups.nodes === 1) return s.reachable;
  const before = nearby.get(s.reachable);
  if (before?.groups === groups) return before.peers;
  const peers = s.reachable.filter((peer) => groups.of(peer) >= 0);
  nearby.set(s.reachable, { groups, peers });
  return peers;
}

/** How many of these were frozen for this round. */
export function frozenAmong(s: SwarmState, peers: readonly PeerId[]): number {
  const frozen = setOf(groupsIn(s).frozen);
  return peers.filter((peer) => frozen.has(peer)).length;
}

/** With whom this device sums, itself not included. */
export function neighbours(s: SwarmState): PeerId[] {
  const groups = groupsIn(s);
  if (groups.alone) return [...s.reachable];
  const own = groups.of(s.config.self);
  return near(s).filter((peer) => groups.of(peer) === own);
}
