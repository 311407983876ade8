import type { PeerId } from "../wire/ids.ts";
import type { Random } from "../wire/random.ts";
import type { Status } from "./message.ts";
import type { SwimLimits } from "./limits.ts";

export interface Member {
  readonly id: PeerId;
  status: Status;
  incarnation: number;
  /** When a message of its own last came; of the dead, when they were given up. */
  at: number;
  /** How often others spoke for it while it was not heard. */
  spared: number;
  /** How late its answers have come; milliseconds. */
  lag: number;
}

/** Who is known, changed in place: thousands of these live in one simulation. */
export interface Members {
  get(peer: PeerId): Member | undefined;
  /** Null where there is no room. */
  add(peer: PeerId, incarnation: number, at: number): Member | null;
  bury(member: Member, at: number): void;
  revive(member: Member): void;
  forget(peer: PeerId): void;
  /** The next to probe: everybody once, in an order drawn anew each time round. Null where nobody is well. */
  next(): Member | null;
  /** Some that are alive, by chance; never `except`. */
  sample(count: number, except: Member | null): Member[];
  /** One of the dead, by chance; those given up too long ago are forgotten. */
  dead(now: number): Member | null;
  /** Not dead. */
  readonly present: readonly Member[];
}

export function createMembers(random: Random, limits: SwimLimits): Members {
  const known = new Map<PeerId, Member>();
  /** Round robin over those present; what is before the cursor has had its turn. */
  const order: Member[] = [];
  const buried: Member[] = [];
  let cursor = 0;

  /** At a random place of the order, so that newcomers are not probed all at the same time (SWIM, 4.3). */
  function enter(member: Member): void {
    const place = random.below(order.length + 1);
    order.splice(place, 0, member);
    if (place < cursor) cursor++;
  }

  function leave(member: Member): void {
    const place = order.indexOf(member);
    if (place < 0) return;
    order.splice(place, 1);
    if (place < cursor) cursor--;
  }

  const unbury = (member: Member): void => {
    const place = buried.indexOf(member);
    if (place >= 0) buried.splice(place, 1);
  };

  return {
    get: (peer) => known.get(peer),
    add(peer, incarnation, at) {
      if (known.size >= limits.members) {
        const oldest = buried.shift();
        if (!oldest) return null;
        known.delete(oldest.id);
      }
      const member: Member = { id: peer, status: "alive", incarnation, at, spared: 0, lag: 0 };
      known.set(peer, member);
      enter(member);
      return member;
    },
    bury(member, at) {
      leave(member);
      member.status = "dead";
      member.at = at;
      buried.push(member);
    },
    revive(member) {
      unbury(member);
      member.status = "alive";
      enter(member);
    },
    forget(peer) {
      const member = known.get(peer);
      if (!member) return;
      known.delete(peer);
      leave(member);
      unbury(member);
    },
    next() {
      for (let tries = order.length; tries > 0; tries--) {
        if (cursor >= order.length) {
          random.shuffle(order);
          cursor = 0;
        }
        const member = order[cursor++]!;
        if (member.status === "alive") return member;
      }
      return null;
    },
    sample(count, except) {
      const chosen: Member[] = [];
      if (order.length === 0) return chosen;
      for (let tries = 4 * count; tries > 0 && chosen.length < count; tries--) {
        const member = order[random.below(order.length)]!;
        if (member !== except && member.status === "alive" && !chosen.includes(member)) chosen.push(member);
      }
      return chosen;
    },
    dead(now) {
      while (buried.length > 0 && now - buried[0]!.at > limits.forgetAfter) known.delete(buried.shift()!.id);
      return buried.length > 0 ? buried[random.below(buried.length)]! : null;
    },
    present: order,
  };
}
