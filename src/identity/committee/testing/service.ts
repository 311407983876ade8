import type { PeerId } from "../../../wire/ids.ts";
import { peerIdOf } from "../../../wire/ids.ts";
import type { Certificate } from "../../certificate.ts";
import { encodeId } from "../../id.ts";
import type { FullKey } from "../../keys.ts";
import { startIssue, stepIssue, type IssueEffect } from "../issue.ts";
import { LIMITS } from "../limits.ts";
import { startMember, stepMember, type MemberEffect, type MemberEvent, type MemberState } from "../member.ts";
import type { RequestOf } from "../message.ts";
import { startRedeem, stepRedeem, type RedeemEffect } from "../redeem.ts";
import type { Token } from "../tokens.ts";
import { solveWork, workChallenge } from "../work.ts";
import { seeded, type Formed } from "./bus.ts";

export const CHEAP = { memory: 8, passes: 1, bits: 2 };
export const CARRIER = peerIdOf(new Uint8Array(16).fill(9));

/** A committee at work on an in-memory bus. Hooks change (or drop, by null) what travels. */
export interface Service {
  formed: Formed;
  states: MemberState[];
  now: number;
  /** All bytes that members got, as they were after opening the seal where there was one is theirs to say: raw here. */
  tell: (event: MemberEvent extends infer E ? (E extends { now: number } ? Omit<E, "now"> : never) : never) => MemberEffect[][];
  issue: (as: { device: PeerId; pseudonym?: Certificate; work?: RequestOf<"issue">["work"] }, hook?: Hook) => IssueEffect;
  redeem: (token: Token, epoch: number, hook?: Hook) => { outcome: RedeemEffect; spoilt: RedeemEffect[] };
}

export type Hook = (place: number, bytes: Uint8Array, way: "to" | "from") => Uint8Array | null;
const straight: Hook = (_place, bytes) => bytes;

let runs = 0;

export function serve(formed: Formed, epoch = 0): Service {
  const { members, who, announcement } = formed;
  const { committee } = announcement;
  const name = `service/${runs++}`;
  const states = members.map((membership) => startMember({ membership, random: seeded(`${name}/${membership.place}`), verify: who.signatures(who.ids[0]!).verify, work: CHEAP }, epoch));
  const random = seeded(`${name}/client`);
  const s: Service = {
    formed,
    states,
    now: 0,
    tell: (event) => states.map((_, place) => at(place, { ...event, now: s.now } as MemberEvent)),
    issue({ device, pseudonym = null, work = null }, hook = straight) {
      let [client, effects] = startIssue(committee, work, random, s.now);
      for (;;) {
        const end = effects.find(({ type }) => type !== "send");
        if (end) return end;
        const sends = effects.filter((effect) => effect.type === "send");
        effects = [];
        for (const { to, bytes } of sends) {
          const place = committee.members.indexOf(to);
          const sent = hook(place, bytes, "to");
          for (const effect of sent ? at(place, { now: s.now, type: "message", from: device, pseudonym, bytes: sent }) : []) {
            const back = effect.type === "send" ? hook(place, effect.bytes, "from") : null;
            if (!back) continue;
            const [next, more] = stepIssue(client, { now: s.now, type: "message", from: to, bytes: back });
            client = next;
            effects.push(...more);
          }
        }
        if (effects.length > 0) continue;
        s.now += LIMITS.answerAtMost;
        [client, effects] = stepIssue(client, { now: s.now, type: "tick" });
      }
    },
    redeem(token, forEpoch, hook = straight) {
      const spoilt: RedeemEffect[] = [];
      let [client, effects] = startRedeem({ committee, token, newId: () => encodeId({ room: committee.room, epoch: forEpoch, flags: new Uint8Array(4), random: random(20) }), random }, s.now);
      for (;;) {
        spoilt.push(...effects.filter(({ type }) => type === "spoilt"));
        const outcome = effects.find(({ type }) => type === "pseudonym" || type === "failed");
        if (outcome) return { outcome, spoilt };
        const relays = effects.filter((effect) => effect.type === "relay");
        effects = [];
        for (const { to, tag, bytes } of relays) {
          const place = committee.members.indexOf(to);
          const sent = hook(place, bytes, "to");
          for (const effect of sent ? at(place, { now: s.now, type: "sealed", via: CARRIER, bytes: sent }) : []) {
            const back = effect.type === "answer" ? hook(place, effect.bytes, "from") : null;
            if (!back) continue;
            const [next, more] = stepRedeem(client, { now: s.now, type: "answer", tag, bytes: back });
            client = next;
            effects.push(...more);
          }
        }
        if (effects.length > 0) continue;
        s.now += LIMITS.answerAtMost;
        [client, effects] = stepRedeem(client, { now: s.now, type: "tick" });
      }
    },
  };
  function at(place: number, event: MemberEvent): MemberEffect[] {
    const [state, effects] = stepMember(states[place]!, event);
    states[place] = state;
    return effects;
  }
  return s;
}

/** Registers a device with work, and returns its first token. */
export async function register(s: Service, device: PeerId, epoch = 0): Promise<Token> {
  const solving = solveWork(workChallenge(s.formed.announcement.committee, epoch, device), CHEAP);
  let solved = await solving.next();
  while (!solved.done) solved = await solving.next();
  return tokenOf(s.issue({ device, work: { epoch, nonce: solved.value } }));
}

export function tokenOf(effect: IssueEffect): Token {
  if (effect.type !== "token") throw new Error(`no token: ${effect.type}`);
  return effect.token;
}

export function keyOfPseudonym({ outcome }: ReturnType<Service["redeem"]>): FullKey {
  if (outcome.type !== "pseudonym") throw new Error(`no pseudonym: ${outcome.type}`);
  return outcome.key;
}
