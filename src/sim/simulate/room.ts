import type { SwimEffect, SwimEvent } from "../../membership/events.ts";
import type { HyParViewMessage, SwimMessage } from "../../membership/message.ts";
import { endsEpoch, epochOf, EPOCH_ROUNDS } from "../../swarm/epoch.ts";
import type { Effect, SwarmEvent } from "../../swarm/events.ts";
import type { Head } from "../../swarm/state.ts";
import { heard } from "../../swarm/stands.ts";
import { step } from "../../swarm/step.ts";
import { groupsAfter, type Groups, type Sizes } from "../../swarm/tier/groups.ts";
import { introduced } from "../../swarm/tier/introduced.ts";
import { changeOf } from "../../swarm/verdict.ts";
import type { PeerId } from "../../wire/ids.ts";
import { createRandom } from "../../wire/random.ts";
import { between } from "./chance.ts";
import { createDevices, nameOf, type Devices, type SimulatedDevice } from "./devices.ts";
import { swimBytes } from "./detector.ts";
import { frozenHead } from "../frozen.ts";
import { genesis, swarmConfig } from "./heads.ts";
import type { Learning } from "./learning/learning.ts";
import { createOverlay, overlayBytes } from "./overlay.ts";
import { createMeasures, type Measures } from "./measures.ts";
import { createNetwork, type Network } from "./network.ts";
import type { SimulateOptions } from "./options.ts";
import { sign, signedBy } from "../signing.ts";
import { KIND, SETTING } from "./setting.ts";
import type { Sums } from "./sums/sums.ts";
import { createTimeline, type Due, type Timeline } from "./timeline.ts";
import { createTrace, type Trace } from "./trace.ts";

/** May change or swallow (null) what is about to happen to a device's core. */
export type Tamper = (device: SimulatedDevice, event: SwarmEvent) => SwarmEvent | null;

export interface Room {
  readonly timeline: Timeline;
  readonly devices: Devices;
  readonly network: Network;
  readonly measures: Measures;
  readonly trace: Trace;
  handle(due: Due): void;
  /** A newcomer, who is told the epoch at the door. */
  join(attacks: boolean): SimulatedDevice;
  /** Gone without a word. */
  kill(device: SimulatedDevice): void;
}

const milliseconds = (at: number): number => Math.floor(at / 1000);

/** The swarm's own code and its failure detector on a virtual clock and network, in a room that is at work already. */
export function createRoom(options: SimulateOptions, learning: Learning, sums: Sums, tamper: Tamper = (_, event) => event, sizes?: Partial<Sizes>): Room {
  const { seed, peers } = options;
  const random = createRandom(["simulate", seed]);
  const timeline = createTimeline();
  const network = createNetwork(timeline, createRandom(["simulate", "network", seed]), (number) => settle(devices.all[number]!));
  const config = swarmConfig(seed, sums.kernels, learning.shapes, sizes);
  const devices = createDevices(seed, config, random);
  /** By epoch: in which node a device of that name is, and how many are in its rounds. Whoever is at the door is told of its own node. */
  const circles: Pick<Groups, "nodeOf" | "nodes" | "arcs">[] = [];
  const nodeOf = ({ epoch, name }: Pick<SimulatedDevice, "epoch" | "name">): number => circles[epoch]?.nodeOf(name) ?? 0;
  const partakes = (device: SimulatedDevice): boolean => nodeOf(device) < (circles[device.epoch]?.nodes ?? 1);
  const isLarge = ({ epoch }: SimulatedDevice): boolean => (circles[epoch]?.arcs ?? 1) > (circles[epoch]?.nodes ?? 1);
  const first = genesis(config, learning.initial);
  const headOf = frozenHead(first, Array.from({ length: peers }, (_, device) => nameOf(seed, device, 0)), config);
  const measures = createMeasures(headOf(nameOf(seed, 0, 0)), devices.alive, network.sent, partakes);
  const trace = createTrace();
  const overlay = createOverlay({
    seed,
    random: createRandom(["simulate", "overlay", seed]),
    timeline,
    devices,
    send: (from, to, message) => network.send(from.number, devices.numberOf(to), overlayBytes(message), KIND.overlay, from.epoch, message),
    changed(device) {
      relink(device);
      settle(device);
    },
  });
  /** The epoch that those ahead are in. */
  let latest = 0;

  function handle(device: SimulatedDevice, event: SwarmEvent): void {
    const given = tamper(device, event);
    if (given === null) return;
    const [state, effects] = step(device.state, given);
    device.state = state;
    for (const effect of effects) perform(device, effect);
    for (const effect of effects) if (effect.type === "sign") handle(device, { type: "signed", now: milliseconds(timeline.now), seq: effect.seq, signature: sign(device.name, effect.bytes) });
    enterEpoch(device, epochOf(state.head.record.round, EPOCH_ROUNDS));
    wake(device, 1000 * Math.ceil(device.state.wakeAt));
  }

  /** When something is due, and never sooner than that: an alarm that is early moves on. */
  function wake(device: SimulatedDevice, due: number): void {
    const at = Math.max(timeline.now, due);
    if (at >= device.wakeAt) return;
    device.wakeAt = at;
    timeline.put(at, KIND.tick, device.number, 0, device.epoch, null);
  }

  function later(device: SimulatedDevice, delay: number, kind: number, payload: unknown): void {
    timeline.put(Math.ceil(timeline.now + delay), kind, device.number, 0, device.epoch, payload);
  }

  function perform(device: SimulatedDevice, effect: Effect): void {
    const { number, epoch } = device;
    switch (effect.type) {
      case "broadcast":
        return network.flood(number, within(device), effect.bytes.length, KIND.message, epoch, effect.bytes);
      case "tell":
        for (const peer of effect.to) network.send(number, devices.numberOf(peer), effect.bytes.length, KIND.message, epoch, effect.bytes);
        return;
      case "send":
        return network.send(number, devices.numberOf(effect.to), effect.bytes.length, KIND.message, epoch, effect.bytes);
      case "train": {
        const { head, lost } = effect;
        return later(device, device.pace * between(random, SETTING.trainingJitter), KIND.trained, { head, lost });
      }
      case "judge": {
        const { head, against } = effect;
        return later(device, between(random, SETTING.crypto), KIND.computed, { type: "judged", root: head.root, change: changeOf(learning.losses(against), learning.losses(head)) });
      }
      case "seal": {
        const sealed = sums.seal(number, effect);
        return later(device, between(random, SETTING.crypto), KIND.computed, { type: "sealed", attempt: effect.attempt, ...sealed });
      }
      case "answer": {
        const answered = sums.answer(number, effect.challenge, device.state.round.view.length);
        return later(device, between(random, SETTING.crypto), KIND.computed, { type: "answered", attempt: effect.attempt, ...answered });
      }
      case "open": {
        const opened = sums.open(effect);
        return later(device, between(random, SETTING.crypto), KIND.computed, { type: "opened", attempt: effect.attempt, ...opened });
      }
      case "erase":
        return sums.erase(number);
      case "group":
        device.group = effect.peers.map((peer) => devices.numberOf(peer));
        relink(device);
        return measures.begun(device, timeline.now);
      case "committed":
      case "adopted": {
        const { record, root } = effect.head;
        trace.decision(number, record.round, root);
        return measures.committed(device, timeline.now);
      }
      case "departed":
      case "refused":
      case "accused":
        return trace.event(timeline.now, -1, number, devices.numberOf(effect.peer), effect.type.length);
      case "sign":
      case "problem":
      case "stop-training":
      // Its task has no audits.
      case "reveal":
      case "reseal":
      case "rerun":
        return;
    }
  }

  const near = (device: SimulatedDevice): number[] => overlay.neighbours(device).map((peer) => devices.numberOf(peer));
  /** Whom it has a way to, by number. */
  const within = (device: SimulatedDevice): number[] => [...new Set([...device.present, ...near(device)])];
  const relink = (device: SimulatedDevice): void => network.link(device.number, new Set([...device.group, ...near(device)]));

  /** Its core is told soon who can be reached. */
  function settle(device: SimulatedDevice): void {
    if (device.settling) return;
    device.settling = true;
    later(device, SETTING.settling, KIND.settled, null);
  }

  function detect(device: SimulatedDevice, event: SwimEvent): void {
    for (const effect of device.swim.handle(event)) follow(device, effect);
    const at = 1000 * Math.ceil(device.swim.wakeAt);
    if (at === device.probeAt) return;
    device.probeAt = at;
    timeline.put(at, KIND.probe, device.number, 0, device.epoch, null);
  }

  function follow(device: SimulatedDevice, effect: SwimEffect): void {
    if (effect.type === "send") return network.send(device.number, devices.numberOf(effect.to), swimBytes(effect.message), KIND.detect, device.epoch, effect.message);
    const about = devices.all[devices.numberOf(effect.peer)]!;
    if (effect.status === "suspect") return;
    if (effect.status === "dead") {
      device.present.delete(about.number);
      measures.verdict(device, about, timeline.now);
    } else device.present.add(about.number);
    settle(device);
  }

  /** Those who are in the same epoch see each other again under their new names, once they have linked up. */
  function enterEpoch(device: SimulatedDevice, epoch: number): void {
    if (epoch <= device.epoch) return;
    latest = Math.max(latest, epoch);
    if (endsEpoch(device.state.head.record.round, EPOCH_ROUNDS)) circles[epoch] ??= groupsAfter(device.state.head, device.state.config);
    devices.rename(device, timeline.now, epoch);
    if (partakes(device)) network.work(device.number);
    else network.rest(device.number);
    handle(device, { type: "epoch", now: milliseconds(timeline.now), self: device.name });
    later(device, between(random, SETTING.linking), KIND.linked, null);
    later(device, SETTING.introducedAfter, KIND.settled, null);
  }

  /** All of its node who are there already are told of it, and it of them; nobody watches over whoever rests. */
  function link(device: SimulatedDevice): void {
    if (isLarge(device)) {
      overlay.enter(device);
      settle(device);
    }
    if (!partakes(device)) return;
    const now = milliseconds(timeline.now);
    const node = nodeOf(device);
    const there = [...devices.alive].filter((other) => other !== device && other.epoch === device.epoch && other.probeAt >= 0 && nodeOf(other) === node);
    for (const other of there) detect(other, { type: "meet", now, peers: [device.name] });
    detect(device, { type: "meet", now, peers: there.map(({ name }) => name) });
  }

  const introducedTo = ({ epoch, state: { head, config } }: SimulatedDevice): PeerId[] =>
    introduced(
      head,
      config,
      (peer) => devices.all[devices.numberOf(peer)]?.diedAt === null,
      (node) => [...devices.alive].filter((other) => other.epoch === epoch && nodeOf(other) === node).map(({ name }) => name),
    );

  function tick(device: SimulatedDevice, at: number): void {
    if (device.wakeAt !== at) return;
    device.wakeAt = Infinity;
    if (milliseconds(at) >= device.state.wakeAt) return handle(device, { type: "tick", now: milliseconds(at) });
    wake(device, 1000 * Math.ceil(device.state.wakeAt));
  }

  /** Whoever is an epoch behind for long looks at the door. */
  function lookAtDoors(): void {
    const since = timeline.now - SETTING.doorAfter;
    for (const device of devices.alive) if (latest > device.epoch && since > Math.max(device.epochAt, measures.last?.at ?? 0)) enterEpoch(device, latest);
    timeline.put(timeline.now + SETTING.doorEvery, KIND.doors, 0, 0, 0, null);
  }

  function trained(device: SimulatedDevice, head: Head, lost: number): void {
    const update = learning.update(head, device.number, lost, device.attacks);
    handle(device, { type: "trained", now: milliseconds(timeline.now), root: head.root, ...update });
  }

  function add(epoch: number, head: Head, attacks: boolean, linking: readonly [number, number]): SimulatedDevice {
    const device = devices.add(timeline.now, network.add(), epoch, head, attacks);
    if (!partakes(device)) network.rest(device.number);
    if (timeline.now === 0) network.settled(device.number);
    wake(device, timeline.now + SETTING.tick + Math.floor(SETTING.tick * random.uniform()));
    // At the beginning those who are in the rounds are at work already.
    later(device, between(random, timeline.now === 0 && !partakes(device) ? SETTING.entering : linking), KIND.linked, null);
    return device;
  }

  const attackers = Math.round(peers * (options.attack?.share ?? 0));
  // Spread over the replicas, whatever they have.
  const places = new Set(random.shuffle(Array.from({ length: peers }, (_, device) => device)).slice(0, attackers));
  circles[0] = groupsAfter(headOf(nameOf(seed, 0, 0)), { ...config, self: nameOf(seed, 0, 0) });
  for (let device = 0; device < peers; device++) add(0, headOf(nameOf(seed, device, 0)), places.has(device), [0, 0]);
  timeline.put(SETTING.doorEvery, KIND.doors, 0, 0, 0, null);

  return {
    timeline,
    devices,
    network,
    measures,
    trace,
    handle({ at, kind, a, b, c, payload }) {
      if (kind === KIND.doors) return lookAtDoors();
      const device = devices.all[a]!;
      trace.event(at, kind, a, b, payload instanceof Uint8Array ? payload.length : 0);
      if (device.diedAt !== null) return;
      // What was for its last name nobody hears any more.
      if (device.epoch !== c && kind !== KIND.tick && kind !== KIND.trained && kind !== KIND.computed && kind !== KIND.settled) return;
      const now = milliseconds(at);
      switch (kind) {
        case KIND.tick:
          return tick(device, at);
        case KIND.message: {
          const event = heard(device.state, devices.nameOf(b, c), payload as Uint8Array, signedBy);
          if (event) handle(device, { ...event, now });
          return;
        }
        case KIND.detect:
          return detect(device, { type: "message", now, from: devices.nameOf(b, c), message: payload as SwimMessage });
        case KIND.overlay:
          return overlay.take(device, devices.nameOf(b, c), payload as HyParViewMessage);
        case KIND.overlayTick:
          return overlay.tick(device);
        case KIND.probe:
          if (device.probeAt === at) {
            device.probeAt = -1;
            detect(device, { type: "tick", now });
          }
          return;
        case KIND.trained: {
          const { head: from, lost } = payload as { head: Head; lost: number };
          return trained(device, from, lost);
        }
        case KIND.computed:
          return handle(device, { now, ...(payload as object) } as SwarmEvent);
        case KIND.linked:
          return link(device);
        case KIND.settled:
          device.settling = false;
          return handle(device, { type: "reachable", now, peers: [...new Set([...within(device).map((number) => devices.nameOf(number, device.epoch)), ...introducedTo(device)])], pending: overlay.pending(device), slow: network.slow(device.number) });
      }
    },
    join(attacks) {
      const device = add(latest, first, attacks, SETTING.linking);
      if (partakes(device)) measures.joined(device);
      return device;
    },
    kill(device) {
      sums.erase(device.number);
      devices.remove(device, timeline.now);
      network.remove(device.number);
    },
  };
}
