import { bytesToHex } from "@noble/hashes/utils.js";
import { timesBase } from "../encoded.ts";
import { WireError } from "../../wire/codec.ts";
import type { PeerId } from "../../wire/ids.ts";
import { misuse } from "../errors.ts";
import { randomScalar, type Random } from "../suite.ts";
import { charterHash, committeeHash, consentMessage, type Announcement, type Charter, type Committee, type Signatures } from "./announce.ts";
import { dealShares, finishKeys, openDeal, sharesFit, type Secrets } from "./dkg-keys.ts";
import { dealHash, dealStatement, decodeDkg, encodeDkg, type Deal, type DkgMessage, type Shares } from "./dkg-message.ts";
import type { KeyName, KeyShare } from "./frost.ts";
import { LIMITS, thresholdOf } from "./limits.ts";

/** What one member holds of its committee: everything here but `committee` and `place` is secret. */
export interface Membership {
  committee: Committee;
  place: number;
  keys: Readonly<Record<KeyName, KeyShare>>;
  /** Opens what is sealed to this member's point. */
  seal: bigint;
}

/** Why a generation came to nothing. `equivocation`: two signed deals, or an echo that nobody signed. */
export type DkgFault = "silent" | "equivocation" | "bad-deal" | "bad-share";

export type DkgEvent = { now: number } & ({ type: "tick" } | { type: "message"; from: PeerId; bytes: Uint8Array });

export type DkgEffect =
  | { type: "broadcast"; bytes: Uint8Array<ArrayBuffer> }
  | { type: "send"; to: PeerId; bytes: Uint8Array<ArrayBuffer> }
  /** All members consent. A successor still wants the old committee's signature. */
  | { type: "done"; announcement: Announcement; membership: Membership }
  /** Start again without the blamed. */
  | { type: "failed"; fault: DkgFault; blamed: readonly PeerId[] };

export interface DkgDeps extends Signatures {
  self: PeerId;
  random: Random;
}

type Phase = "deal" | "echo" | "share" | "judge" | "done" | "failed";

/** Members are known by their places. The secrets are wiped as they are used: a state is stepped once. */
export interface DkgState {
  readonly deps: DkgDeps;
  readonly charter: Charter;
  readonly session: Uint8Array;
  readonly self: number;
  phase: Phase;
  now: number;
  deadline: number;
  secrets: Secrets;
  seal: bigint;
  deals: ReadonlyMap<number, Deal>;
  echoes: ReadonlyMap<number, Extract<DkgMessage, { kind: "echo" }>["seen"]>;
  /** The others' shares of this member's polynomials. */
  dealt: ReadonlyMap<number, Shares>;
  /** As they came; and those that fit. */
  arrived: ReadonlyMap<number, Shares>;
  shares: ReadonlyMap<number, Shares>;
  /** Both keyed "accused>accuser". */
  complaints: ReadonlySet<string>;
  reveals: ReadonlyMap<string, Shares>;
  consents: ReadonlyMap<number, Uint8Array>;
  membership: Membership | null;
}

/**
 * Generates a committee's three keys (RFC 9591's DKG by the library, after Pedersen), with what the library leaves out:
 * everybody echoes the deals it got, before any share is sent; a member without a share that fits complains, and the
 * accused reveals that share to all or is to blame; every wait is bounded. At the end all members sign the result, so
 * that who holds the announcement knows that all hold their shares.
 * @throws IdentityError `misuse` where the charter is not one, or does not name this member.
 */
export function startDkg(charter: Charter, deps: DkgDeps, now: number): [DkgState, DkgEffect[]] {
  const { members } = charter;
  const self = members.indexOf(deps.self);
  if (members.length < LIMITS.membersAtLeast || members.length > LIMITS.membersAtMost) throw misuse(`a committee has ${LIMITS.membersAtLeast} to ${LIMITS.membersAtMost} members`);
  if (members.some((id, at) => at > 0 && members[at - 1]! >= id)) throw misuse("list the members in ascending order, each once");
  if (self < 0) throw misuse("only a member generates the committee's keys");
  const session = charterHash(charter);
  const seal = randomScalar(deps.random);
  const { secrets, deal } = openDeal(self, members.length, deps.random);
  const unsigned = { kind: "deal", session, ...deal, seal: timesBase(seal) } as const;
  const signed: Deal = { ...unsigned, signature: deps.sign(dealStatement(session, dealHash(unsigned))) };
  const s: DkgState = {
    deps,
    charter,
    session,
    self,
    phase: "deal",
    now,
    deadline: now + LIMITS.dkgPhase,
    secrets,
    seal,
    deals: new Map([[self, signed]]),
    echoes: new Map(),
    dealt: new Map(),
    arrived: new Map(),
    shares: new Map(),
    complaints: new Set(),
    reveals: new Map(),
    consents: new Map(),
    membership: null,
  };
  return [s, [{ type: "broadcast", bytes: encodeDkg(signed) }]];
}

export function stepDkg(before: DkgState, event: DkgEvent): [DkgState, DkgEffect[]] {
  const s: DkgState = { ...before, now: Math.max(before.now, event.now) };
  const out: DkgEffect[] = [];
  if (event.type === "message") receive(s, event.from, event.bytes);
  while (advance(s, out));
  return [s, out];
}

/**
 * What this member holds, once somebody shows it an announcement with everybody's consent: a member that timed out
 * on a consent which others got belongs to the committee all the same.
 */
export const membershipIn = ({ membership }: DkgState, { committee }: Announcement): Membership | null =>
  membership !== null && bytesToHex(committeeHash(membership.committee)) === bytesToHex(committeeHash(committee)) ? membership : null;

/** Messages are kept whatever the phase, the first of each kind; a malformed one is as good as none. */
function receive(s: DkgState, sender: PeerId, bytes: Uint8Array): void {
  const from = s.charter.members.indexOf(sender);
  if (from < 0 || from === s.self) return;
  let message: DkgMessage;
  try {
    message = decodeDkg(bytes);
  } catch (error) {
    if (error instanceof WireError) return;
    throw error;
  }
  if (bytesToHex(message.session) !== bytesToHex(s.session)) return;
  switch (message.kind) {
    case "deal":
      if (s.deps.verify(sender, dealStatement(s.session, dealHash(message)), message.signature)) s.deals = added(s.deals, from, message);
      return;
    case "echo":
      s.echoes = added(s.echoes, from, message.seen);
      return;
    case "share":
      s.arrived = added(s.arrived, from, message.shares);
      return;
    case "complaint":
      if (message.against < s.charter.members.length && message.against !== from) s.complaints = new Set(s.complaints).add(`${message.against}>${from}`);
      return;
    case "reveal":
      if (message.to < s.charter.members.length) s.reveals = added(s.reveals, `${from}>${message.to}`, message.shares);
      return;
    case "consent":
      s.consents = added(s.consents, from, message.signature);
  }
}

const added = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> => (map.has(key) ? map : new Map(map).set(key, value));

/** @returns whether something changed, so that more may follow. Every change moves the phase on or fills a set. */
function advance(s: DkgState, out: DkgEffect[]): boolean {
  switch (s.phase) {
    case "deal":
      return deal(s, out);
    case "echo":
      return echo(s, out);
    case "share":
    case "judge":
      return share(s, out);
    case "done":
    case "failed":
      return false;
  }
}

function enter(s: DkgState, phase: Phase): true {
  s.phase = phase;
  s.deadline = s.now + LIMITS.dkgPhase;
  return true;
}

function fail(s: DkgState, out: DkgEffect[], fault: DkgFault, places: readonly number[]): true {
  out.push({ type: "failed", fault, blamed: places.map((place) => s.charter.members[place]!) });
  return enter(s, "failed");
}

const overdue = (s: DkgState): boolean => s.now >= s.deadline;
const places = (s: DkgState): number[] => s.charter.members.map((_, place) => place);
const missing = (s: DkgState, from: ReadonlyMap<number, unknown>): number[] => places(s).filter((place) => !from.has(place));

function deal(s: DkgState, out: DkgEffect[]): boolean {
  const absent = missing(s, s.deals);
  if (absent.length > 0) return overdue(s) && fail(s, out, "silent", absent);
  s.deals = new Map([...s.deals].sort(([a], [b]) => a - b));
  const seen = [...s.deals.values()].map((dealt) => ({ hash: dealHash(dealt), signature: dealt.signature }));
  s.echoes = new Map(s.echoes).set(s.self, seen);
  out.push({ type: "broadcast", bytes: encodeDkg({ kind: "echo", session: s.session, seen }) });
  return enter(s, "echo");
}

/** No share leaves before everybody has said that it holds the same deals. */
function echo(s: DkgState, out: DkgEffect[]): boolean {
  const own = s.echoes.get(s.self)!;
  for (const [echoer, seen] of s.echoes) {
    if (seen.length !== own.length) return fail(s, out, "equivocation", [echoer]);
    const dealer = seen.findIndex(({ hash }, place) => bytesToHex(hash) !== bytesToHex(own[place]!.hash));
    if (dealer < 0) continue;
    // Either the dealer signed two deals, or the echoer made one up.
    const { hash, signature } = seen[dealer]!;
    const signed = s.deps.verify(s.charter.members[dealer]!, dealStatement(s.session, hash), signature);
    return fail(s, out, "equivocation", [signed ? dealer : echoer]);
  }
  const absent = missing(s, s.echoes);
  if (absent.length > 0) return overdue(s) && fail(s, out, "silent", absent);
  const dealt = dealShares(s.secrets, s.deals, s.self, s.deps.random);
  if ("bad" in dealt) return fail(s, out, "bad-deal", dealt.bad);
  s.dealt = dealt;
  for (const [place, shares] of dealt) out.push({ type: "send", to: s.charter.members[place]!, bytes: encodeDkg({ kind: "share", session: s.session, shares }) });
  return enter(s, "share");
}

function share(s: DkgState, out: DkgEffect[]): boolean {
  const others = places(s).filter((place) => place !== s.self);
  takeShares(s, out, others);
  const liars = judge(s, out);
  if (liars.length > 0) return fail(s, out, "bad-share", liars);
  if (s.membership === null && s.shares.size === others.length) consent(s, out);
  if (s.membership !== null && finish(s, out, s.membership)) return enter(s, "done");
  if (!overdue(s)) return false;
  if (s.phase === "share") {
    for (const dealer of others) if (!s.shares.has(dealer)) complain(s, out, dealer);
    return enter(s, "judge");
  }
  const unanswered = [...s.complaints].filter((key) => !s.reveals.has(key)).map((key) => accusedIn(key));
  return unanswered.length > 0 ? fail(s, out, "bad-share", [...new Set(unanswered)]) : fail(s, out, "silent", missing(s, s.consents));
}

function takeShares(s: DkgState, out: DkgEffect[], dealers: readonly number[]): void {
  for (const dealer of dealers) {
    if (s.shares.has(dealer)) continue;
    const mine = [s.arrived.get(dealer), s.reveals.get(`${dealer}>${s.self}`)].filter((shares) => shares !== undefined);
    const fitting = mine.find((shares) => sharesFit(s.deals.get(dealer)!, shares, s.self));
    if (fitting) s.shares = new Map(s.shares).set(dealer, fitting);
    else if (mine.length > 0) complain(s, out, dealer);
  }
}

function complain(s: DkgState, out: DkgEffect[], dealer: number): void {
  const key = `${dealer}>${s.self}`;
  if (s.complaints.has(key)) return;
  s.complaints = new Set(s.complaints).add(key);
  out.push({ type: "broadcast", bytes: encodeDkg({ kind: "complaint", session: s.session, against: dealer }) });
}

const accusedIn = (key: string): number => Number(key.split(">")[0]);
const accuserIn = (key: string): number => Number(key.split(">")[1]);

/**
 * Answers complaints against this member, and finds who dealt badly: who revealed a share that does not fit, or has
 * more accusers than may lie (it must not reveal t shares, which are its polynomial).
 */
function judge(s: DkgState, out: DkgEffect[]): number[] {
  const members = s.charter.members.length;
  const mayLie = members - thresholdOf(members);
  const against = (place: number): string[] => [...s.complaints].filter((key) => accusedIn(key) === place);
  for (const key of against(s.self).slice(0, mayLie)) {
    if (s.reveals.has(key)) continue;
    const [to, shares] = [accuserIn(key), s.dealt.get(accuserIn(key))!];
    s.reveals = new Map(s.reveals).set(key, shares);
    out.push({ type: "broadcast", bytes: encodeDkg({ kind: "reveal", session: s.session, to, shares }) });
  }
  const wrong = [...s.reveals].filter(([key, shares]) => !sharesFit(s.deals.get(accusedIn(key))!, shares, accuserIn(key))).map(([key]) => accusedIn(key));
  return [...new Set([...wrong, ...places(s).filter((place) => against(place).length > mayLie)])];
}

function consent(s: DkgState, out: DkgEffect[]): void {
  const keys = finishKeys(s.secrets, s.deals, s.shares, s.self);
  const committee: Committee = {
    ...s.charter,
    keys: { issuer: keys.issuer.public.commitments, token: keys.token.public.commitments, beacon: keys.beacon.public.commitments },
    seals: [...s.deals.values()].map(({ seal }) => seal),
  };
  s.membership = { committee, place: s.self, keys, seal: s.seal };
  const signature = s.deps.sign(consentMessage(committeeHash(committee)));
  s.consents = new Map(s.consents).set(s.self, signature);
  out.push({ type: "broadcast", bytes: encodeDkg({ kind: "consent", session: s.session, signature }) });
}

function finish(s: DkgState, out: DkgEffect[], membership: Membership): boolean {
  const message = consentMessage(committeeHash(membership.committee));
  s.consents = new Map([...s.consents].filter(([place, signature]) => place === s.self || s.deps.verify(s.charter.members[place]!, message, signature)));
  if (missing(s, s.consents).length > 0) return false;
  const consents = places(s).map((place) => s.consents.get(place)!);
  out.push({ type: "done", announcement: { committee: membership.committee, consents, succession: null }, membership });
  return true;
}
