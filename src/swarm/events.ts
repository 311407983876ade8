import type { Layout } from "../securesum/params.ts";
import type { Context } from "../securesum/randomness.ts";
import type { PeerId } from "../wire/ids.ts";
import type { Carry } from "../update/compression/carry.ts";
import type { Counters, Head } from "./state.ts";
import type { Bulk } from "./message.ts";
import type { Hash } from "./record.ts";
import type { Phase } from "./phase.ts";
import type { Change } from "./verdict.ts";

/** What came of local steps, `delta` minus their start. `steps`: how many, where others may train it again. */
export interface Trained {
  delta: Float32Array;
  samples: number;
  loss: number;
  accuracy: number;
  labels: readonly number[];
  steps?: number;
}

/** All that can happen to a device. `now` is milliseconds on its own clock, never going back. */
export type SwarmEvent = { now: number } & (
  | { type: "tick" }
  /** What the mesh sees; `slow`: what this device sends leaves slowly. */
  | { type: "reachable"; peers: readonly PeerId[]; pending: readonly PeerId[]; slow?: boolean | undefined }
  /** Of stands only those whose signatures are right (stands.ts). */
  | { type: "message"; from: PeerId; bytes: Uint8Array }
  /** Local steps from the head `root` are done. */
  | ({ type: "trained"; root: Hash } & Trained)
  /** The update is encrypted: a dealing of its secret and a piece of its ciphertext for each member. */
  | { type: "sealed"; attempt: number; dealings: readonly Uint8Array[]; pieces: readonly Uint8Array[] }
  /** The contributor's answer to the degree test. */
  | { type: "answered"; attempt: number; answer: Uint8Array<ArrayBuffer> }
  /** The sum, and whose shares and pieces of it were wrong; null while there are too few right ones. */
  | { type: "opened"; attempt: number; sum: Int32Array | null; wrongShares: readonly number[]; wrongPieces: readonly number[] }
  /** This device's signature under its word of that number. */
  | { type: "signed"; seq: number; signature: Uint8Array<ArrayBuffer> }
  /** What this peer handed on was not signed by who should have. */
  | { type: "forged"; from: PeerId }
  /** The seed of an attempt in which this device is audited: all that it dealt and encrypted follows from it. */
  | { type: "revealed"; attempt: number; seed: Uint8Array }
  /** To what that seed and those values commit a device. */
  | { type: "resealed"; attempt: number; commitment: Hash }
  /** What training again gave; null where this device cannot do that, or not in time. */
  | { type: "reran"; attempt: number; update: Trained | null }
  /** From now on this device is called so, and everybody else by other names too. */
  | { type: "epoch"; self: PeerId }
  /** A committee was formed, or is lost. */
  | { type: "issuer"; issuer: Hash | null }
  /** What becomes of the loss with the model of this root; null where that cannot be said. */
  | { type: "judged"; root: Hash; change: Change | null }
  /** Take part in rounds, or hold. */
  | { type: "take"; taking: boolean }
);

/** All that a device may be asked to do. */
export type Effect =
  | { type: "broadcast"; bytes: Uint8Array<ArrayBuffer> }
  /** Sign this under the present name, and tell the core before anything else happens to it. */
  | { type: "sign"; seq: number; bytes: Uint8Array<ArrayBuffer> }
  /** The same to each of these. */
  | { type: "tell"; to: readonly PeerId[]; bytes: Uint8Array<ArrayBuffer> }
  | { type: "send"; to: PeerId; what: Bulk["what"] | "want"; bytes: Uint8Array<ArrayBuffer> }
  /** @param start the model that local steps begin with; @param lost how often this round's update was dropped: other samples are due each time; @param seed of a round that others may do again: says on which samples, and all chance */
  | { type: "train"; head: Head; start: Float32Array; lost: number; seed?: number }
  /** Draw a fresh one-time secret, deal it and encrypt the values under it, for so many members. */
  | { type: "seal"; attempt: number; context: Context; devices: number; layout: Layout; values: Int8Array<ArrayBuffer> }
  /** Answer the degree test at this challenge, with that secret. */
  | { type: "answer"; attempt: number; challenge: Uint8Array }
  /** Open the sum from these pieces and shares, by member. */
  | { type: "open"; attempt: number; context: Context; devices: number; layout: Layout; count: number; pieces: ReadonlyMap<number, Uint8Array>; shares: ReadonlyMap<number, Uint8Array> }
  /** Give the core that attempt's seed at once, before it is erased: its update is in no sum, and the group may see it. */
  | { type: "reveal"; attempt: number }
  /** Deal and encrypt these values under this seed again, as an audited device says that it did. */
  | { type: "reseal"; attempt: number; context: Context; devices: number; layout: Layout; seed: Uint8Array; values: Int8Array<ArrayBuffer> }
  /** Train again what another device did in that round, beside the own rounds, and say within `LIMITS.rerunAtMost` what it gave. */
  | { type: "rerun"; attempt: number; round: number; start: Float32Array; seed: number; steps: number }
  /** Nothing secret may stay of any attempt. */
  | { type: "erase" }
  /**
   * Gave a wrong share or piece of a sum, or a wrong sum of the groups' chunks; the sum is right all the same. Of a
   * wrong piece a contributor may be the cause. `update`: it was audited, and did not show an update that it may give, or that its training gives;
   * nothing of it is in a sum.
   */
  | { type: "accused"; peer: PeerId; what: "share" | "piece" | "total" | "update"; round: number }
  | { type: "stop-training" }
  /** Have direct links to these. */
  | { type: "group"; peers: readonly PeerId[] }
  /**
   * @param refused the head keeps the model before, for the round's own was much worse; @param group with whom this
   * device summed; @param carry goes on with this head, and with no other
   */
  | { type: "committed"; head: Head; refused: boolean; group: readonly PeerId[]; carry: Carry; counters: Counters; startedAt: number; retries: number }
  /** Took over another lineage's head, as a joiner, or after a partition; with no carry. */
  | { type: "adopted"; head: Head; donors: readonly PeerId[] }
  /** Hold this model, which few say is heavier or which is to be voted for, against the own one, on samples that nobody trains on. */
  | { type: "judge"; head: Head; against: Head }
  /** A member of the round is gone, or too late for it. */
  | { type: "departed"; peer: PeerId; round: number; phase: Phase; late: boolean }
  /** Sent bytes that no honest device sends. */
  | { type: "refused"; peer: PeerId; error: Error }
  /** This device's own update cannot be used; it holds until told to go on. */
  | { type: "problem"; error: Error };
