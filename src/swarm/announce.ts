import type { PeerId } from "../wire/ids.ts";
import { trails } from "./claims.ts";
import { due, dueAgain } from "./due.ts";
import type { Effect } from "./events.ts";
import { audience } from "./hosts.ts";
import { LIMITS } from "./limits.ts";
import { encodeMessage, signedBytes, type Above, type Status, type Word } from "./message.ts";
import { lead } from "./following.ts";
import { groupsIn, rests } from "./peers.ts";
import { reached } from "./phase.ts";
import type { Hash } from "./record.ts";
import { UNSAID, type Announced, type Round, type Said, type SwarmState } from "./state.ts";
import { greet, handOn, tellOn } from "./handing-on.ts";
import { GROUPS, NODES, speaks } from "./tier/stage.ts";
import { nameOfCut } from "./tier/tier.ts";

/**
 * Says where this device stands: on every change, now and then, and when somebody new is there. Where there are several
 * groups its own hears how the sum goes, and all of its node hear what the groups have to agree on.
 */
export function announce(s: SwarmState, out: Effect[]): void {
  if (awaitsGreeting(s)) return;
  const { status, word } = standing(s);
  // Where it hears of several groups and knows of none, it is one of those who let it in that are to know of it.
  if (groupsIn(s).alone) return say(s, out, status, s.stands.size > 0 && trails(s) ? () => [...s.peers.keys()] : null);
  const resting = rests(s);
  if (!resting) say(s, out, status, () => audience(s));
  else if (!alike(status, s.announced.what)) s.announced = { ...UNSAID, what: status, seq: ++s.seq };
  lead(s, out);
  if (resting) return;
  stand(s, out, word);
  greet(s, out);
  handOn(s, out);
  tellOn(s, out);
}

/** Its group greets whoever comes to a large room: that it is there is for all to hear only where nobody does. */
const awaitsGreeting = (s: SwarmState): boolean => s.head.record.round === 0 && s.peers.size === 0 && s.reachable.length >= LIMITS.members && !due(s, s.round.startedAt + LIMITS.foundingQuiet);

interface Standing {
  from: Pick<SwarmState, "head" | "sync" | "taking" | "slow">;
  status: Omit<Status, "seq">;
  word: Word;
}

const standings = new WeakMap<Round, Standing>();

/** What it says of itself follows from these alone, and most of what happens changes none of them. */
function standing(s: SwarmState): Standing {
  const { head, sync, taking, slow } = s;
  const before = standings.get(s.round);
  if (before && before.from.head === head && before.from.sync === sync && before.from.taking === taking && before.from.slow === slow) return before;
  const now: Standing = { from: { head, sync, taking, slow }, status: sameAs(s.announced.what, statusNow(s)), word: sameAs(s.stood.what, wordNow(s)) };
  standings.set(s.round, now);
  return now;
}

/** What it has said already, where that is alike: then nothing need be compared. */
const sameAs = <T extends Said>(before: Said | null, now: T): T => (alike(now, before) ? (before as T) : now);

const targetOf = ({ sync }: SwarmState): Hash | undefined => (sync && !sync.doubtful ? sync.root : undefined);

function statusNow(s: SwarmState): Omit<Status, "seq"> {
  const { head: { record, root }, round } = s;
  const { attempt, phase } = round;
  // What was signed holds for those who sign after it.
  const signed = reached(phase, "reduce");
  return {
    kind: "status",
    root,
    round: record.round,
    weight: record.weight,
    target: targetOf(s),
    taking: s.taking,
    phase,
    view: round.view,
    next: signed ? round.agreed : round.next,
    issuer: signed ? round.agreedIssuer : round.issuer,
    commitment: attempt?.own?.commitment ?? null,
    set: attempt?.set ?? null,
    answer: attempt?.answer ?? null,
    audited: attempt?.audited ?? undefined,
    votes: round.votes,
  };
}

function wordNow(s: SwarmState): Word {
  const { head: { record, root }, round: { view, tier, votes } } = s;
  return { kind: "stand", root, round: record.round, weight: record.weight, target: targetOf(s), taking: s.taking, busy: view.length > 0, slow: s.slow, part: tier?.own ?? null, cut: tier && nameOfCut(GROUPS, tier), signed: tier?.signed ?? false, votes, above: speaks(s) ? aboveIn(s) : undefined };
}

/** What is said for the node; the same object as long as it says the same. */
function aboveIn(s: SwarmState): Above {
  const { upper, outcome, counted } = s.round;
  const { own, signed } = upper!;
  const above: Above = { part: own, cut: nameOfCut(NODES, upper!), signed, outcome: outcome?.hash ?? null, votes: counted.votes };
  const before = s.stood.what?.kind === "stand" ? s.stood.what.above : undefined;
  return before && (Object.keys(above) as (keyof Above)[]).every((key) => before[key] === above[key]) ? before : above;
}

/** Its own group hears of it once it is signed (stands.ts). */
function stand(s: SwarmState, out: Effect[], what: Word): void {
  if (!dueAgain(s, alike(what, s.stood.what) ? s.stood.at : -Infinity, LIMITS.standEvery)) return;
  s.seq++;
  s.stood = { what, seq: s.seq, at: s.now, peers: 0, times: 0 };
  out.push({ type: "sign", seq: s.seq, bytes: signedBytes(what, s.seq) });
}

/** @param to null: all */
function say(s: SwarmState, out: Effect[], what: Omit<Status, "seq">, to: (() => readonly PeerId[]) | null): void {
  // Of a group, those who come are greeted.
  const peers = to === null ? s.reachable.length : 0;
  const before: Announced = s.announced;
  const same = alike(what, before.what) && peers <= before.peers;
  if (!dueAgain(s, same ? before.at : -Infinity, Math.min(LIMITS.statusAtMost, LIMITS.statusEvery * 2 ** before.times))) return;
  s.announced = { what, seq: s.seq + 1, at: s.now, peers, times: same ? before.times + 1 : 0 };
  if (s.reachable.length === 0) return;
  s.seq++;
  const bytes = encodeMessage({ ...what, seq: s.seq });
  out.push(to === null ? { type: "broadcast", bytes } : { type: "tell", to: to(), bytes });
}

/** Lists that nothing happened to are the same ones, for states are never written to. */
function alike(a: Said, b: Said | null): boolean {
  if (a === b) return true;
  if (b === null) return false;
  const keys = Object.keys(a) as (keyof Said)[];
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
