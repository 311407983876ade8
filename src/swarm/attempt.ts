import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { blocksOf, groupOf, layoutOf, noisyLayout, type Group, type Layout } from "../securesum/params.ts";
import { pieceBytes } from "../securesum/pieces.ts";
import type { Context } from "../securesum/randomness.ts";
import { encodeSet } from "../securesum/set.ts";
import type { PeerId } from "../wire/ids.ts";
import { fellow } from "./peers.ts";
import type { Effect } from "./events.ts";
import { viewHash } from "./message.ts";
import type { Parcel } from "./parcel.ts";
import type { Hash } from "./record.ts";
import { freshRound, type SwarmState } from "./state.ts";
import { valuesOf } from "./values.ts";

/** One try at a round's sum among one view, whose members hold the shares. Another view is another attempt, under fresh keys. */
export interface Attempt {
  /** Names it to whoever performs its effects, on this device only. */
  id: number;
  view: readonly PeerId[];
  /** Names it in messages, and in what the keys are drawn for. */
  name: Hash;
  /** This device's parcels for each member, and what it committed to. */
  own: { parcels: readonly Uint8Array[]; commitment: Hash } | null;
  /** What each member gave this one, its own included. */
  parcels: ReadonlyMap<PeerId, Parcel>;
  /** Hash of U as this device proposes or signs it; once set, it stays. Also the challenge of the degree test. */
  set: Hash | null;
  answer: Uint8Array<ArrayBuffer> | null;
  /** Dealers whose dealing fits their answer. */
  fitting: readonly PeerId[];
  /** Pieces and shares of the sum, by member. */
  pieces: ReadonlyMap<number, Uint8Array>;
  shares: ReadonlyMap<number, Uint8Array>;
  /** How many of them there were when it was last tried to open the sum. */
  tried: number;
}

export function newAttempt(s: SwarmState): Attempt {
  const { view } = s.round;
  s.attempts++;
  return {
    id: s.attempts,
    view,
    name: viewHash(s.head.root, view),
    own: null,
    parcels: new Map(),
    set: null,
    answer: null,
    fitting: [],
    pieces: new Map(),
    shares: new Map(),
    tried: 0,
  };
}

export const groupIn = ({ view }: Attempt): Group => groupOf(view.length);

export const contextIn = (s: SwarmState, { name }: Attempt): Context => ({ session: hexToBytes(name), round: s.head.record.round + 1, attempt: 0 });

/** Values that a device of this task sums. */
export const countIn = (s: SwarmState): number => valuesOf(s.head.params.length, s.config);

export const layoutIn = ({ config }: SwarmState, { view }: Attempt): Layout => (config.privacy ? noisyLayout(config.privacy.field) : layoutOf(config.bits, view.length));

/** Bytes of each piece of a ciphertext. */
export const pieceLength = (s: SwarmState, attempt: Attempt): number =>
  pieceBytes(blocksOf(countIn(s), layoutIn(s, attempt)), groupIn(attempt));

/** What a member committed to in this attempt, as it says to all; null before it did. */
export function commitmentOf(s: SwarmState, attempt: Attempt, peer: PeerId): Hash | null {
  if (peer === s.config.self) return attempt.own?.commitment ?? null;
  const status = fellow(s, peer);
  return status && sameView(status.view, attempt.view) ? status.commitment : null;
}

/** Whether this device holds all that a member gave it. */
export function holds(s: SwarmState, attempt: Attempt, peer: PeerId): boolean {
  const parcel = attempt.parcels.get(peer);
  return parcel !== undefined && parcel.commitment === commitmentOf(s, attempt, peer);
}

/** Hash of U, which is the whole view; null while not all have committed. */
export function setOf(s: SwarmState, attempt: Attempt): Hash | null {
  const commitments = attempt.view.map((peer) => commitmentOf(s, attempt, peer));
  if (commitments.includes(null)) return null;
  const entries = attempt.view.map((id, at) => ({ id, commitment: hexToBytes(commitments[at]!) }));
  return bytesToHex(sha256(encodeSet(contextIn(s, attempt), entries)));
}

export const sameView = (a: readonly PeerId[], b: readonly PeerId[]): boolean => a.length === b.length && a.every((peer, i) => peer === b[i]);

/** Nothing secret stays: the dealings of this round are overwritten. */
export function eraseDealings(s: SwarmState): void {
  for (const attempt of [s.round.attempt, s.round.kept]) {
    for (const { dealing } of attempt?.parcels.values() ?? []) dealing.fill(0);
    for (const parcel of attempt?.own?.parcels ?? []) parcel.fill(0);
  }
}

/** However it ended: nothing secret of it stays. */
export function endRound(s: SwarmState, out: Effect[]): void {
  if (s.round.attempt || s.round.kept) out.push({ type: "erase" });
  eraseDealings(s);
  s.round = freshRound(s.now);
  s.behindSince = null;
}
