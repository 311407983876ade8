import type { PeerId } from "../wire/ids.ts";
import type { SwimLimits } from "./limits.ts";
import type { Member } from "./members.ts";
import type { Status } from "./message.ts";

interface Suspicion {
  readonly member: Member;
  readonly since: number;
  /** This device's own pings to it that were not answered in time. */
  unanswered: number;
  /** Who said, each from its own pings, that it is silent too. */
  readonly accusers: PeerId[];
  /** Who was asked to ping it too. */
  helpers: readonly Member[];
  /** When the ping under way counts as unanswered. */
  nextAt: number;
}

export interface SuspicionDeps {
  limits: SwimLimits;
  /** Milliseconds from a ping until it counts as unanswered. */
  patience(): number;
  ping(member: Member): void;
  askHelpers(member: Member): readonly Member[];
  /** What this device has found out itself. */
  conclude(member: Member, status: Status): void;
}

/** Members that are looked at because they, or somebody's word of them, give reason to. */
export interface Suspicions {
  has(peer: PeerId): boolean;
  /** This device's own probe failed. */
  found(member: Member, now: number): void;
  /** Another says so. `mayLook`: is its word worth a first look? */
  heardOf(member: Member, accuser: PeerId, now: number, mayLook: () => boolean): void;
  /** It lives, by its own sign or by others' word. */
  clear(member: Member, now: number): void;
  /** A helper has reached it. */
  helped(helper: PeerId, peer: PeerId, now: number): void;
  forget(peer: PeerId): void;
  clearAll(): void;
  /** Counts the pings that are late, and pings again or concludes. */
  work(now: number): void;
  /** When it next has to; Infinity for never. */
  nextAt(): number;
}

/**
 * From the first doubt to the last word, in milliseconds: the shorter, the more others have found the same
 * (Dadgar et al., "Lifeguard", 2018, 3.2). Among so few that nobody else could have, it stays long.
 */
function suspicionTimeout(accusers: number, limits: SwimLimits): number {
  const { suspicionAtLeast: least, suspicionAtMost: most, confirmations } = limits;
  const share = Math.log(Math.min(accusers, confirmations) + 1) / Math.log(confirmations + 1);
  return most - (most - least) * share;
}

/** Dead is who left this device's own pings unanswered for long enough; no word of others stands for that. */
export function createSuspicions({ limits, patience, ping, askHelpers, conclude }: SuspicionDeps): Suspicions {
  const suspicions = new Map<PeerId, Suspicion>();

  function open(member: Member, now: number, accusers: PeerId[]): void {
    const found = accusers.length === 0;
    suspicions.set(member.id, { member, since: now, unanswered: found ? 1 : 0, accusers, helpers: [], nextAt: now + patience() });
    if (found) conclude(member, "suspect");
    ping(member);
  }

  function look(suspicion: Suspicion, now: number): void {
    const { member, since, accusers } = suspicion;
    suspicion.unanswered++;
    if (suspicion.unanswered >= limits.unanswered && now - since >= suspicionTimeout(accusers.length, limits) + member.lag) {
      suspicions.delete(member.id);
      return conclude(member, "dead");
    }
    if (member.status === "alive") conclude(member, "suspect");
    suspicion.nextAt = now + patience();
    ping(member);
    // The way to it may be what is broken; where enough others found the same, it is not.
    if (suspicion.unanswered === 2 && accusers.length < limits.confirmations) suspicion.helpers = askHelpers(member);
  }

  function clear(member: Member, now: number): void {
    const suspicion = suspicions.size === 0 ? undefined : suspicions.get(member.id);
    if (!suspicion) return;
    member.lag = Math.min(now - suspicion.since, limits.lag);
    drop(suspicion);
  }

  function drop({ member }: Suspicion): void {
    suspicions.delete(member.id);
    if (member.status === "suspect") conclude(member, "alive");
  }

  return {
    has: (peer) => suspicions.size > 0 && suspicions.has(peer),
    found(member, now) {
      if (!suspicions.has(member.id)) open(member, now, []);
    },
    heardOf(member, accuser, now, mayLook) {
      const suspicion = suspicions.get(member.id);
      if (!suspicion) {
        if (mayLook()) open(member, now, [accuser]);
      } else if (suspicion.accusers.length < limits.confirmations && !suspicion.accusers.includes(accuser)) suspicion.accusers.push(accuser);
    },
    clear,
    helped(helper, peer, now) {
      const suspicion = suspicions.get(peer);
      if (suspicion?.helpers.some(({ id }) => id === helper)) clear(suspicion.member, now);
    },
    forget: (peer) => void suspicions.delete(peer),
    clearAll() {
      for (const suspicion of suspicions.values()) drop(suspicion);
    },
    work(now) {
      if (suspicions.size === 0) return;
      for (const suspicion of suspicions.values()) if (now >= suspicion.nextAt) look(suspicion, now);
    },
    nextAt() {
      let at = Infinity;
      if (suspicions.size > 0) for (const suspicion of suspicions.values()) at = Math.min(at, suspicion.nextAt);
      return at;
    },
  };
}
