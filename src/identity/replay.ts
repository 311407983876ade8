import { bytesToHex } from "@noble/hashes/utils.js";
import { misuse } from "./errors.ts";

/** Most values kept of one epoch, and of one sender in it: then messages are refused rather than let in twice. */
export const REPLAY_LIMITS = { epoch: 131_072, sender: 16_384 } as const;

/** The values E that were seen, for as long as messages of their epoch are accepted. */
export interface ReplayGuard {
  /**
   * Takes E (32 bytes) of a message that is authentic in all else.
   * @param sender the sender's W: one sender cannot use up what is kept for all.
   * @returns false where E was taken before, its epoch is forgotten, or no more is kept.
   */
  take(epoch: number, sender: Uint8Array, E: Uint8Array): boolean;
  /** Drops the epochs before `oldest`; their messages are refused from now on. It does not go back. */
  forget(oldest: number): void;
  /** Values kept. */
  readonly size: number;
}

interface EpochSeen {
  seen: Set<string>;
  bySender: Map<string, number>;
}

export function createReplayGuard(limits: { epoch: number; sender: number } = REPLAY_LIMITS): ReplayGuard {
  if (limits.epoch < 1 || limits.sender < 1) throw misuse("a replay guard keeps at least one value");
  const epochs = new Map<number, EpochSeen>();
  let oldest = 0;
  return {
    take(epoch, sender, E) {
      if (epoch < oldest) return false;
      const kept = epochs.get(epoch) ?? { seen: new Set<string>(), bySender: new Map<string, number>() };
      const [name, from] = [short(E), short(sender)];
      const count = kept.bySender.get(from) ?? 0;
      if (kept.seen.has(name) || kept.seen.size >= limits.epoch || count >= limits.sender) return false;
      epochs.set(epoch, kept);
      kept.seen.add(name);
      kept.bySender.set(from, count + 1);
      return true;
    },
    forget(first) {
      oldest = Math.max(oldest, first);
      for (const epoch of epochs.keys()) if (epoch < oldest) epochs.delete(epoch);
    },
    get size() {
      let size = 0;
      for (const { seen } of epochs.values()) size += seen.size;
      return size;
    },
  };
}

/** 16 of a point's 32 bytes: as hard to collide with somebody else's as the group is to break. */
const short = (point: Uint8Array): string => bytesToHex(point.subarray(0, 16));
