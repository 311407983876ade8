import type { PeerId } from "../wire/ids.ts";
import type { Status } from "./message.ts";
import type { SwarmState } from "./state.ts";

/** A peer's status, if it stands on the same head as this device. */
export function fellow(s: SwarmState, peer: PeerId): Status | null {
  const status = s.peers.get(peer);
  return status?.root === s.head.root ? status : null;
}

export const others = (s: SwarmState): PeerId[] => s.round.view.filter((peer) => peer !== s.config.self);

export const present = (s: SwarmState, peer: PeerId): boolean => peer === s.config.self || s.reachable.includes(peer);

export const ascending = (peers: Iterable<PeerId>): PeerId[] => [...new Set(peers)].sort();
