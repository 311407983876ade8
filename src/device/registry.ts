import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, hexToBytes } from "@noble/hashes/utils.js";
import { committeeHash, decodeAnnouncement, encodeAnnouncement, follows, successionMessage, verifyAnnouncement, verifyConsents, type Announcement, type Committee } from "../identity/committee/announce.ts";
import { countsCover, decodeCounts, type Counts } from "../identity/committee/counts.ts";
import type { Membership } from "../identity/committee/dkg.ts";
import { LIMITS, thresholdOf } from "../identity/committee/limits.ts";
import { startMember, stepMember, type MemberEffect, type MemberEvent, type MemberState } from "../identity/committee/member.ts";
import { encodeRequest, REF_BYTES } from "../identity/committee/message.ts";
import { encodeRevocationList, openRevocationList, revocationMessage, revocationName } from "../identity/committee/revocation.ts";
import type { WorkCost } from "../identity/committee/work.ts";
import { IdentityError } from "../identity/errors.ts";
import { verifyMisissue } from "../identity/misissue.ts";
import { POINT_BYTES, type Random } from "../identity/suite.ts";
import type { Hash } from "../swarm/record.ts";
import type { Commit } from "../swarm/roll.ts";
import { WireError } from "../wire/codec.ts";
import { peerIdBytes, type PeerId } from "../wire/ids.ts";
import { createCarriage } from "./carriage.ts";
import type { Credential } from "./credential.ts";
import { createEnrolment } from "./enrolment.ts";
import type { EpochGuard } from "./guard.ts";
import { createGeneration } from "./generation.ts";
import { decodeRegistry, encodeRegistry, NOBODY, type RegistryMessage } from "./registry-wire.ts";
import type { RoomKeys } from "./room.ts";
import { createStatements } from "./statements.ts";

export const REGISTRY_LIMITS = {
  /** Draws of members that are remembered, by round. */
  draws: 16,
  unplaced: 4,
  /** Whoever comes in by a committee has this long to get its links, before the committee can count as lost, in milliseconds. */
  arrival: 15_000,
  /** Between two tries to have the revoked listed, in milliseconds. */
  listEvery: 1_000,
  /** Redemptions of one epoch are spread over this many milliseconds, so that their order tells nothing. */
  spread: 2_000,
} as const;

/** What the page shows of who issues pseudonyms. */
export interface IssuerView {
  members: number;
  threshold: number;
  /** Whether this device is a member. */
  member: boolean;
  /** This device has its pseudonym for the next epoch. */
  enrolled: boolean;
  /** The last counts of all members, summed; null before an epoch's end. */
  counts: Counts | null;
  /** Whether the counts account for the pseudonyms seen. */
  accounted: boolean;
}

export interface RegistryDeps {
  room: RoomKeys;
  credential: Credential;
  guard: EpochGuard;
  random: Random;
  now: () => number;
  chance(): number;
  /** What registering costs. */
  work: WorkCost;
  /** The committee in force, where this device came in by it. */
  known: Announcement | null;
  reachable(): readonly PeerId[];
  /** Sealed. */
  send(to: PeerId, bytes: Uint8Array): void;
  /** Signed. */
  broadcast(bytes: Uint8Array): void;
  events: {
    /** The committee that issues from now on, or null where it is lost. */
    onCommittee(hash: Hash | null): void;
    /** For the next epoch. */
    onPseudonym(credential: Credential, P: Uint8Array): void;
  };
}

/**
 * The committee of one epoch, as one device takes part in it: four devices or more form it by themselves, it issues the
 * pseudonyms of the next epoch and those of newcomers in this one, and changes when members leave.
 */
export interface Registry {
  readonly announcement: Announcement | null;
  /** Of the committee in force; null where there is none. */
  readonly hash: Hash | null;
  readonly view: IssuerView | null;
  /** A round was committed. @param closing whether the epoch is near its end */
  committed(commit: Commit, closing: boolean): void;
  receive(from: PeerId, bytes: Uint8Array): void;
  /** For somebody at the door. */
  carry(member: PeerId, device: PeerId, open: boolean, request: Uint8Array): Promise<Uint8Array | null>;
  tick(): void;
  /** Tells everybody that an issuer cheated, with the proof. */
  accuse(proof: Uint8Array): void;
  /** As a member: this pseudonym is to be excluded. */
  revoke(peer: PeerId): void;
  /** The epoch is over: the members say how much they issued. */
  end(epoch: number): void;
  /** Pseudonyms of this committee that were seen in the next epoch. */
  saw(pseudonyms: number): void;
  close(): void;
}

/** Seven at most, drawn by the root, which nobody can choose. */
export function drawMembers(root: Hash, devices: readonly PeerId[]): PeerId[] {
  const place = (id: PeerId): string => bytesToHex(sha256(concatBytes(hexToBytes(root), peerIdBytes(id))));
  const drawn = [...devices].map((id) => ({ id, place: place(id) })).sort((a, b) => (a.place < b.place ? -1 : 1));
  return drawn.slice(0, LIMITS.membersAtMost).map(({ id }) => id).sort();
}

export function createRegistry(deps: RegistryDeps): Registry {
  const { room, credential, guard, random, now, events } = deps;
  const { self, epoch, key } = credential;
  const draws = new Map<number, readonly PeerId[]>();
  const counts = new Map<PeerId, Counts>();
  const begun = now();
  let announcement: Announcement | null = null;
  let lost = false;
  /** Whether this device has met enough of the committee for it to do its work. */
  let gathered = false;
  let member: MemberState | null = null;
  /** What the committee's last list of the revoked held, and when this device may ask for the next. */
  let listed = "";
  let listAt = Infinity;
  let closing = false;
  let seen = 0;
  /** Announcements of a committee whose round this device has not committed yet. */
  let unplaced: Announcement[] = [];

  const post = (to: PeerId, message: RegistryMessage): void => (to === self ? receive(self, encodeRegistry(message)) : deps.send(to, encodeRegistry(message)));
  const tell = (kind: RegistryMessage["kind"], body: Uint8Array): void => deps.broadcast(encodeRegistry({ kind, body }));
  const present = (peer: PeerId): boolean => peer === self || deps.reachable().includes(peer);

  const carriage = createCarriage({
    self,
    random,
    chance: deps.chance,
    reachable: deps.reachable,
    send: post,
    answer(via, device, request) {
      const event = device === NOBODY ? { type: "sealed" as const, via, bytes: request } : { type: "message" as const, from: device, pseudonym: null, bytes: request };
      const effect = asMember(event).find(({ type }) => type === "answer" || type === "send");
      return effect?.bytes ?? null;
    },
  });

  const statements = createStatements(now, (member, request) => post(member, { kind: "ask", body: encodeRequest(request) }));

  const enrolment = createEnrolment({
    credential,
    random,
    now,
    spread: () => deps.chance() * REGISTRY_LIMITS.spread,
    work: deps.work,
    ask: (to, bytes) => post(to, { kind: "ask", body: bytes }),
    carry: (to, sealed) => carriage.over(to, sealed, false),
    onPseudonym: events.onPseudonym,
  });

  const generation = createGeneration({
    self,
    guard,
    random,
    now,
    broadcast: (bytes) => tell("key-generation", bytes),
    send: (to, bytes) => post(to, { kind: "key-generation", body: bytes }),
    onDone(made) {
      tell("announcement", encodeAnnouncement(made));
      take(made);
      // The old committee still has to sign it.
      if (made.committee.generation > 0 && made.committee.members[0] === self) askForSuccession(made);
    },
  });

  type Untimed<E> = E extends { now: number } ? Omit<E, "now"> : never;
  function asMember(event: Untimed<MemberEvent>): MemberEffect[] {
    if (member === null) return [];
    const [state, effects] = stepMember(member, { ...event, now: now() } as MemberEvent);
    member = state;
    return effects;
  }

  // Forming a committee.

  function committed({ record, root, roll }: Commit, near: boolean): void {
    // In a large room of those who speak for its nodes, for nobody knows all.
    const members = roll.rows.length > 0 ? roll.rows.flatMap(({ speakers }) => speakers).sort() : roll.members;
    draws.set(record.round, drawMembers(root, members));
    for (const round of draws.keys()) if (round <= record.round - REGISTRY_LIMITS.draws) draws.delete(round);
    if (near && !closing) {
      closing = true;
      asMember({ type: "closing" });
    }
    const waiting = unplaced;
    unplaced = [];
    for (const next of waiting) attempt(() => take(next));
    enrol();
    if (generation.running || members.length < LIMITS.membersAtLeast) return;
    const { committee } = announcement ?? {};
    if (committee === undefined || lost) generation.start({ room: room.hash, lineage: record.round, generation: 0, previous: null, members: draws.get(record.round)! });
    else if (roll.rows.length === 0 && committee.members.some((id) => !members.includes(id))) {
      generation.start({ room: room.hash, lineage: committee.lineage, generation: committee.generation + 1, previous: committeeHash(committee), members: draws.get(record.round)! });
    }
  }

  function askForSuccession(successor: Announcement): void {
    const old = announcement?.committee;
    if (old === undefined || !follows(successor.committee, old)) return;
    const ref = random(REF_BYTES);
    statements.sign(old, successionMessage(committeeHash(successor.committee)), { kind: "succeed", ref, announcement: encodeAnnouncement(successor) }, (signature) => {
      const signed = { ...successor, succession: signature };
      tell("announcement", encodeAnnouncement(signed));
      take(signed);
    });
  }

  /** Has the others sign what they revoked: one member after the other tries, for the first may be the revoked one. */
  function listRevoked(committee: Committee): void {
    const hashes = [...(member?.revoked ?? [])].sort();
    if (hashes.length === 0 || hashes.length > LIMITS.revoked || statements.busy || listed === hashes.join() || now() < listAt) return;
    listAt = now() + REGISTRY_LIMITS.listEvery;
    const [ref, names] = [random(REF_BYTES), hashes.map(hexToBytes)];
    statements.sign(committee, revocationMessage(committee, epoch, names), { kind: "revoke", ref, epoch, hashes: names }, (signature) => {
      tell("revocations", encodeRevocationList({ epoch, hashes: names, signature }));
      revoked(hashes);
    });
  }

  function revoked(hashes: readonly string[]): void {
    listed = hashes.join();
    guard.revoke(new Set(hashes));
  }

  function exclude(name: string): void {
    asMember({ type: "revoke", name });
    const turn = announcement ? announcement.committee.members.filter(present).indexOf(self) : 0;
    listAt = Math.min(listAt, now() + turn * REGISTRY_LIMITS.listEvery);
  }

  /** Checks what is said to be the committee, and installs it where it is. @throws IdentityError */
  function take(next: Announcement): void {
    const { committee } = next;
    const hash = bytesToHex(committeeHash(committee));
    const current = announcement?.committee;
    if (current && hash === bytesToHex(committeeHash(current))) return;
    const drawn = [...draws].some(([round, members]) => members.join() === committee.members.join() && (committee.generation > 0 || round === committee.lineage));
    if (bytesToHex(committee.room) !== bytesToHex(room.hash)) return;
    if (!drawn) {
      unplaced = [...unplaced, next].slice(-REGISTRY_LIMITS.unplaced);
      return;
    }
    if (committee.generation > 0 && next.succession === null) {
      if (!current || !follows(committee, current)) return;
      verifyConsents(next, guard.signedBy);
      asMember({ type: "approve", successor: hash });
      return;
    }
    if (committee.generation === 0 && current && !lost) return;
    verifyAnnouncement(next, committee.generation === 0 ? null : (current ?? null), guard.signedBy);
    install(next, generation.finish(next));
  }

  function install(next: Announcement, membership: Membership | null): void {
    announcement = next;
    lost = false;
    counts.clear();
    member = membership && startMember({ membership, random, verify: guard.signedBy, work: deps.work }, epoch);
    if (closing) asMember({ type: "closing" });
    guard.trust(next.committee.keys.issuer[0]!);
    events.onCommittee(bytesToHex(committeeHash(next.committee)));
    enrolment.stop();
    enrol();
  }

  function lose(): void {
    lost = true;
    member = null;
    enrolment.stop();
    events.onCommittee(null);
  }

  /** Of an issuer that made two keys for one id nobody takes a pseudonym any more. @throws IdentityError */
  function convict(proof: Uint8Array): void {
    const named = bytesToHex(proof.subarray(1, 1 + POINT_BYTES));
    const P = guard.issuers.find((issuer) => bytesToHex(issuer) === named);
    if (P === undefined) return;
    verifyMisissue(proof, P);
    guard.distrust(P);
    if (announcement && !lost && bytesToHex(announcement.committee.keys.issuer[0]!) === named) lose();
  }

  // Getting the next epoch's pseudonym.

  /** A pseudonym that anybody can make for itself pays with work; one of a committee waits for the epoch's end. */
  const pays = (): boolean => bytesToHex(key.P) === bytesToHex(room.issuer.P);

  function enrol(): void {
    if (announcement !== null && !lost && (pays() || closing)) enrolment.start(announcement.committee, pays());
  }

  // What comes in.

  const receive = (from: PeerId, bytes: Uint8Array): void => attempt(() => handle(from, decodeRegistry(bytes)));

  /** Whatever a peer's bytes may bring about is counted; everything else is a fault of ours and goes up. */
  function attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof WireError) && !(error instanceof IdentityError && error.code === "refused")) throw error;
      guard.refusals.forged++;
    }
  }

  function handle(from: PeerId, message: RegistryMessage): void {
    const { kind, body } = message;
    switch (kind) {
      case "key-generation":
        return generation.receive(from, body);
      case "announcement":
        return take(decodeAnnouncement(body));
      case "ask": {
        const known = from === self ? { certificate: key.certificate, P: key.P } : guard.known(from);
        // What anybody can make for itself is no pseudonym that a token may be had for.
        const pseudonym = known && bytesToHex(known.P) !== bytesToHex(room.issuer.P) ? known.certificate : null;
        for (const effect of asMember({ type: "message", from, pseudonym, bytes: body })) if (effect.type === "send") post(effect.to, { kind: "answer", body: effect.bytes });
        return;
      }
      case "answer":
        if (!statements.answered(from, body)) enrolment.answered(from, body);
        return;
      case "counts":
        if (announcement?.committee.members.includes(from)) counts.set(from, decodeCounts(body));
        return;
      case "misissue":
        return convict(body);
      case "revocations": {
        if (!announcement) return;
        const list = openRevocationList(body, announcement.committee);
        if (list.epoch === epoch) revoked(list.hashes.map(bytesToHex));
        return;
      }
      case "carry":
      case "carried":
      case "answered":
      case "returned":
        return carriage.receive(from, message);
    }
  }

  if (deps.known) {
    announcement = deps.known;
    guard.trust(deps.known.committee.keys.issuer[0]!);
  }

  return {
    get announcement() {
      return lost ? null : announcement;
    },
    get hash() {
      return announcement === null || lost ? null : bytesToHex(committeeHash(announcement.committee));
    },
    get view() {
      if (announcement === null || lost) return null;
      const members = announcement.committee.members.length;
      const all = [...counts.values()];
      const sum = (name: keyof Counts): number => all.reduce((total, each) => total + each[name], 0);
      return {
        members,
        threshold: thresholdOf(members),
        member: member !== null,
        enrolled: enrolment.done,
        counts: all.length === members ? { tokens: sum("tokens"), spent: sum("spent"), issued: sum("issued") } : null,
        accounted: all.length < members || countsCover(all, members, seen),
      };
    },
    committed,
    receive,
    carry: (to, device, open, request) => carriage.carry(to, open ? device : NOBODY, request),
    tick() {
      asMember({ type: "tick" });
      generation.tick();
      statements.tick();
      const old = announcement?.committee;
      if (!old) return;
      listRevoked(old);
      // Below the threshold it can neither issue nor name a successor: the survivors found another.
      const enough = old.members.filter(present).length >= thresholdOf(old.members.length);
      gathered ||= enough;
      if (!lost && !enough && (gathered || now() - begun >= REGISTRY_LIMITS.arrival)) lose();
    },
    accuse(proof) {
      tell("misissue", proof);
      attempt(() => convict(proof));
    },
    revoke(peer) {
      const known = guard.known(peer);
      if (known && bytesToHex(known.P) !== bytesToHex(room.issuer.P)) exclude(revocationName(known.certificate.W));
    },
    end(next) {
      for (const effect of asMember({ type: "epoch", epoch: next })) {
        if (effect.type !== "broadcast") continue;
        tell("counts", effect.bytes);
        counts.set(self, decodeCounts(effect.bytes));
      }
    },
    saw: (pseudonyms) => void (seen = Math.max(seen, pseudonyms)),
    close() {
      enrolment.stop();
      carriage.close();
    },
  };
}
