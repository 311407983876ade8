import * as v from "valibot";
import { createSignalClient, type SignalClient } from "../signal/client.ts";
import { codec, WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import { roomCredential } from "./credential.ts";
import { createGuard, type EpochGuard } from "./guard.ts";
import { type RoomKeys, systemRandom } from "./room.ts";

/** Where a device stands: the epoch that its model is in, and the device-rounds that went into it. */
export interface Standing {
  epoch: number;
  weight: number;
}

/** No round is ever in this epoch, so that nothing said at the door is taken for something said inside. */
const DOOR_EPOCH = 0xffff_ffff;

export const DOOR_LIMITS = {
  /** Whoever comes waits this long for the others to say where they are, in milliseconds … */
  answers: 1_500,
  /** … and this long for the server. */
  server: 3_000,
  /** How often the clock is looked at: the door has another name each hour. */
  look: 30_000,
} as const;

const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const standing = codec(1, v.strictObject({ epoch: v.pipe(natural, v.maxValue(DOOR_EPOCH - 1)), weight: natural }), 64);

export interface DoorDeps {
  server: string;
  room: RoomKeys;
  /** UTC, in milliseconds: the one clock that strangers share. */
  utc(): number;
  standing(): Standing;
  /** Somebody stands further on: the heavier model, or an epoch that this device did not hear of. */
  onAhead(standing: Standing): void;
}

/**
 * The epoch's topic tells a stranger nothing, not even a friend who was away: whoever holds the room's secret asks
 * at the door, under a name for the door alone, and those inside answer.
 */
export interface Door {
  /** Resolves once those inside have answered, or nobody is there to. */
  readonly settled: Promise<void>;
  /** Stands there under another name from now on. */
  renew(): void;
  close(): void;
}

export function createDoor({ server, room, utc, standing: own, onAhead }: DoorDeps): Door {
  let client: SignalClient | null = null;
  let topic = "";
  let waiting = new Set<PeerId>();
  let told = new Set<PeerId>();
  let settle = (): void => undefined;
  const settled = new Promise<void>((resolve) => (settle = resolve));
  const timers = [setTimeout(() => settle(), DOOR_LIMITS.server)];

  function open(): void {
    client?.close();
    waiting = new Set();
    told = new Set();
    const name = room.door(utc());
    topic = name.join();
    const credential = roomCredential(room, DOOR_EPOCH, systemRandom);
    const guard = createGuard(room, credential, systemRandom);
    client = createSignalClient({
      url: server,
      topic: name,
      claim: credential.claim,
      events: { onState: () => undefined, onPeers: (peers) => met(guard, peers), onBlob: (from, blob) => heard(guard, from, blob) },
    });
  }

  function met(guard: EpochGuard, peers: readonly PeerId[]): void {
    if (peers.length === 0) return settle();
    for (const peer of peers) {
      if (told.has(peer)) continue;
      told.add(peer);
      waiting.add(peer);
      client?.send(peer, guard.sealBlob(peer, standing.encode(own())));
    }
    for (const peer of waiting) if (!peers.includes(peer)) waiting.delete(peer);
    if (waiting.size === 0) return settle();
    timers.push(setTimeout(settle, DOOR_LIMITS.answers));
  }

  function heard(guard: EpochGuard, from: PeerId, blob: Uint8Array): void {
    let theirs: Standing;
    try {
      theirs = standing.decode(guard.openBlob(from, blob));
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return; // Counted by the guard, and worth no more here.
    }
    const mine = own();
    if (theirs.epoch !== mine.epoch && theirs.weight > mine.weight) onAhead(theirs);
    waiting.delete(from);
    if (waiting.size === 0) settle();
  }

  open();
  const looking = setInterval(() => {
    if (room.door(utc()).join() !== topic) open();
  }, DOOR_LIMITS.look);
  return {
    settled,
    renew: open,
    close() {
      clearInterval(looking);
      timers.forEach(clearTimeout);
      settle();
      client?.close();
    },
  };
}
