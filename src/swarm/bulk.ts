import { judge } from "../securesum/degree.ts";
import { SumError } from "../securesum/errors.ts";
import { DEALING_BYTES, SHARE_BYTES } from "../securesum/params.ts";
import { checkPiece } from "../securesum/pieces.ts";
import { eraseRows, readRow } from "../securesum/shamir.ts";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import { commitmentOf, groupIn, holds, parcelBytes, pieceLength, type Attempt } from "./attempt.ts";
import { due, dueAgain } from "./due.ts";
import type { Effect } from "./events.ts";
import { LIMITS } from "./limits.ts";
import { narrow } from "./membership.ts";
import { ascending, fellow } from "./peers.ts";
import { encodeMessage, type Bulk, type Want } from "./message.ts";
import { decodeComplaint, openParcel } from "./parcel.ts";
import type { Hash } from "./record.ts";
import type { SwarmState } from "./state.ts";

export function post(s: SwarmState, out: Effect[], to: PeerId, view: Hash, what: Bulk["what"], index: number, payload: Uint8Array): void {
  out.push({ type: "send", to, what, bytes: encodeMessage({ kind: "bulk", what, root: s.head.root, view, index, payload }) });
}

export function ask(s: SwarmState, out: Effect[], to: PeerId, view: Hash, what: Want["what"], index: number): void {
  out.push({ type: "send", to, what: "want", bytes: encodeMessage({ kind: "want", what, root: s.head.root, view, from: index, to: index + 1 }) });
}

/** Milliseconds that a device's parcels take on the slowest link. */
const sendingTime = (s: SwarmState): number => (1000 * (s.round.view.length - 1) * parcelBytes(s, s.round.view.length)) / LIMITS.slowestLink;

/** When the current phase gives up on those that it still waits for. */
export const exchangeDeadline = (s: SwarmState): number => s.round.phaseSince + LIMITS.exchangeAtMost + sendingTime(s);

/** Asks again now and then; at the phase's deadline goes on without those that are missing. */
export function wait(s: SwarmState, out: Effect[], missing: readonly PeerId[], what: Want["what"] | null, index: number): boolean {
  if (due(s, exchangeDeadline(s))) {
    return narrow(s, out, s.round.view.filter((peer) => !missing.includes(peer)), true);
  }
  // What is large may still be on its way.
  if (what !== null && dueAgain(s, s.round.askedAt, LIMITS.askAgain + sendingTime(s) / 4)) {
    s.round = { ...s.round, askedAt: s.now };
    for (const peer of missing) ask(s, out, peer, s.round.attempt!.name, what, index);
  }
  return false;
}

export function refuse(s: SwarmState, out: Effect[], peer: PeerId, error: Error): void {
  out.push({ type: "refused", peer, error });
  const [peers, stands, places] = [new Map(s.peers), new Map(s.stands), new Map(s.places)];
  for (const known of [peers, stands, places]) known.delete(peer);
  Object.assign(s, { peers, stands, places });
  s.refused = ascending([...s.refused, peer]);
  s.reachable = s.reachable.filter((other) => other !== peer);
}

/** Keeps what belongs to an attempt of this round; what is for a view that others reached first waits for it. */
export function takeBulk(s: SwarmState, out: Effect[], from: PeerId, message: Bulk): void {
  const { round } = s;
  if (message.root !== s.head.root) return;
  const attempt = round.attempt?.name === message.view ? round.attempt : null;
  if (attempt === null) {
    keepEarly(s, from, message);
    return;
  }
  const member = attempt.view.indexOf(from);
  if (member < 0) return;
  try {
    const kept = take(s, out, attempt, from, member, message);
    if (kept) s.round = { ...s.round, attempt: kept };
  } catch (error) {
    if (!(error instanceof SumError || error instanceof WireError)) throw error;
    refuse(s, out, from, error);
  }
}

/** No more of one peer than an honest one sends, and none longer. */
function keepEarly(s: SwarmState, from: PeerId, message: Bulk): void {
  const { round } = s;
  const most = Math.max(...[2, LIMITS.members].map((devices) => parcelBytes(s, devices)));
  const own = round.early.filter((early) => early.from === from);
  if (round.signed !== null || own.length >= LIMITS.earlyMessages || round.early.length >= LIMITS.members * LIMITS.earlyMessages || message.payload.length > most) return;
  s.round = { ...round, early: [...round.early, { from, message: { ...message, payload: message.payload.slice() } }] };
}

/** What came before its attempt. */
export function takeEarly(s: SwarmState, out: Effect[]): void {
  const { early } = s.round;
  s.round = { ...s.round, early: [] };
  for (const { from, message } of early) takeBulk(s, out, from, message);
}

/** @throws WireError, SumError for bytes that no honest member sends */
function take(s: SwarmState, out: Effect[], attempt: Attempt, from: PeerId, member: number, { what, index, payload }: Bulk): Attempt | null {
  const { ring, shamir } = s.config.kernels;
  const { view } = attempt;
  const self = view.indexOf(s.config.self);
  switch (what) {
    case "update": {
      if (index !== self || holds(s, attempt, from)) return null;
      const parcel = openParcel(payload, self, view.length, pieceLength(s, attempt));
      readRow(shamir, 0, parcel.dealing, DEALING_BYTES);
      eraseRows(shamir, 1);
      checkPiece(ring, parcel.piece, parcel.piece.length);
      return { ...attempt, parcels: new Map(attempt.parcels).set(from, parcel) };
    }
    case "sum":
      if (index !== member || attempt.pieces.has(index)) return null;
      checkPiece(ring, payload, pieceLength(s, attempt));
      return { ...attempt, pieces: new Map(attempt.pieces).set(index, payload.slice()) };
    case "share":
      if (index !== member || attempt.shares.has(index)) return null;
      readRow(shamir, 0, payload, SHARE_BYTES);
      return { ...attempt, shares: new Map(attempt.shares).set(index, payload.slice()) };
    case "complaint":
      hear(s, out, attempt, from, member, index, payload);
      return null;
    default:
      return null;
  }
}

/** A member shows a dealing that does not fit its dealer's answer: one of the two is refused. */
function hear(s: SwarmState, out: Effect[], attempt: Attempt, from: PeerId, member: number, dealerIndex: number, payload: Uint8Array): void {
  const dealer = attempt.view[dealerIndex];
  if (dealer === undefined || dealer === s.config.self || attempt.set === null) return;
  const status = fellow(s, dealer);
  const complaint = decodeComplaint(payload, member, attempt.view.length);
  const { dealing } = complaint;
  // Where they do not speak of the dealer's same words there is nothing to judge; the views settle it.
  if (!status?.answer || status.set !== attempt.set || complaint.commitment !== commitmentOf(s, attempt, dealer) || complaint.answer !== bytesToHex(sha256(status.answer))) return;
  const { answer } = status;
  const guilty = judge(s.config.kernels.shamir, dealing, member, answer, groupIn(attempt).threshold, hexToBytes(attempt.set));
  if (guilty === "dealer") refuse(s, out, dealer, new Error("it dealt shares that are not on one polynomial"));
  else refuse(s, out, from, new Error("it complained of a share that is right"));
}

/** Answers a member that misses something of this attempt. */
export function answerShare(s: SwarmState, out: Effect[], from: PeerId, want: Want): void {
  const { attempt } = s.round;
  if (attempt === null || want.root !== s.head.root || want.view !== attempt.name) return;
  const member = attempt.view.indexOf(from);
  const self = attempt.view.indexOf(s.config.self);
  if (member < 0) return;
  const give = (what: "update" | "sum" | "share", due: number, payload: Uint8Array | undefined): void => {
    if (want.what === what && want.from === due && payload) post(s, out, from, attempt.name, what, due, payload);
  };
  give("update", member, attempt.own?.parcels[member]);
  give("sum", self, attempt.pieces.get(self));
  give("share", self, attempt.shares.get(self));
}
