import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { PeerId } from "../wire/ids.ts";
import { endRound } from "./attempt.ts";
import { claimsIn, inSight, isDoubtful, leading, type Claim } from "./claims.ts";
import { due, dueAgain } from "./due.ts";
import { endsEpoch } from "./epoch.ts";
import type { Effect, SwarmEvent } from "./events.ts";
import { refuse } from "./bulk.ts";
import { LIMITS } from "./limits.ts";
import { withdraw } from "./membership.ts";
import { encodeMessage, NO_VIEW, type Bulk, type Want } from "./message.ts";
import { modelFrom, modelPiece, modelSize } from "./head.ts";
import { ascending, newest, quickFirst, setOf } from "./peers.ts";
import { finish } from "./reduce.ts";
import { isListed, oneHonest, type Hash } from "./record.ts";
import { decodeCommit, encodeCommit, type Commit } from "./roll.ts";
import { freshCarry, type Head, type SwarmState, type Sync } from "./state.ts";
import { groupsAfter } from "./tier/groups.ts";
import { isHeld } from "./tier/stage.ts";
import { remember } from "./verdict.ts";
import { keepVerdict } from "./vote.ts";

/**
 * Joining, coming back and healing a partition are one thing: a device that sees a heavier lineage takes over
 * its head. In the midst of a round it first gets a moment to finish, for others commit a little earlier. What only so
 * few claim as may lie is fetched beside the round, and taken over if it is the better model.
 */
export function catchUp(s: SwarmState, out: Effect[]): boolean {
  const better = claimsIn(s);
  if (better.length === 0) {
    s.behindSince = null;
    s.sync = null;
    return false;
  }
  s.behindSince ??= s.now;
  const { candidate, phase, view } = s.round;
  // So many of its contributors stand on it that an honest one committed it.
  if (candidate && phase === "commit") {
    for (const head of [candidate.head, candidate.refusal]) {
      const { root, roll: { contributors } } = head;
      const there = contributors.filter((peer) => newest(s, peer)?.root === root).length;
      if (there >= oneHonest(contributors.length)) return finish(s, out, head);
    }
  }
  const claim = leading(s, better);
  if (claim === null) return false;
  const doubtful = isDoubtful(s, claim);
  const { sync } = s;
  if (sync?.root === claim.root) {
    if (!sync.doubtful || doubtful) return stalled(s, sync) && doubt(s, sync);
  } else if (sync && !stale(s, sync) && (doubtful || !sync.doubtful)) return false;
  // Whoever commits first is alone with it for a moment; what comes down from other nodes takes longer, for those too
  // who lack only its sum; and what they committed without this one is over.
  const left = s.round.upper === null && isHeld(s, claim.root);
  const grace = left ? 0 : doubtful || s.round.outcome || (s.round.upper && !isHeld(s, claim.root)) ? LIMITS.agreeAtMost : view.length > 0 ? LIMITS.catchUpGrace : 0;
  if (!due(s, s.behindSince + grace)) return false;
  if (!doubtful && view.length > 0) withdraw(s, out);
  s.sync = sync?.root === claim.root ? { ...sync, doubtful } : fetching(claim, doubtful, s.now, sync?.cleared ?? []);
  if (!doubtful && s.sync.head) adopt(s, out, s.sync.head, s.sync.givers);
  return true;
}

const fetching = ({ root, weight }: Claim, doubtful: boolean, now: number, cleared: readonly PeerId[]): Sync => ({
  root,
  weight,
  doubtful,
  since: now,
  commit: null,
  commitAskedAt: null,
  pieces: [],
  asked: new Map(),
  givers: [],
  only: null,
  cleared,
  head: null,
});

/** A fetch is given up when nobody serves it any more, or nothing comes of it, and something else is there. */
const stale = (s: SwarmState, sync: Sync): boolean =>
  sync.head === null && (due(s, sync.since + LIMITS.idleFetch) || (due(s, sync.since + LIMITS.askAgain) && donorsOf(s, sync).length === 0));

/** Whoever claims what is not there is not heard again. */
const stalled = (s: SwarmState, sync: Sync): boolean => sync.doubtful && sync.head === null && due(s, sync.since + LIMITS.idleFetch);

function doubt(s: SwarmState, { root }: Sync): true {
  s.doubted = ascending([...s.doubted, ...inSight(s).filter((peer) => newest(s, peer)?.root === root)]);
  s.sync = null;
  return true;
}

/** A model has been held against this device's own, on samples that nobody trains on: one to vote for, or one that few claim. */
export function keepJudgement(s: SwarmState, out: Effect[], { root, change }: SwarmEvent & { type: "judged" }): void {
  if (s.round.candidate?.head.root === root) return keepVerdict(s, change);
  // The others committed it meanwhile.
  if (s.head.root === root && change) s.changes = remember(s.changes, change.mean);
  const { sync } = s;
  if (!sync?.head || sync.root !== root) return;
  if (change !== null && change.mean < 0) adopt(s, out, sync.head, sync.givers);
  else doubt(s, sync);
}

/**
 * Peers that stand on the wanted head; then those who did a moment ago, for everyone serves its last two. Of either
 * those it has links with come before those who speak for others, whom all know of. Each device begins at its own place
 * among them, or all who wait would ask the same few.
 */
function donorsOf(s: SwarmState, sync: Sync): PeerId[] {
  const [there, further]: [PeerId[], PeerId[]] = [[], []];
  const linked = setOf(s.reachable);
  const goneOn = !due(s, sync.since + LIMITS.agreeAtMost);
  for (const peer of inSight(s)) {
    const said = newest(s, peer);
    if (said?.root === sync.root) there.push(peer);
    else if (said && said.weight > sync.weight && goneOn) further.push(peer);
  }
  return [there, further].flatMap((peers) => {
    const inTurn = fromPlaceOf(s.config.self, peers.sort());
    return [...inTurn.filter((peer) => linked.has(peer)), ...inTurn.filter((peer) => !linked.has(peer))];
  });
}

/** @param peers ascending */
function fromPlaceOf(self: PeerId, peers: readonly PeerId[]): PeerId[] {
  const at = Math.max(0, peers.findIndex((peer) => peer > self));
  return [...peers.slice(at), ...peers.slice(0, at)];
}

/** So many are asked for a model; who has the lists of its node first, where this device has to be given them. */
function donorsFor(s: SwarmState, sync: Sync): PeerId[] {
  const all = donorsOf(s, sync);
  const near = sync.commit && lacksLists(s, sync.commit) ? all.filter((peer) => groupsAfter(sync.commit!, s.config).of(peer) >= 0) : [];
  return [...new Set([...quickFirst(s, near), ...quickFirst(s, all)])].slice(0, LIMITS.donors);
}

/** Whether its roll is of another node than this device's, whose list is frozen. */
function lacksLists(s: SwarmState, { record, root, roll }: Commit): boolean {
  const { node } = groupsAfter({ record, root, roll }, s.config);
  return roll.rows.length > 0 && roll.node !== node && (roll.rows[node]?.members.count ?? 0) > 0;
}

/** A node that a round was without is as it was: its own devices have its lists. */
function withOwnLists(s: SwarmState, commit: Commit): Commit {
  const { node } = groupsAfter(commit, s.config);
  const row = commit.roll.rows[node];
  const { members } = s.head.roll;
  return row && lacksLists(s, commit) && row.contributors.count === 0 && isListed(members, row.members) ? { ...commit, roll: { ...commit.roll, node, contributors: [], members } } : commit;
}

const pieceCount = (s: SwarmState): number => Math.ceil(modelSize(s.head) / LIMITS.modelPiece);

/** Asks the donors for the record, then each for its window of pieces; what does not come is asked of the next. */
export function fetchHead(s: SwarmState, out: Effect[]): void {
  const { sync } = s;
  if (sync === null || sync.head) return;
  const donors = sync.only ? [sync.only] : donorsFor(s, sync);
  if (donors.length === 0) return;
  if (sync.commit && lacksLists(s, sync.commit) && dueAgain(s, sync.commitAskedAt ?? -Infinity, LIMITS.askAgain)) {
    s.sync = { ...sync, commitAskedAt: s.now };
    for (const donor of donors.slice(0, 2)) askFor(out, donor, sync.root, "record", 0, 1);
  }
  if (sync.commit && sync.pieces.every((piece) => piece !== null)) return complete(s, out, sync.pieces as Uint8Array[]);
  if (sync.commit === null) {
    if (!dueAgain(s, sync.commitAskedAt ?? -Infinity, LIMITS.askAgain)) return;
    s.sync = { ...sync, commitAskedAt: s.now };
    for (const donor of donors.slice(0, 2)) askFor(out, donor, sync.root, "record", 0, 1);
    return;
  }
  const asked = new Map(sync.asked);
  const load = new Map(donors.map((donor) => [donor, 0]));
  const there = setOf(sync.only ? donors : donorsOf(s, sync));
  for (const { donor, at } of asked.values()) {
    if (!due(s, at + LIMITS.agreeAtMost) && load.has(donor)) load.set(donor, load.get(donor)! + 1);
  }
  const wanted = sync.pieces.flatMap((piece, index) => {
    const last = asked.get(index);
    const open = piece === null && (last === undefined || due(s, last.at + LIMITS.agreeAtMost) || !there.has(last.donor));
    return open ? [index] : [];
  });
  for (const index of wanted) {
    // The least busy donor, and not the one that just failed to answer, if there is another.
    const failed = asked.get(index)?.donor;
    const choice = [...load].filter(([donor]) => donor !== failed || load.size === 1).sort((a, b) => a[1] - b[1])[0];
    if (choice === undefined || choice[1] >= LIMITS.pieceWindow) continue;
    load.set(choice[0], choice[1] + 1);
    asked.set(index, { donor: choice[0], at: s.now });
    due(s, s.now + LIMITS.agreeAtMost);
    askFor(out, choice[0], sync.root, "model", index, index + 1);
  }
  s.sync = { ...s.sync!, asked };
}

function askFor(out: Effect[], to: PeerId, root: Hash, what: "record" | "model", from: number, until: number): void {
  out.push({ type: "send", to, what: "want", bytes: encodeMessage({ kind: "want", what, root, view: NO_VIEW, from, to: until }) });
}

export function takePiece(s: SwarmState, out: Effect[], from: PeerId, message: Bulk): void {
  const { sync } = s;
  if (sync === null || message.root !== sync.root) return;
  if (message.what === "record") {
    if (sync.commit !== null && !lacksLists(s, sync.commit)) return;
    const commit = withOwnLists(s, decodeCommit(message.payload));
    if (commit.root !== sync.root || commit.record.task !== s.config.task) {
      refuse(s, out, from, new Error("its record is not the one that its root names"));
      return;
    }
    if (sync.commit !== null) {
      if (!lacksLists(s, commit)) s.sync = { ...sync, commit, since: s.now };
      return;
    }
    s.sync = { ...sync, commit, commitAskedAt: null, since: s.now, pieces: new Array<null>(pieceCount(s)).fill(null) };
    return;
  }
  const { pieces, asked } = sync;
  if (asked.get(message.index)?.donor !== from || pieces[message.index] !== null) return;
  const due = Math.min(LIMITS.modelPiece, modelSize(s.head) - message.index * LIMITS.modelPiece);
  if (message.payload.length !== due) {
    refuse(s, out, from, new Error(`a model piece of ${message.payload.length} bytes where ${due} are due`));
    return;
  }
  const filled = pieces.map((piece, index) => (index === message.index ? message.payload.slice() : piece));
  s.sync = { ...sync, since: s.now, pieces: filled, givers: [...new Set([...sync.givers, from])] };
  if (filled.every((piece) => piece !== null)) complete(s, out, filled);
}

function complete(s: SwarmState, out: Effect[], pieces: readonly Uint8Array[]): void {
  const sync = s.sync!;
  // Without the lists of its node it would not know its group.
  if (lacksLists(s, sync.commit!) && !due(s, sync.since + LIMITS.agreeAtMost)) return;
  const bytes = new Uint8Array(modelSize(s.head));
  pieces.forEach((piece, index) => bytes.set(piece, index * LIMITS.modelPiece));
  if (bytesToHex(sha256(bytes)) === sync.commit!.record.model) {
    // A state that is not of this task is refused, and looked for anew elsewhere.
    s.sync = null;
    const head: Head = { ...sync.commit!, ...modelFrom(bytes, s.head) };
    if (!sync.doubtful) return adopt(s, out, head, sync.givers);
    s.sync = { ...sync, head };
    out.push({ type: "judge", head, against: s.head });
    return;
  }

  // A piece was wrong, and a piece has no hash of its own: take the whole from one donor at a time.
  if (sync.givers.length === 1) refuse(s, out, sync.givers[0]!, new Error("the model that it gave does not match its hash"));
  const cleared = sync.givers.length === 1 ? sync.cleared : [];
  const only = donorsOf(s, sync).find((donor) => donor !== sync.only && !cleared.includes(donor)) ?? null;
  s.sync = { ...sync, pieces: pieces.map(() => null), asked: new Map(), givers: [], only, cleared: only ? [...cleared, only] : [] };
}

function adopt(s: SwarmState, out: Effect[], head: Head, donors: readonly PeerId[]): void {
  if (s.round.trainingAsked && s.round.update === null) out.push({ type: "stop-training" });
  out.push({ type: "adopted", head, donors });
  endRound(s, out);
  s.parting = endsEpoch(head.record.round, s.config.epochRounds);
  s.previous = s.head;
  s.head = head;
  s.carry = freshCarry(s.config);
  s.sync = null;
}

/** Serves the last two heads to whoever asks. */
export function answerModel(s: SwarmState, out: Effect[], to: PeerId, want: Want): void {
  const head = [s.head, s.previous].find((kept) => kept?.root === want.root);
  if (!head) return;
  const give = (what: "record" | "model", index: number, payload: Uint8Array): void => {
    out.push({ type: "send", to, what, bytes: encodeMessage({ kind: "bulk", what, root: head.root, view: NO_VIEW, index, payload }) });
  };
  if (want.what === "record") return give("record", 0, encodeCommit(head));
  const last = Math.min(want.to, want.from + LIMITS.pieceWindow, pieceCount(s));
  for (let index = want.from; index < last; index++) give("model", index, modelPiece(head, index * LIMITS.modelPiece, (index + 1) * LIMITS.modelPiece));
}
