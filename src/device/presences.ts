import { equalBytes } from "@noble/ciphers/utils.js";
import { MeshError } from "../mesh/errors.ts";
import type { MeshDeps } from "../mesh/mesh.ts";
import type { Way } from "../mesh/guard.ts";
import type { RtcHost } from "../mesh/rtc.ts";
import { createUplink } from "../mesh/uplink.ts";
import { LIMITS as COMMITTEE_LIMITS } from "../identity/committee/limits.ts";
import type { Committee } from "../identity/committee/announce.ts";
import type { WorkCost } from "../identity/committee/work.ts";
import type { Hash } from "../swarm/record.ts";
import type { Commit } from "../swarm/roll.ts";
import type { Cut } from "../swarm/tier/groups.ts";
import type { PeerId } from "../wire/ids.ts";
import type { DeviceOptions } from "./api.ts";
import { roomCredential, type Credential } from "./credential.ts";
import { createDoor, type Standing } from "./door.ts";
import { obtainToken, pause, redeemToken, workFor } from "./enrolment.ts";
import type { RoomKeyring } from "./keyring.ts";
import { isBoard } from "./board-wire.ts";
import { isLibrary, type LibraryLane } from "./library.ts";
import type { IssuedPass } from "./passes.ts";
import { createPresence, type Presence, type PresenceEvents } from "./presence.ts";
import { createReceipts, RECEIPT_BYTE, type Receipts } from "./receipts.ts";
import { createRegistry, type IssuerView, type Registry } from "./registry.ts";
import { REGISTRY_BYTE } from "./registry-wire.ts";
import { type RoomKeys, systemChance, systemRandom } from "./room.ts";
import type { SentLog } from "./sent-log.ts";
import { add, noTotals, type Totals } from "./totals.ts";

export const PRESENCE_LIMITS = {
  /** An epoch's links are kept this long after it: slower devices still learn how its last round ended. */
  linger: 6_000,
  /** … and are told so this often. */
  repeat: 2_000,
  /** Links that were made on a word at the door are let go when nothing comes of them. */
  visit: 30_000,
  /** Nobody is inside for this long, and no pseudonym came: the room's own issuer lets in again. */
  deserted: 30_000,
  /** Issuers that are remembered, with their epochs. */
  heard: 8,
  /** A newcomer asks this often whether there is a committee to register with. */
  knock: 2_000,
  look: 250,
} as const;

/** In a private room the invitation pays: its link is needed to get to the committee at all. */
const INVITED: WorkCost = { memory: 8, passes: 1, bits: 0 };

export interface PresencesEvents {
  onChange(): void;
  /** This device has another name from now on; the first time, its first. */
  onEntered(self: PeerId): void;
  /** `beyond` are those that the server lists of other nodes. */
  onReachable(peers: readonly PeerId[], pending: readonly PeerId[], beyond: readonly PeerId[]): void;
  /** What this device sends leaves slowly, or no longer does. */
  onSlow(): void;
  onMessage(from: PeerId, bytes: Uint8Array<ArrayBuffer>): void;
  onOutdated(): void;
  onTampered(from: PeerId, way: Way): void;
  /** The committee that issues the next epoch's pseudonyms, as far as this device knows. */
  onCommittee(hash: Hash | null): void;
  /** Two thirds of its group confirm this device's work in a round. */
  onReceipt(receipt: Uint8Array<ArrayBuffer>): void;
  /** Whether this comes from a device that this one should follow. */
  leads(bytes: Uint8Array): boolean;
}

export interface PresencesDeps {
  options: DeviceOptions;
  room: RoomKeys;
  keys: RoomKeyring;
  rtc: RtcHost;
  now: () => number;
  standing(): Pick<Standing, "epoch" | "weight" | "cut">;
  beforeDial?: MeshDeps["beforeDial"];
  /** Memory that devices lend to each other: what goes on under the present name. */
  library?: LibraryLane;
  sent: SentLog;
  events: PresencesEvents;
}

/**
 * A device in a room over time: one pseudonym an epoch, its links made before those of the last are let go,
 * and a place at the door.
 */
export interface Presences {
  /** Null until the room's epoch is known, and while this device gets a pseudonym for it. */
  readonly current: Presence | null;
  /** Whether what this device sends leaves slowly, whoever it is. */
  readonly slow: boolean;
  /** Null while the room's own issuer issues. */
  readonly issuer: IssuerView | null;
  /** Makes the links of an epoch that is about to begin. */
  prepare(epoch: number, issuer: Hash | null): void;
  /** `issuer` names who issued the epoch's pseudonyms: null for the room itself, undefined where this device missed it. */
  enter(epoch: number, issuer: Hash | null | undefined): void;
  /** How the present epoch's circle is cut. */
  setCut(cut: Cut | null): void;
  /** @param group with whom this device summed; empty where it took the head over */
  committed(commit: Commit, group: readonly PeerId[], closing: boolean): void;
  tick(): void;
  /** This peer sent what no honest device sends. */
  revoke(peer: PeerId): void;
  /** Asks `whom` for the certificates of these. */
  acquaint(whom: PeerId, about: readonly PeerId[]): Promise<void>;
  /** A status, to all of the present epoch, or of this device's node in it. @throws MeshError */
  broadcast(bytes: Uint8Array): void;
  /** Bytes at the data channels and refusals, under all names. */
  totals(): Totals;
  close(): void;
}

/** A pseudonym, and who issued it: null for the room's own issuer. */
interface Pass {
  credential: Credential;
  P: Uint8Array | null;
}

/** A presence and what came by it before it was the current one. */
interface Held {
  credential: Credential;
  presence: Presence;
  registry: Registry;
  receipts: Receipts;
  P: Uint8Array | null;
  /** Undefined while it is not known. */
  cut: Cut | null | undefined;
  reachable: readonly PeerId[];
  pending: readonly PeerId[];
  beyond: readonly PeerId[];
  heard: Map<PeerId, Uint8Array<ArrayBuffer>>;
}

const nameOf = ({ credential, committee }: IssuedPass): string => `${credential.epoch} ${committee}`;

export function createPresences({ options, room, keys, rtc, now, standing, beforeDial, library, sent, events }: PresencesDeps): Presences {
  const work = options.room.secret === undefined ? COMMITTEE_LIMITS.work : INVITED;
  const retired = noTotals();
  const closing = new AbortController();
  /** By epoch and committee. */
  const passes = new Map<string, IssuedPass>();
  for (const pass of keys.passes) if (pass.committee !== null) passes.set(nameOf(pass), pass);
  const uplink = createUplink(rtc, (slow) => {
    for (const held of [current, next, old]) held?.presence.setSlow(slow);
    events.onSlow();
  });
  let current: Held | null = null;
  let next: Held | null = null;
  let old: Held | null = null;
  /** The furthest that somebody at the door says to be. */
  let ahead: Standing | null = null;
  /** Who issued the pseudonyms of which epoch, as those inside say. */
  let issuers: Pick<Standing, "epoch" | "P">[] = [];
  let settled = false;
  let arriving = false;
  /** A look at where somebody heavier stands; it is `next` as long as it lasts. */
  let visited: { held: Held; weight: number } | null = null;
  /** A pass that is being asked for at the door, for nothing once the epoch is over. */
  let asking: { epoch: number; over: AbortController } | null = null;
  /** The epoch that it should be in by now, and the committee whose pseudonym it still waits for. */
  let missed: { epoch: number; issuer: Hash | undefined } | null = null;
  let said: Uint8Array | null = null;

  /** Not behind the epoch that it has entered already: its model may still have to catch up. */
  const ownStanding = (): Standing => {
    const { epoch, weight, cut } = standing();
    return { epoch: Math.max(epoch, current?.presence.epoch ?? 0), weight, cut: current ? (current.cut ?? null) : cut, inside: current !== null, P: current?.P ?? null, committee: current?.registry.announcement ?? null };
  };

  const door = createDoor({
    server: options.room.server,
    room,
    utc: () => Date.now(),
    standing: ownStanding,
    onInside({ epoch, P }) {
      issuers = [...issuers.filter((known) => known.epoch !== epoch || !sameIssuer(known.P, P)), { epoch, P }].slice(-PRESENCE_LIMITS.heard);
      for (const held of [current, next]) if (held) tellApart(held.presence);
    },
    onAhead(theirs) {
      if (ahead === null || theirs.weight >= ahead.weight) ahead = theirs;
      if (asking && ahead.epoch !== asking.epoch) asking.over.abort();
      if (ahead === theirs && apart(theirs)) void visit(theirs);
    },
    carry: (member, device, open, request) => current?.registry.carry(member, device, open, request) ?? Promise.resolve(null),
    onSent: (bytes, to) => sent.server(bytes, to !== null),
  });
  void door.settled.then(() => {
    settled = true;
    return arrive();
  });

  /** Whether those who stand there cannot be met from here: in another epoch, or let in by another issuer. */
  const apart = ({ epoch, P }: Standing): boolean => current !== null && (epoch !== current.presence.epoch || !sameIssuer(P, current.P));

  /** Those whom another issuer let into the same epoch are strangers there, and no forgers. */
  function tellApart(presence: Presence): void {
    for (const { epoch, P } of issuers) if (P !== null && epoch === presence.epoch) presence.guard.hear(P);
  }

  const passOfRoom = (epoch: number): Pass => ({ credential: roomCredential(room, epoch, systemRandom), P: null });

  function passFor(epoch: number, issuer: Hash | null | undefined): Pass | null {
    if (issuer === null) return passOfRoom(epoch);
    return passes.get(`${epoch} ${issuer}`) ?? null;
  }

  /** Into the room as a newcomer, or as one who missed how the epoch began. */
  async function arrive(): Promise<void> {
    if (arriving) return;
    arriving = true;
    for (let waited = 0; current === null && !closing.signal.aborted; waited += PRESENCE_LIMITS.look) {
      const own = missed && passes.get(`${missed.epoch} ${missed.issuer}`);
      const where = ahead ?? (missed && waited < PRESENCE_LIMITS.deserted ? null : ownStanding());
      const pass = own ?? (where && (await passAtDoor(where)));
      if (closing.signal.aborted || current !== null) break;
      if (pass) {
        install(open(pass, own ? null : where));
        break;
      }
      if (waited % PRESENCE_LIMITS.knock === 0) door.knock();
      await pause(PRESENCE_LIMITS.look, closing.signal);
    }
    arriving = false;
  }

  /** What an earlier visit left. A member comes back without its share, and so not under the name that should have one. */
  function passOfBefore(epoch: number, P: Uint8Array, { members }: Committee): Pass | undefined {
    return keys.passes.find(({ credential, P: issuer }) => credential.epoch === epoch && equalBytes(issuer, P) && !members.includes(credential.self) && old?.presence.self !== credential.self);
  }

  function keep(): void {
    const now: IssuedPass[] = current?.P ? [{ credential: current.credential, P: current.P, committee: null }] : [];
    keys.keep([...now, ...passes.values()]);
  }

  /** What lets a stranger into an epoch: made by itself, or issued by the committee for its work. */
  async function passAtDoor({ epoch, P, committee }: Standing): Promise<Pass | null> {
    if (P === null) return passOfRoom(epoch);
    // It has one from the epoch before, whose end it missed.
    const issued = [...passes.values()].find(({ credential, P: issuer }) => credential.epoch === epoch && equalBytes(issuer, P));
    if (issued) return issued;
    if (committee === null) return null;
    const kept = passOfBefore(epoch, P, committee.committee);
    if (kept) return kept;
    const enrolment = { committee: committee.committee, random: systemRandom, now, signal: closing.signal };
    const proof = await workFor(enrolment, epoch, door.self, work);
    asking = { epoch, over: new AbortController() };
    const limit = AbortSignal.any([closing.signal, asking.over.signal, AbortSignal.timeout(PRESENCE_LIMITS.visit)]);
    const token = await obtainToken({ ...enrolment, signal: limit }, proof, (member, request) => door.ask(member, request, true));
    const credential = token && (await redeemToken({ ...enrolment, signal: limit }, token, epoch, (member, sealed) => door.ask(member, sealed, false)));
    asking = null;
    return credential && { credential, P };
  }

  function open({ credential, P }: Pass, where: Standing | null): Held {
    const known = where?.committee ?? null;
    // In a large room the next epoch's links are made once its draw is known, which comes with the last one's end.
    const cut = where ? where.cut : standing().cut === null ? null : undefined;
    const presenceEvents: PresenceEvents = {
      onChange: events.onChange,
      onOutdated: events.onOutdated,
      onTampered: events.onTampered,
      onSent: sent.frame,
      onSentToServer: (bytes, to) => sent.server(bytes, to !== null),
      onMisissue: (proof) => registry.accuse(proof),
      onReachable(reachable, pending, beyond) {
        Object.assign(held, { reachable, pending, beyond });
        if (held === next && current) current.registry.saw(reachable.length + 1);
        if (held === current) {
          library?.reachable(reachable);
          events.onReachable(reachable, pending, beyond);
        }
        follow();
      },
      onMessage(from, bytes) {
        if (bytes[0] === REGISTRY_BYTE) return held.registry.receive(from, bytes);
        if (bytes[0] === RECEIPT_BYTE) return held.receipts.receive(from, bytes);
        if (isLibrary(bytes) || isBoard(bytes)) return held === current ? library?.receive(from, bytes) : undefined;
        if (held === current) return events.onMessage(from, bytes);
        if (held !== next) return;
        held.heard.set(from, bytes);
        if (events.leads(bytes)) goOver(held);
      },
    };
    const presence = createPresence({ options, room, credential, issuers: [P ?? room.issuer.P], cut, now, rtc: uplink.rtc, ...(beforeDial && { beforeDial }), events: presenceEvents });
    const registry = createRegistry({
      room,
      credential,
      guard: presence.guard,
      random: systemRandom,
      now,
      chance: systemChance,
      work,
      known,
      reachable: () => [...held.reachable, ...held.beyond],
      send: (to, bytes) => void presence.send(to, bytes, closing.signal, "keys").catch(unsent),
      broadcast: (bytes) => presence.broadcast(bytes, "keys", true),
      events: {
        onCommittee(hash) {
          if (held === current) events.onCommittee(hash);
        },
        onPseudonym(pseudonym, by) {
          const hash = registry.hash;
          if (hash !== null) {
            const pass = { credential: pseudonym, P: by, committee: hash };
            passes.set(nameOf(pass), pass);
            keep();
          }
          events.onChange();
        },
      },
    });
    const receipts = createReceipts({
      self: credential.self,
      certificate: credential.key.certificate,
      P: credential.key.P,
      guard: presence.guard,
      send: (to, bytes) => void presence.send(to, bytes, closing.signal, "status").catch(unsent),
      onReceipt: events.onReceipt,
    });
    const held: Held = { credential, presence, registry, receipts, P, cut, reachable: [], pending: [], beyond: [], heard: new Map() };
    tellApart(presence);
    if (uplink.slow) presence.setSlow(true);
    return held;
  }

  /** Where the others have gone on without this device. */
  function follow(): void {
    if (current && next && current.reachable.length === 0 && next.reachable.length > 0) goOver(next);
  }

  function goOver(held: Held): void {
    if (!closing.signal.aborted) install(held);
  }

  /** Something better to do than to look in there: the next epoch's links, or a visit to a heavier lineage. */
  const busy = ({ weight }: Standing): boolean => next !== null && (visited?.held !== next || visited.weight >= weight);

  /** Looks in on those that somebody at the door spoke of; goes there if a heavier model is there. */
  async function visit(where: Standing): Promise<void> {
    if (arriving || busy(where)) return;
    arriving = true;
    const pass = await passAtDoor(where);
    arriving = false;
    if (pass === null || busy(where) || closing.signal.aborted || !apart(where)) return;
    if (next) retire(next);
    const held = (next = open(pass, where));
    visited = { held, weight: where.weight };
    await pause(PRESENCE_LIMITS.visit, closing.signal);
    if (next !== held) return;
    retire(held);
    next = null;
  }

  function prepare(epoch: number, issuer: Hash | null | undefined, early: boolean): Held | null {
    if (closing.signal.aborted) return null;
    // A committee is there, but not agreed on yet: with the wrong certificate the links would be for nothing.
    if (issuer === null && early && current?.registry.hash) return null;
    const pass = next?.presence.epoch === epoch && (issuer === undefined || (next.P === null) === (issuer === null)) ? null : passFor(epoch, issuer);
    if (pass === null) return next?.presence.epoch === epoch ? next : null;
    if (next) retire(next);
    return (next = open(pass, null));
  }

  function enter(epoch: number, issuer: Hash | null | undefined): void {
    if (closing.signal.aborted || current?.presence.epoch === epoch) return;
    const entered = prepare(epoch, issuer, false);
    if (entered) return install(entered);
    // No pseudonym for it yet: it comes late, or it has to register with the epoch's own committee.
    if (current === null) return;
    ahead = null;
    missed = { epoch, issuer: issuer ?? undefined };
    leave(current);
  }

  function leave(held: Held): void {
    current = null;
    library?.left();
    linger(held);
    door.renew();
    void arrive();
  }

  function install(entered: Held): void {
    const left = current;
    current = entered;
    if (next && next !== entered) retire(next);
    next = visited = null;
    ahead = missed = null;
    if (left) {
      linger(left);
      door.renew();
    }
    for (const name of passes.keys()) if (Number(name.split(" ")[0]) <= entered.presence.epoch) passes.delete(name);
    keep();
    library?.entered(entered.presence, entered.credential);
    library?.reachable(entered.reachable);
    events.onEntered(entered.presence.self);
    if (entered.registry.hash) events.onCommittee(entered.registry.hash);
    events.onReachable(entered.reachable, entered.pending, entered.beyond);
    for (const [from, bytes] of entered.heard) events.onMessage(from, bytes);
    entered.heard.clear();
  }

  function linger(held: Held): void {
    if (old) retire(old);
    old = held;
    held.registry.end(held.presence.epoch + 1);
    void repeat(held, said);
  }

  async function repeat(held: Held, last: Uint8Array | null): Promise<void> {
    for (let waited = 0; waited < PRESENCE_LIMITS.linger; waited += PRESENCE_LIMITS.repeat) {
      await pause(PRESENCE_LIMITS.repeat, closing.signal);
      if (old !== held || closing.signal.aborted) return;
      if (last) held.presence.broadcast(last, "status");
    }
    old = null;
    retire(held);
  }

  function retire({ presence, registry }: Held): void {
    registry.close();
    presence.close();
    // With its goodbyes.
    add(retired, presence);
  }

  return {
    get current() {
      return current?.presence ?? null;
    },
    get slow() {
      return uplink.slow;
    },
    get issuer() {
      return current?.registry.view ?? null;
    },
    prepare: (epoch, issuer) => void prepare(epoch, issuer, true),
    enter,
    setCut(cut) {
      if (current === null || sameCut(cut, current.cut)) return;
      current.cut = cut;
      current.presence.setCut(cut);
    },
    committed(commit, group, near) {
      current?.registry.committed(commit, near);
      current?.receipts.committed(commit, group);
    },
    tick() {
      for (const held of [current, old]) held?.registry.tick();
      if (current === null && settled) void arrive(); // unless it is at it
      // The others have gone on, and their links with them: it is a newcomer again.
      if (current && ahead && current.reachable.length === 0 && apart(ahead) && next === null && !arriving) leave(current);
    },
    revoke: (peer) => current?.registry.revoke(peer),
    acquaint: (whom, about) => current?.presence.acquaint(whom, about) ?? Promise.resolve(),
    broadcast(bytes) {
      said = bytes;
      current?.presence.broadcast(bytes, "status");
    },
    totals: () => [current, next, old].reduce((sum, held) => (held ? add(sum, held.presence) : sum), structuredClone(retired)),
    close() {
      closing.abort();
      library?.left();
      door.close();
      uplink.close();
      for (const held of [current, next, old]) {
        held?.registry.close();
        held?.presence.close();
      }
    },
  };
}

const sameIssuer = (a: Uint8Array | null, b: Uint8Array | null): boolean => (a === null || b === null ? a === b : equalBytes(a, b));

const sameCut = (a: Cut | null, b: Cut | null | undefined): boolean => (a && b ? a.draw === b.draw && a.arcs === b.arcs : a === b);

/** The receiver is gone, or asks again. */
function unsent(error: unknown): void {
  if (!(error instanceof MeshError)) throw error;
}
