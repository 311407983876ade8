import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Swim } from "../../membership/swim.ts";
import { initialState, type Head, type SwarmConfig, type SwarmState } from "../../swarm/state.ts";
import { PEER_ID_BYTES, peerIdOf, type PeerId } from "../../wire/ids.ts";
import type { Random } from "../../wire/random.ts";
import { between } from "./chance.ts";
import { createDetector } from "./detector.ts";
import { SETTING } from "./setting.ts";

/** One device's life, from its joining to its leaving. Times in microseconds. */
export interface SimulatedDevice {
  readonly number: number;
  readonly attacks: boolean;
  readonly joinedAt: number;
  diedAt: number | null;
  epoch: number;
  epochAt: number;
  /** In its present epoch. */
  name: PeerId;
  state: SwarmState;
  swim: Swim;
  /** Others of its node that it has links with, or a way to, by number. */
  present: Set<number>;
  /** With whom it sums, by number. */
  group: readonly number[];
  /** When its core is due, and no sooner. */
  wakeAt: number;
  /** When its detector is due, and whether its core is about to be told who is present. */
  probeAt: number;
  settling: boolean;
  /** Microseconds of local steps, before the jitter. */
  pace: number;
}

export const nameOf = (seed: number, device: number, epoch: number): PeerId => peerIdOf(sha256(utf8ToBytes(`${seed} ${device} ${epoch}`)).subarray(0, PEER_ID_BYTES));

export interface Devices {
  readonly all: readonly SimulatedDevice[];
  readonly alive: ReadonlySet<SimulatedDevice>;
  /** -1 for a name that nobody had. */
  numberOf(name: PeerId): number;
  nameOf(number: number, epoch: number): PeerId;
  /** In the present order, in which one leaves. */
  pick(): SimulatedDevice;
  /** @param at microseconds */
  add(at: number, number: number, epoch: number, head: Head, attacks: boolean): SimulatedDevice;
  remove(device: SimulatedDevice, at: number): void;
  /** Under another name from now on, with nobody in sight. */
  rename(device: SimulatedDevice, at: number, epoch: number): void;
}

export function createDevices(seed: number, config: Omit<SwarmConfig, "self">, random: Random): Devices {
  const all: SimulatedDevice[] = [];
  const alive = new Set<SimulatedDevice>();
  const numbers = new Map<PeerId, number>();
  /** By epoch and number. */
  const names: PeerId[][] = [];

  function called(number: number, epoch: number): PeerId {
    const known = (names[epoch] ??= [])[number];
    if (known !== undefined) return known;
    const name = (names[epoch][number] = nameOf(seed, number, epoch));
    numbers.set(name, number);
    return name;
  }

  return {
    all,
    alive,
    nameOf: called,
    numberOf: (name) => numbers.get(name) ?? -1,
    pick: () => [...alive][random.below(alive.size)]!,
    add(at, number, epoch, head, attacks) {
      const name = called(number, epoch);
      const now = Math.floor(at / 1000);
      const device: SimulatedDevice = {
        number,
        attacks,
        joinedAt: at,
        diedAt: null,
        epoch,
        epochAt: at,
        name,
        state: initialState({ ...config, self: name }, head, now),
        swim: createDetector(seed, name, now),
        present: new Set(),
        group: [],
        wakeAt: Infinity,
        probeAt: -1,
        settling: false,
        pace: between(random, SETTING.training),
      };
      all[number] = device;
      alive.add(device);
      return device;
    },
    remove(device, at) {
      device.diedAt = at;
      alive.delete(device);
    },
    rename(device, at, epoch) {
      device.epoch = epoch;
      device.epochAt = at;
      device.name = called(device.number, epoch);
      device.swim = createDetector(seed, device.name, Math.floor(at / 1000));
      device.present = new Set();
      device.group = [];
      device.probeAt = -1;
    },
  };
}
