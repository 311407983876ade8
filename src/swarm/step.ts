import { PrivacyError } from "../update/privacy/errors.ts";
import { UpdateError } from "../update/errors.ts";
import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import { beginEpoch } from "./begin-epoch.ts";
import type { Effect, SwarmEvent } from "./events.ts";
import { answerShare, refuse, takeBulk } from "./bulk.ts";
import { followSigner, keepAnswer, keepSealed, open, send } from "./exchange.ts";
import { answerModel, catchUp, fetchHead, keepJudgement, takePiece } from "./lineage.ts";
import { answerWords } from "./handing-on.ts";
import { LIMITS } from "./limits.ts";
import { localUpdate } from "./local-update.ts";
import { joinCutoff, shrink, withdraw } from "./membership.ts";
import { notePlaces, setOf } from "./peers.ts";
import { announce } from "./announce.ts";
import { answerReveal, keepResealed, keepRevealed, takeReveal, watchAudits } from "./audit/audit.ts";
import { howOf } from "./audit/lot.ts";
import { keepReran, takeDispute } from "./audit/rerun.ts";
import { decodeMessage, type Bulk, type Message } from "./message.ts";
import { ready, train } from "./pace.ts";
import { reached } from "./phase.ts";
import { keepSigned, takeStands } from "./stands.ts";
import { commit, keepSum, reduce } from "./reduce.ts";
import { copyOf, type SwarmState } from "./state.ts";
import { answerAbove, takeAbove } from "./tier/above.ts";
import { answerTier, takeTier } from "./tier/totals.ts";
import { withEntries, without } from "./versions.ts";

/**
 * The whole round protocol as one function: what happened and where the device stands, to where it stands then
 * and what it has to do. Deterministic: the same states and events give the same bytes in a tab, on a headless
 * device, in the simulator and in a replay.
 */
export function step(before: SwarmState, event: SwarmEvent): [SwarmState, Effect[]] {
  const s = copyOf(before);
  s.now = Math.max(before.now, event.now);
  const out: Effect[] = [];
  apply(s, out, event);
  // Each transition moves the round on or makes the view smaller.
  s.wakeAt = s.now;
  for (let i = 0; i < LIMITS.transitions; i++) {
    s.wakeAt = Infinity;
    if (!(watchAudits(s, out) || catchUp(s, out) || shrink(s, out) || advance(s, out))) break;
    s.wakeAt = s.now;
  }
  const { head } = s;
  fetchHead(s, out);
  announce(s, out);
  if (s.head !== head) s.wakeAt = s.now;
  return [s, out];
}

function apply(s: SwarmState, out: Effect[], event: SwarmEvent): void {
  switch (event.type) {
    case "tick":
      return;
    case "reachable":
      s.slow = event.slow ?? false;
      return meet(s, event.peers, event.pending);
    case "message":
      return receive(s, out, event.from, event.bytes);
    case "trained":
      return keepUpdate(s, out, event);
    case "sealed":
      return keepSealed(s, out, event);
    case "answered":
      return keepAnswer(s, event);
    case "signed":
      return keepSigned(s, out, event);
    case "forged":
      return refuse(s, out, event.from, new Error("it handed on what its device has not signed"));
    case "opened":
      return keepSum(s, out, event);
    case "judged":
      return keepJudgement(s, out, event);
    case "revealed":
      return keepRevealed(s, event);
    case "resealed":
      return keepResealed(s, out, event);
    case "reran":
      return keepReran(s, out, event);
    case "epoch":
      return beginEpoch(s, out, event.self);
    case "issuer":
      s.issuer = event.issuer;
      return;
    case "take":
      s.taking = event.taking;
      if (event.taking) return;
      if (s.round.trainingAsked && s.round.update === null) {
        out.push({ type: "stop-training" });
        s.round = { ...s.round, trainingAsked: false };
      }
      withdraw(s, out);
  }
}

function meet(s: SwarmState, peers: readonly PeerId[], pending: readonly PeerId[]): void {
  const reachable = peers.filter((peer) => !s.refused.includes(peer));
  const [before, after] = [setOf(s.reachable), setOf(reachable)];
  const left = s.reachable.filter((peer) => !after.has(peer));
  const come = reachable.filter((peer) => !before.has(peer));
  if (come.length > 0 || reachable.length !== s.reachable.length) s.reachableSince = s.now;
  s.newcomers = [...s.newcomers.filter((peer) => after.has(peer)), ...come];
  s.reachable = reachable;
  s.pending = pending;
  const unseen = [...s.peers.keys()].filter((peer) => !after.has(peer));
  s.peers = without(s.peers, unseen);
  // Others may have handed on the word of one whom this device is about to meet; and what those said in this round who
  // have left since they said all the same.
  s.stands = without(s.stands, left.filter((peer) => (s.stands.get(peer)?.round ?? Infinity) < s.head.record.round));
  s.places = without(s.places, [...unseen, ...left].filter((peer) => !s.peers.has(peer) && !s.stands.has(peer)));
}

function receive(s: SwarmState, out: Effect[], from: PeerId, bytes: Uint8Array): void {
  if (s.refused.includes(from)) return;
  try {
    const message = decodeMessage(bytes);
    handle(s, out, from, message);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    refuse(s, out, from, error);
  }
}

const TIER_KINDS: readonly string[] = ["part", "chunk", "total", "digest", "node", "outcome"] satisfies Bulk["what"][];

const isTierKind = (what: string): boolean => TIER_KINDS.includes(what);

function handle(s: SwarmState, out: Effect[], from: PeerId, message: Message): void {
  switch (message.kind) {
    case "status":
      if ((s.peers.get(from)?.seq ?? -1) >= message.seq) return;
      s.peers = withEntries(s.peers, [[from, message]]);
      return notePlaces(s, [from]);
    case "stands":
      return takeStands(s, from, message);
    case "want":
      if (message.what === "words") return answerWords(s, out, from);
      if (isTierKind(message.what)) return answerAbove(s, out, from, message) ? undefined : answerTier(s, out, from, message);
      if (message.what === "reveal") return answerReveal(s, out, from, message);
      if (message.what === "record" || message.what === "model") return answerModel(s, out, from, message);
      return answerShare(s, out, from, message);
    case "bulk":
      if (isTierKind(message.what)) return takeAbove(s, out, from, message) ? undefined : takeTier(s, out, from, message);
      if (message.what === "reveal") return takeReveal(s, out, from, message);
      if (message.what === "dispute") return takeDispute(s, out, from, message);
      if (message.what === "record" || message.what === "model") return takePiece(s, out, from, message);
      return takeBulk(s, out, from, message);
  }
}

function keepUpdate(s: SwarmState, out: Effect[], event: SwarmEvent & { type: "trained" }): void {
  if (event.root !== s.head.root || s.round.update !== null) return;
  try {
    const update = localUpdate(s.config, s.head, s.carry, event);
    s.round = { ...s.round, update: { ...update, ...(s.config.audits?.steps && { how: howOf(s.round, event.steps!) }) } };
  } catch (error) {
    if (!(error instanceof UpdateError || error instanceof PrivacyError)) throw error;
    s.taking = false;
    withdraw(s, out);
    out.push({ type: "problem", error });
  }
}

function advance(s: SwarmState, out: Effect[]): boolean {
  const { view, phase } = s.round;
  if (view.length > 0 && !reached(phase, "reduce") && followSigner(s, out)) return true;
  switch (s.round.phase) {
    case "join-cutoff":
      return joinCutoff(s, out);
    case "train":
      return train(s);
    case "ready":
      return ready(s, out);
    case "send":
      return send(s, out);
    case "open":
      return open(s, out);
    case "reduce":
      return reduce(s, out);
    case "commit":
      return commit(s, out);
  }
}
