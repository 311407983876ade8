import type { NonceCommitments } from "@noble/curves/abstract/frost.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { pointOf, scalarOf } from "../suite.ts";
import { IdentityError } from "../errors.ts";
import { identifierOf, SCHEMES, type FrostPublic, type Opening, type SchemeName } from "./frost.ts";
import { LIMITS } from "./limits.ts";
import type { Answer, AnswerOf, Request, RequestOf } from "./message.ts";

/** The requester's side of one threshold signature. Members are known by their places. */
export interface Signing {
  readonly scheme: SchemeName;
  readonly key: FrostPublic;
  readonly message: Uint8Array;
  readonly ref: Uint8Array;
  /** Whom it asked and has not given up. */
  asked: readonly number[];
  commitments: ReadonlyMap<number, NonceCommitments>;
  /** The t members that sign, ascending; null until as many have committed. */
  signers: readonly number[] | null;
  shares: ReadonlyMap<number, Uint8Array>;
  /** Who answered what no honest member does; and who refused, or let the deadline pass. */
  wrong: readonly number[];
  absent: readonly number[];
  deadline: number;
  ended: boolean;
}

export type SigningEvent = { now: number } & ({ type: "tick" } | { type: "answer"; place: number; answer: Answer });

export type SigningEffect =
  | { type: "ask"; place: number; request: Request }
  /** R ‖ z, 64 bytes. */
  | { type: "signed"; signature: Uint8Array }
  /** Who had not answered yet when it failed is in neither list. */
  | { type: "failed"; wrong: readonly number[]; absent: readonly number[] };

/** @param ask the request to each member, with `ref` in it. */
export function startSigning(
  { scheme, key, message, ref, ask }: Pick<Signing, "scheme" | "key" | "message" | "ref"> & { ask: ReadonlyMap<number, Request> },
  now: number,
): [Signing, SigningEffect[]] {
  const asked = [...ask.keys()];
  const s: Signing = { scheme, key, message, ref, asked, commitments: new Map(), signers: null, shares: new Map(), wrong: [], absent: [], deadline: now + LIMITS.answerAtMost, ended: false };
  return [s, [...ask].map(([place, request]) => ({ type: "ask", place, request }))];
}

export function stepSigning(before: Signing, event: SigningEvent): [Signing, SigningEffect[]] {
  const s: Signing = { ...before };
  const out: SigningEffect[] = [];
  if (s.ended) return [s, out];
  if (event.type === "answer" && s.asked.includes(event.place) && bytesToHex(event.answer.ref) === bytesToHex(s.ref)) take(s, out, event.place, event.answer, event.now);
  if (!s.ended && event.now >= s.deadline) {
    const awaited = s.signers ?? s.asked;
    const answered = s.signers === null ? s.commitments : s.shares;
    s.absent = [...s.absent, ...awaited.filter((place) => !answered.has(place))];
    fail(s, out);
  }
  return [s, out];
}

function fail(s: Signing, out: SigningEffect[]): void {
  s.ended = true;
  out.push({ type: "failed", wrong: s.wrong, absent: s.absent });
}

function take(s: Signing, out: SigningEffect[], place: number, answer: Answer, now: number): void {
  switch (answer.kind) {
    case "commitments":
      if (s.signers === null && !s.commitments.has(place)) commit(s, out, place, answer, now);
      return;
    case "signature-share":
      if (s.signers?.includes(place) && !s.shares.has(place)) share(s, out, place, answer.share);
      return;
    case "refusal":
      if (s.signers === null ? !s.commitments.has(place) : s.signers.includes(place) && !s.shares.has(place)) drop(s, out, place, "absent");
      return;
    case "evaluation":
      return;
  }
}

/** Goes on without this member while there are enough; of those that sign none can be spared. */
function drop(s: Signing, out: SigningEffect[], place: number, fault: "wrong" | "absent"): void {
  s[fault] = [...s[fault], place];
  s.asked = s.asked.filter((other) => other !== place);
  if (s.signers !== null || s.asked.length < s.key.signers.min) fail(s, out);
}

function commit(s: Signing, out: SigningEffect[], place: number, { hiding, binding }: AnswerOf<"commitments">, now: number): void {
  if (!isPoint(hiding) || !isPoint(binding)) return drop(s, out, place, "wrong");
  s.commitments = new Map(s.commitments).set(place, { identifier: identifierOf(place), hiding: Uint8Array.from(hiding), binding: Uint8Array.from(binding) });
  if (s.commitments.size < s.key.signers.min) return;
  s.signers = [...s.commitments.keys()].sort((a, b) => a - b);
  s.deadline = now + LIMITS.answerAtMost;
  const list = s.signers.map((signer) => ({ place: signer, hiding: s.commitments.get(signer)!.hiding, binding: s.commitments.get(signer)!.binding }));
  for (const signer of s.signers) out.push({ type: "ask", place: signer, request: { kind: "package", ref: s.ref, list } });
}

function isPoint(bytes: Uint8Array): boolean {
  try {
    pointOf(bytes);
    return true;
  } catch (error) {
    if (error instanceof IdentityError) return false;
    throw error;
  }
}

/** Every share is checked as it comes, so that a wrong one names its sender. */
function share(s: Signing, out: SigningEffect[], place: number, bytes: Uint8Array): void {
  const list = [...s.commitments.values()];
  if (!shareHolds(s, list, place, bytes)) return drop(s, out, place, "wrong");
  s.shares = new Map(s.shares).set(place, bytes);
  if (s.shares.size < s.key.signers.min) return;
  s.ended = true;
  const shares = Object.fromEntries([...s.shares].map(([signer, z]) => [identifierOf(signer), Uint8Array.from(z)]));
  out.push({ type: "signed", signature: SCHEMES[s.scheme].aggregate(s.key, list, s.message, shares) });
}

function shareHolds(s: Signing, list: NonceCommitments[], place: number, bytes: Uint8Array): boolean {
  try {
    scalarOf(bytes);
  } catch (error) {
    if (error instanceof IdentityError) return false;
    throw error;
  }
  return SCHEMES[s.scheme].verifyShare(s.key, list, s.message, identifierOf(place), Uint8Array.from(bytes));
}

/** A member's side: what it opened and has not signed, by ref. A ref serves once. */
export type Openings = ReadonlyMap<string, Opened>;

export interface Opened {
  opening: Opening;
  /** The token that paid for it, where one did. */
  token: string | null;
  until: number;
}

/** Whether one more may be opened under this ref. */
export const mayOpen = (openings: Openings, ref: Uint8Array): boolean => openings.size < LIMITS.openSignatures && !openings.has(bytesToHex(ref));

/** @returns the openings with this one, and its commitments as an answer. */
export function open(openings: Openings, ref: Uint8Array, { opening, token }: Pick<Opened, "opening" | "token">, now: number): [Openings, AnswerOf<"commitments">] {
  const { hiding, binding } = opening.commitments;
  return [new Map(openings).set(bytesToHex(ref), { opening, token, until: now + LIMITS.openAtMost }), { kind: "commitments", ref, hiding, binding }];
}

/** @returns the openings without the one under this ref, and it; null where none is open. */
export function takeOpening(openings: Openings, ref: Uint8Array): [Openings, Opened] | null {
  const opened = openings.get(bytesToHex(ref));
  if (!opened) return null;
  const rest = new Map(openings);
  rest.delete(bytesToHex(ref));
  return [rest, opened];
}

/** A package's list as the library takes it. */
export const commitmentsIn = ({ list }: RequestOf<"package">): NonceCommitments[] =>
  list.map(({ place, hiding, binding }) => ({ identifier: identifierOf(place), hiding: Uint8Array.from(hiding), binding: Uint8Array.from(binding) }));

export const expire = (openings: Openings, now: number): Openings => new Map([...openings].filter(([, { until }]) => now < until));
