import { bytesToHex } from "@noble/hashes/utils.js";
import type { PeerId } from "../../wire/ids.ts";
import { IdentityError } from "../errors.ts";
import { fullKey, setSecretValue, type FullKey, type SecretValue } from "../keys.ts";
import { POINT_BYTES, type Random } from "../suite.ts";
import type { Committee } from "./announce.ts";
import { startExtract, stepExtract, type ExtractEffect, type Extracting } from "./extract.ts";
import { answerIn } from "./issue.ts";
import { encodeRequest } from "./message.ts";
import { openAnswer, sealTo } from "./seal.ts";
import { presentToken, type Token } from "./tokens.ts";

/** A device turning its token into a pseudonym. */
export interface Redeeming {
  readonly committee: Committee;
  readonly random: Random;
  readonly secretValue: SecretValue;
  extracting: Extracting;
  /** Keys of the answers that are awaited, by tag. */
  awaited: ReadonlyMap<string, { place: number; answerKey: Uint8Array }>;
  ended: boolean;
}

/** `tag` is the one of the relayed request that these bytes answer. */
export type RedeemEvent = { now: number } & ({ type: "tick" } | { type: "answer"; tag: string; bytes: Uint8Array });

export type RedeemEffect =
  /** Have another peer carry these bytes to this member, and bring its answer back under the tag. */
  | { type: "relay"; to: PeerId; tag: string; bytes: Uint8Array }
  | { type: "pseudonym"; key: FullKey }
  /** These members spoilt an attempt, and it goes on without them. */
  | { type: "spoilt"; wrong: readonly PeerId[]; absent: readonly PeerId[] }
  | { type: "failed" };

/** The token is spent from here on, whatever comes of it. @param newId draws a pseudonym's id (45 bytes) for each attempt. */
export function startRedeem({ committee, token, newId, random }: { committee: Committee; token: Token; newId: () => Uint8Array; random: Random }, now: number): [Redeeming, RedeemEffect[]] {
  const secretValue = setSecretValue(random);
  const { U } = secretValue;
  const task = {
    committee,
    U,
    random,
    newId,
    ask: (place: number, { id, ref, instead }: { id: Uint8Array; ref: Uint8Array; instead: Uint8Array | null }) =>
      ({ kind: "redeem", ref, id, U, input: token.input, mac: presentToken(token, place, { id, U, instead }), instead }) as const,
  };
  const [extracting, effects] = startExtract(task, now);
  const s: Redeeming = { committee, random, secretValue, extracting, awaited: new Map(), ended: false };
  return [s, effects.map((effect) => follow(s, effect))];
}

export function stepRedeem(before: Redeeming, event: RedeemEvent): [Redeeming, RedeemEffect[]] {
  const s: Redeeming = { ...before };
  if (s.ended) return [s, []];
  const extractEvent = event.type === "tick" ? event : taken(s, event);
  if (extractEvent === null) return [s, []];
  const [extracting, effects] = stepExtract(s.extracting, extractEvent);
  s.extracting = extracting;
  return [s, effects.map((effect) => follow(s, effect))];
}

/** Only the member that a request was sealed to can have answered it. */
function taken(s: Redeeming, { now, tag, bytes }: RedeemEvent & { type: "answer" }): Parameters<typeof stepExtract>[1] | null {
  const request = s.awaited.get(tag);
  if (!request) return null;
  const answer = opened(request.answerKey, bytes);
  if (answer === null) return null;
  const awaited = new Map(s.awaited);
  awaited.delete(tag);
  s.awaited = awaited;
  return { now, type: "answer", place: request.place, answer };
}

/** Null for what the carrier spoilt: the true answer may still come. */
function opened(answerKey: Uint8Array, bytes: Uint8Array): ReturnType<typeof answerIn> {
  try {
    return answerIn(openAnswer(answerKey, bytes));
  } catch (error) {
    if (error instanceof IdentityError && error.code === "refused") return null;
    throw error;
  }
}

function follow(s: Redeeming, effect: ExtractEffect): RedeemEffect {
  const names = (places: readonly number[]): PeerId[] => places.map((place) => s.committee.members[place]!);
  switch (effect.type) {
    case "ask": {
      const { sealed, answerKey } = sealTo(s.committee.seals[effect.place]!, encodeRequest(effect.request), s.random);
      const tag = bytesToHex(sealed.subarray(0, POINT_BYTES));
      s.awaited = new Map(s.awaited).set(tag, { place: effect.place, answerKey });
      return { type: "relay", to: names([effect.place])[0]!, tag, bytes: sealed };
    }
    case "extracted": {
      s.ended = true;
      const { id, partial } = effect;
      return { type: "pseudonym", key: fullKey({ id, P: s.committee.keys.issuer[0]!, secretValue: s.secretValue, partial }) };
    }
    case "spoilt":
      return { type: "spoilt", wrong: names(effect.wrong), absent: names(effect.absent) };
    case "failed":
      s.ended = true;
      return { type: "failed" };
  }
}
