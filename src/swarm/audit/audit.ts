import { concatBytes } from "@noble/hashes/utils.js";
import { SEED_BYTES } from "../../securesum/contributor.ts";
import type { Layout } from "../../securesum/params.ts";
import type { Context } from "../../securesum/randomness.ts";
import type { Shared } from "../../update/compression/shared.ts";
import { UpdateError } from "../../update/errors.ts";
import { pack, packedBytes, unpack } from "../../update/pack.ts";
import { valueLimit } from "../../update/quantise.ts";
import type { PeerId } from "../../wire/ids.ts";
import { contextIn, layoutIn, type Attempt } from "../attempt.ts";
import { ask, exchangeDeadline, post, refuse } from "../bulk.ts";
import { due, dueAgain } from "../due.ts";
import type { Effect, SwarmEvent } from "../events.ts";
import { LIMITS } from "../limits.ts";
import type { Bulk, Want } from "../message.ts";
import { present } from "../peers.ts";
import type { Hash } from "../record.ts";
import type { SwarmState } from "../state.ts";
import { encodeValues, isPlausible, valuesOf } from "../values.ts";
import { isWithin } from "./bound.ts";
import { withheld } from "./draw.ts";

/**
 * One device's update is looked at by its group, because it was drawn (draw.ts). It is in no sum, for the U that was
 * signed leaves it out, and it is spent; so is the key that it was encrypted under. Once U is sealed without
 * it, the device shows its values and the seed that its dealings and its ciphertext follow from, and each of the others
 * makes these again: with the commitment that it gave before anybody was drawn, they are what it would have added. Values
 * travel in the task's bits, so that those which are out of range cannot even be shown. What is left to look at is the
 * update's length, and its counters.
 *
 * The audit goes on beside the next rounds. Who does not show its update in time, or shows another one, is refused for
 * the rest of the epoch.
 */
export interface Audit {
  /** Of the device's own, which it was drawn in. */
  attempt: number;
  name: Hash;
  peer: PeerId;
  view: readonly PeerId[];
  context: Context;
  layout: Layout;
  /** What the update was encoded for. */
  round: number;
  shared: Shared;
  commitment: Hash;
  since: number;
  askedAt: number;
  /** It showed something, which is being made again. */
  shown: boolean;
  /** What this device has to show itself: its values, and behind them the seed, once that is known. */
  own: { values: Uint8Array; seed: Uint8Array | null } | null;
}

/**
 * U is sealed without the one that is audited, if anybody is: that one may show its update once a quorum signed so, for
 * then no other U over its view gets one; the others wait for it from their commit on.
 */
export function beginAudit(s: SwarmState, out: Effect[], attempt: Attempt): void {
  const { id, name, view, audited: peer, commitments } = attempt;
  if (peer === null || s.audits.some((audit) => audit.attempt === id)) return;
  const isSelf = peer === s.config.self;
  const own = isSelf ? { values: pack(Int32Array.from(encodeValues(s.round.update!, s.config)), valueLimit(s.config.bits)), seed: null } : null;
  const { record, shared } = s.head;
  const audit: Audit = { attempt: id, name, peer, view, context: contextIn(s, attempt), layout: layoutIn(s, attempt), round: record.round, shared, commitment: commitments!.get(peer)!, since: s.now, askedAt: -Infinity, shown: false, own };
  s.audits = [...s.audits, audit];
  if (isSelf) out.push({ type: "reveal", attempt: id });
}

export function keepRevealed(s: SwarmState, { attempt, seed }: SwarmEvent & { type: "revealed" }): void {
  s.audits = s.audits.map((audit) => (audit.attempt === attempt && audit.own ? { ...audit, own: { ...audit.own, seed } } : audit));
}

/** Shows its group this device's audited update, and nobody any other. */
export function answerReveal(s: SwarmState, out: Effect[], from: PeerId, want: Want): void {
  const audit = s.audits.find(({ name }) => name === want.view);
  if (audit?.own?.seed && audit.view.includes(from)) post(s, out, from, audit.name, "reveal", 0, concatBytes(audit.own.values, audit.own.seed));
}

const countOf = (s: SwarmState, { round }: Audit): number => valuesOf(s.config.compressor!.length(round), s.config);

const bytesOf = (s: SwarmState, audit: Audit): number => packedBytes(countOf(s, audit), valueLimit(s.config.bits)) + SEED_BYTES;

/** Milliseconds that showing it to all takes on the slowest link. */
const showingTime = (s: SwarmState, audit: Audit): number => (1000 * (audit.view.length - 1) * bytesOf(s, audit)) / LIMITS.slowestLink;

/** Asks for what was not shown yet, and refuses who does not show it. @returns whether somebody was refused */
export function watchAudits(s: SwarmState, out: Effect[]): boolean {
  for (const audit of s.audits) {
    const took = showingTime(s, audit);
    const isOver = due(s, audit.since + LIMITS.revealAtMost + took);
    if (audit.own) {
      if (isOver) s.audits = s.audits.filter((other) => other !== audit);
    } else if (!audit.shown && isOver) {
      return convict(s, out, audit, "it did not show its update");
    } else if (!audit.shown && dueAgain(s, audit.askedAt, LIMITS.askAgain + took / 4)) {
      s.audits = s.audits.map((other) => (other === audit ? { ...audit, askedAt: s.now } : other));
      ask(s, out, audit.peer, audit.name, "reveal", 0);
    }
  }
  return refuseSilent(s, out);
}

/** Whoever is known to be drawn and does not answer has as little to show as one that shows nothing. */
function refuseSilent(s: SwarmState, out: Effect[]): boolean {
  const { attempt, phase } = s.round;
  const peer = attempt && phase === "open" ? withheld(s, attempt) : null;
  if (peer === null || s.refused.includes(peer) || (present(s, peer) && !due(s, exchangeDeadline(s)))) return false;
  accuse(s, out, peer, s.head.record.round + 1, "it kept its answer back when it was drawn for an audit");
  return true;
}

export function takeReveal(s: SwarmState, out: Effect[], from: PeerId, { view, payload }: Bulk): void {
  const audit = s.audits.find(({ name, peer, shown, own }) => name === view && peer === from && !shown && own === null);
  if (!audit) return;
  const { round, shared, attempt, context, layout } = audit;
  const values = valuesIn(s, audit, payload);
  if (typeof values === "string") return void convict(s, out, audit, values);
  const length = s.config.compressor!.length(round);
  if (!isPlausible(values, length, s.config)) return void convict(s, out, audit, "it counted what no device can have counted");
  if (!isWithin(s.config.compressor!, values.subarray(0, length), { round, shared })) return void convict(s, out, audit, "its update is longer than any may be");
  s.audits = s.audits.map((other) => (other === audit ? { ...audit, shown: true } : other));
  out.push({ type: "reseal", attempt, context, devices: audit.view.length, layout, seed: payload.slice(-SEED_BYTES), values: Int8Array.from(values) });
}

/** @returns what is wrong where there are none */
function valuesIn(s: SwarmState, audit: Audit, payload: Uint8Array): Int32Array | string {
  try {
    return unpack(payload.subarray(0, -SEED_BYTES), countOf(s, audit), valueLimit(s.config.bits));
  } catch (error) {
    if (!(error instanceof UpdateError)) throw error;
    return `it showed no update: ${error.message}`;
  }
}

export function keepResealed(s: SwarmState, out: Effect[], { attempt, commitment }: SwarmEvent & { type: "resealed" }): void {
  const audit = s.audits.find((other) => other.attempt === attempt && other.shown);
  if (!audit) return;
  if (commitment !== audit.commitment) return void convict(s, out, audit, "the update that it showed is not the one that it gave");
  s.audits = s.audits.filter((other) => other !== audit);
}

function convict(s: SwarmState, out: Effect[], audit: Audit, why: string): true {
  s.audits = s.audits.filter((other) => other !== audit);
  return accuse(s, out, audit.peer, audit.round + 1, why);
}

function accuse(s: SwarmState, out: Effect[], peer: PeerId, round: number, why: string): true {
  out.push({ type: "accused", peer, what: "update", round });
  if (!s.refused.includes(peer)) refuse(s, out, peer, new Error(why));
  return true;
}
