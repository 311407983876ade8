import { createRandom } from "../../wire/random.ts";
import type { SwimEffect, SwimEvent } from "../events.ts";
import type { SwimLimits } from "../limits.ts";
import { encodeSwim, type SwimMessage } from "../message.ts";
import { createSwim, type Swim } from "../swim.ts";
import { createVirtualNetwork, idOf, nodeOf, type VirtualNetwork } from "./network.ts";

export interface SwimRoomOptions {
  seed: number;
  devices: number;
  /** Members of one detector; devices are cut into as many scopes as that takes. */
  scope?: number;
  latency?: readonly [number, number];
  loss?: number;
  limits?: Partial<SwimLimits>;
}

export interface Detection {
  by: number;
  of: number;
  /** Since its death, milliseconds. */
  after: number;
}

export interface SwimRoom {
  readonly network: VirtualNetwork<SwimMessage>;
  readonly swims: (Swim | null)[];
  /** Deaths seen, one entry for each that saw one. */
  readonly detections: Detection[];
  /** Live devices that others held for dead. */
  readonly falsely: { by: number; of: number; at: number }[];
  /** Times that a live device was suspected. */
  readonly suspected: number;
  /** Deaths that somebody who was there all the time has not seen within this time. */
  missed(within: number): number;
  /** Every 64th message's bytes, times 64. */
  readonly bytes: number;
  readonly handled: number;
  kill(device: number): void;
  leave(device: number): void;
  /** A new device, met by those of its scope that are alive if `listed`, else by one contact. */
  join(scope: number, listed: boolean): number;
  scopeOf(device: number): number;
  fellows(device: number): number[];
  /** What a device sends is changed, or left out, from now on. */
  corrupt(device: number, change: (to: number, message: SwimMessage) => SwimMessage | null): void;
  inject(device: number, event: SwimEvent): void;
}

const SAMPLE = 64;

/** Devices with failure detectors on one virtual network. */
export function createSwimRoom({ seed, devices, scope = devices, latency = [20, 100], loss = 0, limits }: SwimRoomOptions): SwimRoom {
  const swims: (Swim | null)[] = [];
  const scopes: number[] = [];
  const born: number[] = [];
  const died = new Map<number, number>();
  const inScope: number[][] = [];
  const detections: Detection[] = [];
  const falsely: SwimRoom["falsely"] = [];
  const liars = new Map<number, (to: number, message: SwimMessage) => SwimMessage | null>();
  let suspected = 0;
  let bytes = 0;
  let handled = 0;

  const network = createVirtualNetwork<SwimMessage>({
    seed,
    latency,
    loss,
    deliver: (to, from, message) => handle(to, { type: "message", now: network.now, from: idOf(from), message }),
    wake: (node) => handle(node, { type: "tick", now: network.now }),
  });

  function handle(node: number, event: SwimEvent): void {
    const swim = swims[node]!;
    handled++;
    for (const effect of swim.handle(event)) perform(node, effect);
    network.wakeAt(node, swim.wakeAt);
  }

  function perform(node: number, effect: SwimEffect): void {
    if (effect.type === "send") return send(node, nodeOf(effect.to), effect.message);
    const of = nodeOf(effect.peer);
    const at = died.get(of);
    if (effect.status === "suspect" && at === undefined) suspected++;
    if (effect.status !== "dead") return;
    if (at === undefined) falsely.push({ by: node, of, at: network.now });
    else detections.push({ by: node, of, after: network.now - at });
  }

  function send(from: number, to: number, message: SwimMessage): void {
    const change = liars.get(from);
    const said = change ? change(to, message) : message;
    if (!said) return;
    if (network.sent % SAMPLE === 0) bytes += SAMPLE * encodeSwim(said).length;
    if (to >= 0 && to < swims.length) network.send(from, to, said);
  }

  function add(of: number): number {
    const node = swims.length;
    const swim = createSwim({ self: idOf(node), random: createRandom([seed, node]), now: network.now, ...(limits && { limits }) });
    swims.push(swim);
    scopes.push(of);
    born.push(network.now);
    (inScope[of] ??= []).push(node);
    return node;
  }

  const fellows = (device: number): number[] => inScope[scopes[device]!]!.filter((other) => other !== device && network.alive(other));

  const room: SwimRoom = {
    network,
    swims,
    detections,
    falsely,
    get suspected() {
      return suspected;
    },
    missed(within) {
      let missed = 0;
      const seen = new Set(detections.filter(({ after }) => after <= within).map(({ by, of }) => `${by} ${of}`));
      for (const [of, at] of died) {
        if (at > network.now - within) continue;
        for (const by of inScope[scopes[of]!]!) if (by !== of && network.alive(by) && born[by]! < at - within && !seen.has(`${by} ${of}`)) missed++;
      }
      return missed;
    },
    get bytes() {
      return bytes;
    },
    get handled() {
      return handled;
    },
    kill(device) {
      died.set(device, network.now);
      network.setAlive(device, false);
    },
    leave(device) {
      handle(device, { type: "leave", now: network.now });
      room.kill(device);
    },
    join(of, listed) {
      const device = add(of);
      const known = fellows(device);
      if (listed) for (const other of known) handle(other, { type: "meet", now: network.now, peers: [idOf(device)] });
      handle(device, { type: "meet", now: network.now, peers: (listed ? known : known.slice(0, 1)).map(idOf) });
      return device;
    },
    scopeOf: (device) => scopes[device]!,
    fellows,
    corrupt: (device, change) => void liars.set(device, change),
    inject: handle,
  };

  for (let device = 0; device < devices; device++) add(Math.floor(device / scope));
  for (let device = 0; device < devices; device++) handle(device, { type: "meet", now: 0, peers: fellows(device).map(idOf) });
  return room;
}

export const percentile = (values: readonly number[], share: number): number => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))] ?? NaN;
