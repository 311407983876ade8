import { blocksIn, openBlocks, type Engine } from "../securesum/blocks.ts";
import { createContributor, type Contributor } from "../securesum/contributor.ts";
import { SumError } from "../securesum/errors.ts";
import { createKernels } from "../securesum/kernel.ts";
import { groupOf } from "../securesum/params.ts";
import { sealUpdate } from "../securesum/seal.ts";
import { createWasmRing } from "../securesum/ring.wasm.ts";
import { gatherSum } from "../securesum/sum.ts";
import type { Effect, SwarmEvent } from "../swarm/events.ts";
import { taskHash, type Hash } from "../swarm/record.ts";
import { COHORT_NODES, EPOCH_ROUNDS, epochOf, NODE_GROUPS, NODE_SPEAKERS, ROOM_GROUPS } from "../swarm/epoch.ts";
import { LIMITS } from "../swarm/limits.ts";
import { type AuditSetting, genesisHead, initialState, type Privacy, type SwarmConfig, type SwarmState } from "../swarm/state.ts";
import { packParcels } from "../swarm/parcel.ts";
import { heard as heardFrom } from "../swarm/stands.ts";
import { step } from "../swarm/step.ts";
import { addNoise } from "../update/privacy/noise.ts";
import { createCompressor, type Compression } from "../update/compression/compression.ts";
import type { DiscreteGaussian } from "../update/privacy/discrete-gaussian.ts";
import { toFixed } from "../update/fixed.ts";
import { bytesToHex } from "@noble/hashes/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { PeerId } from "../wire/ids.ts";
import { createRandom } from "../wire/random.ts";
import { frozenHead } from "./frozen.ts";
import { sign, signedBy } from "./signing.ts";
import { createPoints, type Points } from "./points.ts";
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
  /** Devices of a group, at least. */
  groupSize?: number;
  /** Groups of a room that is one node yet, at most; and of a node, on average. */
  roomGroups?: number;
  nodeGroups?: number;
  /** Devices that speak for a node. */
  speakers?: number;
  /** Nodes that are in a round, at most. */
  cohortNodes?: number;
  /** So many devices begin in a room that is at work already; those that come later do not. */
  frozen?: number;
  /** Rounds of an epoch, at whose end every device takes another name. */
  epochRounds?: number;
  /** Milliseconds until there are links under the new names, drawn between these two; as long as a message's way where absent. */
  linking?: readonly [number, number];
  outer?: SwarmConfig["outer"];
  compression?: Compression;
  /** Of one value of an update. */
  bits?: number;
  /** Of the model's tensors; one row of `parameters` where absent. */
  shapes?: readonly (readonly number[])[];
  /** Part of the way to the goal that local steps go in a round, 0 to 1. */
  pull?: number;
  /** Differential privacy, and what adds a device's noise. */
  privacy?: Privacy | null;
  noise?: DiscreteGaussian | null;
  /** Whether updates are audited. With `steps` devices train on public points (points.ts), and others train again what was drawn. */
  audits?: boolean | AuditSetting;
  /** After how long a silent peer counts as gone: the mesh's own bound. */
  detection?: number;
}

export interface SimDevice {
  /** Its name in its present epoch. */
  id: PeerId;
  epoch: number;
  state: SwarmState;
  alive: boolean;
  /** Every root that it committed or took over, in order. */
  history: { round: number; root: Hash; at: number; contributors: readonly PeerId[]; adopted: boolean }[];
  events: SwarmEvent[];
  problems: Extract<Effect, { type: "refused" | "problem" | "accused" }>[];
  /** Of its present attempt at a sum; and of all of this round. */
  contributor: Contributor | null;
  contributors: Map<number, Contributor>;
}

export interface Sim {
  readonly clock: VirtualClock;
  readonly devices: readonly SimDevice[];
  /** The model that all devices pull at. */
  readonly goal: Float32Array;
  readonly points: Points;
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
  /** May change what a device is told of its own doing, so that it trains, deals, answers, encrypts or judges wrongly. */
  corrupt(change: (device: SimDevice, event: SwarmEvent) => SwarmEvent): void;
  /** May change what a device encrypts, whatever its core gave it: values that no honest device has go in as well. */
  cheat(change: (device: SimDevice, values: Int8Array) => Int8Array | Int32Array): void;
  run(milliseconds: number, done?: () => boolean): boolean;
}

const TICK = 200;
/** Others are an epoch ahead for so long until a device follows them. */
const DOOR_AFTER = 6_000;
/** Milliseconds that encrypting or opening takes. */
const CRYPTO = [2, 20] as const;
const LABELS = 3;
/** A cheat's encryption does not mind what is out of range. */
const FORGED_LIMIT = 2 ** 20;

/** The swarm's own code on a virtual clock and network. Everything follows from the seed. */
export function createSim(options: SimOptions): Sim {
  const { seed, parameters = 200, training = [800, 1200], latency = [5, 40], loss = 0, groupSize = 8, roomGroups = ROOM_GROUPS, nodeGroups = NODE_GROUPS, speakers = NODE_SPEAKERS, cohortNodes = COHORT_NODES, frozen = 0, epochRounds = EPOCH_ROUNDS, linking = latency, detection = 4_000, outer, compression = { kind: "dense" }, bits = 8, shapes = [[parameters]], pull = 0.3, privacy = null, noise = null, audits = false } = options;
  const clock = createClock();
  const random = createRandom(["sim", seed]);
  const between = ([low, high]: readonly [number, number]): number => low + (high - low) * random.uniform();
  const task = taskHash({ sim: parameters });
  const kernels = createKernels();
  const engine: Engine = { kernel: kernels.ring, ring: createWasmRing(kernels.ring), held: null };
  const compressor = privacy ? null : createCompressor({ compression, bits, stepExponent: 10, seed: [task] }, shapes);
  const first = genesisHead(task, toFixed(new Float32Array(parameters)), { outer, compressor, stepExponent: privacy ? 2 : undefined });
  const goal = Float32Array.from({ length: parameters }, () => random.uniform() - 0.5);
  /** What stands for the loss: how far a model is from where the devices' updates lead. */
  const distance = (params: Int32Array): number => params.reduce((sum, value, i) => sum + (goal[i]! - value / 2 ** 20) ** 2, 0);
  const points = createPoints(seed, goal);
  const devices: SimDevice[] = [];
  /** Whom a device has links with, and under which name. */
  const heard = new Map<SimDevice, Map<SimDevice, PeerId>>();
  let side: ((device: SimDevice) => number) | null = null;
  let see: (device: SimDevice, before: SwarmState) => void = () => undefined;
  let spoil = (_device: SimDevice, event: SwarmEvent): SwarmEvent => event;
  let forge: ((device: SimDevice, values: Int8Array) => Int8Array | Int32Array) | null = null;
  let change = (_from: SimDevice, _to: SimDevice, bytes: Uint8Array): Uint8Array | null => bytes;

  /** Some are held back. */
  const stepsOf = ({ state: { config } }: SimDevice): number => 1 + random.below(config.audits!.steps!);

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
    for (const effect of effects) if (effect.type === "sign") handle(device, { type: "signed", now: clock.now(), seq: effect.seq, signature: sign(device.id, effect.bytes) });
    enterEpoch(device, epochOf(device.state.head.record.round, epochRounds));
  };

  const receive = (device: SimDevice, from: PeerId, bytes: Uint8Array): void => {
    const event = heardFrom(device.state, from, bytes, signedBy);
    if (event) handle(device, { ...event, now: clock.now() });
  };

  const deliver = (from: SimDevice, to: SimDevice, bytes: Uint8Array): void => {
    if (random.uniform() < loss) return;
    const [sender, receiver] = [from.id, to.id];
    clock.after(between(latency), () => {
      // Whoever has another name by now hears nothing more under the old one.
      if (!connected(from, to) || to.id !== receiver) return;
      const changed = change(from, to, bytes);
      if (changed) receive(to, sender, changed);
    });
  };

  const perform = (device: SimDevice, effect: Effect): void => {
    switch (effect.type) {
      case "broadcast":
        for (const [other, name] of heard.get(device) ?? []) if (other.id === name) deliver(device, other, effect.bytes);
        return;
      case "tell":
        for (const peer of effect.to) perform(device, { type: "send", to: peer, what: "want", bytes: effect.bytes });
        return;
      case "send": {
        const to = devices.find((other) => other.id === effect.to);
        if (to) deliver(device, to, effect.bytes);
        return;
      }
      case "train":
        clock.after(between(training), () => {
          const { start, seed: lot, head: { root } } = effect;
          if (lot !== undefined) return handle(device, spoil(device, { type: "trained", now: clock.now(), root, ...points.train(start, lot, stepsOf(device)) }));
          const delta = Float32Array.from(goal, (value, i) => pull * (value - start[i]!) + 0.001 * (random.uniform() - 0.5));
          handle(device, spoil(device, { type: "trained", now: clock.now(), root, delta, samples: 32, loss: 1, accuracy: 0.5, labels: [16, 8, 8] }));
        });
        return;
      case "rerun":
        clock.after(between(training), () => handle(device, spoil(device, { type: "reran", now: clock.now(), attempt: effect.attempt, update: points.train(effect.start, effect.seed, effect.steps) })));
        return;
      case "judge": {
        const [before, after] = [effect.against, effect.head].map(({ params }) => distance(params));
        return clock.after(between(CRYPTO), () => handle(device, spoil(device, { type: "judged", now: clock.now(), root: effect.head.root, change: { mean: after! - before!, error: 0, before: before! } })));
      }
      case "committed":
      case "adopted": {
        const { record, root, roll } = effect.head;
        device.history.push({ round: record.round, root, at: clock.now(), contributors: roll.contributors, adopted: effect.type === "adopted" });
        return;
      }
      case "refused":
      case "problem":
        device.problems.push(effect);
        return;
      case "seal":
      case "answer":
      case "open":
      case "reveal":
      case "reseal":
        return compute(device, effect);
      case "erase":
        for (const contributor of device.contributors.values()) contributor.erase();
        return device.contributors.clear();
      case "accused":
        device.problems.push(effect);
        return;
      case "stop-training":
      case "group":
      case "departed":
      case "sign":
        return;
    }
  };

  /** Real cryptography, in no time; what comes of it is told a moment later. */
  const compute = (device: SimDevice, effect: Extract<Effect, { type: "seal" | "answer" | "open" | "reveal" | "reseal" }>): void => {
    const now = clock.now() + between(CRYPTO);
    const { attempt } = effect;
    const tell = (event: SwarmEvent): void => clock.after(now - clock.now(), () => handle(device, spoil(device, event)));
    switch (effect.type) {
      case "seal": {
        const group = groupOf(effect.devices);
        const seed = Uint8Array.from({ length: 32 }, () => random.below(256));
        device.contributor = createContributor({ kernel: kernels.ring, shamir: kernels.shamir, context: effect.context, group, layout: forge ? { ...effect.layout, limit: FORGED_LIMIT } : effect.layout, seed });
        device.contributors.set(attempt, device.contributor);
        const given = forge ? forge(device, effect.values) : effect.values;
        return tell({ type: "sealed", now, attempt, ...sealUpdate(engine, device.contributor, group, noise ? addNoise(effect.values, noise) : given) });
      }
      case "reveal": {
        const contributor = device.contributors.get(attempt);
        return contributor && tell({ type: "revealed", now, attempt, seed: contributor.reveal() });
      }
      case "reseal": {
        const group = groupOf(effect.devices);
        const again = createContributor({ kernel: kernels.ring, shamir: kernels.shamir, context: effect.context, group, layout: effect.layout, seed: effect.seed.slice() });
        const { dealings, pieces } = sealUpdate(engine, again, group, effect.values);
        return tell({ type: "resealed", now, attempt, commitment: packParcels(dealings, pieces).commitment });
      }
      case "answer":
        return tell({ type: "answered", now, attempt, answer: device.contributor!.answer(effect.challenge) });
      case "open":
        return tell({ type: "opened", now, attempt, ...openSum(effect) });
    }
  };

  const openSum = (request: Extract<Effect, { type: "open" }>): Pick<SwarmEvent & { type: "opened" }, "sum" | "wrongShares" | "wrongPieces"> => {
    try {
      const { key, ciphertext, wrongShares, wrongPieces } = gatherSum(kernels, request);
      const sum = Int32Array.from([...openBlocks(engine, key, blocksIn(ciphertext), request.count)].flatMap((values) => [...values]));
      return { sum, wrongShares, wrongPieces };
    } catch (error) {
      if (!(error instanceof SumError)) throw error;
      return { sum: null, wrongShares: [], wrongPieces: [] };
    }
  };

  const nameOf = (device: number, epoch: number): PeerId => bytesToHex(sha256(Uint8Array.of(seed & 255, seed >> 8, device, epoch))).slice(0, 32) as PeerId;

  const headOf = frozen === 0 ? () => first : frozenHead(first, Array.from({ length: frozen }, (_, device) => nameOf(device, 0)), { epochRounds, groupSize, roomGroups, nodeGroups, speakers, cohortNodes });

  /** Those who are in the same epoch see each other again under their new names, once they have linked up. */
  const enterEpoch = (device: SimDevice, epoch: number): void => {
    if (epoch <= device.epoch) return;
    device.epoch = epoch;
    const name = (device.id = nameOf(devices.indexOf(device), epoch));
    heard.set(device, new Map());
    handle(device, { type: "epoch", now: clock.now(), self: name });
    settle(linking);
  };

  const reachability = (device: SimDevice): void => {
    handle(device, { type: "reachable", now: clock.now(), peers: [...(heard.get(device) ?? new Map<SimDevice, PeerId>()).values()], pending: [] });
  };

  /** Under which name `a` can hear `b`: devices meet in their epoch. */
  const nameTo = (a: SimDevice, b: SimDevice): PeerId | null => (connected(a, b) && a.epoch === b.epoch ? b.id : null);

  /** What changed on the network reaches the devices' mesh: links come up soon, silence is noticed late. */
  const settle = (links = latency): void => {
    for (const a of devices) {
      for (const b of devices) {
        if (a === b) continue;
        const name = nameTo(a, b);
        clock.after(name ? between(links) : detection + between(latency), () => {
          const names = heard.get(a)!;
          if (nameTo(a, b) !== name || names.get(b) === (name ?? undefined)) return;
          if (name) names.set(b, name);
          else names.delete(b);
          reachability(a);
        });
      }
    }
  };

  const tick = (device: SimDevice): void => {
    if (!device.alive) return;
    handle(device, { type: "tick", now: clock.now() });
    const { weight } = device.state.head.record;
    const ahead = devices.filter((other) => connected(device, other) && other.state.head.record.weight > weight);
    // Whom nobody answers any more asks at the door, and so does who hears there that others are an epoch ahead.
    const late = clock.now() - (ahead.flatMap(({ epoch, history }) => (epoch > device.epoch ? [history.at(-1)?.at ?? Infinity] : [])).sort((a, b) => a - b)[0] ?? Infinity);
    if (heard.get(device)!.size === 0 || late > DOOR_AFTER) enterEpoch(device, Math.max(0, ...ahead.map(({ epoch }) => epoch)));
    clock.after(TICK, () => tick(device));
  };

  return {
    clock,
    devices,
    goal,
    points,
    add() {
      // A newcomer is told at the door.
      const epoch = Math.max(0, ...devices.filter(({ alive }) => alive).map((other) => other.epoch));
      const id = nameOf(devices.length, epoch);
      const config = { self: id, task, bits, seed, epochRounds, groupSize, roomGroups, nodeGroups, speakers, cohortNodes, labels: LABELS, ...(outer && { outer }), privacy, compressor, kernels, ...(audits && { audits: audits === true ? { oneOf: LIMITS.auditOneOf, steps: null } : audits }) };
      const device: SimDevice = { id, epoch, state: initialState(config, devices.length < frozen ? headOf(id) : first, clock.now()), alive: true, history: [], events: [], problems: [], contributor: null, contributors: new Map() };
      devices.push(device);
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
    corrupt: (next) => void (spoil = next),
    cheat: (next) => void (forge = next),
    tamper: (next) => void (change = next),
    run: (milliseconds, done) => clock.run(milliseconds, done),
  };
}
