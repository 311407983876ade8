import { bytesToHex } from "@noble/hashes/utils.js";
import { keyOf, type Committee } from "../identity/committee/announce.ts";
import { answerIn } from "../identity/committee/issue.ts";
import type { Request } from "../identity/committee/message.ts";
import { startSigning, stepSigning, type Signing, type SigningEffect } from "../identity/committee/signing.ts";
import type { PeerId } from "../wire/ids.ts";

/** A statement that this device has the committee sign: its successor, or the list of those revoked. */
export interface Statements {
  readonly busy: boolean;
  /** @param done gets the signature, 64 bytes; it is not called where too few members signed. */
  sign(committee: Committee, message: Uint8Array, request: Request, done: (signature: Uint8Array) => void): void;
  /** @returns whether the answer was to this. */
  answered(from: PeerId, bytes: Uint8Array): boolean;
  tick(): void;
}

export function createStatements(now: () => number, ask: (member: PeerId, request: Request) => void): Statements {
  let current: { committee: Committee; signing: Signing; done: (signature: Uint8Array) => void } | null = null;

  function follow([signing, effects]: [Signing, SigningEffect[]]): void {
    if (current === null) return;
    const { committee, done } = current;
    current = { ...current, signing };
    for (const effect of effects) {
      if (effect.type === "ask") {
        ask(committee.members[effect.place]!, effect.request);
        continue;
      }
      current = null;
      if (effect.type === "signed") done(effect.signature);
    }
  }

  return {
    get busy() {
      return current !== null;
    },
    sign(committee, message, request, done) {
      const asks = new Map(committee.members.map((_, place) => [place, request]));
      const started = startSigning({ scheme: "statement", key: keyOf(committee, "issuer"), message, ref: request.ref, ask: asks }, now());
      current = { committee, signing: started[0], done };
      follow(started);
    },
    answered(from, bytes) {
      const answer = answerIn(bytes);
      if (current === null || answer === null || bytesToHex(answer.ref) !== bytesToHex(current.signing.ref)) return false;
      follow(stepSigning(current.signing, { type: "answer", now: now(), place: current.committee.members.indexOf(from), answer }));
      return true;
    },
    tick() {
      if (current) follow(stepSigning(current.signing, { type: "tick", now: now() }));
    },
  };
}
