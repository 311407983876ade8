import type { ByteCounts, MeshDeps } from "../mesh/mesh.ts";
import type { Way } from "../mesh/guard.ts";
import type { RtcHost } from "../mesh/rtc.ts";
import type { PeerId } from "../wire/ids.ts";
import type { DeviceOptions } from "./api.ts";
import { roomCredential } from "./credential.ts";
import { createDoor, type Standing } from "./door.ts";
import type { Refusals } from "./guard.ts";
import { createPresence, type Presence, type PresenceEvents } from "./presence.ts";
import { type RoomKeys, systemRandom } from "./room.ts";

export const PRESENCE_LIMITS = {
  /** An epoch's links are kept this long after it: slower devices still learn how its last round ended. */
  linger: 6_000,
  /** … and are told so this often. */
  repeat: 2_000,
  /** Links that were made on a word at the door are let go when nothing comes of them. */
  visit: 30_000,
} as const;

export interface PresencesEvents {
  onChange(): void;
  /** This device has another name from now on; the first time, its first. */
  onEntered(self: PeerId): void;
  onReachable(peers: readonly PeerId[], pending: readonly PeerId[]): void;
  onMessage(from: PeerId, bytes: Uint8Array<ArrayBuffer>): void;
  onOutdated(): void;
  onTampered(from: PeerId, way: Way): void;
  /** Whether this comes from a device that this one should follow. */
  leads(bytes: Uint8Array): boolean;
}

export interface PresencesDeps {
  options: DeviceOptions;
  room: RoomKeys;
  rtc: RtcHost;
  standing(): Standing;
  beforeDial?: MeshDeps["beforeDial"];
  events: PresencesEvents;
}

/**
 * A device in a room over time: one pseudonym an epoch, its links made before those of the last are let go,
 * and a place at the door.
 */
export interface Presences {
  /** Null until the room's epoch is known. */
  readonly current: Presence | null;
  /** Makes the links of an epoch that is about to begin. */
  prepare(epoch: number): void;
  enter(epoch: number): void;
  /** To all of the present epoch. @throws MeshError */
  broadcast(bytes: Uint8Array): void;
  /** Bytes at the data channels, under all names. */
  bytes(): { up: ByteCounts; down: ByteCounts };
  /** Handshakes sent under all names. */
  keys(): { messages: number; bytes: number };
  refusals(): Refusals;
  close(): void;
}

/** A presence and what came by it before it was the current one. */
interface Held {
  presence: Presence;
  reachable: readonly PeerId[];
  pending: readonly PeerId[];
  heard: Map<PeerId, Uint8Array<ArrayBuffer>>;
}

const noBytes = (): ByteCounts => ({ own: 0, relayed: 0, overhead: 0 });

export function createPresences({ options, room, rtc, standing, beforeDial, events }: PresencesDeps): Presences {
  const retired = { up: noBytes(), down: noBytes(), keys: { messages: 0, bytes: 0 }, refusals: { forged: 0, epoch: 0, replayed: 0 } satisfies Refusals };
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let current: Held | null = null;
  let next: Held | null = null;
  let old: Presence | null = null;
  /** Not behind the epoch that it has entered already: its model may still have to catch up. */
  const ownStanding = (): Standing => {
    const { epoch, weight } = standing();
    return { epoch: Math.max(epoch, current?.presence.epoch ?? 0), weight };
  };
  let first = ownStanding();
  let said: Uint8Array | null = null;
  let closed = false;

  const door = createDoor({
    server: options.room.server,
    room,
    utc: () => Date.now(),
    standing: ownStanding,
    onAhead(theirs) {
      if (current === null) first = theirs.weight > first.weight ? theirs : first;
      else visit(theirs.epoch);
    },
  });
  void door.settled.then(() => enter(first.epoch));

  function open(epoch: number): Held {
    const presenceEvents: PresenceEvents = {
      onChange: events.onChange,
      onOutdated: events.onOutdated,
      onTampered: events.onTampered,
      onReachable(reachable, pending) {
        Object.assign(held, { reachable, pending });
        if (held === current) events.onReachable(reachable, pending);
        follow();
      },
      onMessage(from, bytes) {
        if (held === current) return events.onMessage(from, bytes);
        if (held !== next) return;
        held.heard.set(from, bytes);
        if (events.leads(bytes)) enter(epoch);
      },
    };
    const credential = roomCredential(room, epoch, systemRandom);
    const presence = createPresence({ options, room, credential, rtc, ...(beforeDial && { beforeDial }), events: presenceEvents });
    const held: Held = { presence, reachable: [], pending: [], heard: new Map() };
    return held;
  }

  /** Where the others have gone on without this device. */
  function follow(): void {
    if (current && next && current.reachable.length === 0 && next.reachable.length > 0) enter(next.presence.epoch);
  }

  function visit(epoch: number): void {
    if (next !== null || epoch === current?.presence.epoch) return;
    const visited = prepare(epoch);
    after(PRESENCE_LIMITS.visit, () => {
      if (visited === null || next !== visited) return;
      retire(visited.presence);
      next = null;
    });
  }

  function prepare(epoch: number): Held | null {
    if (closed || next?.presence.epoch === epoch) return next;
    if (next) retire(next.presence);
    return (next = open(epoch));
  }

  function enter(epoch: number): void {
    if (closed || current?.presence.epoch === epoch) return;
    const left = current;
    current = prepare(epoch)!;
    next = null;
    if (left) {
      linger(left.presence);
      door.renew();
    }
    events.onEntered(current.presence.self);
    events.onReachable(current.reachable, current.pending);
    for (const [from, bytes] of current.heard) events.onMessage(from, bytes);
    current.heard.clear();
  }

  function linger(presence: Presence): void {
    if (old) retire(old);
    old = presence;
    const last = said;
    const repeat = (): void => {
      if (old !== presence) return;
      if (last) presence.broadcast(last);
      after(PRESENCE_LIMITS.repeat, repeat);
    };
    after(PRESENCE_LIMITS.repeat, repeat);
    after(PRESENCE_LIMITS.linger, () => {
      if (old !== presence) return;
      old = null;
      retire(presence);
    });
  }

  function after(ms: number, work: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
  }

  function add(into: typeof retired, presence: Presence): typeof retired {
    const { up, down } = presence.mesh();
    for (const kind of ["own", "relayed", "overhead"] as const) {
      into.up[kind] += up[kind];
      into.down[kind] += down[kind];
    }
    into.keys.messages += presence.keys.messages;
    into.keys.bytes += presence.keys.bytes;
    for (const why of ["forged", "epoch", "replayed"] as const) into.refusals[why] += presence.refusals[why];
    return into;
  }

  function retire(presence: Presence): void {
    add(retired, presence);
    presence.close();
  }

  const totals = (): typeof retired => [current?.presence, next?.presence, old].reduce((sum, presence) => (presence ? add(sum, presence) : sum), structuredClone(retired));

  return {
    get current() {
      return current?.presence ?? null;
    },
    prepare: (epoch) => void prepare(epoch),
    enter,
    broadcast(bytes) {
      said = bytes;
      current?.presence.broadcast(bytes);
    },
    bytes: totals,
    keys: () => totals().keys,
    refusals: () => totals().refusals,
    close() {
      closed = true;
      timers.forEach(clearTimeout);
      door.close();
      for (const presence of [current?.presence, next?.presence, old]) presence?.close();
    },
  };
}
