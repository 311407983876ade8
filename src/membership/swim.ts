import type { PeerId } from "../wire/ids.ts";
import type { Random } from "../wire/random.ts";
import { createDissemination } from "./dissemination.ts";
import type { SwimEffect, SwimEvent } from "./events.ts";
import { createHealth } from "./health.ts";
import { createHelping } from "./helping.ts";
import { SWIM_LIMITS, type SwimLimits } from "./limits.ts";
import { createMembers, type Member } from "./members.ts";
import type { Status, SwimKind, SwimMessage, Update } from "./message.ts";
import { createSuspicions } from "./suspicion.ts";

export interface SwimOptions {
  self: PeerId;
  /** Draws whom to probe; the same seed and events give the same effects. */
  random: Random;
  /** Milliseconds. */
  now: number;
  /** Higher than that of an earlier life under the same name; 0 where names are used once. */
  incarnation?: number;
  limits?: Partial<SwimLimits>;
}

export interface Swim {
  /** What follows from it. The state is changed in place. */
  handle(event: SwimEvent): readonly SwimEffect[];
  /** When it next wants a tick, in milliseconds. */
  readonly wakeAt: number;
  /** Null: not known. */
  status(peer: PeerId): Status | null;
  /** Those not dead, in no order. */
  present(): PeerId[];
  readonly incarnation: number;
}

interface Probe {
  readonly member: Member;
  readonly directUntil: number;
  helpers: Member[] | null;
  /** Helpers that said that they are asking. */
  replies: number;
  answered: boolean;
}

/**
 * Who is there: SWIM (Das, Gupta, Motivala 2002) with Lifeguard's local health and shrinking time-outs.
 *
 * Where it differs, for members that lie: others' word makes a device look, and never conclude. Whoever hears
 * that X is silent pings X itself; only if that is not answered does it suspect X and pass that on, as its own
 * finding. So nobody is dead for a device that can reach it, however many say so, a lie travels one hop, and
 * each accuser is the proven sender of its message. That costs a device some four pings for each death.
 */
export function createSwim({ self, random, now: start, incarnation = 0, limits: changes }: SwimOptions): Swim {
  const limits: SwimLimits = { ...SWIM_LIMITS, ...changes };
  const members = createMembers(random, limits);
  const news = createDissemination();
  const health = createHealth(limits.health);
  const helping = createHelping(limits);
  const patience = (): number => limits.pingTimeout * health.scale;
  const suspicions = createSuspicions({ limits, patience, ping, askHelpers, conclude });
  let now = start;
  let probe: Probe | null = null;
  let periodAt = start + Math.floor(random.uniform() * limits.period);
  let periods = 0;
  let refuteFrom = start;
  let urgent = false;
  let wakeAt = periodAt;
  let out: SwimEffect[] = [];

  const times = (): number => Math.ceil(limits.retransmit * Math.log2(members.present.length + 2));

  function send(to: PeerId, kind: SwimKind, peer: PeerId | null = null, first: Update | null = null): void {
    let updates = news.take(limits.updates, times());
    if (first) updates = [first, ...updates.filter((update) => update.peer !== first.peer)].slice(0, limits.updates);
    out.push({ type: "send", to, message: { kind, incarnation, peer, updates } });
  }

  function tell(peer: PeerId, status: Status, of: number, isUrgent: boolean): void {
    news.put({ peer, status, incarnation: of });
    urgent ||= isUrgent;
  }

  function become(member: Member, status: Status): void {
    if (status === "dead") members.bury(member, now);
    else if (member.status === "dead") members.revive(member);
    member.status = status;
    out.push({ type: "status", peer: member.id, status });
  }

  /** A member that is doubted is told so, and can answer (Lifeguard's buddy system). */
  function ping({ id, status, incarnation: of }: Member): void {
    send(id, "ping", null, suspicions.has(id) || status === "dead" ? { peer: id, status: status === "dead" ? "dead" : "suspect", incarnation: of } : null);
  }

  /** What is found of a silent one is news; that one it doubted lives is for that one to tell. */
  function conclude(member: Member, status: Status): void {
    become(member, status);
    if (status === "alive") news.drop(member.id);
    else tell(member.id, status, member.incarnation, status === "suspect");
  }

  /** Any message of a member is a sign of life. */
  function heard(from: PeerId, of: number): void {
    const member = members.get(from);
    if (!member) {
      helping.introduced(from);
      if (!members.add(from, of, now)) return;
      out.push({ type: "status", peer: from, status: "alive" });
      tell(from, "alive", of, true);
      return;
    }
    if (member.status === "dead") {
      become(member, "alive");
      // It has to outdo what was said of it.
      if (of <= member.incarnation) send(from, "gossip", null, { peer: from, status: "dead", incarnation: member.incarnation });
      else tell(from, "alive", of, true);
    }
    suspicions.clear(member, now);
    member.at = now;
    member.spared = 0;
    if (of > member.incarnation) member.incarnation = of;
    if (probe?.member === member) probe.answered = true;
    for (const asker of helping.heard(from, now)) send(asker, "reached", from);
  }

  function receive(from: PeerId, { kind, incarnation: of, peer, updates }: SwimMessage): void {
    if (from === self) return;
    if (updates.length > 0 && updates.some((update) => update.peer === from && update.status === "dead")) return left(from);
    heard(from, of);
    for (const update of updates) learn(from, update);
    switch (kind) {
      case "ping":
        return send(from, "ack");
      case "ping-req": {
        const member = peer === null ? undefined : members.get(peer);
        if (!member || member.id === from || !helping.ask(from, member.id, now)) return;
        ping(member);
        return send(from, "asking", member.id);
      }
      case "reached":
      case "asking":
        return helped(from, peer, kind === "reached");
      case "ack":
      case "gossip":
    }
  }

  function helped(helper: PeerId, peer: PeerId | null, reached: boolean): void {
    if (probe?.member.id === peer && probe.helpers?.some(({ id }) => id === helper)) {
      if (reached) probe.answered = true;
      else probe.replies++;
    }
    if (reached && peer !== null) suspicions.helped(helper, peer, now);
  }

  /** It says so itself; the others will find its silence. */
  function left(peer: PeerId): void {
    const member = members.get(peer);
    if (!member || member.status === "dead") return;
    suspicions.forget(peer);
    become(member, "dead");
    tell(peer, "dead", member.incarnation, true);
  }

  function learn(from: PeerId, { peer, status, incarnation: of }: Update): void {
    if (peer === self) return refute(status, of);
    const member = members.get(peer);
    if (status === "alive") return member && member.status !== "dead" ? spare(member, of) : introduce(from, peer, member, of);
    if (!member || member.status === "dead" || now - member.at < limits.fresh) return;
    if (peer !== from) suspicions.heardOf(member, from, now, () => helping.mayLook(from));
  }

  /** Others' word for a member counts where it is doubted, and not for ever. */
  function spare(member: Member, of: number): void {
    if (!suspicions.has(member.id) || of <= member.incarnation || of > member.incarnation + limits.incarnationJump) return;
    if (++member.spared > limits.spared) return;
    member.incarnation = of;
    suspicions.clear(member, now);
    tell(member.id, "alive", of, true);
  }

  /** It is asked for a sign of life first: nobody becomes a member, or one again, by others' word. */
  function introduce(from: PeerId, peer: PeerId, lost: Member | undefined, of: number): void {
    if (lost && of <= lost.incarnation) return;
    if (!helping.mayLook(from) || !helping.introduce(peer, now)) return;
    send(peer, "ping", null, lost ? { peer, status: "dead", incarnation: lost.incarnation } : null);
  }

  function refute(status: Status, of: number): void {
    if (status === "alive" || of < incarnation || now < refuteFrom) return;
    refuteFrom = now + limits.refuteEvery;
    incarnation = Math.min(of, incarnation + limits.incarnationJump) + 1;
    tell(self, "alive", incarnation, true);
  }

  function askHelpers(member: Member): Member[] {
    const helpers = members.sample(limits.helpers, member);
    for (const helper of helpers) send(helper.id, "ping-req", member.id);
    return helpers;
  }

  function endProbe({ member, helpers, replies, answered }: Probe): void {
    if (answered && !helpers) member.lag = 0;
    if (answered || members.get(member.id) !== member || member.status === "dead") return health.better();
    // Helpers that answer show that the fault is not here.
    if (!helpers || replies * 2 < helpers.length || helpers.length === 0) health.worse();
    suspicions.found(member, now);
  }

  function beginPeriod(): void {
    if (probe) endProbe(probe);
    const member = members.next();
    probe = member && { member, directUntil: now + patience(), helpers: null, replies: 0, answered: false };
    if (member) ping(member);
    periodAt = now + limits.period * health.scale;
    helping.newPeriod();
    if (++periods % limits.reviveEvery !== 0) return;
    const lost = members.dead(now);
    if (lost) ping(lost);
  }

  function work(): void {
    if (probe && !probe.answered && !probe.helpers && now >= probe.directUntil) probe.helpers = askHelpers(probe.member);
    suspicions.work(now);
    if (now >= periodAt) beginPeriod();
    if (!urgent) return;
    urgent = false;
    for (const { id } of members.sample(limits.fanout, null)) send(id, "gossip");
  }

  /** Nobody could be heard meanwhile, so nothing that was under way says anything. */
  function wakeUp(): void {
    suspicions.clearAll();
    for (const member of members.present) member.at = now;
    probe = null;
    health.worst();
    periodAt = now + Math.floor(random.uniform() * limits.period);
  }

  function meet(peers: readonly PeerId[]): void {
    // Whoever is new itself says so; who meets a newcomer leaves that to it.
    urgent ||= members.present.length === 0;
    for (const peer of peers) {
      if (peer === self) continue;
      const member = members.get(peer);
      if (member?.status === "dead") ping(member);
      else if (!member && members.add(peer, 0, now)) out.push({ type: "status", peer, status: "alive" });
    }
  }

  function leave(): void {
    incarnation++;
    news.put({ peer: self, status: "dead", incarnation });
    for (const { id } of members.sample(2 * limits.fanout, null)) send(id, "gossip", null, { peer: self, status: "dead", incarnation });
  }

  function nextWake(): number {
    const directUntil = probe && !probe.answered && !probe.helpers ? probe.directUntil : Infinity;
    return Math.min(periodAt, directUntil, suspicions.nextAt());
  }

  return {
    handle(event) {
      out = [];
      const overslept = event.now - wakeAt > limits.overslept;
      now = Math.max(now, event.now);
      if (overslept) wakeUp();
      switch (event.type) {
        case "tick":
          break;
        case "message":
          receive(event.from, event.message);
          break;
        case "meet":
          meet(event.peers);
          break;
        case "forget":
          for (const peer of event.peers) {
            members.forget(peer);
            suspicions.forget(peer);
            news.drop(peer);
          }
          break;
        case "leave":
          leave();
      }
      work();
      wakeAt = nextWake();
      return out;
    },
    get wakeAt() {
      return wakeAt;
    },
    status: (peer) => members.get(peer)?.status ?? null,
    present: () => members.present.map(({ id }) => id),
    get incarnation() {
      return incarnation;
    },
  };
}
