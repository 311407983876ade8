import type { PeerId } from "../wire/ids.ts";
import { endsEpoch } from "./epoch.ts";
import type { Effect } from "./events.ts";
import { LIMITS } from "./limits.ts";
import { ascending, enter, fellow, narrow } from "./membership.ts";
import { encodeMessage, viewHash, type Bulk, type Status, type Want } from "./message.ts";
import { reached } from "./phase.ts";
import { quorum, type Hash } from "./record.ts";
import { BadShare, chunkOf, nextHead } from "./shares.ts";
import { freshRound, type LocalUpdate, type SwarmState } from "./state.ts";

const indexOf = (s: SwarmState, peer: PeerId): number => s.round.view.indexOf(peer);
const others = (s: SwarmState): PeerId[] => s.round.view.filter((peer) => peer !== s.config.self);
const exchange = (s: SwarmState): Hash => viewHash(s.head.root, s.round.view);

function post(s: SwarmState, out: Effect[], to: PeerId, what: "update" | "sum", index: number, payload: Uint8Array): void {
  out.push({ type: "send", to, what, bytes: encodeMessage({ kind: "bulk", what, root: s.head.root, view: exchange(s), index, payload }) });
}

const ownChunk = (s: SwarmState, update: LocalUpdate, index: number): Uint8Array =>
  s.config.sum.share(update, chunkOf(s.head.params.length, s.round.view.length, index), s.config.bits);

/** Into SEND: every other owner gets its chunk of this device's update. */
export function startSending(s: SwarmState, out: Effect[]): true {
  enter(s, "send");
  const update = s.round.update!;
  for (const owner of others(s)) post(s, out, owner, "update", indexOf(s, owner), ownChunk(s, update, indexOf(s, owner)));
  const { early } = s.round;
  s.round = { ...s.round, chunks: new Map([[s.config.self, ownChunk(s, update, indexOf(s, s.config.self))]]), early: [] };
  for (const { from, message } of early) takeBulk(s, from, message);
  return true;
}

/** SEND ends when this device holds its chunk of everybody's update. */
export function send(s: SwarmState, out: Effect[]): boolean {
  const { view, chunks } = s.round;
  const missing = view.filter((peer) => !chunks.has(peer));
  if (missing.length > 0) return wait(s, out, missing, (peer) => ask(s, out, peer, "update", indexOf(s, s.config.self)));
  const joiners = s.reachable.filter((peer) => !view.includes(peer) && mayJoin(s, peer)).sort();
  s.round = { ...s.round, next: ascending([...view, ...joiners.slice(0, LIMITS.members - view.length)]), issuer: s.issuer };
  return enter(s, "open");
}

function mayJoin(s: SwarmState, peer: PeerId): boolean {
  const status = s.peers.get(peer);
  return status !== undefined && status.taking && status.view.length === 0 && (status.target ?? status.root) === s.head.root;
}

/**
 * OPEN ends when all of the view say that they hold their chunks: the set of contributors is then settled,
 * and so is the next round's list, which holds the joiners that all of them saw.
 */
export function open(s: SwarmState, out: Effect[]): boolean {
  const { view, next } = s.round;
  const statements = new Map<PeerId, Status>();
  for (const peer of others(s)) {
    const status = fellow(s, peer);
    if (status && reached(status.phase, "open") && same(status.view, view)) statements.set(peer, status);
  }
  const silent = others(s).filter((peer) => !statements.has(peer));
  if (silent.length > 0) return wait(s, out, silent, () => undefined);
  const agreed = next.filter((peer) => view.includes(peer) || [...statements.values()].every((status) => status.next.includes(peer)));
  const index = indexOf(s, s.config.self);
  const chunk = chunkOf(s.head.params.length, view.length, index);
  try {
    const sum = s.config.sum.add(view.map((peer) => s.round.chunks.get(peer)!), chunk, s.config.bits);
    for (const peer of others(s)) post(s, out, peer, "sum", index, sum);
    s.round = { ...s.round, agreed, agreedIssuer: agreedIssuer(s, [...statements.values()]), sums: new Map([...s.round.sums, [index, sum]]) };
    return enter(s, "reduce");
  } catch (error) {
    return accuse(s, out, error);
  }
}

/** What all of the view say, else what was agreed before in this epoch. */
function agreedIssuer(s: SwarmState, statements: readonly Status[]): Hash | null {
  const { issuer } = s.round;
  if (statements.every((status) => status.issuer === issuer)) return issuer;
  return endsEpoch(s.head.record.round, s.config.epochRounds) ? null : s.head.record.issuer;
}

const same = (a: readonly PeerId[], b: readonly PeerId[]): boolean => a.length === b.length && a.every((peer, i) => peer === b[i]);

/** REDUCE ends when the sum of every chunk is there: the next model follows from them. */
export function reduce(s: SwarmState, out: Effect[]): boolean {
  const { view, sums, agreed } = s.round;
  const missing = view.filter((_, index) => !sums.has(index));
  if (missing.length > 0) return wait(s, out, missing, (peer) => ask(s, out, peer, "sum", indexOf(s, peer)));
  try {
    const { sum, counters } = s.config.sum.open(sums, view.length, s.head.params.length, s.config.bits);
    const members = endsEpoch(s.head.record.round + 1, s.config.epochRounds) ? [] : agreed;
    const candidate = { head: nextHead(s.head, { contributors: view, members, issuer: s.round.agreedIssuer }, sum, counters), counters };
    s.round = { ...s.round, candidate, votes: [...new Set([...s.round.votes, candidate.head.root])].slice(-LIMITS.members) };
    return enter(s, "commit");
  } catch (error) {
    return accuse(s, out, error);
  }
}

/** COMMIT ends when a quorum of the view voted for this device's root. */
export function commit(s: SwarmState, out: Effect[]): boolean {
  const { view, candidate } = s.round;
  const silent = others(s).filter((peer) => !votedFor(s, peer, candidate!.head.root));
  if (view.length - silent.length < quorum(view.length)) return wait(s, out, silent, () => undefined);
  return finish(s, out);
}

function votedFor(s: SwarmState, peer: PeerId, root: Hash): boolean {
  return s.peers.get(peer)?.root === root || (fellow(s, peer)?.votes.includes(root) ?? false);
}

export function finish(s: SwarmState, out: Effect[]): true {
  const { head, counters } = s.round.candidate!;
  out.push({ type: "committed", head, counters, startedAt: s.round.startedAt, retries: s.round.retries });
  s.previous = s.head;
  s.head = head;
  s.round = freshRound(s.now);
  s.behindSince = null;
  return true;
}

/** When the current exchange phase gives up on those that it still waits for. */
const exchangeDeadline = (s: SwarmState): number =>
  s.round.phaseSince + LIMITS.exchangeAtMost + (1000 * 2 * s.head.params.length) / LIMITS.slowestLink;

/** Asks again now and then; at the phase's deadline goes on without those that are missing. */
function wait(s: SwarmState, out: Effect[], missing: readonly PeerId[], again: (peer: PeerId) => void): boolean {
  if (s.now >= exchangeDeadline(s)) {
    return narrow(s, out, s.round.view.filter((peer) => !missing.includes(peer)), true);
  }
  if (s.now - s.round.askedAt >= LIMITS.askAgain) {
    s.round = { ...s.round, askedAt: s.now };
    missing.forEach(again);
  }
  return false;
}

function ask(s: SwarmState, out: Effect[], peer: PeerId, what: "update" | "sum", index: number): void {
  const want = { kind: "want", what, root: s.head.root, view: exchange(s), from: index, to: index + 1 } as const;
  out.push({ type: "send", to: peer, what: "want", bytes: encodeMessage(want) });
}

function accuse(s: SwarmState, out: Effect[], error: unknown): true {
  if (!(error instanceof BadShare)) throw error;
  const peer = s.round.view[error.index]!;
  refuse(s, out, peer, error);
  return narrow(s, out, s.round.view.filter((member) => member !== peer), false);
}

export function refuse(s: SwarmState, out: Effect[], peer: PeerId, error: Error): void {
  out.push({ type: "refused", peer, error });
  const peers = new Map(s.peers);
  peers.delete(peer);
  s.peers = peers;
  s.refused = ascending([...s.refused, peer]);
  s.reachable = s.reachable.filter((other) => other !== peer);
}

/** Keeps a share that belongs to this round; one for a view that others reached first waits for it. */
export function takeBulk(s: SwarmState, from: PeerId, message: Bulk): void {
  const { round } = s;
  if (message.root !== s.head.root) return;
  if (round.view.length === 0 || message.view !== exchange(s) || !reached(round.phase, "send")) {
    if (round.early.length < LIMITS.earlyChunks) s.round = { ...round, early: [...round.early, { from, message }] };
    return;
  }
  const { self } = s.config;
  if (message.what === "update" && message.index === indexOf(s, self) && indexOf(s, from) >= 0 && !round.chunks.has(from))
    s.round = { ...round, chunks: new Map(round.chunks).set(from, message.payload.slice()) };
  if (message.what === "sum" && message.index === indexOf(s, from) && !round.sums.has(message.index))
    s.round = { ...round, sums: new Map(round.sums).set(message.index, message.payload.slice()) };
}

/** Answers a member that misses a share of this round. */
export function answerShare(s: SwarmState, out: Effect[], from: PeerId, want: Want): void {
  const { round } = s;
  if (want.root !== s.head.root || indexOf(s, from) < 0 || want.view !== exchange(s) || !reached(round.phase, "send")) return;
  if (want.what === "update" && want.from === indexOf(s, from)) post(s, out, from, "update", want.from, ownChunk(s, round.update!, want.from));
  const index = indexOf(s, s.config.self);
  const sum = round.sums.get(index);
  if (want.what === "sum" && want.from === index && sum) post(s, out, from, "sum", index, sum);
}
