import { CERTIFICATE_BYTES } from "../../identity/certificate.ts";
import { CHANNEL_OVERHEAD } from "../../identity/channel.ts";
import { SIGNATURE_BYTES } from "../../identity/schnorr.ts";
import { FRAME_HEADER_BYTES } from "../../mesh/frame.ts";
import { MESH_LIMITS } from "../../mesh/limits.ts";
import { PACKET_HEADER_BYTES } from "../../mesh/packet.ts";
import { UPLINK_LIMITS } from "../../mesh/uplink.ts";
import type { Random } from "../../wire/random.ts";
import { between } from "./chance.ts";
import type { Timeline } from "./timeline.ts";

/** Of the virtual network. Times in microseconds. */
export const NETWORK = {
  /** One device in ten sends this slowly; the others between the two. Bytes a second. */
  slowShare: 0.1,
  slowUp: 0.5e6 / 8,
  up: [5e6 / 8, 20e6 / 8],
  /** A device's part of a way's latency, and what differs from message to message: later ones overtake. */
  latency: [3_000, 30_000],
  jitter: [0, 20_000],
  /** A lost message comes again: so much later. */
  loss: 0.01,
  repeatAfter: [200_000, 600_000],
  twice: 0.005,
  /** Bytes of one. */
  packet: 1200,
} as const;

/** What a message costs besides itself: the mesh's headers, and sealed for one, or proven to all. */
const TO_ONE = FRAME_HEADER_BYTES + PACKET_HEADER_BYTES + CHANNEL_OVERHEAD;
const TO_ALL = FRAME_HEADER_BYTES + PACKET_HEADER_BYTES + CERTIFICATE_BYTES + SIGNATURE_BYTES;

/**
 * Links, as the mesh makes them: to the eight of the overlay, to the group, and for all else over a relay. What a
 * device sends leaves at its rate, and so does what it relays; bytes count where they leave.
 */
export interface Network {
  /** @returns its number */
  add(): number;
  /** It has been at work, and knows its link. */
  settled(device: number): void;
  remove(device: number): void;
  /** Whoever is in no round of this epoch relays nothing for those who are. */
  rest(device: number): void;
  work(device: number): void;
  /** Has direct links to these, besides the overlay's. */
  link(device: number, group: ReadonlySet<number>): void;
  /** @param kind of the event that its arrival is; `epoch` goes along */
  send(from: number, to: number, size: number, kind: number, epoch: number, payload: unknown): void;
  /** To each of `to`, passed on from link to link. */
  flood(from: number, to: readonly number[], size: number, kind: number, epoch: number, payload: unknown): void;
  /** Bytes that it sent so far, those that it passed on included. */
  sent(device: number): number;
  /** Whether it has found that what it sends leaves slowly (mesh/uplink.ts). */
  slow(device: number): boolean;
}

/** @param onSlow this device has found that it is slow */
export function createNetwork(timeline: Timeline, random: Random, onSlow: (device: number) => void): Network {
  const rates: number[] = [];
  const latencies: number[] = [];
  /** When all that waits has left, and when the small of it has. */
  const busyUntil: number[] = [];
  const smallUntil: number[] = [];
  const bytes: number[] = [];
  /** Those that have found that they are slow. */
  const slow = new Set<number>();
  const groups: (ReadonlySet<number> | null)[] = [];
  /** Those who take part. */
  const alive: number[] = [];
  const places: number[] = [];

  function work(device: number): void {
    if (places[device]! < 0) places[device] = alive.push(device) - 1;
  }

  function rest(device: number): void {
    const place = places[device]!;
    if (place < 0) return;
    places[device] = -1;
    const last = alive.pop()!;
    if (last === device) return;
    alive[place] = last;
    places[last] = place;
  }

  /** How fast its link is. */
  function find(device: number): void {
    if (rates[device]! >= UPLINK_LIMITS.slow || slow.has(device)) return;
    slow.add(device);
    onSlow(device);
  }

  /**
   * Small messages go between the packets of large ones, for every link gets its turn: they wait for small ones, and
   * for one packet of each link that is busy.
   * @returns when the last byte has left
   */
  function leave(device: number, size: number, small: boolean): number {
    const { now } = timeline;
    const takes = (1e6 * size) / rates[device]!;
    const busy = Math.max(now, busyUntil[device]!);
    bytes[device] = bytes[device]! + size;
    busyUntil[device] = busy + takes;
    if (busy + takes - now > 1000 * UPLINK_LIMITS.span) find(device);
    if (!small) return busy + takes;
    const before = Math.max(now, smallUntil[device]!);
    smallUntil[device] = before + takes;
    return before + takes + Math.min(busy - before, (1e6 * links(device) * NETWORK.packet) / rates[device]!);
  }

  const overlayShare = (): number => Math.min(1, MESH_LIMITS.degree / Math.max(1, alive.length - 1));

  /** A fixed draw for each pair, so that a device has as many as the mesh would give it. */
  const inOverlay = (a: number, b: number): boolean => {
    const low = Math.min(a, b);
    const mixed = Math.imul(Math.imul(low + 1, 0x9e3779b1) ^ Math.imul(a + b - low + 1, 0x85ebca6b), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 15)) >>> 0) < overlayShare() * 2 ** 32;
  };

  const linked = (a: number, b: number): boolean => groups[a]?.has(b) === true || inOverlay(a, b);

  /** Ways lead over slow devices only where there is no other. */
  function relayOf(): number {
    for (let tries = 0; ; tries++) {
      const relay = alive[random.below(alive.length)]!;
      if (!slow.has(relay) || tries === MESH_LIMITS.degree) return relay;
    }
  }

  /** Links of a device, on average. */
  function links(device: number): number {
    const others = Math.max(1, alive.length - 1);
    const group = groups[device]?.size ?? 0;
    return Math.min(others, MESH_LIMITS.links, Math.round(others * overlayShare() + group * (1 - overlayShare())));
  }

  const way = (from: number, to: number): number => latencies[from]! + latencies[to]! + between(random, NETWORK.jitter);

  function arrive(at: number, from: number, to: number, kind: number, epoch: number, payload: unknown): void {
    const late = random.uniform() < NETWORK.loss ? between(random, NETWORK.repeatAfter) : 0;
    timeline.put(Math.ceil(at + late), kind, to, from, epoch, payload);
    if (random.uniform() < NETWORK.twice) timeline.put(Math.ceil(at + late + between(random, NETWORK.repeatAfter)), kind, to, from, epoch, payload);
  }

  return {
    add() {
      const slow = random.uniform() < NETWORK.slowShare;
      const device = rates.push(slow ? NETWORK.slowUp : between(random, NETWORK.up)) - 1;
      latencies.push(between(random, NETWORK.latency));
      busyUntil.push(0);
      smallUntil.push(0);
      bytes.push(0);
      groups.push(null);
      places.push(-1);
      work(device);
      return device;
    },
    settled: find,
    remove: rest,
    rest,
    work,
    link: (device, group) => void (groups[device] = group),
    send(from, to, size, kind, epoch, payload) {
      const all = size + TO_ONE;
      const small = all <= NETWORK.packet;
      let at = leave(from, all, small);
      if (!linked(from, to)) {
        const relay = relayOf();
        if (relay !== from && relay !== to) at = Math.max(at, leave(relay, all, small)) + way(from, relay);
      }
      arrive(at + way(from, to), from, to, kind, epoch, payload);
    },
    flood(from, to, size, kind, epoch, payload) {
      const all = size + TO_ALL;
      const own = links(from);
      const copy = (1e6 * all) / rates[from]!;
      const last = leave(from, own * all, true);
      const others = alive.length - 1;
      for (const device of to) {
        // Its links, but for the one that it came by and those to the source's neighbours, who have it.
        const on = Math.round(Math.max(0, links(device) - 1) * (1 - own / Math.max(1, others)));
        if (on > 0) leave(device, on * all, true);
        const first = last - copy * random.below(own);
        // Of many ways the quickest counts, which no slow device is on.
        arrive(linked(from, device) ? first + way(from, device) : first + 2 * way(from, device), from, device, kind, epoch, payload);
      }
    },
    sent: (device) => bytes[device]!,
    slow: (device) => slow.has(device),
  };
}
