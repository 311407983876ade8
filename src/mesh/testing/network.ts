import type { PeerId } from "../../wire/ids.ts";
import type { Clock } from "../clock.ts";
import type { RtcEvents, RtcHost } from "../rtc.ts";

interface End {
  host: PeerId;
  link: string;
  initiator: boolean;
  events: RtcEvents;
  other: End | null;
  /** Stands for the DTLS certificate: ends join only if each has the other's. */
  certificate: string;
  peerCertificate: string;
  closed: boolean;
  /** What comes to this end while its pair is jammed, in order. */
  jam: Uint8Array<ArrayBuffer>[];
  /** When the last byte sent so far leaves this end, and how many wait. */
  freeAt: number;
  queued: number;
  waiting: Set<(error: Error) => void>;
}

export interface NetworkOptions {
  clock: Clock;
  /** One way. */
  latencyMs?: number;
  bytesPerSecond?: number;
  /** Whether the TURN servers give relays; absent: none is named. */
  turn?: boolean;
}

/**
 * A small network in memory with the behaviour of data channels: ordered delivery, latency, a rate, a send
 * buffer that fills up, connections that break, and hosts that fall silent without a word.
 */
export interface Network {
  host(id: PeerId): RtcHost;
  /** Breaks the connections of two hosts; both are told. */
  cut(a: PeerId, b: PeerId): void;
  /** No connections between these two from now on, and none of those there. */
  block(a: PeerId, b: PeerId): void;
  unblock(a: PeerId, b: PeerId): void;
  /** As on links that lose much: what these two send each other is held up, while the network between them lives. */
  jam(a: PeerId, b: PeerId): void;
  /** What was held up arrives. */
  unjam(a: PeerId, b: PeerId): void;
  /** As a killed tab: nothing more comes from or goes to it, and nobody is told. */
  freeze(id: PeerId): void;
  /** Puts raw bytes on the connection from `from` to `to`, past the sender's own code. */
  inject(from: PeerId, to: PeerId, bytes: Uint8Array): void;
  connected(a: PeerId, b: PeerId): boolean;
  /** All that it sends shares so many bytes a second from now on. */
  limit(id: PeerId, bytesPerSecond: number): void;
  /** Bytes that one host's channels carried to others. */
  sentBy(id: PeerId): number;
}

const BUFFER_BYTES = 64 * 1024;
/** Milliseconds between the checks of a connection by both ends, as ICE makes them. */
const CHECK_EVERY = 500;

/** What of an offer or answer tells the ends apart. */
export const describe = ({ certificate }: Pick<End, "certificate">): string => `a=fingerprint:sha-256 ${certificate}\r\n`;
export const certificateIn = (sdp: string): string => /sha-256 (\S+)/.exec(sdp)?.[1] ?? "";

export function createNetwork({ clock, latencyMs = 10, bytesPerSecond = 16e6, turn }: NetworkOptions): Network {
  const ends: End[] = [];
  /** Since when. */
  const frozen = new Map<PeerId, number>();
  const blocked = new Set<string>();
  const jammed = new Set<string>();
  const sent = new Map<PeerId, number>();
  let made = 0;

  /** By host. */
  const uplinks = new Map<PeerId, { rate: number; freeAt: number }>();
  const pair = (a: PeerId, b: PeerId): string => [a, b].sort().join();
  const dead = (end: End): boolean => end.closed || frozen.has(end.host);
  const between = (a: PeerId, b: PeerId): End[] => ends.filter((end) => !end.closed && end.host === a && end.other?.host === b);

  function later(ms: number, end: End, work: () => void): void {
    clock.after(ms, () => {
      if (!dead(end)) work();
    });
  }

  function shut(end: End, reason: string): void {
    if (end.closed) return;
    end.closed = true;
    ends.splice(ends.indexOf(end), 1);
    for (const reject of end.waiting) reject(new Error("closed"));
    const { other } = end;
    if (!frozen.has(end.host)) end.events.closed(reason);
    // What was sent before still arrives.
    if (other && !frozen.has(end.host)) later(latencyMs + Math.max(0, end.freeAt - clock.now()), other, () => shut(other, "the other side closed"));
  }

  function join(caller: End, called: End): void {
    if (blocked.has(pair(caller.host, called.host))) return;
    caller.other = called;
    called.other = caller;
    for (const end of [caller, called]) later(latencyMs, end, () => end.events.connected());
  }

  function deliver(from: End, to: End, bytes: Uint8Array, inMs: number): void {
    const copy = new Uint8Array(bytes);
    sent.set(from.host, (sent.get(from.host) ?? 0) + copy.length);
    if (frozen.has(from.host)) return;
    later(inMs, to, () => {
      if (jammed.has(pair(from.host, to.host))) to.jam.push(copy);
      else to.events.data(copy);
    });
  }

  function cut(a: PeerId, b: PeerId): void {
    for (const end of between(a, b)) {
      const { other } = end;
      shut(end, "broken");
      if (other) shut(other, "broken");
    }
  }

  return {
    host(id) {
      const mine = new Map<string, End>();
      return {
        async open(link, { initiator }, events) {
          const end: End = { host: id, link, initiator, events, other: null, certificate: `AA:${made++}`, peerCertificate: "", closed: false, jam: [], freeAt: 0, queued: 0, waiting: new Set() };
          mine.set(link, end);
          ends.push(end);
          if (turn !== undefined) later(1, end, () => events.gathered(turn));
          if (!initiator) return;
          later(1, end, () => events.signal(JSON.stringify({ type: "offer", sdp: describe(end) })));
        },
        async signal(link, data) {
          const end = mine.get(link);
          if (!end || dead(end)) return;
          const { type, sdp } = JSON.parse(data) as { type: string; sdp: string };
          if (type === "offer") {
            end.peerCertificate = certificateIn(sdp);
            later(1, end, () => end.events.signal(JSON.stringify({ type: "answer", sdp: describe(end) })));
          } else if (type === "answer") {
            end.peerCertificate = certificateIn(sdp);
            const called = ends.find((other) => other.certificate === end.peerCertificate);
            if (called && !dead(called) && called.peerCertificate === end.certificate) join(end, called);
          }
        },
        send(link, bytes) {
          const end = mine.get(link);
          const other = end?.other;
          if (!end || !other || end.closed) return Promise.reject(new Error("not connected"));
          const now = clock.now();
          const uplink = uplinks.get(id) ?? end;
          const rate = uplinks.get(id)?.rate ?? bytesPerSecond;
          uplink.freeAt = Math.max(now, uplink.freeAt) + (bytes.length / rate) * 1000;
          end.freeAt = uplink.freeAt;
          const wait = end.freeAt - now;
          const { length } = bytes;
          end.queued += length;
          clock.after(wait, () => void (end.queued -= length));
          deliver(end, other, bytes, wait + latencyMs);
          if (end.queued <= BUFFER_BYTES) return Promise.resolve();
          return new Promise((resolve, reject) => {
            end.waiting.add(reject);
            clock.after(wait - (BUFFER_BYTES / rate) * 1000, () => {
              end.waiting.delete(reject);
              // Towards a frozen host the buffer never drains.
              if (!dead(end) && !frozen.has(other.host)) resolve();
            });
          });
        },
        async heard(link) {
          const other = mine.get(link)?.other;
          if (!other) throw new Error("not connected");
          return Math.floor((frozen.get(other.host) ?? clock.now()) / CHECK_EVERY);
        },
        async waiting() {
          return [...mine.values()].flatMap(({ other, closed, queued }) => (other && !closed ? [queued] : []));
        },
        async close(link) {
          const end = mine.get(link);
          mine.delete(link);
          if (end) shut(end, "closed here");
        },
      };
    },
    cut,
    block(a, b) {
      blocked.add(pair(a, b));
      cut(a, b);
    },
    unblock: (a, b) => void blocked.delete(pair(a, b)),
    jam: (a, b) => void jammed.add(pair(a, b)),
    unjam(a, b) {
      jammed.delete(pair(a, b));
      for (const end of [...between(a, b), ...between(b, a)]) for (const bytes of end.jam.splice(0)) if (!dead(end)) end.events.data(bytes);
    },
    freeze: (id) => void frozen.set(id, clock.now()),
    inject(from, to, bytes) {
      for (const end of between(from, to)) deliver(end, end.other!, bytes, latencyMs);
    },
    connected: (a, b) => between(a, b).length > 0,
    limit: (id, rate) => void uplinks.set(id, { rate, freeAt: clock.now() }),
    sentBy: (id) => sent.get(id) ?? 0,
  };
}
