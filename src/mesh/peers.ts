import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import type { Clock } from "./clock.ts";
import type { Guard, Way } from "./guard.ts";
import { inviteCodec, type Invite } from "./invite.ts";
import { createLink, type Goodbye, type Link, type LinkEnd } from "./link.ts";
import { MESH_LIMITS } from "./limits.ts";
import type { Sent } from "./outbox.ts";
import type { Packet } from "./packet.ts";
import type { RtcHost } from "./rtc.ts";

export interface PeersDeps {
  self: PeerId;
  guard: Guard;
  rtc: RtcHost;
  clock: Clock;
  random(): number;
  iceServers: RTCIceServer[];
  relayOnly: boolean;
  forced: boolean;
  beforeDial?: (() => Promise<void>) | undefined;
  /** Is a link with this peer part of the overlay or the group? */
  wanted(peer: PeerId): boolean;
  reachable(peer: PeerId): boolean;
  /** Sends a blob by the preferred way, else by the other. */
  sendBlob(to: PeerId, blob: Uint8Array, prefer: Way): void;
  events: {
    onPacket(link: Link, packet: Packet, wireBytes: number): void;
    onSent(sent: Sent): void;
    onReceived(bytes: number): void;
    onGathered(relay: boolean): void;
    /** A link came up or went: `live()` has changed. */
    onLinks(up: Link | null): void;
    onOutdated(peer: PeerId): void;
    onDropped(peer: PeerId, error: WireError): void;
  };
}

export interface Peers {
  live(): ReadonlyMap<PeerId, Link>;
  dialling(): PeerId[];
  /** Not to be linked with for now: another version, or malformed bytes. */
  held(peer: PeerId): boolean;
  /** Looks after the links: dials those missing, lets go of those not needed. */
  tend(missing: Iterable<PeerId>): void;
  /** Tries a peer outside the overlay's present shape. */
  dialCold(peer: PeerId): void;
  /** An opened blob: it is as its sender made it. */
  blob(from: PeerId, blob: Uint8Array, way: Way): void;
  /** No links with this peer for a while. */
  refuse(peer: PeerId, error: WireError): void;
  probe(peer: PeerId): void;
  /** Forgets failures, so that the next `tend` dials at once. */
  refresh(peer: PeerId): void;
  close(): void;
}

interface Entry {
  live: Link | null;
  trying: Link | null;
  failures: number;
  notBefore: number;
  heldUntil: number;
  unneededSince: number | null;
}

/**
 * Makes, re-makes and ends the links. Of two devices the one with the smaller id calls; the other can only
 * ask to be called. A new attempt does not end a living link before it has greeted, so a stale or forged
 * call costs nothing.
 */
export function createPeers(deps: PeersDeps): Peers {
  const { self, clock, events } = deps;
  const entries = new Map<PeerId, Entry>();
  const live = new Map<PeerId, Link>();
  const seen = new Set<string>();
  let gate: Promise<void> | null = null;
  let closed = false;

  const beforeDial = deps.beforeDial;
  const waitAtGate = beforeDial && ((): Promise<void> => (gate ??= beforeDial()));

  function entryOf(peer: PeerId): Entry {
    let entry = entries.get(peer);
    if (!entry) {
      entry = { live: null, trying: null, failures: 0, notBefore: 0, heldUntil: 0, unneededSince: null };
      entries.set(peer, entry);
    }
    return entry;
  }

  /** Forgets those of whom there is nothing to remember, once they are many. */
  function prune(now: number): void {
    if (entries.size <= MESH_LIMITS.peersRemembered) return;
    for (const [peer, entry] of entries) {
      if (!entry.live && !entry.trying && entry.heldUntil <= now && entry.notBefore <= now) entries.delete(peer);
    }
  }

  const isHeld = (peer: PeerId): boolean => (entries.get(peer)?.heldUntil ?? 0) > clock.now();

  function remember(attempt: string): void {
    seen.add(attempt);
    for (const oldest of seen) {
      if (seen.size <= MESH_LIMITS.attemptsRemembered) break;
      seen.delete(oldest);
    }
  }

  function linkCount(): number {
    let count = 0;
    for (const entry of entries.values()) if (entry.live || entry.trying) count++;
    return count;
  }

  /** True when one more link may be made, if need be in the place of one that is not needed here. */
  function hasRoom(peer: PeerId): boolean {
    const entry = entries.get(peer);
    if (entry?.live || entry?.trying) return true;
    if (linkCount() < MESH_LIMITS.links) return true;
    if (!deps.wanted(peer)) return false;
    const spare = [...live.values()].find((link) => !deps.wanted(link.peer));
    if (!spare) return false;
    drop(spare, "unneeded");
    return true;
  }

  /** Links that join what was apart are always welcome; with forced degrees, no others beyond the overlay's. */
  const accepts = (peer: PeerId): boolean => !isHeld(peer) && (!deps.forced || deps.wanted(peer) || !deps.reachable(peer)) && hasRoom(peer);

  function drop(link: Link, goodbye: Goodbye): void {
    link.close(goodbye);
    const entry = entryOf(link.peer);
    if (entry.trying === link) entry.trying = null;
    if (entry.live !== link) return;
    entry.live = null;
    live.delete(link.peer);
    if (!closed) events.onLinks(null);
  }

  function backOff(entry: Entry): void {
    const step = Math.min(MESH_LIMITS.backoffBase * 2 ** entry.failures, MESH_LIMITS.backoffMax);
    entry.failures = Math.min(entry.failures + 1, 16);
    entry.notBefore = clock.now() + step * (0.5 + deps.random());
  }

  /** A server may list a peer that it no longer reaches, and a relay may be the broken one: take turns. */
  const turn = (peer: PeerId): Way => (entryOf(peer).failures % 2 === 0 ? "server" : "mesh");

  function tell(peer: PeerId, invite: Invite, way: Way): void {
    deps.sendBlob(peer, inviteCodec.encode(invite), way);
  }

  function hold(peer: PeerId, error: WireError): void {
    const entry = entryOf(peer);
    const outdated = error.code === "version";
    entry.heldUntil = clock.now() + (outdated ? MESH_LIMITS.outdatedHold : MESH_LIMITS.malformedHold);
    // An older peer is told by its own device.
    if (outdated && error.older !== "peer") events.onOutdated(peer);
    else events.onDropped(peer, error);
  }

  function ended(link: Link, end: LinkEnd): void {
    const entry = entryOf(link.peer);
    const wasLive = entry.live === link;
    if (entry.trying === link) entry.trying = null;
    if (wasLive) {
      entry.live = null;
      live.delete(link.peer);
    }
    if (end.error) hold(link.peer, end.error);
    else if (end.said === "version") hold(link.peer, new WireError("version", end.reason));
    else if (end.said === "leave") entry.notBefore = clock.now() + MESH_LIMITS.leaveHold;
    else if (end.said !== "unneeded" && end.said !== "replaced") {
      if (wasLive && clock.now() - link.liveSince >= MESH_LIMITS.backoffReset) entry.failures = 0;
      backOff(entry);
    }
    if (wasLive) events.onLinks(null);
  }

  function up(link: Link): void {
    const entry = entryOf(link.peer);
    if (entry.trying !== link) return;
    const old = entry.live;
    entry.trying = null;
    entry.live = link;
    entry.unneededSince = null;
    live.set(link.peer, link);
    old?.close("replaced");
    events.onLinks(link);
  }

  /** `way` is kept for the whole attempt: what is answered comes back as it came, and in order. */
  function attempt(peer: PeerId, name: string, way: Way): Link {
    const entry = entryOf(peer);
    if (entry.trying) drop(entry.trying, "replaced");
    remember(name);
    const link = createLink({
      self,
      guard: deps.guard,
      peer,
      attempt: name,
      rtc: deps.rtc,
      clock,
      iceServers: deps.iceServers,
      relayOnly: deps.relayOnly,
      wanted: () => deps.wanted(peer),
      gate: waitAtGate,
      events: {
        onInvite: (invite) => tell(peer, invite, way),
        onLive: () => up(link),
        onPacket: (packet, wireBytes) => events.onPacket(link, packet, wireBytes),
        onSent: events.onSent,
        onReceived: events.onReceived,
        onGathered: events.onGathered,
        onEnd: (end) => ended(link, end),
      },
    });
    entry.trying = link;
    return link;
  }

  function name(): string {
    const word = (): string => Math.floor(deps.random() * 2 ** 32).toString(16).padStart(8, "0");
    return word() + word();
  }

  const isFresh = ({ openedAt }: Link): boolean => clock.now() - openedAt < MESH_LIMITS.callStale;

  /** Unless too many are under way; those that nobody answers for long are in nobody's way. */
  function call(peer: PeerId, way: Way): void {
    let calls = 0;
    for (const [other, { trying }] of entries) if (trying && self < other && isFresh(trying)) calls++;
    if (calls < MESH_LIMITS.callsAtOnce) attempt(peer, name(), way);
  }

  /** Calls, or asks to be called. */
  function dial(peer: PeerId): void {
    if (!hasRoom(peer)) return;
    const way = turn(peer);
    if (self < peer) return call(peer, way);
    backOff(entryOf(peer));
    const ask = (): void => tell(peer, { k: "want" }, way);
    if (waitAtGate) waitAtGate().then(() => closed || ask(), () => close());
    else ask();
  }

  function invited(from: PeerId, invite: Invite, way: Way): void {
    const calls = invite.k === "offer" || invite.k === "want" ? (invite.k === "offer" ? from < self : self < from) : true;
    if (!calls) throw new WireError("malformed", `a ${invite.k} from the wrong side`);
    const entry = entryOf(from);
    if (invite.k === "want") {
      if (!accepts(from)) return;
      const { trying } = entry;
      if (!trying || (!trying.answered && !isFresh(trying))) call(from, way);
      return;
    }
    if (invite.k === "offer") {
      if (seen.has(invite.a) || !accepts(from)) return;
      attempt(from, invite.a, way).signal(invite);
      return;
    }
    const link = [entry.trying, entry.live].find((candidate) => candidate?.attempt === invite.a);
    link?.signal(invite);
  }

  function refuse(peer: PeerId, error: WireError): void {
    const { trying, live: linked } = entryOf(peer);
    for (const link of [trying, linked]) if (link) drop(link, error.code === "version" ? "version" : "malformed");
    hold(peer, error);
  }

  function needed(link: Link, entry: Entry, now: number): boolean {
    if (deps.wanted(link.peer) || link.peerWants) {
      entry.unneededSince = null;
      return true;
    }
    entry.unneededSince ??= now;
    const spare = now - entry.unneededSince;
    // A message half-way would have to be sent again from its start; but traffic must not keep the link for ever.
    if (link.busy) return spare < MESH_LIMITS.unneededBusy;
    return spare < (deps.forced ? MESH_LIMITS.unneededLingerForced : MESH_LIMITS.unneededLinger);
  }

  function close(): void {
    closed = true;
    for (const entry of entries.values()) {
      entry.trying?.close("leave");
      entry.live?.close("leave");
    }
    entries.clear();
    live.clear();
  }

  return {
    live: () => live,
    dialling: () => [...entries].filter(([, entry]) => entry.trying && !entry.live).map(([peer]) => peer),
    held: isHeld,
    tend(missing) {
      const now = clock.now();
      prune(now);
      for (const link of [...live.values()]) if (!needed(link, entryOf(link.peer), now)) drop(link, "unneeded");
      for (const peer of missing) {
        const fresh = !entries.has(peer);
        const entry = entryOf(peer);
        // The caller's offer is on its way as a rule; asking for it is for when it got lost.
        if (fresh && self > peer) entry.notBefore = now + MESH_LIMITS.wantDelay;
        if (entry.live || entry.trying || now < entry.notBefore || now < entry.heldUntil) continue;
        dial(peer);
      }
    },
    dialCold(peer) {
      const entry = entryOf(peer);
      if (!entry.live && !entry.trying && !isHeld(peer) && clock.now() >= entry.notBefore) dial(peer);
    },
    blob(from, blob, way) {
      try {
        invited(from, inviteCodec.decode(blob), way);
      } catch (error) {
        if (!(error instanceof WireError)) throw error;
        refuse(from, error);
      }
    },
    refuse,
    probe: (peer) => entries.get(peer)?.live?.probe(),
    refresh(peer) {
      const entry = entries.get(peer);
      if (!entry) return;
      entry.failures = 0;
      entry.notBefore = Math.min(entry.notBefore, clock.now() + (self < peer ? 0 : MESH_LIMITS.wantDelay));
    },
    close,
  };
}
