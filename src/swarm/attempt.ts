import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { blocksOf, DEALING_BYTES, groupOf, layoutOf, noisyLayout, type Group, type Layout } from "../securesum/params.ts";
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
import { lengthAt, valuesOf } from "./values.ts";

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
  /** Hash of the view's commitments, of which U is made, and these; it names U, but for who is audited. Also the challenge of the degree test. */
  set: Hash | null;
  commitments: ReadonlyMap<PeerId, Hash> | null;
  answer: Uint8Array<ArrayBuffer> | null;
  /** The other dealers' answers, as far as their dealings fit them. */
  answers: ReadonlyMap<PeerId, Uint8Array>;
  /** Who is left out of U as this device signed it, for it is audited (audit/draw.ts); null: nobody, or not signed yet. */
  audited: PeerId | null;
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
    commitments: null,
    answer: null,
    answers: new Map(),
    audited: null,
    pieces: new Map(),
    shares: new Map(),
    tried: 0,
  };
}

/** The devices of U: whose updates are in the sum. All of the view hold its pieces and shares. */
export const summed = ({ view, audited }: Attempt): readonly PeerId[] => (audited === null ? view : view.filter((peer) => peer !== audited));

export const groupIn = ({ view }: Attempt): Group => groupOf(view.length);

export const contextIn = (s: SwarmState, { name }: Attempt): Context => ({ session: hexToBytes(name), round: s.head.record.round + 1, attempt: 0 });

/** Values that a device sums in this round. */
export const countIn = (s: SwarmState): number => valuesOf(lengthAt(s), s.config);

const layoutFor = ({ config }: SwarmState, devices: number): Layout => (config.privacy ? noisyLayout(config.privacy.field) : layoutOf(config.bits, devices));

export const layoutIn = (s: SwarmState, { view }: Attempt): Layout => layoutFor(s, view.length);

/** Bytes of each piece of a ciphertext. */
export const pieceLength = (s: SwarmState, { view }: Pick<Attempt, "view">): number => pieceBytes(blocksOf(countIn(s), layoutFor(s, view.length)), groupOf(view.length));

/** Bytes of a parcel among so many devices; 0 of one that is alone. */
export const parcelBytes = (s: SwarmState, devices: number): number => (devices < 2 ? 0 : 32 * devices + DEALING_BYTES + pieceBytes(blocksOf(countIn(s), layoutFor(s, devices)), groupOf(devices)));

/** What a member committed to in this attempt, as it says to all; null before it did. Once U is known, nothing else counts. */
export function commitmentOf(s: SwarmState, attempt: Attempt, peer: PeerId): Hash | null {
  if (attempt.commitments) return attempt.commitments.get(peer)!;
  if (peer === s.config.self) return attempt.own?.commitment ?? null;
  const status = fellow(s, peer);
  const stated = status && sameView(status.view, attempt.view) ? status.commitment : null;
  // Of an attempt of the same members that was lost: it has not heard of this one yet.
  return stated !== null && s.round.spent.includes(stated) ? null : stated;
}

/** Whether this device holds all that a member gave it. */
export function holds(s: SwarmState, attempt: Attempt, peer: PeerId): boolean {
  const parcel = attempt.parcels.get(peer);
  return parcel !== undefined && parcel.commitment === commitmentOf(s, attempt, peer);
}

/** The attempt with what U is made of, which is the whole view; null while not all have committed. */
export function withSet(s: SwarmState, attempt: Attempt): (Attempt & { set: Hash }) | null {
  if (attempt.set !== null) return attempt as Attempt & { set: Hash };
  const commitments = new Map<PeerId, Hash>();
  for (const peer of attempt.view) {
    const commitment = commitmentOf(s, attempt, peer);
    if (commitment === null) return null;
    commitments.set(peer, commitment);
  }
  const entries = [...commitments].map(([id, commitment]) => ({ id, commitment: hexToBytes(commitment) }));
  return { ...attempt, commitments, set: bytesToHex(sha256(encodeSet(contextIn(s, attempt), entries))) };
}

export const sameView = (a: readonly PeerId[], b: readonly PeerId[]): boolean => a.length === b.length && a.every((peer, i) => peer === b[i]);

/** Nothing secret stays: the dealings are overwritten. */
export function erase(attempt: Attempt): void {
  for (const { dealing } of attempt.parcels.values()) dealing.fill(0);
  for (const parcel of attempt.own?.parcels ?? []) parcel.fill(0);
}

export function eraseRound({ round }: SwarmState): void {
  for (const attempt of [round.attempt, round.kept]) if (attempt) erase(attempt);
  for (const { message } of round.early) message.payload.fill(0);
}

/** However it ended: nothing secret of it stays. */
export function endRound(s: SwarmState, out: Effect[]): void {
  out.push({ type: "erase" });
  eraseRound(s);
  s.round = freshRound(s.now);
  s.behindSince = null;
}
