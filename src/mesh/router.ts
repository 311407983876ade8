import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import type { Clock } from "./clock.ts";
import { MeshError } from "./errors.ts";
import type { Link } from "./link.ts";
import type { Guard } from "./guard.ts";
import { createIntroduction } from "./introduction.ts";
import { decodeLinkState, encodeLinkState, type LinkState } from "./linkstate.ts";
import { MESH_LIMITS } from "./limits.ts";
import type { SendOptions } from "./outbox.ts";
import { oneHopOn, PACKET_HEADER_BYTES, packetHeader, statementOf, type Packet, type PacketKind } from "./packet.ts";
import type { MeshEvents } from "./mesh.ts";
import { nearest, type Topology } from "./topology.ts";

export interface RouterDeps {
  self: PeerId;
  guard: Guard;
  clock: Clock;
  random(): number;
  topology: Topology;
  live(): ReadonlyMap<PeerId, Link>;
  events: {
    onMessage: MeshEvents["onMessage"];
    /** A signalling blob that came over the mesh. */
    onBlob(from: PeerId, blob: Uint8Array): void;
    /** The map has changed. */
    onTopology(): void;
    /** Bytes received, as far as they were not the mesh's own. */
    onCounted(traffic: "own" | "relayed", wireBytes: number): void;
  };
}

export interface Router {
  onPacket(link: Link, packet: Packet, wireBytes: number): void;
  /** @param wide into other areas too */
  broadcast(bytes: Uint8Array, label?: string, wide?: boolean): void;
  send(to: PeerId, parts: readonly Uint8Array[], options?: Pick<SendOptions, "signal" | "label">): Promise<void>;
  sendBlob(to: PeerId, blob: Uint8Array): boolean;
  announce(state: LinkState): void;
  /** A new neighbour and this device tell each other what each knows of the others (introduction.ts). */
  introduce(link: Link): void;
  tick(): void;
  /** Packets of others that were let go because a way or room was missing. */
  readonly relayDrops: number;
  close(): void;
}

/** Carries packets over the links: floods, routes, relays, and takes each one once. */
export function createRouter(deps: RouterDeps): Router {
  const { self, guard, clock, topology, events } = deps;
  const taken = new Set<string>();
  const closing = new AbortController();
  let sequence = Math.floor(deps.random() * 2 ** 32);
  let relayed = 0;
  let relayDrops = 0;

  const introduction = createIntroduction({
    clock,
    topology,
    live: deps.live,
    send(link, kind, payload) {
      const head = packetHeader({ kind, ttl: 1, sequence: 0, source: self, destination: link.peer });
      link.send([head, payload], { traffic: "overhead" }).catch(letGo);
    },
    give: (link, message) => void link.send([message], { traffic: "overhead" }).catch(letGo),
  });

  const keyOf = ({ kind, source, sequence: number }: Packet): string => `${kind} ${source} ${number}`;
  const isRepeat = (packet: Packet): boolean => packet.source === self || taken.has(keyOf(packet));

  /** Before it is passed on: so whoever passes on what was never said is at fault itself. @throws WireError */
  function proven(packet: Packet): Uint8Array<ArrayBuffer> {
    const said = packet.payload.length - guard.proofBytes;
    if (said < 0) throw new WireError("malformed", `a ${packet.kind} packet without a proof`);
    const payload = packet.payload.subarray(0, said);
    guard.check(packet.source, statementOf(packet.message, payload), packet.payload.subarray(said));
    return payload;
  }

  function firstTime(packet: Packet): boolean {
    if (isRepeat(packet)) return false;
    taken.add(keyOf(packet));
    for (const oldest of taken) {
      if (taken.size <= MESH_LIMITS.packetsRemembered) break;
      taken.delete(oldest);
    }
    return true;
  }

  function header(kind: PacketKind, destination: PeerId | null): Uint8Array {
    sequence = (sequence + 1) >>> 0;
    return packetHeader({ kind, ttl: MESH_LIMITS.ttl, sequence, source: self, destination });
  }

  function toAll(kind: PacketKind, payload: Uint8Array, options: SendOptions): void {
    const head = header(kind, null);
    const parts = [head, payload, guard.prove(statementOf(head, payload))];
    for (const link of deps.live().values()) if (kind !== "link-state" || topology.isNear(link.peer)) link.send(parts, options).catch(letGo);
  }

  /** One copy of a flood that finds a link closed or full: the other links carry it, and link state repeats. */
  function letGo(error: unknown): void {
    if (!(error instanceof MeshError)) throw error;
    relayDrops++;
  }

  /** To whom it is for this device to pass on what its area is told. */
  const onward = ({ source }: Packet, relays: number): Link[] => [...deps.live().values()].filter(({ peer }) => topology.isNear(peer) && topology.passesOn(source, peer, relays));

  /** What goes beyond areas: out of the own one over each link that leads out; in those of others nobody's links with the source are known, so that a few for each device have to do. */
  function onwardWide(packet: Packet): Link[] {
    const links = [...deps.live().values()];
    if (topology.isNear(packet.source)) return [...onward(packet, MESH_LIMITS.relays), ...links.filter(({ peer }) => !topology.isNear(peer))];
    const few = nearest(links.map(({ peer }) => peer), packet.source, self, MESH_LIMITS.wideRelays);
    return links.filter(({ peer }) => few.includes(peer));
  }

  function passOn(from: Link, packet: Packet, traffic: "relayed" | "overhead", links: readonly Link[]): void {
    const message = oneHopOn(packet);
    if (!message) return;
    for (const link of links) {
      if (link === from || link.peer === packet.source) continue;
      if (relayed + message.length > MESH_LIMITS.relayQueueBytes) {
        relayDrops++;
        continue;
      }
      relayed += message.length;
      link.send([message], { traffic }).catch(letGo).finally(() => void (relayed -= message.length));
    }
  }

  /** True once the link has taken it, false when it closed or is full. */
  async function offer(link: Link, message: Uint8Array, traffic: "relayed" | "overhead"): Promise<boolean> {
    try {
      await link.send([message], { traffic });
      return true;
    } catch (error) {
      if (!(error instanceof MeshError)) throw error;
      return false;
    }
  }

  async function forward(packet: Packet, to: PeerId, from: Link): Promise<void> {
    const message = oneHopOn(packet);
    if (!message || relayed + message.length > MESH_LIMITS.relayQueueBytes) {
      relayDrops++;
      return;
    }
    relayed += message.length;
    try {
      for (let tries = 0; tries < MESH_LIMITS.sendAttempts && !closing.signal.aborted; tries++) {
        const link = linkTo(to);
        // Back where it came from is no way: for a moment after a link broke the two maps differ.
        if (!link || link === from) await pause(MESH_LIMITS.rerouteWait);
        else if (await offer(link, message, packet.kind === "signal" ? "overhead" : "relayed")) return;
      }
      relayDrops++;
    } finally {
      relayed -= message.length;
    }
  }

  /** Ends early when the mesh closes. */
  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        closing.signal.removeEventListener("abort", done);
        resolve();
      };
      const cancel = clock.after(ms, done);
      closing.signal.addEventListener("abort", done, { once: true });
    });
  }

  function linkTo(to: PeerId): Link | null {
    const hop = topology.nextHop(to);
    return (hop && deps.live().get(hop)) ?? null;
  }

  function linkState(link: Link, packet: Packet): void {
    const state = decodeLinkState(packet.source, packet.payload.subarray(0, Math.max(0, packet.payload.length - guard.proofBytes)));
    if (!topology.isNews(packet.source, state)) return;
    proven(packet);
    if (!topology.accept(packet.source, state, clock.now(), packet.message)) return;
    const without = onward(packet, MESH_LIMITS.stateRelays).filter((to) => !introduction.has(to, packet.source, state.version));
    passOn(link, packet, "overhead", without);
    events.onTopology();
  }

  function flood(link: Link, packet: Packet, wireBytes: number): void {
    if (isRepeat(packet)) return events.onCounted("relayed", wireBytes);
    const payload = proven(packet);
    firstTime(packet);
    events.onCounted("own", wireBytes);
    if (packet.kind === "wide-flood") passOn(link, packet, "relayed", onwardWide(packet));
    // What another area is told is for its neighbours too, and no further.
    else if (topology.isNear(packet.source)) passOn(link, packet, "relayed", onward(packet, MESH_LIMITS.relays));
    events.onMessage(packet.source, payload, "all");
  }

  async function route(to: PeerId, parts: readonly Uint8Array[], options: SendOptions): Promise<void> {
    for (let tries = 0; tries < MESH_LIMITS.sendAttempts; tries++) {
      const link = linkTo(to);
      if (!link) break;
      try {
        return await link.send(parts, options);
      } catch (error) {
        // Only a link that died under it is worth another way; the receiver takes a repeat once.
        if (!(error instanceof MeshError) || error.code !== "closed") throw error;
      }
    }
    throw new MeshError("unreachable", `no way to ${to} now; send again when it is reachable`);
  }

  return {
    onPacket(link, packet, wireBytes) {
      switch (packet.kind) {
        case "hello":
        case "ping":
        case "goodbye":
          return; // The link's own.
        case "link-state":
          return linkState(link, packet);
        case "summary":
          return introduction.summary(link, packet.payload);
        case "want-states":
          return introduction.wanted(link, packet.payload);
        case "flood":
        case "wide-flood":
          return flood(link, packet, wireBytes);
        case "unicast":
        case "signal": {
          const mine = packet.destination === self;
          if (packet.kind === "unicast") events.onCounted(mine ? "own" : "relayed", wireBytes);
          if (packet.destination !== null && !mine) return void forward(packet, packet.destination, link);
          if (!firstTime(packet)) return;
          return packet.kind === "signal" ? events.onBlob(packet.source, packet.payload) : events.onMessage(packet.source, packet.payload, "one");
        }
      }
    },
    broadcast(bytes, label, wide = false) {
      if (closing.signal.aborted) throw new MeshError("closed", "the mesh is closed");
      if (bytes.length > MESH_LIMITS.floodBytes) throw new MeshError("oversized", `a broadcast of ${bytes.length} bytes; send at most ${MESH_LIMITS.floodBytes} to everybody`);
      toAll(wide ? "wide-flood" : "flood", bytes, { traffic: "own", label });
    },
    async send(to, parts, { signal, label } = {}) {
      const length = parts.reduce((sum, part) => sum + part.length, 0);
      if (closing.signal.aborted) throw new MeshError("closed", "the mesh is closed");
      if (signal?.aborted) throw new MeshError("aborted", "given up before it was sent");
      if (length > MESH_LIMITS.messageBytes - PACKET_HEADER_BYTES) throw new MeshError("oversized", `a message of ${length} bytes; send at most ${MESH_LIMITS.messageBytes - PACKET_HEADER_BYTES} at once`);
      const late = new AbortController();
      const cancel = clock.after(MESH_LIMITS.sendTimeout + (length / MESH_LIMITS.slowestBytesPerSecond) * 1000, () => late.abort());
      const stops = [late.signal, closing.signal, ...(signal ? [signal] : [])];
      try {
        await route(to, [header("unicast", to), ...parts], { traffic: "own", label, signal: AbortSignal.any(stops) });
      } catch (error) {
        if (closing.signal.aborted) throw new MeshError("closed", "the mesh closed while this was on its way");
        if (late.signal.aborted) throw new MeshError("timeout", `not sent to ${to} in time; the way there is too slow`);
        throw error;
      } finally {
        cancel();
      }
    },
    sendBlob(to, blob) {
      const link = linkTo(to);
      if (!link) return false;
      link.send([header("signal", to), blob], { traffic: "overhead" }).catch(letGo);
      return true;
    },
    announce(state) {
      toAll("link-state", encodeLinkState(state), { traffic: "overhead" });
    },
    introduce: (link) => introduction.begin(link),
    tick: () => introduction.tick(),
    get relayDrops() {
      return relayDrops;
    },
    close() {
      closing.abort();
    },
  };
}
