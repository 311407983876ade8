import type { PeerId } from "../wire/ids.ts";
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

export const others = (s: SwarmState): PeerId[] => s.round.view.filter((peer) => peer !== s.config.self);

export const present = (s: SwarmState, peer: PeerId): boolean => peer === s.config.self || s.reachable.includes(peer);

export const ascending = (peers: Iterable<PeerId>): PeerId[] => [...new Set(peers)].sort();

export const groupsIn = (s: SwarmState): Groups => groupsAfter(s.head, s.config.epochRounds);

const isBusy = (s: SwarmState, peer: PeerId): boolean =>
  peer === s.config.self ? s.round.view.length > 0 : (fellow(s, peer)?.view.length ?? 0) > 0 || (fellowStand(s, peer)?.busy ?? false);

/** Groups that are at a round from this head, as far as this device can see. */
export function runningGroups(s: SwarmState): Set<number> {
  const groups = groupsIn(s);
  return new Set([s.config.self, ...s.reachable].filter((peer) => isBusy(s, peer)).map((peer) => groups.of(peer)));
}

/** In which group a device is, or will be let in: where its own does nothing, the next one that does. */
export function hostsIn(s: SwarmState): (peer: PeerId) => number {
  const groups = groupsIn(s);
  if (groups.count === 1) return () => 0;
  const running = runningGroups(s);
  const hosts = Array.from({ length: groups.count }, (_, own) => {
    for (let i = 0; i < groups.count; i++) if (running.has((own + i) % groups.count)) return (own + i) % groups.count;
    return own;
  });
  return (peer) => hosts[groups.of(peer)]!;
}

/** With whom this device sums, itself not included. */
export function neighbours(s: SwarmState): PeerId[] {
  const groups = groupsIn(s);
  if (groups.count === 1) return [...s.reachable];
  const own = groups.of(s.config.self);
  return s.reachable.filter((peer) => groups.of(peer) === own);
}
