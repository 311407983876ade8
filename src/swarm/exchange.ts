import { hexToBytes } from "@noble/hashes/utils.js";
import { judge } from "../securesum/degree.ts";
import { addPieces } from "../securesum/pieces.ts";
import type { PeerId } from "../wire/ids.ts";
import { type Attempt, contextIn, erase, groupIn, holds, layoutIn, newAttempt, sameView, summed, withSet } from "./attempt.ts";
import { drawn } from "./audit/draw.ts";
import { post, refuse, takeEarly, wait } from "./bulk.ts";
import { due } from "./due.ts";
import { endsEpoch } from "./epoch.ts";
import type { Effect, SwarmEvent } from "./events.ts";
import { hostsIn } from "./hosts.ts";
import { LIMITS } from "./limits.ts";
import { enter } from "./membership.ts";
import { ascending, fellow, near, newest, others } from "./peers.ts";
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
    s.round = { ...s.round, agreed: withJoiners(s), agreedIssuer: s.issuer };
    return conclude(s, out, Int32Array.from(values));
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
  if (s.round.kept) erase(s.round.kept);
  s.round = { ...s.round, kept: attempt, next: withJoiners(s), issuer: s.issuer };
  return enter(s, "open");
}

function propose(s: SwarmState, out: Effect[]): void {
  const attempt = s.round.attempt!;
  const proposed = attempt.set === null ? withSet(s, attempt) : null;
  if (proposed === null) return;
  s.round = { ...s.round, attempt: proposed };
  out.push({ type: "answer", attempt: proposed.id, challenge: hexToBytes(proposed.set) });
}

/** The view, and those who wait to be let in, as many as there is room for. */
function withJoiners(s: SwarmState): PeerId[] {
  const { view } = s.round;
  const host = hostsIn(s);
  const joiners = near(s).filter((peer) => !view.includes(peer) && mayJoin(s, peer) && host(peer) === host(s.config.self)).sort();
  return ascending([...view, ...joiners.slice(0, LIMITS.next - view.length)]);
}

function mayJoin(s: SwarmState, peer: PeerId): boolean {
  const said = newest(s, peer);
  if (said === undefined || !said.taking || (said.target ?? said.root) !== s.head.root) return false;
  return said.kind === "status" ? said.view.length === 0 : !said.busy;
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
  for (const { peer, status } of statements) if (!passes(s, out, peer, status.answer!)) return true;
  const draw = (): PeerId | null => drawn(s, s.round.attempt!) ?? null;
  const there = statements.filter(({ status }) => reached(status.phase, "open"));
  if (attempt.answer !== null && there.length === others(s).length) {
    const agreed = s.round.next.filter((peer) => attempt.view.includes(peer) || there.every(({ status }) => status.next.includes(peer)));
    const issuer = there.every(({ status }) => status.issuer === s.round.issuer) ? s.round.issuer : priorIssuer(s);
    return sign(s, out, { agreed, issuer, audited: draw() });
  }
  const enough = attempt.answer !== null && statements.length === others(s).length && there.length + 1 >= groupIn(attempt).quorum;
  if (enough && due(s, s.round.phaseSince + LIMITS.openAtLeast)) return sign(s, out, { agreed: attempt.view, issuer: priorIssuer(s), audited: draw() });
  const silent = others(s).filter((peer) => !there.some((statement) => statement.peer === peer));
  return wait(s, out, silent, null, 0);
}

/** What was agreed before in this epoch. */
const priorIssuer = (s: SwarmState): Hash | null => (endsEpoch(s.head.record.round, s.config.epochRounds) ? null : s.head.record.issuer);

/** Does what a dealer gave this device fit its answer? If not, the others are shown it, and can judge themselves. */
function passes(s: SwarmState, out: Effect[], dealer: PeerId, answer: Uint8Array): boolean {
  const attempt = s.round.attempt!;
  if (attempt.answers.has(dealer)) return true;
  const parcel = attempt.parcels.get(dealer)!;
  // A malformed answer fails as well: the dealer signed it.
  if (judge(s.config.kernels.shamir, parcel.dealing, attempt.view.indexOf(s.config.self), answer, groupIn(attempt).threshold, hexToBytes(attempt.set!)) === "holder") {
    s.round = { ...s.round, attempt: { ...attempt, answers: new Map(attempt.answers).set(dealer, answer) } };
    return true;
  }
  for (const peer of others(s)) post(s, out, peer, attempt.name, "complaint", attempt.view.indexOf(dealer), encodeComplaint(parcel, answer));
  refuse(s, out, dealer, new Error("it dealt shares that are not on one polynomial"));
  return false;
}

/**
 * Whoever sees that others signed a U which it could sign too does so, even if its own view has shrunk since: one U
 * gets a quorum or none does. What was agreed on with it is taken over. Of n devices, n − Q + 1 that say the same
 * include an honest one; fewer are followed only by who holds and tested everything itself, and into nothing that it
 * would not have agreed to.
 */
export function followSigner(s: SwarmState, out: Effect[]): boolean {
  if (s.round.signed !== null) return false;
  for (const known of [s.round.attempt, s.round.kept]) {
    const attempt = known ? withSet(s, known) : null;
    if (attempt === null) continue;
    const signers = attempt.view.flatMap((peer): Status[] => {
      const status = fellow(s, peer);
      return status && reached(status.phase, "reduce") && status.set === attempt.set ? [status] : [];
    });
    const [first] = signers;
    if (!first) continue;
    const agreed = { agreed: first.next, issuer: first.issuer, audited: first.audited ?? null };
    const alike = signers.filter(({ next, issuer, audited }) => sameView(next, first.next) && issuer === first.issuer && audited === first.audited);
    const enough = alike.length > attempt.view.length - groupIn(attempt).quorum;
    if (!enough && !(tested(attempt, s.config.self) && plausible(s, attempt, agreed))) continue;
    if (s.round.attempt && s.round.attempt.id !== attempt.id) erase(s.round.attempt);
    s.round = { ...s.round, view: attempt.view, attempt };
    takeEarly(s, out);
    return sign(s, out, agreed);
  }
  return false;
}

const tested = ({ view, parcels, answers }: Attempt, self: PeerId): boolean => view.every((peer) => parcels.has(peer) && (peer === self || answers.has(peer)));

/** A list that leaves none of the view out and adds none whom this device would not have, an issuer that it knows, and who is drawn. */
const plausible = (s: SwarmState, attempt: Attempt, { agreed, issuer, audited }: Agreed): boolean => {
  const { view } = attempt;
  return view.every((peer) => agreed.includes(peer)) && agreed.every((peer) => view.includes(peer) || s.round.next.includes(peer)) && (issuer === s.issuer || issuer === priorIssuer(s)) && audited === drawn(s, attempt);
};

interface Agreed {
  /** Members of the next round. */
  agreed: readonly PeerId[];
  issuer: Hash | null;
  /** Whom U leaves out. */
  audited: PeerId | null;
}

/**
 * Into REDUCE. U is signed by the status that goes out, which says of what it is made and whom it leaves out, and this
 * device is bound to both: it signs once a round, so two sets over one view do not both get a quorum either.
 */
function sign(s: SwarmState, out: Effect[], { agreed, issuer, audited }: Agreed): true {
  const attempt: Attempt = { ...s.round.attempt!, audited };
  s.round = { ...s.round, attempt, signed: attempt.set, agreed, agreedIssuer: issuer };
  enter(s, "reduce");
  const devices = summed(attempt);
  if (!devices.every((peer) => holds(s, attempt, peer))) return true;
  const self = attempt.view.indexOf(s.config.self);
  const piece = addPieces(s.config.kernels.ring, devices.map((peer) => attempt.parcels.get(peer)!.piece));
  for (const peer of others(s)) post(s, out, peer, attempt.name, "sum", self, piece);
  s.round = { ...s.round, attempt: { ...attempt, pieces: new Map(attempt.pieces).set(self, piece) } };
  return true;
}
