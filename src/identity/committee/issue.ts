import { bytesToHex } from "@noble/hashes/utils.js";
import { WireError } from "../../wire/codec.ts";
import type { PeerId } from "../../wire/ids.ts";
import type { Random } from "../suite.ts";
import { keyOf, type Committee } from "./announce.ts";
import type { Part } from "./evaluate.ts";
import type { FrostPublic } from "./frost.ts";
import { LIMITS } from "./limits.ts";
import { decodeAnswer, encodeRequest, REF_BYTES, type Answer, type RequestOf } from "./message.ts";
import { blindToken, unblind, type BlindToken, type Token } from "./tokens.ts";

/** A device getting its next token: at its registration (with work), or at an epoch's end as the pseudonym that it is. */
export interface Issuing {
  readonly committee: Committee;
  readonly key: FrostPublic;
  readonly random: Random;
  readonly ref: Uint8Array;
  readonly blind: BlindToken;
  parts: readonly Part[];
  /** Who answered with a proof that does not hold. */
  wrong: readonly PeerId[];
  deadline: number;
  ended: boolean;
}

export type IssueEvent = { now: number } & ({ type: "tick" } | { type: "message"; from: PeerId; bytes: Uint8Array });

export type IssueEffect =
  | { type: "send"; to: PeerId; bytes: Uint8Array<ArrayBuffer> }
  /** To keep until the next epoch, in secret. */
  | { type: "token"; token: Token; wrong: readonly PeerId[] }
  | { type: "failed"; wrong: readonly PeerId[] };

export function startIssue(committee: Committee, work: RequestOf<"issue">["work"], random: Random, now: number): [Issuing, IssueEffect[]] {
  const [blind, ref] = [blindToken(random), random(REF_BYTES)];
  const s: Issuing = { committee, key: keyOf(committee, "token"), random, ref, blind, parts: [], wrong: [], deadline: now + LIMITS.answerAtMost, ended: false };
  const bytes = encodeRequest({ kind: "issue", ref, blinded: blind.blinded, work });
  return [s, committee.members.map((to) => ({ type: "send", to, bytes }))];
}

export function stepIssue(before: Issuing, event: IssueEvent): [Issuing, IssueEffect[]] {
  const s: Issuing = { ...before };
  if (s.ended) return [s, []];
  if (event.type === "message") take(s, event.from, event.bytes);
  if (s.parts.length >= s.key.signers.min) {
    s.ended = true;
    return [s, [{ type: "token", token: { input: s.blind.input, parts: s.parts }, wrong: s.wrong }]];
  }
  if (event.now < s.deadline) return [s, []];
  s.ended = true;
  return [s, [{ type: "failed", wrong: s.wrong }]];
}

function take(s: Issuing, from: PeerId, bytes: Uint8Array): void {
  const place = s.committee.members.indexOf(from);
  if (place < 0 || s.wrong.includes(from) || s.parts.some((part) => part.place === place)) return;
  const answer = answerIn(bytes);
  if (answer?.kind !== "evaluation" || bytesToHex(answer.ref) !== bytesToHex(s.ref)) return;
  const part = unblind(s.key, s.blind, place, answer, s.random);
  if (part === null) s.wrong = [...s.wrong, from];
  else s.parts = [...s.parts, part];
}

/** Null for bytes that are no answer. */
export function answerIn(bytes: Uint8Array): Answer | null {
  try {
    return decodeAnswer(bytes);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}
