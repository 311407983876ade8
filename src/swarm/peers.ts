import type { PeerId } from "../wire/ids.ts";
import { due } from "./due.ts";
import { LIMITS } from "./limits.ts";
import type { Stand, Status } from "./message.ts";
import type { SwarmState } from "./state.ts";
import { groupsAfter, type Groups } from "./tier/groups.ts";

/** A peer's status, if it stands on the same head as this device. */
export function fellow(s: SwarmState, peer: PeerId): Status | null {
  const status = s.peers.get(peer);
  return status?.root === s.head.root && newest(s, peer)!.root === s.head.root ? status : null;
}

/** What a peer said to all, if it stands on the same head. */
export function fellowStand(s: SwarmState, peer: PeerId): Stand | null {
  const stand = s.stands.get(peer);
  return stand?.root === s.head.root ? stand : null;
}

/** What a peer said last, to its group or to all. */
export function newest(s: SwarmState, peer: PeerId): Status | Stand | undefined {
  const [status, stand] = [s.peers.get(peer), s.stands.get(peer)];
  return !stand || (status && status.seq > stand.seq) ? status : stand;
}

/** Takes down where these say now that they stand. */
export function notePlaces(s: SwarmState, peers: readonly PeerId[]): void {
  const moved = peers.filter((peer) => {
    const [said, before] = [newest(s, peer), s.places.get(peer)];
    return said !== undefined && (said.root !== before?.root || said.weight !== before.weight);
  });
  if (moved.length > 0) s.places = new Map([...s.places, ...moved.map((peer) => [peer, newest(s, peer)!] as const)]);
}

export const others = (s: SwarmState): PeerId[] => s.round.view.filter((peer) => peer !== s.config.self);

const sets = new WeakMap<readonly PeerId[], ReadonlySet<PeerId>>();

/** Of a list that is asked for again and again, and never written to. */
export function setOf(list: readonly PeerId[]): ReadonlySet<PeerId> {
  const set = sets.get(list) ?? new Set(list);
  sets.set(list, set);
  return set;
}

export const present = (s: SwarmState, peer: PeerId): boolean => peer === s.config.self || setOf(s.reachable).has(peer);

export const ascending = (peers: Iterable<PeerId>): PeerId[] => [...new Set(peers)].sort();

export const groupsIn = (s: SwarmState): Groups => groupsAfter(s.head, s.config.epochRounds);

const isBusy = (s: SwarmState, peer: PeerId): boolean =>
  peer === s.config.self ? s.round.view.length > 0 : (fellow(s, peer)?.view.length ?? 0) > 0 || (fellowStand(s, peer)?.busy ?? false);

/** Groups that are at a round from this head, as far as this device can see. */
export function runningGroups(s: SwarmState): Set<number> {
  const groups = groupsIn(s);
  const running = new Set<number>();
  if (isBusy(s, s.config.self)) running.add(groups.of(s.config.self));
  for (const peer of s.reachable) {
    if (running.size === groups.count) break;
    const group = groups.of(peer);
    if (!running.has(group) && isBusy(s, peer)) running.add(group);
  }
  return running;
}

/** In which group a device is, or will be let in: where its own does nothing, the next one that does. */
export function hostsIn(s: SwarmState): (peer: PeerId) => number {
  const groups = groupsIn(s);
  if (groups.count === 1) return () => 0;
  if (s.head.record.members.count > 0 && !due(s, s.round.startedAt + LIMITS.hostAfter)) return (peer) => groups.of(peer);
  const running = runningGroups(s);
  const hosts = Array.from({ length: groups.count }, (_, own) => {
    for (let i = 0; i < groups.count; i++) if (running.has((own + i) % groups.count)) return (own + i) % groups.count;
    return own;
  });
  return (peer) => hosts[groups.of(peer)]!;
}

/** Who sums with this device, or waits to, itself not included. */
export function audience(s: SwarmState): PeerId[] {
  const host = hostsIn(s);
  return s.reachable.filter((peer) => host(peer) === host(s.config.self));
}

/** With whom this device sums, itself not included. */
export function neighbours(s: SwarmState): PeerId[] {
  const groups = groupsIn(s);
  if (groups.count === 1) return [...s.reachable];
  const own = groups.of(s.config.self);
  return s.reachable.filter((peer) => groups.of(peer) === own);
}
