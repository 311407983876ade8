import { createRandom } from "../../wire/random.ts";
import type { HyParViewEffect, HyParViewEvent } from "../events.ts";
import { createHyParView, type HyParView } from "../hyparview.ts";
import type { HyParViewLimits } from "../limits.ts";
import { encodeHyParView, type HyParViewMessage } from "../message.ts";
import { createVirtualNetwork, idOf, nodeOf, type VirtualNetwork } from "./network.ts";

export interface HyParViewRoomOptions {
  seed: number;
  loss?: number;
  /** From a neighbour's death to its link's end, or from a request to a dead one to its failure. */
  detection?: number;
  limits?: Partial<HyParViewLimits>;
}

export interface HyParViewRoom {
  readonly network: VirtualNetwork<HyParViewMessage>;
  readonly views: HyParView[];
  readonly bytes: number;
  /** A new device that knows one contact: one that is in, by chance, where none is named. */
  join(contact?: number): number;
  /** At once, without a word. */
  kill(devices: readonly number[]): void;
  alive(): number[];
  neighbours(device: number): number[];
  /** Of those alive, the share in the largest part that links which both ends hold connect. */
  connected(): number;
  inject(device: number, event: HyParViewEvent): void;
}

const TICK = 1_000;
const SAMPLE = 16;

/** Devices with overlay views on one virtual network, whose links notice the death of an end. */
export function createHyParViewRoom({ seed, loss = 0, detection = 4_000, limits }: HyParViewRoomOptions): HyParViewRoom {
  const views: HyParView[] = [];
  let bytes = 0;
  const network = createVirtualNetwork<HyParViewMessage>({
    seed,
    latency: [20, 100],
    loss,
    deliver: (to, from, message) => handle(to, { type: "message", from: idOf(from), message }),
    wake(node) {
      handle(node, { type: "tick" });
      network.wakeAt(node, network.now + TICK);
    },
  });

  function handle(node: number, event: HyParViewEvent): void {
    for (const effect of views[node]!.handle(event)) perform(node, effect);
  }

  /** Told late, and only if it is still so: the link is down at one end alone. */
  function fail(node: number, peer: number): void {
    network.after(detection, () => {
      if (network.alive(node)) handle(node, { type: "failed", peer: idOf(peer) });
    });
  }

  function perform(node: number, effect: HyParViewEffect): void {
    switch (effect.type) {
      case "send": {
        const to = nodeOf(effect.to);
        if (network.sent % SAMPLE === 0) bytes += SAMPLE * encodeHyParView(effect.message).length;
        if (to >= 0 && to < views.length && network.alive(to)) network.send(node, to, effect.message);
        else if (effect.message.kind === "neighbour" || effect.message.kind === "join") fail(node, to);
        return;
      }
      case "up": {
        const to = nodeOf(effect.peer);
        if (!network.alive(to)) fail(node, to);
        // A link that the other end does not hold is closed by it, as the mesh does with one that is not needed.
        else network.after(3 * detection, () => {
          if (network.alive(node) && views[node]!.active().includes(effect.peer) && !views[to]!.active().includes(idOf(node))) handle(node, { type: "failed", peer: effect.peer });
        });
        return;
      }
      case "down":
        return;
      case "isolated": {
        const contact = someone(node);
        if (contact !== null) handle(node, { type: "join", contact: idOf(contact) });
      }
    }
  }

  const alive = (): number[] => views.map((_, node) => node).filter((node) => network.alive(node));
  function someone(except: number): number | null {
    for (let tries = 0; tries < 100; tries++) {
      const node = network.random.below(views.length);
      if (node !== except && network.alive(node) && (node === 0 || views[node]!.active().length > 0)) return node;
    }
    return null;
  }

  const room: HyParViewRoom = {
    network,
    views,
    get bytes() {
      return bytes;
    },
    join(contact) {
      const node = views.length;
      views.push(createHyParView({ self: idOf(node), random: createRandom([seed, node]), ...(limits && { limits }) }));
      network.wakeAt(node, network.now + 1 + network.random.below(TICK));
      const first = contact ?? (node === 0 ? null : someone(node));
      if (first !== null) handle(node, { type: "join", contact: idOf(first) });
      return node;
    },
    kill(devices) {
      for (const device of devices) network.setAlive(device, false);
      const dead = new Set(devices);
      for (const node of alive()) for (const peer of views[node]!.active()) if (dead.has(nodeOf(peer))) fail(node, nodeOf(peer));
    },
    alive,
    neighbours: (device) => views[device]!.active().map(nodeOf),
    connected() {
      const nodes = alive();
      const seen = new Set<number>();
      let largest = 0;
      for (const first of nodes) {
        if (seen.has(first)) continue;
        const part = [first];
        seen.add(first);
        for (const node of part) {
          for (const peer of views[node]!.active()) {
            const other = nodeOf(peer);
            if (seen.has(other) || !network.alive(other) || !views[other]!.active().includes(idOf(node))) continue;
            seen.add(other);
            part.push(other);
          }
        }
        largest = Math.max(largest, part.length);
      }
      return largest / nodes.length;
    },
    inject: handle,
  };
  return room;
}
