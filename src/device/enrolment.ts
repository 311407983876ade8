import { credentialOf, drawId, type Credential, type DrawnId } from "./credential.ts";
import type { Committee } from "../identity/committee/announce.ts";
import { startIssue, stepIssue, type IssueEvent, type Issuing } from "../identity/committee/issue.ts";
import type { RequestOf } from "../identity/committee/message.ts";
import { startRedeem, stepRedeem, type RedeemEffect } from "../identity/committee/redeem.ts";
import type { Token } from "../identity/committee/tokens.ts";
import { solveWork, workChallenge, type WorkCost } from "../identity/committee/work.ts";
import type { Random } from "../identity/suite.ts";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { PeerId } from "../wire/ids.ts";

export const ENROLMENT_LIMITS = {
  /** A request that has no answer is made again after this long, in milliseconds. */
  again: 1_500,
  tick: 500,
  /** A member's answer is waited for so long. */
  answer: 5_000,
} as const;

export interface EnrolmentDeps {
  /** The pseudonym that asks. */
  credential: Credential;
  random: Random;
  now: () => number;
  /** Milliseconds between a token and its use: what keeps the two apart in time. */
  spread(): number;
  work: WorkCost;
  /** In this device's name; the answer comes by `answered`. */
  ask(member: PeerId, request: Uint8Array): void;
  /** In nobody's. */
  carry(member: PeerId, sealed: Uint8Array): Promise<Uint8Array | null>;
  onPseudonym(credential: Credential, P: Uint8Array): void;
}

/** One device getting the next epoch's pseudonym of one committee. */
export interface Enrolment {
  readonly done: boolean;
  /** Does nothing where it is under way or done. @param pays whether it has to pay with work, since anybody could make such a pseudonym */
  start(committee: Committee, pays: boolean): void;
  /** Another committee will issue, or none. */
  stop(): void;
  answered(from: PeerId, bytes: Uint8Array): void;
}

export function createEnrolment({ credential, random, now, spread, work, ask, carry, onPseudonym }: EnrolmentDeps): Enrolment {
  const asked = new Map<PeerId, (bytes: Uint8Array | null) => void>();
  let running: AbortController | null = null;
  let done = false;

  function answerOf(member: PeerId, request: Uint8Array): Promise<Uint8Array | null> {
    return new Promise((resolve) => {
      const settle = (answer: Uint8Array | null): void => {
        clearTimeout(timer);
        asked.delete(member);
        resolve(answer);
      };
      const timer = setTimeout(() => settle(null), ENROLMENT_LIMITS.answer);
      asked.set(member, settle);
      ask(member, request);
    });
  }

  async function obtain(committee: Committee, pays: boolean, signal: AbortSignal): Promise<void> {
    const request = { committee, random, now, signal };
    const proof = pays ? await workFor(request, credential.epoch, credential.self, work) : null;
    if (signal.aborted) return;
    const token = await obtainToken(request, proof, answerOf);
    if (token === null) return;
    await pause(spread(), signal);
    if (signal.aborted) return;
    const next = await redeemToken(request, token, credential.epoch + 1, carry);
    if (next === null || signal.aborted) return;
    done = true;
    onPseudonym(next, committee.keys.issuer[0]!);
  }

  return {
    get done() {
      return done;
    },
    start(committee, pays) {
      if (running !== null) return;
      running = new AbortController();
      void obtain(committee, pays, running.signal);
    },
    stop() {
      running?.abort();
      running = null;
      done = false;
      for (const settle of [...asked.values()]) settle(null);
    },
    answered: (from, bytes) => asked.get(from)?.(bytes),
  };
}

/** What it takes to ask a committee for something. */
export interface CommitteeRequest {
  committee: Committee;
  random: Random;
  now: () => number;
  signal: AbortSignal;
}

/**
 * A token of the committee, for a registration's work or for the pseudonym that asks.
 * @param ask has a member asked; null where no answer came.
 * @returns null when given up.
 */
export async function obtainToken({ committee, random, now, signal }: CommitteeRequest, work: RequestOf<"issue">["work"], ask: (member: PeerId, bytes: Uint8Array) => Promise<Uint8Array | null>): Promise<Token | null> {
  let token: Token | null = null;
  const [started, requests] = startIssue(committee, work, random, now());
  let state = started;
  const feed = (event: IssueEvent): void => {
    const [next, effects] = stepIssue(state, event);
    state = next;
    for (const effect of effects) if (effect.type === "token") token = effect.token;
  };
  const silent = new Set(committee.members);
  let settle = (): void => undefined;
  const enough = new Promise<void>((resolve) => (settle = resolve));
  signal.addEventListener("abort", settle, { once: true });
  while (token === null && !signal.aborted) {
    // The same blinded point again: a member that has answered gives nothing new.
    const answers = Promise.all(
      requests.map(async (request) => {
        if (request.type !== "send" || !silent.has(request.to)) return;
        const bytes = await ask(request.to, request.bytes);
        if (bytes === null || token !== null) return;
        const before = state.parts.length;
        feed({ now: now(), type: "message", from: request.to, bytes });
        if (state.parts.length > before) silent.delete(request.to);
        if (token !== null) settle();
      }),
    );
    await Promise.race([answers, enough]);
    if (token !== null || signal.aborted) break;
    state = extended(state, now());
    await pause(ENROLMENT_LIMITS.again, signal);
  }
  return token;
}

/** The time is the caller's here: it goes on until it is stopped. */
const extended = (state: Issuing, now: number): Issuing => ({ ...state, ended: false, deadline: now + 1e9 });

/**
 * The token for a pseudonym of `epoch`.
 * @param carry has a member asked by another peer, so that it does not learn who asks.
 * @returns null where too few members answered: the token is spent.
 */
export async function redeemToken({ committee, random, now, signal }: CommitteeRequest, token: Token, epoch: number, carry: (member: PeerId, sealed: Uint8Array) => Promise<Uint8Array | null>): Promise<Credential | null> {
  const drawn = new Map<string, DrawnId>();
  const newId = (): Uint8Array => {
    const next = drawId(committee.room, epoch, random);
    drawn.set(bytesToHex(next.id), next);
    return next.id;
  };
  let outcome: Credential | "failed" | null = null;
  const [started, first] = startRedeem({ committee, token, newId, random }, now());
  let state = started;
  const perform = (effects: readonly RedeemEffect[]): void => {
    for (const effect of effects) {
      if (effect.type === "pseudonym") outcome = credentialOf(effect.key, drawn.get(bytesToHex(effect.key.id))!);
      if (effect.type === "failed") outcome = "failed";
      if (effect.type !== "relay") continue;
      const { tag } = effect;
      void carry(effect.to, effect.bytes).then((bytes) => {
        if (bytes !== null && outcome === null && !signal.aborted) feed({ now: now(), type: "answer", tag, bytes });
      });
    }
  };
  const feed = (event: Parameters<typeof stepRedeem>[1]): void => {
    const [next, effects] = stepRedeem(state, event);
    state = next;
    perform(effects);
  };
  perform(first);
  while (outcome === null && !signal.aborted) {
    await pause(ENROLMENT_LIMITS.tick, signal);
    if (outcome === null) feed({ now: now(), type: "tick" });
  }
  return outcome === "failed" ? null : outcome;
}

/** What a registration costs this device. @returns null when given up. */
export async function workFor({ committee, signal }: CommitteeRequest, epoch: number, device: PeerId, cost: WorkCost): Promise<RequestOf<"issue">["work"]> {
  const solving = solveWork(workChallenge(committee, epoch, device), cost);
  for (;;) {
    const { value, done } = await solving.next();
    if (done) return { epoch, nonce: value };
    if (signal.aborted) return null;
  }
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      resolve();
    };
    const timer = setTimeout(stop, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
