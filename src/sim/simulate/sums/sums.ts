import type { Effect, SwarmEvent } from "../../../swarm/events.ts";
import type { Kernels } from "../../../securesum/kernel.ts";

type Of<T extends SwarmEvent["type"]> = Omit<Extract<SwarmEvent, { type: T }>, "type" | "now" | "attempt">;
export type SealEffect = Extract<Effect, { type: "seal" }>;
export type OpenEffect = Extract<Effect, { type: "open" }>;

/** What performs the core's effects on secure sums for every device of a simulation. */
export interface Sums {
  /** What the core itself computes with. */
  readonly kernels: Kernels;
  readonly real: boolean;
  seal(device: number, effect: SealEffect): Of<"sealed">;
  answer(device: number, challenge: Uint8Array, devices: number): Of<"answered">;
  open(effect: OpenEffect): Of<"opened">;
  erase(device: number): void;
}

/** Devices up to which all of them compute the real thing. */
export const REAL_DEVICES = 64;
