import type { Effect, SwarmEvent } from "../swarm/events.ts";
import { taskHash, type Hash } from "../swarm/record.ts";
import { clearSum } from "../swarm/shares.ts";
import { genesisHead, initialState, type SwarmState } from "../swarm/state.ts";
import { step } from "../swarm/step.ts";
import { toFixed } from "../update/fixed.ts";
import { bytesToHex } from "@noble/hashes/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { PeerId } from "../wire/ids.ts";
import { createRandom } from "../wire/random.ts";
import { createClock, type VirtualClock } from "./clock.ts";

export interface SimOptions {
  seed: number;
  parameters?: number;
  /** Milliseconds that local steps take, drawn between these two for each device and round. */
  training?: readonly [number, number];
  /** One-way milliseconds of a message, drawn between these two. */
  latency?: readonly [number, number];
  /** Share of messages that are lost, 0 to 1. */
  loss?: number;
  /** After how long a silent peer counts as gone: the mesh's own bound. */
  detection?: number;
}

export interface SimDevice {
  readonly id: PeerId;
  state: SwarmState;
  alive: boolean;
  /** Every root that it committed or took over, in order. */
  history: { round: number; root: Hash; at: number; contributors: readonly PeerId[]; adopted: boolean }[];
  events: SwarmEvent[];
  problems: Extract<Effect, { type: "refused" | "problem" }>[];
}

export interface Sim {
  readonly clock: VirtualClock;
  readonly devices: readonly SimDevice[];
  add(): SimDevice;
  /** Gone without a word; its peers notice after `detection`. */
  kill(device: SimDevice): void;
  /** Devices of different numbers cannot hear each other; no numbers heal it. */
  partition(side: ((device: SimDevice) => number) | null): void;
  inject(device: SimDevice, event: SwarmEvent extends infer E ? (E extends { now: number } ? Omit<E, "now"> : never) : never): void;
  /** Called after each step of a device; may kill it. */
  watch(see: (device: SimDevice, before: SwarmState) => void): void;
  /** May change or swallow (null) what is on its way. */
  tamper(change: (from: SimDevice, to: SimDevice, bytes: Uint8Array) => Uint8Array | null): void;
  run(milliseconds: number, done?: () => boolean): boolean;
}

const TICK = 200;

/** The swarm's own code on a virtual clock and network. Everything follows from the seed. */
export function createSim(options: SimOptions): Sim {
  const { seed, parameters = 200, training = [800, 1200], latency = [5, 40], loss = 0, detection = 4_000 } = options;
  const clock = createClock();
  const random = createRandom(["sim", seed]);
  const between = ([low, high]: readonly [number, number]): number => low + (high - low) * random.uniform();
  const task = taskHash({ sim: parameters });
  const first = genesisHead(task, toFixed(new Float32Array(parameters)), 2);
  const goal = Float32Array.from({ length: parameters }, () => random.uniform() - 0.5);
  const devices: SimDevice[] = [];
  const byId = new Map<PeerId, SimDevice>();
  const heard = new Map<SimDevice, Map<SimDevice, boolean>>();
  let side: ((device: SimDevice) => number) | null = null;
  let see: (device: SimDevice, before: SwarmState) => void = () => undefined;
  let change = (_from: SimDevice, _to: SimDevice, bytes: Uint8Array): Uint8Array | null => bytes;

  const connected = (a: SimDevice, b: SimDevice): boolean => a.alive && b.alive && (side === null || side(a) === side(b));

  const handle = (device: SimDevice, event: SwarmEvent): void => {
    if (!device.alive) return;
    const before = device.state;
    device.events.push(event);
    const [state, effects] = step(before, event);
    device.state = state;
    see(device, before);
    for (const effect of effects) {
      if (!device.alive) return;
      perform(device, effect);
    }
  };

  const deliver = (from: SimDevice, to: SimDevice, bytes: Uint8Array): void => {
    if (random.uniform() < loss) return;
    clock.after(between(latency), () => {
      if (!connected(from, to)) return;
      const changed = change(from, to, bytes);
      if (changed) handle(to, { type: "message", now: clock.now(), from: from.id, bytes: changed });
    });
  };

  const perform = (device: SimDevice, effect: Effect): void => {
    switch (effect.type) {
      case "broadcast":
        for (const other of devices) if (other !== device && heard.get(device)?.get(other)) deliver(device, other, effect.bytes);
        return;
      case "send": {
        const to = byId.get(effect.to);
        if (to) deliver(device, to, effect.bytes);
        return;
      }
      case "train":
        clock.after(between(training), () => {
          const { root, params } = effect.head;
          const delta = Float32Array.from(goal, (value, i) => 0.3 * (value - params[i]! / 2 ** 20) + 0.001 * (random.uniform() - 0.5));
          handle(device, { type: "trained", now: clock.now(), root, delta, samples: 32, loss: 1, accuracy: 0.5 });
        });
        return;
      case "committed":
      case "adopted": {
        const { record, root } = effect.head;
        device.history.push({ round: record.round, root, at: clock.now(), contributors: record.contributors, adopted: effect.type === "adopted" });
        return;
      }
      case "refused":
      case "problem":
        device.problems.push(effect);
        return;
      case "stop-training":
      case "group":
      case "departed":
        return;
    }
  };

  const reachability = (device: SimDevice): void => {
    const peers = devices.filter((other) => other !== device && heard.get(device)?.get(other)).map((other) => other.id);
    handle(device, { type: "reachable", now: clock.now(), peers, pending: [] });
  };

  /** What changed on the network reaches the devices' mesh: links come up soon, silence is noticed late. */
  const settle = (): void => {
    for (const a of devices) {
      for (const b of devices) {
        if (a === b) continue;
        const up = connected(a, b);
        clock.after(up ? between(latency) : detection + between(latency), () => {
          if (connected(a, b) !== up || (heard.get(a)!.get(b) ?? false) === up) return;
          heard.get(a)!.set(b, up);
          reachability(a);
        });
      }
    }
  };

  const tick = (device: SimDevice): void => {
    if (!device.alive) return;
    handle(device, { type: "tick", now: clock.now() });
    clock.after(TICK, () => tick(device));
  };

  return {
    clock,
    devices,
    add() {
      const id = bytesToHex(sha256(Uint8Array.of(seed & 255, seed >> 8, devices.length))).slice(0, 32) as PeerId;
      const config = { self: id, task, bits: 8, seed, sum: clearSum };
      const device: SimDevice = { id, state: initialState(config, first, clock.now()), alive: true, history: [], events: [], problems: [] };
      devices.push(device);
      byId.set(id, device);
      heard.set(device, new Map());
      settle();
      tick(device);
      return device;
    },
    kill(device) {
      device.alive = false;
      settle();
    },
    partition(by) {
      side = by;
      settle();
    },
    inject: (device, event) => handle(device, { ...event, now: clock.now() } as SwarmEvent),
    watch: (next) => void (see = next),
    tamper: (next) => void (change = next),
    run: (milliseconds, done) => clock.run(milliseconds, done),
  };
}
