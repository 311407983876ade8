import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { WireError } from "../../wire/codec.ts";
import type { PeerId } from "../../wire/ids.ts";
import type { Certificate } from "../certificate.ts";
import { IdentityError, refused } from "../errors.ts";
import { decodeId } from "../id.ts";
import { pointOf, type Random } from "../suite.ts";
import { committeeHash, decodeAnnouncement, follows, successionMessage, verifyConsents, type Signatures } from "./announce.ts";
import { encodeCounts } from "./counts.ts";
import type { Membership } from "./dkg.ts";
import { evaluate } from "./evaluate.ts";
import { admitId, type SeenIds } from "./extract.ts";
import { extractMessage, openSignature, type SchemeName } from "./frost.ts";
import { LIMITS, thresholdOf } from "./limits.ts";
import { decodeRequest, encodeAnswer, type Answer, type Request, type RequestOf } from "./message.ts";
import { isRevoked, revocationMessage, revocationName } from "./revocation.ts";
import { openSealed, sealAnswer } from "./seal.ts";
import { commitmentsIn, expire, mayOpen, open, takeOpening, type Openings } from "./signing.ts";
import { tokenHolds } from "./tokens.ts";
import { workChallenge, workHolds, type WorkCost } from "./work.ts";

export type MemberEvent = { now: number } & (
  | { type: "tick" }
  /** A new epoch: the counts so far are told. */
  | { type: "epoch"; epoch: number }
  /** The epoch is about to end: pseudonyms that are not revoked may have their next token. */
  | { type: "closing" }
  /** `pseudonym` is the sender's certificate where the layer below opened the message by one. */
  | { type: "message"; from: PeerId; pseudonym: Certificate | null; bytes: Uint8Array }
  /** A sealed request that `via` carried for somebody. */
  | { type: "sealed"; via: PeerId; bytes: Uint8Array }
  /** The device holds that this pseudonym (its H(W), as hex) is to be excluded. */
  | { type: "revoke"; name: string }
  /** The device saw this committee (its hash, as hex) formed as it should be. The first is the only one. */
  | { type: "approve"; successor: string }
);

export type MemberEffect =
  | { type: "send"; to: PeerId; bytes: Uint8Array<ArrayBuffer> }
  /** The answer to a sealed request, back to whoever carried it. */
  | { type: "answer"; via: PeerId; bytes: Uint8Array }
  /** Counts, for everybody. */
  | { type: "broadcast"; bytes: Uint8Array<ArrayBuffer> };

export interface MemberDeps {
  membership: Membership;
  random: Random;
  verify: Signatures["verify"];
  work: WorkCost;
}

interface Spent {
  /** At its first presentation. */
  valid: boolean;
  /** For which it was presented: the first, and those that replaced it. */
  ids: readonly string[];
}

/** A member's memory, for as long as its committee lasts. It is not public: it knows who was given tokens. */
export interface MemberState {
  readonly deps: MemberDeps;
  epoch: number;
  closing: boolean;
  openings: Openings;
  ids: SeenIds;
  /** The blinded point that a device (registering) or a pseudonym had evaluated: one each. */
  given: ReadonlyMap<string, string>;
  /** How many points it evaluated. */
  tokens: number;
  /** Tokens presented, by input. */
  spent: ReadonlyMap<string, Spent>;
  /** Tokens for which a share left. */
  issued: ReadonlySet<string>;
  /** Names of what is revoked. */
  revoked: ReadonlySet<string>;
  successor: string | null;
  /** Sealed requests by carrier, in this epoch. */
  carried: ReadonlyMap<PeerId, number>;
}

export const startMember = (deps: MemberDeps, epoch: number): MemberState => ({
  deps,
  epoch,
  closing: false,
  openings: new Map(),
  ids: new Set(),
  given: new Map(),
  tokens: 0,
  spent: new Map(),
  issued: new Set(),
  revoked: new Set(),
  successor: null,
  carried: new Map(),
});

/** A member of the committee at work. Whatever it does not do it refuses with one answer that does not say why. */
export function stepMember(before: MemberState, event: MemberEvent): [MemberState, MemberEffect[]] {
  const s: MemberState = { ...before, openings: expire(before.openings, event.now) };
  switch (event.type) {
    case "tick":
      return [s, []];
    case "epoch":
      return [s, nextEpoch(s, event.epoch)];
    case "closing":
      s.closing = true;
      return [s, []];
    case "message":
      return [s, answerOpenly(s, event)];
    case "sealed":
      return [s, answerSealed(s, event)];
    case "revoke":
      s.revoked = new Set(s.revoked).add(event.name);
      return [s, []];
    case "approve":
      s.successor ??= event.successor;
      return [s, []];
  }
}

function nextEpoch(s: MemberState, epoch: number): MemberEffect[] {
  s.epoch = epoch;
  s.closing = false;
  s.carried = new Map();
  s.revoked = new Set();
  s.ids = new Set([...s.ids].filter((id) => decodeId(hexToBytes(id)).epoch >= epoch));
  // A device registers once for good; pseudonyms end, and failed work may be tried again.
  s.given = new Map([...s.given].filter(([who, blinded]) => who.startsWith(DEVICE) && blinded !== NOTHING));
  return [{ type: "broadcast", bytes: encodeCounts({ tokens: s.tokens, spent: s.spent.size, issued: s.issued.size }) }];
}

type Asked = { from: PeerId; pseudonym: Certificate | null } | "sealed";

function answerOpenly(s: MemberState, { now, from, pseudonym, bytes }: MemberEvent & { type: "message" }): MemberEffect[] {
  const answer = answerTo(s, { from, pseudonym }, bytes, now);
  return answer === null ? [] : [{ type: "send", to: from, bytes: encodeAnswer(answer) }];
}

function answerSealed(s: MemberState, { now, via, bytes }: MemberEvent & { type: "sealed" }): MemberEffect[] {
  const carried = (s.carried.get(via) ?? 0) + 1;
  if (carried > LIMITS.relayed) return [];
  s.carried = new Map(s.carried).set(via, carried);
  const { membership, random } = s.deps;
  const opened = attempt(() => openSealed(membership.seal, bytes, random));
  if (opened === null) return [];
  const answer = answerTo(s, "sealed", opened.bytes, now);
  return answer === null ? [] : [{ type: "answer", via, bytes: sealAnswer(opened.answerKey, encodeAnswer(answer), random) }];
}

/** @returns null for bytes that are no request: they have no ref to answer to. */
function answerTo(s: MemberState, asked: Asked, bytes: Uint8Array, now: number): Answer | null {
  const request = attempt(() => decodeRequest(bytes));
  return request && (attempt(() => answer(s, asked, request, now)) ?? { kind: "refusal", ref: request.ref });
}

/** Null for what a peer's bytes may cause; everything else is a fault of ours and goes up. */
function attempt<V>(work: () => V): V | null {
  try {
    return work();
  } catch (error) {
    if (error instanceof IdentityError && error.code === "refused") return null;
    if (error instanceof WireError) return null;
    throw error;
  }
}

/** @throws IdentityError `refused`. What must outlast a refusal is in `s` by then. */
function answer(s: MemberState, asked: Asked, request: Request, now: number): Answer {
  switch (request.kind) {
    case "issue":
      // Over another peer a device could register without a name, so any number of times.
      if (asked === "sealed") throw refused();
      return issue(s, asked, request);
    case "redeem":
      // Openly it would show which device takes which pseudonym.
      if (asked !== "sealed") throw refused();
      return redeem(s, request, now);
    case "succeed":
      return succeed(s, request, now);
    case "revoke":
      return revoke(s, request, now);
    case "package":
      return sign(s, request);
  }
}

const DEVICE = "device ";
/** In place of a blinded point, where the work did not hold: a second hash is not spent on it in this epoch. */
const NOTHING = "";

function issue(s: MemberState, { from, pseudonym }: Exclude<Asked, "sealed">, { ref, blinded, work }: RequestOf<"issue">): Answer {
  const { membership, random, work: cost } = s.deps;
  const name = bytesToHex(blinded);
  const who = work ? DEVICE + from : holder(s, pseudonym);
  const before = s.given.get(who);
  if (before === undefined) {
    const due = work === null || work.epoch === s.epoch || work.epoch + 1 === s.epoch;
    const paid = due && (work === null || workHolds(workChallenge(membership.committee, work.epoch, from), work.nonce, cost));
    s.given = new Map(s.given).set(who, paid ? name : NOTHING);
    if (paid) s.tokens++;
  }
  // A lost answer may be asked for again: the same point gives nothing new.
  if (s.given.get(who) !== name) throw refused();
  return { kind: "evaluation", ref, ...evaluate(membership.keys.token, blinded, random) };
}

/** Who may have its next token: a pseudonym of this epoch, at its end, unless it is excluded; so exclusion lasts. */
function holder(s: MemberState, pseudonym: Certificate | null): string {
  if (pseudonym === null || !s.closing || decodeId(pseudonym.id).epoch !== s.epoch || isRevoked(s.revoked, pseudonym)) throw refused();
  return revocationName(pseudonym.W);
}

function redeem(s: MemberState, request: RequestOf<"redeem">, now: number): Answer {
  const { membership, random } = s.deps;
  const { ref, id, U, instead } = request;
  const token = bytesToHex(request.input);
  const before = s.spent.get(token);
  const holds = tokenHolds(membership.keys.token, request.input, request, request.mac, random);
  // Spent at its first presentation, valid or not.
  if (before === undefined) s.spent = new Map(s.spent).set(token, { valid: holds && instead === null, ids: [bytesToHex(id)] });
  else if (!holds || !mayReplace(s, before, instead)) throw refused();
  else replace(s, token, before.ids, id);
  if (!s.spent.get(token)!.valid) throw refused();
  const ids = admitId(s.ids, id, membership.committee, s.epoch);
  if (ids === null) throw refused();
  pointOf(U);
  s.ids = ids;
  return opened(s, { scheme: "extract", ref, message: extractMessage(U, id), token }, now);
}

/** The holder of a token may go on after a spoilt attempt, with another id, as often as members may spoil one. */
function mayReplace(s: MemberState, { valid, ids }: Spent, instead: Uint8Array | null): boolean {
  const members = s.deps.membership.committee.members.length;
  return valid && instead !== null && bytesToHex(instead) === ids.at(-1) && ids.length <= members - thresholdOf(members);
}

/** The former id is revoked, in case the attempt was not spoilt after all: one token, one pseudonym. */
function replace(s: MemberState, token: string, ids: readonly string[], id: Uint8Array): void {
  s.revoked = new Set(s.revoked).add(revocationName(hexToBytes(ids.at(-1)!)));
  s.spent = new Map(s.spent).set(token, { valid: true, ids: [...ids, bytesToHex(id)] });
  s.openings = new Map([...s.openings].filter(([, opening]) => opening.token !== token));
}

function opened(s: MemberState, { scheme, ref, message, token }: { scheme: SchemeName; ref: Uint8Array; message: Uint8Array; token: string | null }, now: number): Answer {
  if (!mayOpen(s.openings, ref)) throw refused();
  const opening = openSignature(scheme, s.deps.membership.keys.issuer, message, s.deps.random);
  const [openings, commitments] = open(s.openings, ref, { opening, token }, now);
  s.openings = openings;
  return commitments;
}

function sign(s: MemberState, request: RequestOf<"package">): Answer {
  const taken = takeOpening(s.openings, request.ref);
  if (taken === null) throw refused();
  const [openings, { opening, token }] = taken;
  s.openings = openings;
  const share = opening.sign(commitmentsIn(request));
  if (token !== null) s.issued = new Set(s.issued).add(token);
  return { kind: "signature-share", ref: request.ref, share };
}

/** The old committee's word for the new: for the one that the device approved, and that all its members consent to. */
function succeed(s: MemberState, { ref, announcement: bytes }: RequestOf<"succeed">, now: number): Answer {
  const announcement = decodeAnnouncement(bytes);
  const hash = committeeHash(announcement.committee);
  if (bytesToHex(hash) !== s.successor || !follows(announcement.committee, s.deps.membership.committee)) throw refused();
  verifyConsents(announcement, s.deps.verify);
  return opened(s, { scheme: "statement", ref, message: successionMessage(hash), token: null }, now);
}

function revoke(s: MemberState, { ref, epoch, hashes }: RequestOf<"revoke">, now: number): Answer {
  const names = hashes.map(bytesToHex);
  const ascending = names.every((name, at) => at === 0 || names[at - 1]! < name);
  if (epoch !== s.epoch || !ascending || names.some((name) => !s.revoked.has(name))) throw refused();
  return opened(s, { scheme: "statement", ref, message: revocationMessage(s.deps.membership.committee, epoch, hashes), token: null }, now);
}
