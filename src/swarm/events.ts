import type { PeerId } from "../wire/ids.ts";
import type { Counters, Head } from "./state.ts";
import type { Bulk } from "./message.ts";
import type { Hash } from "./record.ts";
import type { Phase } from "./phase.ts";

/** All that can happen to a device. `now` is milliseconds on its own clock, never going back. */
export type SwarmEvent = { now: number } & (
  | { type: "tick" }
  | { type: "reachable"; peers: readonly PeerId[]; pending: readonly PeerId[] }
  | { type: "message"; from: PeerId; bytes: Uint8Array }
  /** Local steps from the head `root` are done. */
  | { type: "trained"; root: Hash; delta: Float32Array; samples: number; loss: number; accuracy: number }
  /** From now on this device is called so, and everybody else by other names too. */
  | { type: "epoch"; self: PeerId }
  /** A committee was formed, or is lost. */
  | { type: "issuer"; issuer: Hash | null }
  /** Take part in rounds, or hold. */
  | { type: "take"; taking: boolean }
);

/** All that a device may be asked to do. */
export type Effect =
  | { type: "broadcast"; bytes: Uint8Array<ArrayBuffer> }
  | { type: "send"; to: PeerId; what: Bulk["what"] | "want"; bytes: Uint8Array<ArrayBuffer> }
  | { type: "train"; head: Head }
  | { type: "stop-training" }
  /** Have direct links to these. */
  | { type: "group"; peers: readonly PeerId[] }
  | { type: "committed"; head: Head; counters: Counters; startedAt: number; retries: number }
  /** Took over another lineage's head: as a joiner, or after a partition. */
  | { type: "adopted"; head: Head; donors: readonly PeerId[] }
  /** A member of the round is gone, or too late for it. */
  | { type: "departed"; peer: PeerId; round: number; phase: Phase; late: boolean }
  /** Sent bytes that no honest device sends. */
  | { type: "refused"; peer: PeerId; error: Error }
  /** This device's own update cannot be used; it holds until told to go on. */
  | { type: "problem"; error: Error };
