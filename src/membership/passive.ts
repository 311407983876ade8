import type { PeerId } from "../wire/ids.ts";
import type { Random } from "../wire/random.ts";
import type { HyParViewLimits } from "./limits.ts";

/**
 * Others that are known, in case a neighbour fails. What one peer brings displaces what it brought before, once
 * that is its share: a flood of names from one fills no view.
 */
export interface PassiveView {
  /** @param via who spoke of it. @param given away in return, and so the first to make room */
  add(peer: PeerId, via: PeerId, given?: readonly PeerId[]): void;
  remove(peer: PeerId): void;
  has(peer: PeerId): boolean;
  sample(count: number): PeerId[];
  /** By chance, of those that `fits`. */
  pick(fits: (peer: PeerId) => boolean): PeerId | null;
  readonly size: number;
  peers(): PeerId[];
}

export function createPassiveView(random: Random, limits: HyParViewLimits): PassiveView {
  const entries: { peer: PeerId; via: PeerId }[] = [];
  const at = (peer: PeerId): number => entries.findIndex((entry) => entry.peer === peer);

  /** Takes one out, by chance, of those that fit. */
  function giveUp(fits: (entry: { peer: PeerId; via: PeerId }) => boolean): boolean {
    const candidates = entries.filter(fits);
    if (candidates.length === 0) return false;
    entries.splice(entries.indexOf(candidates[random.below(candidates.length)]!), 1);
    return true;
  }

  return {
    add(peer, via, given = []) {
      if (at(peer) >= 0) return;
      const brought = (entry: { via: PeerId }): boolean => entry.via === via;
      if (entries.filter(brought).length >= limits.broughtByOne) giveUp(brought);
      else if (entries.length >= limits.passive) void (giveUp((entry) => given.includes(entry.peer)) || giveUp(() => true));
      entries.push({ peer, via });
    },
    remove(peer) {
      const place = at(peer);
      if (place >= 0) entries.splice(place, 1);
    },
    has: (peer) => at(peer) >= 0,
    sample(count) {
      return random.shuffle(entries.map(({ peer }) => peer)).slice(0, count);
    },
    pick(fits) {
      const candidates = entries.filter(({ peer }) => fits(peer));
      return candidates.length === 0 ? null : candidates[random.below(candidates.length)]!.peer;
    },
    get size() {
      return entries.length;
    },
    peers: () => entries.map(({ peer }) => peer),
  };
}
