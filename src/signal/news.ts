import type { PeerId } from "../wire/ids.ts";
import type { SignalLimits } from "./limits.ts";
import type { Member, PeerName } from "./rooms.ts";

/** Who came and who left, for one who is there: in order, and whoever did both not at all. */
export interface Change {
  came: Uint8Array[];
  gone: Uint8Array[];
}

/** What those in a room hear of each other's coming and going. */
export interface News<M extends Member> {
  /** Is in the room, and knows of all who are. Nothing where it is there already. */
  came(member: M, peer: PeerName): void;
  gone(member: M, peer: PeerName): void;
  /** Another socket of the same peer: nobody need hear of it. */
  replaced(old: M, member: M): void;
  /** All that this one has not been told so far: what comes next may be from somebody who is new to it. */
  tell(member: M): void;
}

/**
 * In a small room each hears of each at once. Where N devices come to a large one that would be N² messages, so that
 * what happens within a moment is told together.
 * @param say tells some members of a change
 */
export function createNews<M extends Member>(limits: Pick<SignalLimits, "newsAtOnce" | "newsMs" | "newsTogether">, say: (members: readonly M[], change: Change) => void): News<M> {
  /** What happened since all were told, and by member how much of it each knows. */
  let log: { peer: PeerName; here: boolean }[] = [];
  const known = new Map<M, number>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  /** Whoever reads too slowly is cut off while it is told; the others hear of that once they have been told what comes before. */
  let telling = false;

  /** @returns what has changed since `from`; null where all are as they were */
  function changeSince(from: number): Change | null {
    const first = new Map<PeerId, boolean>();
    const last = new Map<PeerId, { peer: PeerName; here: boolean }>();
    for (const entry of log.slice(from)) {
      if (!first.has(entry.peer.id)) first.set(entry.peer.id, entry.here);
      last.set(entry.peer.id, entry);
    }
    // Whoever is as it was before came and went meanwhile, or the other way round.
    const changed = [...last.values()].filter(({ peer, here }) => first.get(peer.id) === here);
    const named = (isHere: boolean): Uint8Array[] => changed.flatMap(({ peer, here }) => (here === isHere ? [peer.bytes] : []));
    return changed.length === 0 ? null : { came: named(true), gone: named(false) };
  }

  function tell(member: M): void {
    const from = known.get(member);
    const change = from === undefined ? null : changeSince(from);
    if (change === null) return;
    known.set(member, log.length);
    say([member], change);
  }

  function tellAll(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const alike = new Map<number, M[]>();
    for (const [member, from] of known) {
      if (alike.has(from)) alike.get(from)!.push(member);
      else alike.set(from, [member]);
    }
    const changes = [...alike].map(([from, members]) => ({ members, change: changeSince(from) }));
    log = [];
    for (const member of known.keys()) known.set(member, 0);
    telling = true;
    for (const { members, change } of changes) if (change !== null) say(members, change);
    telling = false;
    if (log.length > 0) tellAll();
  }

  function note(peer: PeerName, here: boolean): void {
    log.push({ peer, here });
    if (telling) return;
    if (known.size <= limits.newsAtOnce || log.length >= limits.newsTogether) tellAll();
    else timer ??= setTimeout(tellAll, limits.newsMs);
  }

  return {
    came(member, peer) {
      if (known.has(member)) return;
      known.set(member, log.length + 1);
      note(peer, true);
    },
    gone(member, peer) {
      // Of one that was cut off before it was welcomed nobody has heard.
      if (!known.delete(member)) return;
      if (known.size > 0) return note(peer, false);
      if (timer !== null) clearTimeout(timer);
    },
    replaced(old, member) {
      known.delete(old);
      known.set(member, log.length);
    },
    tell,
  };
}
