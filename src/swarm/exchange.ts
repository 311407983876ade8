import { hexToBytes } from "@noble/hashes/utils.js";
import { judge } from "../securesum/degree.ts";
import { addPieces } from "../securesum/pieces.ts";
import type { PeerId } from "../wire/ids.ts";
import { contextIn, groupIn, holds, layoutIn, newAttempt, sameView, setOf } from "./attempt.ts";
import { post, refuse, takeEarly, wait } from "./bulk.ts";
import { endsEpoch } from "./epoch.ts";
import type { Effect, SwarmEvent } from "./events.ts";
import { LIMITS } from "./limits.ts";
import { enter } from "./membership.ts";
import { ascending, fellow, others } from "./peers.ts";
import type { Status } from "./message.ts";
import { encodeComplaint, openParcel, packParcels } from "./parcel.ts";
import { reached } from "./phase.ts";
import type { Hash } from "./record.ts";
import { conclude } from "./reduce.ts";
import type { SwarmState } from "./state.ts";
import { encodeValues } from "./values.ts";

/** Into SEND: the update is encrypted under a fresh secret. Who is alone has its sum at once. */
export function startSending(s: SwarmState, out: Effect[]): true {
  const values = encodeValues(s.round.update!, s.config);
  if (s.round.view.length === 1) {
    s.round = { ...s.round, agreed: s.round.view, agreedIssuer: s.issuer };
    return conclude(s, Int32Array.from(values));
  }
  const attempt = newAttempt(s);
  s.round = { ...s.round, attempt };
  enter(s, "send");
  out.push({ type: "seal", attempt: attempt.id, context: contextIn(s, attempt), devices: attempt.view.length, layout: layoutIn(s, attempt), values });
  takeEarly(s, out);
  return true;
}

/** The update is encrypted: each member gets its parcel, and all hear to what this device commits itself. */
export function keepSealed(s: SwarmState, out: Effect[], { attempt: id, dealings, pieces }: SwarmEvent & { type: "sealed" }): void {
  const { attempt } = s.round;
  if (attempt?.id !== id || attempt.own !== null) return;
  const own = packParcels(dealings, pieces);
  const self = attempt.view.indexOf(s.config.self);
  attempt.view.forEach((peer, member) => {
    if (member !== self) post(s, out, peer, attempt.name, "update", member, own.parcels[member]!);
  });
  const kept = openParcel(own.parcels[self]!, self, attempt.view.length, pieces[self]!.length);
  s.round = { ...s.round, attempt: { ...attempt, own, parcels: new Map(attempt.parcels).set(s.config.self, kept) } };
}

/**
 * SEND: once all have committed, U is known, which is the whole view, and each answers the degree test at it.
 * It ends when this device holds what everybody gave it.
 */
export function send(s: SwarmState, out: Effect[]): boolean {
  propose(s, out);
  const attempt = s.round.attempt!;
  const { view } = attempt;
  const missing = view.filter((peer) => !holds(s, attempt, peer));
  if (missing.length > 0) return wait(s, out, missing.filter((peer) => peer !== s.config.self), "update", view.indexOf(s.config.self));
  const joiners = s.reachable.filter((peer) => !view.includes(peer) && mayJoin(s, peer)).sort();
  const next = ascending([...view, ...joiners.slice(0, LIMITS.members - view.length)]);
  s.round = { ...s.round, kept: attempt, next, issuer: s.issuer };
  return enter(s, "open");
}

function propose(s: SwarmState, out: Effect[]): void {
  const attempt = s.round.attempt!;
  const set = attempt.set ?? setOf(s, attempt);
  if (set === null || set === attempt.set) return;
  s.round = { ...s.round, attempt: { ...attempt, set } };
  out.push({ type: "answer", attempt: attempt.id, challenge: hexToBytes(set) });
}

function mayJoin(s: SwarmState, peer: PeerId): boolean {
  const status = s.peers.get(peer);
  return status !== undefined && status.taking && status.view.length === 0 && (status.target ?? status.root) === s.head.root;
}

export function keepAnswer(s: SwarmState, { attempt: id, answer }: SwarmEvent & { type: "answered" }): void {
  const { attempt } = s.round;
  if (attempt?.id === id) s.round = { ...s.round, attempt: { ...attempt, answer } };
}

/**
 * OPEN ends when all hold everything, propose one U, and every dealing passed the degree test: U is then signed. The
 * next round's list is settled with it, and holds the joiners that all of them saw. If somebody cannot get everything,
 * a quorum that has it goes on after a moment: what the others gave is there, and they can do without the rest.
 */
export function open(s: SwarmState, out: Effect[]): boolean {
  const attempt = s.round.attempt!;
  const statements = others(s).flatMap((peer): { peer: PeerId; status: Status }[] => {
    const status = fellow(s, peer);
    return status?.answer && sameView(status.view, attempt.view) && status.set === attempt.set ? [{ peer, status }] : [];
  });
  if (attempt.answer === null) return false;
  for (const { peer, status } of statements) if (!passes(s, out, peer, status.answer!)) return true;
  const there = statements.filter(({ status }) => reached(status.phase, "open"));
  if (there.length === others(s).length) {
    const agreed = s.round.next.filter((peer) => attempt.view.includes(peer) || there.every(({ status }) => status.next.includes(peer)));
    const issuer = there.every(({ status }) => status.issuer === s.round.issuer) ? s.round.issuer : priorIssuer(s);
    return sign(s, out, { agreed, issuer });
  }
  const enough = statements.length === others(s).length && there.length + 1 >= groupIn(attempt).quorum;
  if (enough && s.now - s.round.phaseSince >= LIMITS.openAtLeast) return sign(s, out, { agreed: attempt.view, issuer: priorIssuer(s) });
  const silent = others(s).filter((peer) => !there.some((statement) => statement.peer === peer));
  return wait(s, out, silent, null, 0);
}

/** What was agreed before in this epoch. */
const priorIssuer = (s: SwarmState): Hash | null => (endsEpoch(s.head.record.round, s.config.epochRounds) ? null : s.head.record.issuer);

/** Does what a dealer gave this device fit its answer? If not, the others are shown it, and can judge themselves. */
function passes(s: SwarmState, out: Effect[], dealer: PeerId, answer: Uint8Array): boolean {
  const attempt = s.round.attempt!;
  if (attempt.fitting.includes(dealer)) return true;
  const parcel = attempt.parcels.get(dealer)!;
  // A malformed answer fails as well: the dealer signed it.
  if (judge(s.config.kernels.shamir, parcel.dealing, attempt.view.indexOf(s.config.self), answer, groupIn(attempt).threshold, hexToBytes(attempt.set!)) === "holder") {
    s.round = { ...s.round, attempt: { ...attempt, fitting: [...attempt.fitting, dealer] } };
    return true;
  }
  for (const peer of others(s)) post(s, out, peer, attempt.name, "complaint", attempt.view.indexOf(dealer), encodeComplaint(parcel));
  refuse(s, out, dealer, new Error("it dealt shares that are not on one polynomial"));
  return false;
}

/**
 * Whoever sees that another signed a U which it could sign too does so, even if its own view has shrunk since:
 * one U gets a quorum or none does. What was agreed on with it is taken over.
 */
export function followSigner(s: SwarmState, out: Effect[]): boolean {
  if (s.round.signed !== null) return false;
  for (const attempt of [s.round.attempt, s.round.kept]) {
    if (attempt === null || attempt.view.some((peer) => s.round.leftOut.includes(peer))) continue;
    const set = attempt.set ?? setOf(s, attempt);
    if (set === null) continue;
    const signer = attempt.view.map((peer) => fellow(s, peer)).find((status) => status && reached(status.phase, "reduce") && status.set === set);
    if (!signer) continue;
    s.round = { ...s.round, view: attempt.view, attempt: { ...attempt, set } };
    takeEarly(s, out);
    return sign(s, out, { agreed: signer.next, issuer: signer.issuer });
  }
  return false;
}

/** Into REDUCE. The set is signed by the status that goes out, and this device is bound to it. */
function sign(s: SwarmState, out: Effect[], { agreed, issuer }: { agreed: readonly PeerId[]; issuer: Hash | null }): true {
  const attempt = s.round.attempt!;
  s.round = { ...s.round, signed: attempt.set, agreed, agreedIssuer: issuer };
  enter(s, "reduce");
  if (!attempt.view.every((peer) => attempt.parcels.has(peer))) return true;
  const self = attempt.view.indexOf(s.config.self);
  const piece = addPieces(s.config.kernels.ring, attempt.view.map((peer) => attempt.parcels.get(peer)!.piece));
  for (const peer of others(s)) post(s, out, peer, attempt.name, "sum", self, piece);
  s.round = { ...s.round, attempt: { ...attempt, pieces: new Map(attempt.pieces).set(self, piece) } };
  return true;
}
