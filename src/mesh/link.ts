import { WireError } from "../wire/codec.ts";
import { isPeerId, type PeerId } from "../wire/ids.ts";
import type { Clock } from "./clock.ts";
import { createReassembler } from "./frame.ts";
import type { Guard } from "./guard.ts";
import { inviteOf, signalOf, type Invite } from "./invite.ts";
import { MESH_LIMITS } from "./limits.ts";
import { createOutbox, type SendOptions, type Sent } from "./outbox.ts";
import { packetHeader, readPacket, statementOf, type Packet, type PacketKind } from "./packet.ts";
import type { RtcHost, RtcOptions } from "./rtc.ts";
import { createSilence } from "./silence.ts";

/** Why a link ended, as said to the other side. The order is the wire's: add at the end. */
const GOODBYES = ["leave", "unneeded", "replaced", "version", "malformed", "silent"] as const;
export type Goodbye = (typeof GOODBYES)[number];

export interface LinkEnd {
  reason: string;
  /** What the peer said, where it said goodbye. */
  said: Goodbye | null;
  /** The peer's bytes were wrong. */
  error: WireError | null;
}

export interface LinkEvents {
  /** The attempt's next blob for the other side. */
  onInvite(invite: Invite): void;
  /** Both have greeted each other: packets may flow. */
  onLive(): void;
  /** `wireBytes`: what the packet took on the channel. Throws WireError where the packet is wrong. */
  onPacket(packet: Packet, wireBytes: number): void;
  onSent(sent: Sent): void;
  onReceived(bytes: number): void;
  /** The TURN servers were asked: one gave a relay, or none did. */
  onGathered(relay: boolean): void;
  /** Once, last. Not called after `close`. */
  onEnd(end: LinkEnd): void;
}

export interface LinkDeps extends Omit<RtcOptions, "initiator"> {
  self: PeerId;
  guard: Guard;
  peer: PeerId;
  /** 16 hex digits drawn for this attempt; signals of any other are not for this link. */
  attempt: string;
  rtc: RtcHost;
  clock: Clock;
  /** Is the link wanted at this end? Told to the other side with each heartbeat. */
  wanted(): boolean;
  /** Waited for before the connection is opened. */
  gate?: (() => Promise<void>) | undefined;
  events: LinkEvents;
}

export interface Link {
  readonly peer: PeerId;
  readonly attempt: string;
  readonly live: boolean;
  /** The other side has answered, even if the channel is not open yet. */
  readonly answered: boolean;
  readonly openedAt: number;
  readonly liveSince: number;
  /** What the peer's last heartbeat said. */
  readonly peerWants: boolean;
  /** In the middle of a message, either way. */
  readonly busy: boolean;
  readonly up: number;
  readonly down: number;
  signal(invite: Invite): void;
  /** @throws MeshError */
  send(parts: readonly Uint8Array[], options: SendOptions): Promise<void>;
  /** Asks for a sign of life; the link ends soon if none comes. */
  probe(): void;
  /** Says goodbye and frees everything; no event follows. */
  close(goodbye: Goodbye): void;
}

const PING_WANTED = 1;
const PING_ANSWER = 2;
const PING_FLAGS = PING_WANTED | PING_ANSWER;

/** The certificate's fingerprint in a session description, as `algorithm hex` in lower case. @throws WireError */
function fingerprintOf(sdp: string): string {
  const found = new Set([...sdp.matchAll(/^a=fingerprint:(\S+ \S+)\s*$/gm)].map(([, text]) => text!.toLowerCase()));
  const [fingerprint] = found;
  if (fingerprint === undefined || found.size !== 1) throw new WireError("malformed", "a session description without one certificate");
  return fingerprint;
}

/** One connection to one peer: its opening, greeting, heartbeats, frames and end. */
export function createLink(deps: LinkDeps): Link {
  const { self, guard, peer, attempt, rtc, clock, events } = deps;
  const initiator = self < peer;
  const id = `${peer}.${attempt}`;
  const openedAt = clock.now();
  const reassembler = createReassembler();
  const silence = createSilence(() => rtc.heard(id));
  const held: Invite[] = [];
  /** Of the certificates that the two ends' DTLS will use (RFC 8122). */
  const fingerprints = { caller: "", called: "" };
  let state: "waiting" | "opening" | "greeting" | "live" | "ended" = "waiting";
  let answered = false;
  let peerWants = true;
  let liveSince = 0;
  let beatAt = 0;
  let tickAt = openedAt;
  let greetingAt = 0;
  let signals = 0;
  let up = 0;
  let down = 0;
  let cancelTick = (): void => undefined;

  const outbox = createOutbox({
    clock,
    transmit: (frame) => rtc.send(id, frame),
    onSent(sent) {
      up += sent.bytes;
      events.onSent(sent);
    },
    onFailed: (cause) => end(`the channel refused a frame: ${String(cause)}`, null, null),
  });

  function note(invite: Invite): void {
    if (invite.k !== "offer" && invite.k !== "answer") return;
    fingerprints[invite.k === "offer" ? "caller" : "called"] = fingerprintOf(invite.sdp);
  }

  /**
   * What a greeting proves: this attempt, between these two, over a channel with these certificates at its ends.
   * Whoever put itself between them had to put in certificates of its own.
   */
  function greeting(source: PeerId, destination: PeerId): Uint8Array {
    const header = packetHeader({ kind: "hello", ttl: 1, sequence: 0, source, destination });
    return statementOf(header, new TextEncoder().encode(`${attempt} ${fingerprints.caller} ${fingerprints.called}`));
  }

  function packet(kind: PacketKind, payload: Uint8Array): Uint8Array {
    const header = packetHeader({ kind, ttl: 1, sequence: 0, source: self, destination: peer });
    const bytes = new Uint8Array(header.length + payload.length);
    bytes.set(header);
    bytes.set(payload, header.length);
    return bytes;
  }

  function release(goodbye: Goodbye | null): void {
    cancelTick();
    if (goodbye && (state === "live" || state === "greeting")) outbox.last(packet("goodbye", Uint8Array.of(GOODBYES.indexOf(goodbye) + 1)));
    const opened = state !== "waiting";
    state = "ended";
    outbox.close();
    if (opened) rtc.close(id).catch(() => undefined /* the page is gone, and the connection with it */);
  }

  function end(reason: string, said: Goodbye | null, error: WireError | null, goodbye: Goodbye | null = null): void {
    if (state === "ended") return;
    release(goodbye);
    events.onEnd({ reason, said, error });
  }

  /** Anything wrong with the peer's bytes ends this link and nothing else. */
  function guarded(work: () => void): void {
    if (state === "ended") return;
    try {
      work();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      end(error.message, null, error, error.code === "version" ? "version" : "malformed");
    }
  }

  function ping(flags: number): void {
    // Those still waiting will do: a channel that takes nothing gets no pile of pings.
    if (outbox.urgentWaiting) return;
    void push(packet("ping", Uint8Array.of((deps.wanted() ? PING_WANTED : 0) | flags)));
  }

  function push(bytes: Uint8Array): Promise<void> {
    // A link that ends meanwhile says so by `onEnd`; the packet is of no use then.
    return outbox.push([bytes], { traffic: "overhead" }).catch(() => undefined);
  }

  function receive(bytes: Uint8Array<ArrayBuffer>): void {
    silence.broken();
    down += bytes.length;
    events.onReceived(bytes.length);
    const received = reassembler.accept(bytes);
    if (!received) return;
    const got = readPacket(received.message, peer);
    if (state === "greeting") return greet(got);
    if (got.kind === "hello") throw new WireError("malformed", "a second greeting");
    if (got.kind === "goodbye") return part(got.payload);
    if (got.kind === "ping") return pinged(got.payload);
    events.onPacket(got, received.wireBytes);
  }

  function greet(got: Packet): void {
    if (got.kind === "goodbye") return part(got.payload);
    if (got.kind !== "hello") throw new WireError("malformed", `a ${got.kind} packet before the greeting`);
    if (got.destination !== self) throw new WireError("malformed", "a greeting that is meant for another device");
    guard.check(peer, greeting(peer, self), got.payload);
    state = "live";
    liveSince = clock.now();
    events.onLive();
  }

  function part(payload: Uint8Array): void {
    const said = GOODBYES[(payload[0] ?? 0) - 1];
    if (payload.length !== 1 || said === undefined) throw new WireError("malformed", "a goodbye without a known reason");
    end(`the peer said goodbye: ${said}`, said, null);
  }

  function pinged(payload: Uint8Array): void {
    const flags = payload[0];
    if (payload.length !== 1 || flags === undefined || flags > PING_FLAGS) throw new WireError("malformed", "a heartbeat that is not one byte of flags");
    peerWants = (flags & PING_WANTED) !== 0;
    if (flags & PING_ANSWER) ping(0);
  }

  function tick(): void {
    const now = clock.now();
    // A device that was itself suspended has heard nobody; that is not the peers' silence.
    const passed = Math.min(now - tickAt, 2 * MESH_LIMITS.tick);
    tickAt = now;
    cancelTick = clock.after(MESH_LIMITS.tick, tick);
    if (state === "waiting" || state === "opening") {
      if (now - openedAt > MESH_LIMITS.connectTimeout) end("no connection in time", null, null);
      return;
    }
    if (state === "greeting") {
      if (now - greetingAt > MESH_LIMITS.helloTimeout) end("no greeting in time", null, null);
      return;
    }
    const dead = silence.pass(passed);
    if (dead !== null) return end(dead, null, null, "silent");
    if (outbox.stalled() > MESH_LIMITS.sendStall) return end("the channel takes no more bytes", null, null, "silent");
    if (now - beatAt < MESH_LIMITS.heartbeat) return;
    beatAt = now;
    ping(0);
  }

  function connected(): void {
    if (state !== "opening") return;
    state = "greeting";
    greetingAt = clock.now();
    void push(packet("hello", guard.prove(greeting(self, peer))));
  }

  function open(): void {
    if (state !== "waiting") return;
    state = "opening";
    const options: RtcOptions = { initiator, iceServers: deps.iceServers, relayOnly: deps.relayOnly };
    rtc
      .open(id, options, {
        signal(data) {
          if (state === "ended") return;
          const invite = inviteOf(attempt, data);
          if (!invite) return;
          guarded(() => note(invite));
          events.onInvite(invite);
        },
        connected,
        data: (bytes) => guarded(() => receive(bytes)),
        gathered: (relay) => events.onGathered(relay),
        closed: (reason) => end(reason, null, null),
      })
      .catch((cause: unknown) => end(`the connection could not be opened: ${String(cause)}`, null, null));
    for (const invite of held.splice(0)) feed(invite);
  }

  function feed(invite: Invite): void {
    rtc.signal(id, signalOf(invite)).catch((cause: unknown) => end(`the connection refused a signal: ${String(cause)}`, null, null));
  }

  if (!isPeerId(peer) || peer === self) throw new RangeError("a link needs a peer");
  cancelTick = clock.after(MESH_LIMITS.tick, tick);
  if (deps.gate) deps.gate().then(open, (cause: unknown) => end(`held back: ${String(cause)}`, null, null));
  else open();

  return {
    peer,
    attempt,
    get live() {
      return state === "live";
    },
    get answered() {
      return answered;
    },
    openedAt,
    get liveSince() {
      return liveSince;
    },
    get peerWants() {
      return peerWants;
    },
    get busy() {
      return outbox.bulkWaiting || reassembler.held > 0;
    },
    get up() {
      return up;
    },
    get down() {
      return down;
    },
    signal(invite) {
      if (state === "ended") return;
      answered = true;
      note(invite);
      if (++signals > MESH_LIMITS.signalsHeld) return end("too many signals", null, new WireError("oversized", "more candidates than a connection has"));
      if (state === "waiting") held.push(invite);
      else feed(invite);
    },
    send: (parts, options) => outbox.push(parts, options),
    probe() {
      if (state !== "live") return;
      silence.suspect();
      ping(PING_ANSWER);
    },
    close(goodbye) {
      if (state !== "ended") release(goodbye);
    },
  };
}
