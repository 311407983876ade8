import { sha512 } from "@noble/hashes/sha2.js";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { peerIdOf, type PeerId } from "../../../wire/ids.ts";
import { encodeId } from "../../id.ts";
import { createIssuer, fullKey, setSecretValue, type FullKey } from "../../keys.ts";
import { sign, verify } from "../../sign.ts";
import type { Random } from "../../suite.ts";
import type { Announcement, Charter, Signatures } from "../announce.ts";
import { startDkg, stepDkg, type DkgEffect, type DkgState, type Membership } from "../dkg.ts";
import { LIMITS } from "../limits.ts";

/** Repeatable chance for tests. */
export function seeded(name: string): Random {
  let counter = 0;
  return (length) => {
    const blocks = Array.from({ length: Math.ceil(length / 64) }, () => sha512(utf8ToBytes(`${name}/${counter++}`)));
    return concatBytes(...blocks).slice(0, length);
  };
}

export const ROOM = new Uint8Array(16).fill(7);
const AAD = utf8ToBytes("committee");

/** Members with certificates of a single issuer, as a room has them before its committee. */
export interface People {
  ids: PeerId[];
  signatures: (id: PeerId) => Signatures;
}

export function people(n: number, name = "room"): People {
  const random = seeded(`people/${name}`);
  const issuer = createIssuer(random);
  const keys = new Map<PeerId, FullKey>();
  for (let i = 0; i < n; i++) {
    const secretValue = setSecretValue(random);
    const id = encodeId({ room: ROOM, epoch: 0, flags: new Uint8Array(4), random: random(20) });
    keys.set(peerIdOf(random(16)), fullKey({ id, P: issuer.P, secretValue, partial: issuer.extract(id, secretValue.U, random) }));
  }
  return {
    ids: [...keys.keys()].sort(),
    signatures: (self) => ({
      sign: (message) => sign(keys.get(self)!, message, AAD, random),
      verify: (member, message, signature) => verify(keys.get(member)!.certificate, issuer.P, message, AAD, signature),
    }),
  };
}

export interface Run {
  states: Map<PeerId, DkgState>;
  /** Outcomes (`done` or `failed`) by member. */
  outcomes: Map<PeerId, DkgEffect[]>;
}

export interface Twist {
  charter?: Partial<Charter>;
  /** Changes or drops (null) what one member sends to another. */
  tamper?: (from: PeerId, to: PeerId, bytes: Uint8Array) => Uint8Array | null;
}

/** Runs a generation on an in-memory bus: all messages first, then the clock goes on. */
export function runDkg(who: People, { charter: changes, tamper = (_from, _to, bytes) => bytes }: Twist = {}): Run {
  const charter: Charter = { room: ROOM, lineage: 0, generation: 0, previous: null, members: who.ids, ...changes };
  const states = new Map<PeerId, DkgState>();
  const outcomes = new Map<PeerId, DkgEffect[]>(charter.members.map((id) => [id, []]));
  const queue: { from: PeerId; to: PeerId; bytes: Uint8Array }[] = [];
  const post = (from: PeerId, to: PeerId, bytes: Uint8Array): void => {
    const arrives = tamper(from, to, bytes);
    if (arrives) queue.push({ from, to, bytes: arrives });
  };
  const perform = (from: PeerId, effects: DkgEffect[]): void => {
    for (const effect of effects) {
      if (effect.type === "send") post(from, effect.to, effect.bytes);
      else if (effect.type === "broadcast") for (const to of charter.members.filter((other) => other !== from)) post(from, to, effect.bytes);
      else outcomes.get(from)!.push(effect);
    }
  };
  let now = 0;
  for (const self of charter.members) {
    const [state, effects] = startDkg(charter, { self, random: seeded(`dkg/${self}`), ...who.signatures(self) }, now);
    states.set(self, state);
    perform(self, effects);
  }
  const step = (id: PeerId, event: Parameters<typeof stepDkg>[1]): void => {
    const [state, effects] = stepDkg(states.get(id)!, event);
    states.set(id, state);
    perform(id, effects);
  };
  for (let quiet = 0; quiet < 6 && [...outcomes.values()].some((list) => list.length === 0); quiet++) {
    while (queue.length > 0) {
      const { from, to, bytes } = queue.shift()!;
      step(to, { now, type: "message", from, bytes });
    }
    now += LIMITS.dkgPhase;
    for (const id of charter.members) step(id, { now, type: "tick" });
  }
  return { states, outcomes };
}

export interface Formed {
  who: People;
  announcement: Announcement;
  /** In the order of places. */
  members: Membership[];
}

const formed = new Map<string, Formed>();

/** A committee by the real protocol; the same one for the same name, since nothing changes it. */
export function form(n: number, name = "room", charter: Partial<Charter> = {}): Formed {
  const known = formed.get(`${n}/${name}`);
  if (known) return known;
  const who = people(n, name);
  const { outcomes } = runDkg(who, { charter });
  const done = who.ids.map((id) => outcomes.get(id)![0]).map((effect) => {
    if (effect?.type !== "done") throw new Error(`no committee: ${JSON.stringify(effect)}`);
    return effect;
  });
  const result = { who, announcement: done[0]!.announcement, members: done.map(({ membership }) => membership) };
  formed.set(`${n}/${name}`, result);
  return result;
}

/** All subsets of k places of n. */
export function subsets(n: number, k: number): number[][] {
  if (k === 0) return [[]];
  if (n < k) return [];
  return [...subsets(n - 1, k), ...subsets(n - 1, k - 1).map((set) => [...set, n - 1])];
}
