import { concatBytes } from "@noble/hashes/utils.js";
import { SEED_BYTES } from "../../securesum/contributor.ts";
import type { Layout } from "../../securesum/params.ts";
import type { Context } from "../../securesum/randomness.ts";
import { UpdateError } from "../../update/errors.ts";
import { pack, packedBytes, unpack } from "../../update/pack.ts";
import { valueLimit } from "../../update/quantise.ts";
import type { PeerId } from "../../wire/ids.ts";
import { contextIn, layoutIn, type Attempt } from "../attempt.ts";
import { ask, exchangeDeadline, post } from "../bulk.ts";
import { due, dueAgain } from "../due.ts";
import type { Effect, SwarmEvent } from "../events.ts";
import { LIMITS } from "../limits.ts";
import type { Bulk, Want } from "../message.ts";
import { present } from "../peers.ts";
import type { Hash } from "../record.ts";
import type { Head, SwarmState } from "../state.ts";
import { encodeValues, isPlausible, valuesOf } from "../values.ts";
import { isWithin } from "./bound.ts";
import { accuse, convict } from "./convict.ts";
import { verifiers, withheld } from "./draw.ts";
import { HOW_BYTES, howBytes, howFrom, type How } from "./lot.ts";
import { keepShown } from "./rerun.ts";

/**
 * One device's update is looked at by its group, because it was drawn (draw.ts). It is in no sum, for the U that was
 * signed leaves it out, and it is spent; so is the key that it was encrypted under. Once U is sealed without
 * it, the device shows its values and the seed that its dealings and its ciphertext follow from, and each of the others
 * makes these again: with the commitment that it gave before anybody was drawn, they are what it would have added. Values
 * travel in the task's bits, so that those which are out of range cannot even be shown. What is left to look at is the
 * update's length, and its counters; and where the data are everybody's, whether training gives this (rerun.ts).
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
  /** What the update was trained from and encoded for. */
  head: Head;
  commitment: Hash;
  since: number;
  askedAt: number;
  /** It has shown nothing yet; what it showed is made again; it is kept in case that it has to be trained again; it is. */
  stage: "awaited" | "sealing" | "held" | "training";
  /** What it showed: values, and where those are trained again, how. */
  values: Int8Array<ArrayBuffer> | null;
  how: How | null;
  /** Whether this device is drawn to train it again; or another one found something else. */
  verifies: boolean;
  disputed: boolean;
  /** What this device has to show itself: its values, how it trained, and behind them the seed, once that is known. */
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
  const own = isSelf ? { values: shownBy(s), seed: null } : null;
  const audit: Audit = { attempt: id, name, peer, view, context: contextIn(s, attempt), layout: layoutIn(s, attempt), head: s.head, commitment: commitments!.get(peer)!, since: s.now, askedAt: -Infinity, stage: "awaited", values: null, how: null, verifies: rerunsIn(s) && verifiers(s, attempt).includes(s.config.self), disputed: false, own };
  s.audits = [...s.audits, audit].slice(-LIMITS.audits);
  if (isSelf) out.push({ type: "reveal", attempt: id });
}

/** Whether updates are trained again too. */
const rerunsIn = ({ config: { audits } }: SwarmState): boolean => (audits?.steps ?? null) !== null;

function shownBy(s: SwarmState): Uint8Array {
  const { update } = s.round;
  const values = pack(Int32Array.from(encodeValues(update!, s.config)), valueLimit(s.config.bits));
  return update!.how ? concatBytes(values, howBytes(update!.how)) : values;
}

export function keepRevealed(s: SwarmState, { attempt, seed }: SwarmEvent & { type: "revealed" }): void {
  s.audits = s.audits.map((audit) => (audit.attempt === attempt && audit.own ? { ...audit, own: { ...audit.own, seed } } : audit));
}

/** Shows its group this device's audited update, and nobody any other. */
export function answerReveal(s: SwarmState, out: Effect[], from: PeerId, want: Want): void {
  const audit = s.audits.find(({ name }) => name === want.view);
  if (audit?.own?.seed && audit.view.includes(from)) post(s, out, from, audit.name, "reveal", 0, concatBytes(audit.own.values, audit.own.seed));
}

const countOf = (s: SwarmState, { head: { record } }: Audit): number => valuesOf(s.config.compressor!.length(record.round), s.config);

/** Behind the values. */
const howLength = (s: SwarmState): number => (rerunsIn(s) ? HOW_BYTES : 0);

const bytesOf = (s: SwarmState, audit: Audit): number => packedBytes(countOf(s, audit), valueLimit(s.config.bits)) + howLength(s) + SEED_BYTES;

/** Milliseconds that showing it to all takes on the slowest link. */
const showingTime = (s: SwarmState, audit: Audit): number => (1000 * (audit.view.length - 1) * bytesOf(s, audit)) / LIMITS.slowestLink;

/** Asks for what was not shown yet, and refuses who does not show it. @returns whether somebody was refused */
export function watchAudits(s: SwarmState, out: Effect[]): boolean {
  for (const audit of s.audits) {
    const took = showingTime(s, audit);
    const end = audit.since + LIMITS.revealAtMost + took;
    const awaited = audit.stage === "awaited";
    // Who trains it again takes its time, and so do those who then have to see for themselves.
    const isOver = due(s, awaited ? end : end + 2 * LIMITS.rerunAtMost);
    if (audit.own || !awaited) {
      if (isOver) s.audits = s.audits.filter((other) => other !== audit);
    } else if (isOver) {
      return convict(s, out, audit, "it did not show its update");
    } else if (dueAgain(s, audit.askedAt, LIMITS.askAgain + took / 4)) {
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
  const audit = s.audits.find(({ name, peer, stage, own }) => name === view && peer === from && stage === "awaited" && own === null);
  if (!audit) return;
  const { head: { record: { round }, shared }, attempt, context, layout } = audit;
  const values = valuesIn(s, audit, payload);
  if (typeof values === "string") return void convict(s, out, audit, values);
  const how = rerunsIn(s) ? howFrom(payload.subarray(-SEED_BYTES - HOW_BYTES), s.config.audits!.steps!) : null;
  if (rerunsIn(s) && how === null) return void convict(s, out, audit, "it trained as nobody can have");
  const length = s.config.compressor!.length(round);
  if (!isPlausible(values, length, s.config)) return void convict(s, out, audit, "it counted what no device can have counted");
  if (!isWithin(s.config.compressor!, values.subarray(0, length), { round, shared })) return void convict(s, out, audit, "its update is longer than any may be");
  const shown = Int8Array.from(values);
  s.audits = s.audits.map((other) => (other === audit ? { ...audit, stage: "sealing", values: shown, how } : other));
  out.push({ type: "reseal", attempt, context, devices: audit.view.length, layout, seed: payload.slice(-SEED_BYTES), values: shown });
}

/** @returns what is wrong where there are none */
function valuesIn(s: SwarmState, audit: Audit, payload: Uint8Array): Int32Array | string {
  try {
    return unpack(payload.subarray(0, Math.max(0, payload.length - howLength(s) - SEED_BYTES)), countOf(s, audit), valueLimit(s.config.bits));
  } catch (error) {
    if (!(error instanceof UpdateError)) throw error;
    return `it showed no update: ${error.message}`;
  }
}

export function keepResealed(s: SwarmState, out: Effect[], { attempt, commitment }: SwarmEvent & { type: "resealed" }): void {
  const audit = s.audits.find((other) => other.attempt === attempt && other.stage === "sealing");
  if (!audit) return;
  if (commitment !== audit.commitment) return void convict(s, out, audit, "the update that it showed is not the one that it gave");
  if (rerunsIn(s)) return keepShown(s, out, audit);
  s.audits = s.audits.filter((other) => other !== audit);
}
