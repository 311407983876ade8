import type { PeerId } from "../wire/ids.ts";
import type { SwimLimits } from "./limits.ts";

/** Pings on behalf of others, and to those that others spoke of: all bounded, whoever asks. */
export interface Helping {
  /** False where too many are under way. */
  ask(asker: PeerId, peer: PeerId, now: number): boolean;
  /** Who asked for this peer, which has now been heard. */
  heard(peer: PeerId, now: number): readonly PeerId[];
  /** False where it was spoken of a moment ago, or too many were. */
  introduce(peer: PeerId, now: number): boolean;
  introduced(peer: PeerId): void;
  /** One member's word makes this device look at few in one period. */
  mayLook(word: PeerId): boolean;
  newPeriod(): void;
}

const NOBODY: readonly PeerId[] = [];

export function createHelping(limits: SwimLimits): Helping {
  /** In the order of their ends, as the introductions are. */
  const asks: { asker: PeerId; peer: PeerId; until: number }[] = [];
  const introductions = new Map<PeerId, number>();
  const looks = new Map<PeerId, number>();

  return {
    ask(asker, peer, now) {
      while (asks.length > 0 && asks[0]!.until <= now) asks.shift();
      const same = asks.filter((ask) => ask.asker === asker);
      if (asks.length >= limits.asks || same.length >= limits.asksOfOne || same.some((ask) => ask.peer === peer)) return false;
      asks.push({ asker, peer, until: now + limits.helpFor });
      return true;
    },
    heard(peer, now) {
      if (asks.length === 0) return NOBODY;
      const askers: PeerId[] = [];
      for (let at = asks.length - 1; at >= 0; at--) {
        if (asks[at]!.peer !== peer) continue;
        const [{ asker, until }] = asks.splice(at, 1) as [(typeof asks)[number]];
        if (until > now) askers.push(asker);
      }
      return askers;
    },
    introduce(peer, now) {
      for (const [oldest, until] of introductions) {
        if (until > now) break;
        introductions.delete(oldest);
      }
      if (introductions.has(peer) || introductions.size >= limits.introductions) return false;
      introductions.set(peer, now + limits.helpFor);
      return true;
    },
    introduced: (peer) => void introductions.delete(peer),
    mayLook(word) {
      const count = looks.get(word) ?? 0;
      if (count >= limits.checksPerAccuser) return false;
      looks.set(word, count + 1);
      return true;
    },
    newPeriod: () => looks.clear(),
  };
}
