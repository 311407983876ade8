import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { decodeAnnouncement, encodeAnnouncement, type Announcement } from "../identity/committee/announce.ts";
import { POINT_BYTES } from "../identity/suite.ts";
import { createSignalClient, type SignalClient, type SignalEvents } from "../signal/client.ts";
import { LIMITS } from "../swarm/limits.ts";
import type { Cut } from "../swarm/tier/groups.ts";
import { codec, WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import { createCarriage, type Carriage } from "./carriage.ts";
import { roomCredential } from "./credential.ts";
import { createGuard, type EpochGuard } from "./guard.ts";
import { decodeRegistry, encodeRegistry, REGISTRY_BYTE, type RegistryMessage } from "./registry-wire.ts";
import { type RoomKeys, systemChance, systemRandom } from "./room.ts";

/** Where a device stands, as it says at the door. */
export interface Standing {
  /** The epoch that its model is in, and the device-rounds that went into it. */
  epoch: number;
  weight: number;
  /** Whether it is in that epoch, or still looks for the way in. */
  inside: boolean;
  /** Who issued this epoch's pseudonyms, 32 bytes; null for the room's own issuer. */
  P: Uint8Array | null;
  /** How that epoch's circle is cut; null where it is not. */
  cut: Cut | null;
  /** The committee that issues from now on, newcomers' pseudonyms too; null while there is none. */
  committee: Announcement | null;
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
  /** Of a large room so many are told by this device, drawn by chance, and answer: what each costs both sides is some milliseconds of arithmetic. */
  asked: 24,
  standingBytes: 3_000,
} as const;

const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const bytes = v.instance(Uint8Array<ArrayBufferLike>);
const wire = codec(
  1,
  v.strictObject({
    epoch: v.pipe(natural, v.maxValue(DOOR_EPOCH - 1)),
    weight: natural,
    inside: v.boolean(),
    P: v.nullable(v.pipe(bytes, v.length(POINT_BYTES))),
    cut: v.exactOptional(v.strictObject({ draw: v.pipe(bytes, v.length(32)), arcs: v.pipe(natural, v.minValue(2), v.maxValue(LIMITS.arcs)) })),
    committee: v.nullable(bytes),
  }),
  DOOR_LIMITS.standingBytes,
);

const encodeStanding = ({ epoch, weight, inside, P, cut, committee }: Standing): Uint8Array =>
  wire.encode({ epoch, weight, inside, P: P && P.slice(), ...(cut && { cut: { draw: hexToBytes(cut.draw), arcs: cut.arcs } }), committee: committee && encodeAnnouncement(committee) });

/** @throws WireError */
function decodeStanding(blob: Uint8Array): Standing {
  const { cut, committee, ...standing } = wire.decode(blob);
  return { ...standing, cut: cut ? { draw: bytesToHex(cut.draw), arcs: cut.arcs } : null, committee: committee && decodeAnnouncement(committee) };
}

export interface DoorDeps {
  server: string;
  room: RoomKeys;
  /** UTC, in milliseconds: the one clock that strangers share. */
  utc(): number;
  standing(): Standing;
  /** Somebody stands further on: the heavier model, or an epoch that this device did not hear of. */
  onAhead(standing: Standing): void;
  /** Somebody is inside, wherever that is; told before `onAhead`. */
  onInside(standing: Standing): void;
  /** Asks a member of the committee for somebody at the door; null where this device is not inside, or has no answer. */
  carry(member: PeerId, device: PeerId, open: boolean, request: Uint8Array): Promise<Uint8Array | null>;
  onSent: SignalEvents["onSent"];
}

/**
 * The epoch's topic tells a stranger nothing, not even a friend who was away: whoever holds the room's secret asks
 * at the door, under a name for the door alone, and those inside answer. There it also registers with the committee.
 */
export interface Door {
  /** Resolves once those inside have answered, or nobody is there to. */
  readonly settled: Promise<void>;
  /** This device's name at the door. */
  readonly self: PeerId;
  /** Says again where it stands, and hears where the others do. */
  knock(): void;
  /** Asks a member over one of those inside; open, in this device's name at the door, or sealed. */
  ask(member: PeerId, request: Uint8Array, open: boolean): Promise<Uint8Array | null>;
  /** Stands there under another name from now on. */
  renew(): void;
  close(): void;
}

/** A stay at the door under one name. */
interface Stay {
  topic: string;
  self: PeerId;
  client: SignalClient;
  guard: EpochGuard;
  carriage: Carriage;
  /** To whom this device has said where it stands, and whose word it waits for. */
  told: Set<PeerId>;
  waiting: Set<PeerId>;
  inside: Set<PeerId>;
}

export function createDoor({ server, room, utc, standing: own, onAhead, onInside, carry, onSent }: DoorDeps): Door {
  let settle = (): void => undefined;
  const settled = new Promise<void>((resolve) => (settle = resolve));
  const timers = [setTimeout(() => settle(), DOOR_LIMITS.server)];
  let stay = open();

  function open(): Stay {
    const name = room.door(utc());
    const credential = roomCredential(room, DOOR_EPOCH, systemRandom);
    const next: Stay = {
      topic: name.join(),
      self: credential.self,
      guard: createGuard(room, credential, [room.issuer.P], systemRandom),
      told: new Set(),
      waiting: new Set(),
      inside: new Set(),
      client: createSignalClient({
        url: server,
        topic: name,
        claim: credential.claim,
        events: { onState: () => undefined, onPeers: (peers) => met(next, peers), onBlob: (from, blob) => heard(next, from, blob), ...(onSent && { onSent }) },
      }),
      carriage: createCarriage({
        self: credential.self,
        random: systemRandom,
        chance: systemChance,
        reachable: () => [...next.inside],
        send: (to, message) => say(next, to, encodeRegistry(message)),
        answer: () => null,
      }),
    };
    return next;
  }

  const say = ({ client, guard }: Stay, to: PeerId, message: Uint8Array): void => void client.send(to, guard.sealBlob(to, message));

  function leave({ client, carriage }: Stay): void {
    client.close();
    carriage.close();
  }

  function met(at: Stay, peers: readonly PeerId[]): void {
    if (peers.length === 0) return settle();
    const there = new Set(peers);
    for (const gone of [at.told, at.waiting, at.inside]) for (const peer of gone) if (!there.has(peer)) gone.delete(peer);
    const untold = peers.filter((peer) => !at.told.has(peer));
    while (at.told.size < DOOR_LIMITS.asked && untold.length > 0) {
      const [peer] = untold.splice(Math.floor(systemChance() * untold.length), 1);
      at.waiting.add(peer!);
      introduce(at, peer!);
    }
    if (at.waiting.size === 0) return settle();
    timers.push(setTimeout(settle, DOOR_LIMITS.answers));
  }

  function introduce(at: Stay, peer: PeerId): void {
    at.told.add(peer);
    say(at, peer, encodeStanding(own()));
  }

  function heard(at: Stay, from: PeerId, blob: Uint8Array): void {
    try {
      const message = at.guard.openBlob(from, blob);
      if (message === null) return;
      if (message[0] === REGISTRY_BYTE) business(at, from, decodeRegistry(message));
      else meet(at, from, decodeStanding(message));
    } catch (error) {
      if (!(error instanceof WireError)) throw error; // counted by the guard, and worth no more here
    }
  }

  function meet(at: Stay, from: PeerId, theirs: Standing): void {
    const mine = own();
    if (theirs.inside) {
      at.inside.add(from);
      onInside(theirs);
    }
    if (theirs.inside ? !mine.inside || theirs.weight > mine.weight : theirs.weight > mine.weight) onAhead(theirs);
    // Whoever knocks again wants to hear how things are now.
    if (!at.told.has(from) || (mine.inside && !theirs.inside && !at.waiting.has(from))) introduce(at, from);
    at.waiting.delete(from);
    if (at.waiting.size === 0) settle();
  }

  function business(at: Stay, from: PeerId, message: RegistryMessage): void {
    if (message.kind !== "carry") return at.carriage.receive(from, message);
    void carry(message.peer!, from, message.open!, message.body).then((answer) => {
      if (answer !== null) say(at, from, encodeRegistry({ kind: "returned", tag: message.tag!, body: answer }));
    });
  }

  function renew(): void {
    leave(stay);
    stay = open();
  }

  const looking = setInterval(() => {
    if (room.door(utc()).join() !== stay.topic) renew();
  }, DOOR_LIMITS.look);
  return {
    settled,
    get self() {
      return stay.self;
    },
    knock() {
      for (const peer of stay.told) say(stay, peer, encodeStanding(own()));
    },
    ask: (member, request, isOpen) => stay.carriage.over(member, request, isOpen),
    renew,
    close() {
      clearInterval(looking);
      timers.forEach(clearTimeout);
      settle();
      leave(stay);
    },
  };
}
