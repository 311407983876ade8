import type { PeerId } from "../wire/ids.ts";
import type { Random } from "../wire/random.ts";
import type { HyParViewEffect, HyParViewEvent } from "./events.ts";
import { HYPARVIEW_LIMITS, type HyParViewLimits } from "./limits.ts";
import type { HyParViewMessage } from "./message.ts";
import { createPassiveView } from "./passive.ts";

export interface HyParViewOptions {
  self: PeerId;
  /** Draws walks and victims; the same seed and events give the same effects. */
  random: Random;
  limits?: Partial<HyParViewLimits>;
}

export interface HyParView {
  /** What follows from it. The state is changed in place. */
  handle(event: HyParViewEvent): readonly HyParViewEffect[];
  /** Neighbours: both ends hold each other, or will in a moment. */
  active(): readonly PeerId[];
  passive(): PeerId[];
}

/**
 * An overlay of few links a device that holds together when half of the devices fail at once: HyParView (Leitão,
 * Pereira, Rodrigues 2007). Small active views are neighbours with open links; larger passive views, kept fresh by
 * shuffles, replace those that fail.
 *
 * Where it differs: a neighbour is traded now and then, so that parts that know of each other merge; a walk's end asks the newcomer before it counts as a neighbour; a contact under a rush passes
 * newcomers on instead of trading all its neighbours for them; and what one peer may send, evict or bring to the
 * passive view is bounded, so that one that floods gains nothing.
 */
export function createHyParView({ self, random, limits: changes }: HyParViewOptions): HyParView {
  const limits: HyParViewLimits = { ...HYPARVIEW_LIMITS, ...changes };
  const active: PeerId[] = [];
  const passive = createPassiveView(random, limits);
  /** Asked to be neighbours: ticks left. Those for `filling` count only as long as there is room. */
  const requests = new Map<PeerId, { ticks: number; for: "joining" | "filling" | "newcomer" }>();
  /** Refused in this tick. */
  const refused = new Set<PeerId>();
  /** Walks in this tick, by the neighbour they came from. */
  const walks = new Map<PeerId, number>();
  let evictions = 0;
  let ticks = random.below(limits.shuffleEvery);
  /** What the shuffle under way gave away; null while none is. */
  let given: readonly PeerId[] | null = null;
  let out: HyParViewEffect[] = [];

  /** Ticks since the start, and when a neighbour is next traded. */
  let age = 0;
  let mixAt = limits.mixFirst;

  const send = (to: PeerId, message: HyParViewMessage): void => void out.push({ type: "send", to, message });
  const isFull = (): boolean => active.length >= limits.active;
  const pick = (peers: readonly PeerId[]): PeerId | null => (peers.length === 0 ? null : peers[random.below(peers.length)]!);

  function remember(peer: PeerId, via: PeerId, gave?: readonly PeerId[]): void {
    if (peer !== self && !active.includes(peer)) passive.add(peer, via, gave);
  }

  function link(peer: PeerId): void {
    requests.delete(peer);
    if (active.includes(peer)) return;
    if (isFull()) evict();
    passive.remove(peer);
    active.push(peer);
    out.push({ type: "up", peer });
  }

  function unlink(peer: PeerId): boolean {
    const place = active.indexOf(peer);
    if (place < 0) return false;
    active.splice(place, 1);
    out.push({ type: "down", peer });
    return true;
  }

  function evict(): void {
    const victim = pick(active)!;
    evictions++;
    unlink(victim);
    passive.add(victim, victim);
    send(victim, { kind: "disconnect" });
  }

  const hasPlace = (): boolean => !isFull() || evictions < limits.evictions;

  function ask(peer: PeerId, reason: "filling" | "newcomer"): void {
    requests.set(peer, { ticks: limits.patience, for: reason });
    send(peer, { kind: "neighbour", urgent: reason === "newcomer" || active.length === 0 });
  }

  function join(contact: PeerId): void {
    if (contact === self || active.includes(contact)) return;
    requests.set(contact, { ticks: limits.patience, for: "joining" });
    send(contact, { kind: "join" });
  }

  /** Asks as many of the passive view as are missing. */
  function fill(): void {
    while (active.length + requests.size < limits.active && requests.size < limits.requests) {
      const peer = passive.pick((candidate) => !requests.has(candidate) && !refused.has(candidate));
      if (peer === null) break;
      ask(peer, "filling");
    }
    if (active.length === 0 && requests.size === 0 && passive.size === 0) out.push({ type: "isolated" });
  }

  /** Hands it to a neighbour; false where there is none but those it comes from or is about. */
  function walk(message: HyParViewMessage, ...except: PeerId[]): boolean {
    const next = pick(active.filter((peer) => !except.includes(peer)));
    if (next !== null) send(next, message);
    return next !== null;
  }

  /**
   * A neighbour for a stranger, more and more seldom: parts that formed while many joined at once, or whose joins
   * got lost, have names of each other in their passive views and would else wait for a failure to use them.
   */
  function mix(): void {
    mixAt = 2 * age;
    const peer = isFull() ? passive.pick((candidate) => !requests.has(candidate)) : null;
    if (peer !== null) ask(peer, "newcomer");
  }

  function mayWalk(from: PeerId): boolean {
    const count = (walks.get(from) ?? 0) + 1;
    walks.set(from, count);
    return active.includes(from) && count <= limits.walks;
  }

  function joined(newcomer: PeerId): void {
    const accepted = hasPlace();
    const others = active.filter((peer) => peer !== newcomer);
    if (accepted) link(newcomer);
    send(newcomer, { kind: "neighbour-reply", accepted });
    const forward: HyParViewMessage = { kind: "forward-join", peer: newcomer, hops: limits.activeWalk };
    if (accepted) for (const peer of others) if (active.includes(peer)) send(peer, forward);
    // One walk still, so that it gets into the overlay at all.
    if (!accepted) walk(forward, newcomer);
  }

  function forwardJoin(from: PeerId, peer: PeerId, hops: number): void {
    if (peer === self || !mayWalk(from)) return;
    if (hops === limits.passiveWalk) remember(peer, from);
    const ends = hops === 0 || active.length <= 1;
    if (!ends && walk({ kind: "forward-join", peer, hops: hops - 1 }, from, peer)) return;
    if (active.includes(peer) || requests.has(peer)) return;
    if (hasPlace()) ask(peer, "newcomer");
    else remember(peer, from);
  }

  function asked(from: PeerId, urgent: boolean): void {
    const accepted = active.includes(from) || !isFull() || (urgent && hasPlace());
    if (accepted) link(from);
    else passive.add(from, from);
    send(from, { kind: "neighbour-reply", accepted });
  }

  function answered(from: PeerId, accepted: boolean): void {
    const request = requests.get(from);
    if (!request) {
      if (accepted && !active.includes(from)) send(from, { kind: "disconnect" });
      return;
    }
    requests.delete(from);
    if (accepted && (!isFull() || (request.for !== "filling" && hasPlace()))) return link(from);
    if (accepted) send(from, { kind: "disconnect" });
    refused.add(from);
    remember(from, from);
    fill();
  }

  function shuffle(): void {
    const peer = pick(active);
    if (peer === null) return;
    given = [...random.shuffle(active.filter((other) => other !== peer)).slice(0, limits.shuffleActive), ...passive.sample(limits.shufflePassive)];
    send(peer, { kind: "shuffle", origin: self, hops: limits.shuffleWalk, peers: given });
  }

  function shuffled(from: PeerId, origin: PeerId, hops: number, peers: readonly PeerId[]): void {
    if (origin === self || !mayWalk(from)) return;
    if (hops > 0 && active.length > 1 && walk({ kind: "shuffle", origin, hops: hops - 1, peers }, from, origin)) return;
    const back = passive.sample(peers.length + 1).slice(0, limits.shuffleActive + limits.shufflePassive + 1);
    send(origin, { kind: "shuffle-reply", peers: back });
    for (const peer of [origin, ...peers]) remember(peer, from, back);
  }

  function receive(from: PeerId, message: HyParViewMessage): void {
    if (from === self) return;
    switch (message.kind) {
      case "join":
        return joined(from);
      case "forward-join":
        return forwardJoin(from, message.peer, message.hops);
      case "neighbour":
        return asked(from, message.urgent);
      case "neighbour-reply":
        return answered(from, message.accepted);
      case "disconnect":
        if (!unlink(from)) return;
        passive.add(from, from);
        refused.add(from);
        return fill();
      case "shuffle":
        return shuffled(from, message.origin, message.hops, message.peers);
      case "shuffle-reply": {
        const gave = given;
        given = null;
        if (gave) for (const peer of message.peers) remember(peer, from, gave);
      }
    }
  }

  function failed(peer: PeerId): void {
    unlink(peer);
    passive.remove(peer);
    requests.delete(peer);
    fill();
  }

  function tick(): void {
    evictions = 0;
    walks.clear();
    refused.clear();
    for (const [peer, request] of requests) if (--request.ticks <= 0) {
      requests.delete(peer);
      passive.remove(peer);
      // Its word may have been lost, and it may be the only one who is known of all the others; whoever knows nobody else needs another contact.
      if (request.for === "joining" && active.length < limits.active && active.length + passive.size > 0) join(peer);
    }
    if (++ticks % limits.shuffleEvery === 0) shuffle();
    fill();
    if (++age >= mixAt) mix();
  }

  return {
    handle(event) {
      out = [];
      switch (event.type) {
        case "tick":
          tick();
          break;
        case "join":
          join(event.contact);
          break;
        case "message":
          receive(event.from, event.message);
          break;
        case "failed":
          failed(event.peer);
      }
      return out;
    },
    active: () => active,
    passive: () => passive.peers(),
  };
}
