import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import { systemClock, type Clock } from "./clock.ts";
import { MESH_LIMITS } from "./limits.ts";
import { overlay } from "./overlay.ts";
import type { Guard, Way } from "./guard.ts";
import type { SendOptions, Sent } from "./outbox.ts";
import { createPeers } from "./peers.ts";
import { createRouter } from "./router.ts";
import type { RtcHost } from "./rtc.ts";
import { createTopology, type AreaOf } from "./topology.ts";

/** The signalling server, as far as the mesh needs it. */
export interface Signal {
  /** False when the server cannot be reached now. */
  send(to: PeerId, blob: Uint8Array): boolean;
}

export interface MeshEvents {
  /** The bytes are the receiver's own to keep. Of a message to `all` the sender is proven; one to `one` has to prove itself. */
  onMessage(from: PeerId, bytes: Uint8Array<ArrayBuffer>, to: "all" | "one"): void;
  /**
   * Peers with a way to them, and those that are listed and have none yet. Called when either changes. Where the room is
   * cut into areas those of the own one; `beyond` are the listed ones of others that a link leads to the area of, and nobody
   * here vouches for them.
   */
  onReachable(reachable: PeerId[], pending: PeerId[], beyond: readonly PeerId[]): void;
  /** This peer speaks a newer version, or one that is not known: this device may have to update. */
  onOutdated(peer: PeerId): void;
  /** This peer's bytes were wrong; its link is closed and stays so for a while. */
  onDropped(peer: PeerId, error: WireError): void;
  /** A blob is not as this peer sent it: the server, or a relay, lies. */
  onTampered(from: PeerId, way: Way): void;
  /** A channel was given bytes: all of them are told of, and sum to those of the snapshot. */
  onSent?(sent: Sent): void;
}

export interface MeshDeps {
  self: PeerId;
  guard: Guard;
  rtc: RtcHost;
  signal: Signal;
  events: MeshEvents;
  ice: { iceServers: RTCIceServer[]; relayOnly: boolean };
  /** Overlay links, `MESH_LIMITS.degree` where absent. */
  degree?: number;
  /** No links on top of the overlay's. */
  forced?: boolean;
  /** How the room is cut; absent: it is one area. Unknown: it makes no links of itself before it is told. */
  areas?: AreaOf | "unknown";
  clock?: Clock;
  /** Uniform in [0, 1). */
  random?: () => number;
  /** Waited for once, before the first connection is opened. */
  beforeDial?: () => Promise<void>;
}

/** Bytes at the data channel, all headers included; the three sum to all of them. */
export interface ByteCounts {
  /** Messages that this device sent or was sent. */
  own: number;
  /** Messages of others passed on, and repeats of a broadcast. */
  relayed: number;
  /** Greetings, heartbeats, link states, signals, unfinished messages. */
  overhead: number;
}

export interface MeshSnapshot {
  links: { peer: PeerId; up: number; down: number }[];
  dialling: PeerId[];
  reachable: PeerId[];
  pending: PeerId[];
  edges: [PeerId, PeerId][];
  up: ByteCounts;
  down: ByteCounts;
  relayDrops: number;
  /** Whether a TURN server gave a relay when they were last asked; null where none is named, or before. */
  turn: boolean | null;
}

export interface Mesh {
  /** Everybody in the room, as the signalling server says; the whole list each time. */
  roster(peers: readonly PeerId[]): void;
  /** A hint that a peer is gone: it is asked for a sign of life. */
  gone(peer: PeerId): void;
  /** A blob that came by the signalling server. */
  blob(from: PeerId, blob: Uint8Array): void;
  /** Peers to be linked with directly, on top of the overlay. */
  setGroup(peers: readonly PeerId[]): void;
  /** What this device sends leaves slowly, or no longer (uplink.ts): the others find ways around it. */
  setSlow(slow: boolean): void;
  /** How the room is cut, which everybody in it has to agree on; null: it is one area. */
  setAreas(areaOf: AreaOf | null): void;
  /**
   * To every reachable peer, once; not repeated to those who come later. Where the room is cut into areas to those of the
   * own one and its own neighbours; `wide`: to all, but for some by chance where one is lost. @throws MeshError
   */
  broadcast(bytes: Uint8Array, label?: string, wide?: boolean): void;
  /**
   * To one peer, over relays where need be; several parts are sent as one message, without being joined here. Resolves when the first link has taken all of it, which says
   * nothing of its arrival; the bytes must not change until then. Never hangs. @throws MeshError
   */
  send(to: PeerId, bytes: Uint8Array | readonly Uint8Array[], options?: Pick<SendOptions, "signal" | "label">): Promise<void>;
  snapshot(): MeshSnapshot;
  close(): void;
}

const cryptoRandom = (): number => crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;

export function createMesh(deps: MeshDeps): Mesh {
  const { self, guard, signal, events } = deps;
  const clock = deps.clock ?? systemClock;
  const random = deps.random ?? cryptoRandom;
  const forced = deps.forced ?? false;
  const degree = deps.degree ?? MESH_LIMITS.degree;
  const topology = createTopology(self);
  if (typeof deps.areas === "function") topology.setAreas(deps.areas);
  const up: ByteCounts = { own: 0, relayed: 0, overhead: 0 };
  const down = { own: 0, relayed: 0, all: 0 };
  let listed = new Set<PeerId>();
  /** Since when a listed peer has no way to it. */
  const lostSince = new Map<PeerId, number>();
  let group: readonly PeerId[] = [];
  let areas: "one" | "several" | "unknown" = deps.areas === "unknown" ? "unknown" : deps.areas ? "several" : "one";
  /** Those listed of other areas, all and as far as there is a way into theirs; and how often either has changed. */
  let abroad: readonly PeerId[] = [];
  let beyond: readonly PeerId[] = [];
  let beyondTurn = 0;
  let wanted = new Set<PeerId>();
  let shape = "";
  let told = "";
  let coldAt = 0;
  let announceAt = 0;
  let cancelTick = (): void => undefined;
  let cancelAnnounce: (() => void) | null = null;
  let closed = false;
  let turn: boolean | null = null;

  const peers = createPeers({
    self,
    guard,
    rtc: deps.rtc,
    clock,
    random,
    iceServers: deps.ice.iceServers,
    relayOnly: deps.ice.relayOnly,
    forced,
    beforeDial: deps.beforeDial,
    wanted: (peer) => wanted.has(peer),
    reachable: (peer) => topology.isReachable(peer),
    sendBlob,
    events: {
      onPacket: (link, packet, wireBytes) => router.onPacket(link, packet, wireBytes),
      onSent(sent) {
        up[sent.traffic] += sent.bytes;
        events.onSent?.(sent);
      },
      onReceived: (bytes) => void (down.all += bytes),
      onGathered: (relay) => void (turn = relay),
      onLinks(link) {
        topology.setLinks([...peers.live().keys()]);
        if (link) router.introduce(link);
        announceSoon();
        changed();
      },
      onOutdated: events.onOutdated,
      onDropped: events.onDropped,
    },
  });

  const router = createRouter({
    self,
    guard,
    clock,
    random,
    topology,
    live: () => peers.live(),
    events: {
      onMessage: events.onMessage,
      onBlob: (from, sealed) => takeBlob(from, sealed, "mesh"),
      onTopology: changed,
      onCounted: (traffic, wireBytes) => void (down[traffic] += wireBytes),
    },
  });

  function sendBlob(to: PeerId, open: Uint8Array, prefer: Way): void {
    const blob = guard.sealBlob(to, open);
    const server = (): boolean => listed.has(to) && signal.send(to, blob);
    const mesh = (): boolean => router.sendBlob(to, blob);
    // Where neither way is open the attempt runs out, and the next one looks again.
    if (prefer === "server") void (server() || mesh());
    else void (mesh() || server());
  }

  function takeBlob(from: PeerId, sealed: Uint8Array, way: Way): void {
    if (closed || from === self || peers.held(from)) return;
    let blob: Uint8Array | null;
    try {
      blob = guard.openBlob(from, sealed);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      // Only of the server's word for the sender: a relay could slander anybody with a byte.
      if (error.code === "version" && way === "server") peers.refuse(from, error);
      else events.onTampered(from, way);
      return;
    }
    if (blob) peers.blob(from, blob, way);
  }

  function announce(): void {
    cancelAnnounce?.();
    cancelAnnounce = null;
    announceAt = clock.now();
    router.announce(topology.announce(announceAt));
  }

  function announceSoon(): void {
    cancelAnnounce ??= clock.after(Math.max(MESH_LIMITS.linkStateDelay, announceAt - clock.now() + MESH_LIMITS.linkStateGap * topology.size), announce);
  }

  function pending(): PeerId[] {
    return [...listed].filter((peer) => topology.isNear(peer) && !topology.isReachable(peer) && !peers.held(peer)).sort();
  }

  /** At each tick, for in a large room somebody comes or goes all the time. */
  function lookBeyond(): void {
    const next = areas === "several" ? [...listed].filter((peer) => !topology.isNear(peer)).sort() : [];
    const open = next.filter((peer) => topology.leadsTo(peer));
    if (next.join() === abroad.join() && open.join() === beyond.join()) return;
    abroad = next;
    beyond = open;
    beyondTurn++;
  }

  /** After any change: whom to be linked with, and whom the layer above can count on. */
  function changed(): void {
    if (closed) return;
    const now = clock.now();
    const reachable = topology.reachable();
    const waiting = pending();
    for (const peer of reachable) lostSince.delete(peer);
    for (const peer of waiting) if (!lostSince.has(peer)) lostSince.set(peer, now);
    for (const peer of lostSince.keys()) if (!listed.has(peer)) lostSince.delete(peer);
    const fresh = waiting.filter((peer) => now - (lostSince.get(peer) ?? now) < MESH_LIMITS.rosterPatience);
    const members = [...reachable.filter((peer) => topology.isNear(peer) && !peers.held(peer)), ...fresh].sort();
    const nextShape = [areas, beyondTurn, ...members, "|", ...group].join();
    if (nextShape !== shape) {
      shape = nextShape;
      wanted = areas === "unknown" ? new Set() : overlay(self, members, { degree, forced, group, beyond: abroad });
    }
    const next = [beyondTurn, ...reachable, "|", ...waiting].join();
    if (next === told) return;
    told = next;
    events.onReachable(reachable, waiting, beyond);
  }

  /** One that is listed but long out of reach, by chance: how parts of a room find each other again. */
  function dialCold(now: number): void {
    if (now < coldAt || areas === "unknown") return;
    coldAt = now + MESH_LIMITS.coldDial * (0.5 + random());
    const cold = pending().filter((peer) => !wanted.has(peer));
    const chosen = cold[Math.floor(random() * cold.length)];
    if (chosen !== undefined) peers.dialCold(chosen);
  }

  function tick(): void {
    const now = clock.now();
    cancelTick = clock.after(MESH_LIMITS.tick, tick);
    topology.age(now);
    lookBeyond();
    changed();
    peers.tend([...wanted].filter((peer) => !peers.live().has(peer)));
    dialCold(now);
    router.tick();
    if (now - announceAt >= topology.refreshEvery) announce();
  }

  /** Dials now rather than at the next tick. */
  function hurry(): void {
    changed();
    if (!closed) peers.tend([...wanted].filter((peer) => !peers.live().has(peer)));
  }

  announceAt = clock.now();
  cancelTick = clock.after(MESH_LIMITS.tick, tick);

  return {
    roster(list) {
      if (closed) return;
      const next = new Set(list);
      next.delete(self);
      for (const peer of next) {
        if (listed.has(peer)) continue;
        lostSince.delete(peer);
        if (!topology.isReachable(peer)) peers.refresh(peer);
      }
      for (const peer of listed) if (!next.has(peer)) peers.probe(peer);
      listed = next;
      hurry();
    },
    gone(peer) {
      if (closed) return;
      listed.delete(peer);
      peers.probe(peer);
      changed();
    },
    blob: (from, sealed) => takeBlob(from, sealed, "server"),
    setGroup(list) {
      group = [...list].sort();
      hurry();
    },
    setSlow(slow) {
      topology.setSlow(slow);
      if (!closed) announceSoon();
    },
    setAreas(areaOf) {
      areas = areaOf === null ? "one" : "several";
      topology.setAreas(areaOf);
      lookBeyond();
      hurry();
      announce();
    },
    broadcast: (bytes, label, wide) => router.broadcast(bytes, label, wide && areas === "several"),
    send: (to, bytes, options) => router.send(to, bytes instanceof Uint8Array ? [bytes] : bytes, options),
    snapshot: () => ({
      links: [...peers.live().values()].map(({ peer, up: sent, down: received }) => ({ peer, up: sent, down: received })),
      dialling: peers.dialling(),
      reachable: topology.reachable(),
      pending: pending(),
      edges: topology.edges(),
      up: { ...up },
      down: { own: down.own, relayed: down.relayed, overhead: down.all - down.own - down.relayed },
      relayDrops: router.relayDrops,
      turn,
    }),
    close() {
      if (closed) return;
      closed = true;
      cancelTick();
      cancelAnnounce?.();
      router.close();
      peers.close();
    },
  };
}
