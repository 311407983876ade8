import type { HyParViewEvent } from "../../membership/events.ts";
import { createHyParView, type HyParView } from "../../membership/hyparview.ts";
import type { HyParViewMessage } from "../../membership/message.ts";
import { PEER_ID_BYTES, type PeerId } from "../../wire/ids.ts";
import type { Random } from "../../wire/random.ts";
import { createRandom } from "../../wire/random.ts";
import type { Devices, SimulatedDevice } from "./devices.ts";
import { KIND, SETTING } from "./setting.ts";
import type { Timeline } from "./timeline.ts";

const NAME = 1 + PEER_ID_BYTES;

/** Length of its frame, without making it: version, map, and for each key its letter and value. */
export function overlayBytes(message: HyParViewMessage): number {
  const names = (peers: readonly PeerId[]): number => 2 + 1 + NAME * peers.length;
  const bytes = 1 + 1 + (2 + 1 + message.kind.length);
  switch (message.kind) {
    case "join":
    case "disconnect":
      return bytes;
    case "forward-join":
      return bytes + (2 + NAME) + (2 + 1);
    case "neighbour":
    case "neighbour-reply":
      return bytes + (2 + 1);
    case "shuffle":
      return bytes + (2 + NAME) + (2 + 1) + names(message.peers);
    case "shuffle-reply":
      return bytes + names(message.peers);
  }
}

/** In a room that is larger than a round: a few links of each device to any others, by which commits reach those who rest (HyParView). */
export interface Overlay {
  enter(device: SimulatedDevice): void;
  tick(device: SimulatedDevice): void;
  take(device: SimulatedDevice, from: PeerId, message: HyParViewMessage): void;
  neighbours(device: SimulatedDevice): readonly PeerId[];
  /** Whom it asked to let it in, while it has no neighbour. */
  pending(device: SimulatedDevice): readonly PeerId[];
}

/** A device's place in it, in one epoch. */
interface Member {
  name: PeerId;
  view: HyParView;
  /** When each of its links was made, in microseconds. */
  links: Map<PeerId, number>;
  asked: PeerId | null;
}

export interface OverlayMeans {
  seed: number;
  random: Random;
  timeline: Timeline;
  devices: Devices;
  send(from: SimulatedDevice, to: PeerId, message: HyParViewMessage): void;
  /** It has other neighbours. */
  changed(device: SimulatedDevice): void;
}

export function createOverlay({ seed, random, timeline, devices, send, changed }: OverlayMeans): Overlay {
  const members = new Map<SimulatedDevice, Member>();
  /** Who may be asked to let a newcomer in; some are gone. */
  const known: SimulatedDevice[] = [];

  const memberOf = (device: SimulatedDevice): Member | undefined => {
    const member = members.get(device);
    return member?.name === device.name ? member : undefined;
  };

  function handle(device: SimulatedDevice, event: HyParViewEvent): void {
    const member = memberOf(device);
    if (member === undefined) return;
    let moved = false;
    for (const effect of member.view.handle(event)) {
      if (effect.type === "send") send(device, effect.to, effect.message);
      else if (effect.type === "isolated") meet(device);
      else {
        moved = true;
        if (effect.type === "up") member.links.set(effect.peer, timeline.now);
        else member.links.delete(effect.peer);
      }
    }
    if (moved) changed(device);
  }

  /** Somebody of the same epoch who is in, by chance. */
  function meet(device: SimulatedDevice): void {
    while (known.length > 0) {
      const place = random.below(known.length);
      const contact = known[place]!;
      if (contact.diedAt === null && contact !== device && contact.epoch === device.epoch && memberOf(contact)) {
        memberOf(device)!.asked = contact.name;
        return handle(device, { type: "join", contact: contact.name });
      }
      if (contact !== device && (contact.diedAt !== null || !memberOf(contact))) {
        known[place] = known.at(-1)!;
        known.pop();
      } else return;
    }
  }

  /** Its other end has been gone for so long, or does not hold it. */
  function isDead(device: SimulatedDevice, peer: PeerId, since: number): boolean {
    const other = devices.all[devices.numberOf(peer)]!;
    const gone = other.diedAt ?? (other.name === peer ? null : other.epochAt);
    if (gone !== null) return timeline.now - Math.max(gone, since) > SETTING.silence;
    return timeline.now - since > 3 * SETTING.silence && memberOf(other)?.links.has(device.name) !== true;
  }

  return {
    enter(device) {
      members.set(device, { name: device.name, view: createHyParView({ self: device.name, random: createRandom(["overlay", seed, device.name]) }), links: new Map(), asked: null });
      meet(device);
      known.push(device);
      timeline.put(timeline.now + SETTING.overlayTick, KIND.overlayTick, device.number, 0, device.epoch, null);
    },
    tick(device) {
      const member = memberOf(device);
      if (member === undefined) return;
      for (const [peer, since] of [...member.links]) if (isDead(device, peer, since)) handle(device, { type: "failed", peer });
      handle(device, { type: "tick" });
      timeline.put(timeline.now + SETTING.overlayTick, KIND.overlayTick, device.number, 0, device.epoch, null);
    },
    take: (device, from, message) => handle(device, { type: "message", from, message }),
    neighbours: (device) => [...(memberOf(device)?.links.keys() ?? [])],
    pending(device) {
      const member = memberOf(device);
      return member?.asked && member.links.size === 0 ? [member.asked] : [];
    },
  };
}
