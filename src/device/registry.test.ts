import { expect, onTestFinished, test } from "vitest";
import { fullKey, createIssuer, setSecretValue, type Issuer } from "../identity/keys.ts";
import { scalarBytes } from "../identity/suite.ts";
import { genesisRecord, type Hash } from "../swarm/record.ts";
import { enrolled, type Commit } from "../swarm/roll.ts";
import type { PeerId } from "../wire/ids.ts";
import { credentialOf, drawId, roomCredential, type Credential } from "./credential.ts";
import { createGuard, type EpochGuard } from "./guard.ts";
import { createRegistry, drawMembers, REGISTRY_LIMITS, type Registry } from "./registry.ts";
import { roomKeys, systemRandom, type RoomKeys } from "./room.ts";

interface Person {
  id: PeerId;
  guard: EpochGuard;
  registry: Registry;
  here: boolean;
  committees: (Hash | null)[];
  pseudonym: { credential: Credential; P: Uint8Array } | null;
}

const CHEAP = { memory: 8, passes: 1, bits: 0 };
const root = (round: number): Hash => round.toString(16).padStart(2, "0").repeat(32);

/** Devices of one epoch on a bus that delivers in order, as the mesh does. */
function gather(n: number, issuer: Issuer | null = null): { people: Person[]; room: RoomKeys; commit(round: number, closing?: boolean): void; leave(person: Person): void; settle(done: () => boolean): Promise<void> } {
  const room = roomKeys({ server: "ws://localhost/signal", iceServers: [], relayOnly: false }, "task");
  const people: Person[] = [];
  const deliver = (from: PeerId, to: PeerId, bytes: Uint8Array): void => {
    const copy = bytes.slice();
    queueMicrotask(() => {
      const [source, target] = [people.find(({ id }) => id === from)!, people.find(({ id }) => id === to)];
      if (source.here && target?.here) target.registry.receive(from, copy);
    });
  };
  for (let i = 0; i < n; i++) {
    const credential = roomCredential({ ...room, issuer: issuer ?? room.issuer }, 0, systemRandom);
    const { self } = credential;
    const guard = createGuard(room, credential, [(issuer ?? room.issuer).P], systemRandom, (proof) => person.registry.accuse(proof));
    const registry = createRegistry({
      room,
      credential,
      guard,
      random: systemRandom,
      now: () => performance.now(),
      chance: () => systemRandom(1)[0]! / 1024,
      work: CHEAP,
      known: null,
      reachable: () => people.filter(({ id, here }) => here && id !== self).map(({ id }) => id),
      send: (to, bytes) => deliver(self, to, bytes),
      broadcast: (bytes) => people.forEach(({ id }) => id !== self && deliver(self, id, bytes)),
      events: {
        onCommittee: (hash) => void person.committees.push(hash),
        onPseudonym: (next, P) => void (person.pseudonym = { credential: next, P }),
      },
    });
    const person: Person = { id: self, guard, registry, here: true, committees: [], pseudonym: null };
    people.push(person);
  }
  // Everybody has heard everybody say something.
  const statement = new TextEncoder().encode("here");
  for (const each of people) for (const other of people) if (other !== each) each.guard.check(other.id, statement, other.guard.prove(statement));
  const commitOf = (round: number): Commit => {
    const roll = { contributors: [], node: 0, rows: [], members: people.filter(({ here }) => here).map(({ id }) => id).sort() };
    return { record: { ...genesisRecord("00".repeat(32), "11".repeat(32), 0), ...enrolled(roll), round }, root: root(round), roll };
  };
  const clock = setInterval(() => people.forEach(({ here, registry }) => here && registry.tick()), 50);
  onTestFinished(() => {
    clearInterval(clock);
    people.forEach(({ registry }) => registry.close());
  });
  return {
    people,
    room,
    commit: (round, closing = false) => people.forEach(({ here, registry }) => here && registry.committed(commitOf(round), closing)),
    leave(person) {
      person.here = false;
    },
    async settle(done) {
      for (let i = 0; i < 600 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
      expect(done()).toBe(true);
    },
  };
}

const hashes = (people: readonly Person[]): Set<Hash | null> => new Set(people.filter(({ here }) => here).map(({ registry }) => registry.hash));

test("five devices form a committee, and each gets a pseudonym that all others accept in the next epoch, and only one", async () => {
  const { people, room, commit, settle } = gather(5);
  commit(1);
  await settle(() => people.every(({ pseudonym }) => pseudonym !== null));
  expect(hashes(people).size).toBe(1);
  const issued = people.map(({ pseudonym }) => pseudonym!);
  const statement = new TextEncoder().encode("a new epoch");
  const guards = issued.map(({ credential, P }) => createGuard(room, credential, [P], systemRandom));
  for (const guard of guards) {
    issued.forEach(({ credential }, at) => guard.check(credential.self, statement, guards[at]!.prove(statement)));
    // A pseudonym that its device made for itself is a stranger's now.
    const own = roomCredential(room, 1, systemRandom);
    const stranger = createGuard(room, own, [room.issuer.P], systemRandom);
    expect(() => guard.check(own.self, statement, stranger.prove(statement))).toThrow("no committee");
    expect(guard.refusals.unknown).toBe(1);
  }
  for (const { registry } of people) registry.saw(5);
  for (const { registry } of people) registry.end(1);
  await settle(() => people.every(({ registry }) => registry.view?.counts !== null));
  for (const { registry } of people) {
    const { counts, accounted, threshold } = registry.view!;
    // Each token was shown to t members or more, and t of them gave a share for it.
    expect(counts!.issued).toBe(5 * threshold);
    expect(counts!.issued).toBeLessThanOrEqual(counts!.spent);
    expect(accounted).toBe(true);
    registry.saw(6);
    expect(registry.view!.accounted, "more pseudonyms than tokens").toBe(false);
  }
});

test("when a member leaves, the old committee signs the new one, and nobody takes one that it did not sign", async () => {
  const { people, commit, leave, settle } = gather(6);
  commit(1);
  await settle(() => people.every(({ registry }) => registry.hash !== null));
  const [before] = hashes(people);
  leave(people[0]!);
  commit(2);
  await settle(() => hashes(people).size === 1 && ![...hashes(people)].includes(before!));
  const { committee, succession } = people[1]!.registry.announcement!;
  expect(committee).toMatchObject({ generation: 1, lineage: 1, members: drawMembers(root(2), people.slice(1).map(({ id }) => id)) });
  expect(succession).toHaveLength(64);
});

test("survivors of a committee that lost its threshold found another", async () => {
  const { people, commit, leave, settle } = gather(7);
  commit(1);
  await settle(() => people.every(({ registry }) => registry.hash !== null));
  for (const person of people.slice(0, 3)) leave(person);
  await settle(() => people.slice(3).every(({ registry }) => registry.hash === null));
  commit(5);
  await settle(() => people.slice(3).every(({ registry }) => registry.hash !== null));
  expect(hashes(people).size).toBe(1);
  expect(people[3]!.registry.announcement!.committee).toMatchObject({ generation: 0, lineage: 5 });
  for (const { committees } of people.slice(3)) expect(committees).toEqual([expect.any(String), null, expect.any(String)]);
});

test("three devices form none", async () => {
  const { people, commit } = gather(3);
  commit(1);
  expect(hashes(people)).toEqual(new Set([null]));
});

const statement = new TextEncoder().encode("said");

test("whoever comes in by a committee keeps it until it has its links, and not for ever without them", async () => {
  const { people, room, commit, settle } = gather(4, createIssuer(systemRandom));
  commit(1);
  await settle(() => people.every(({ registry }) => registry.hash !== null));
  const { announcement: known, hash } = people[0]!.registry;
  const credential = roomCredential(room, 0, systemRandom);
  const ignore = (): void => undefined;
  let time = 0;
  const registry = createRegistry({
    room,
    credential,
    guard: createGuard(room, credential, [], systemRandom),
    random: systemRandom,
    now: () => time,
    chance: () => 0,
    work: CHEAP,
    known,
    reachable: () => [],
    send: ignore,
    broadcast: ignore,
    events: { onCommittee: ignore, onPseudonym: ignore },
  });
  onTestFinished(() => registry.close());
  registry.tick();
  expect(registry.hash).toBe(hash);
  time = REGISTRY_LIMITS.arrival;
  registry.tick();
  expect(registry.hash).toBe(null);
});

test("members that hold a pseudonym for a cheat's have it revoked for everybody, by a list that the committee signs", async () => {
  const { people, commit, settle } = gather(5, createIssuer(systemRandom));
  commit(1);
  await settle(() => people.every(({ registry }) => registry.hash !== null));
  const cheat = people[2]!;
  const others = people.filter((person) => person !== cheat);
  others[0]!.registry.revoke(cheat.id);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(() => others[1]!.guard.check(cheat.id, statement, cheat.guard.prove(statement)), "one member's word is not enough").not.toThrow();
  for (const { registry } of others) registry.revoke(cheat.id);
  const refused = ({ guard }: Person): boolean => {
    try {
      guard.check(cheat.id, statement, cheat.guard.prove(statement));
      return false;
    } catch {
      return guard.refusals.revoked > 0;
    }
  };
  await settle(() => others.every(refused));
  // It gets no token for the next epoch either, so that exclusion lasts.
  commit(2, true);
  await settle(() => others.every(({ pseudonym }) => pseudonym !== null));
  expect(cheat.pseudonym).toBe(null);
});

test("whoever meets two keys of one id publishes the proof, and nobody takes a pseudonym of that issuer any more", async () => {
  const secret = scalarBytes(7n ** 80n);
  const issuer = createIssuer(secret);
  const { people, room, settle } = gather(4, issuer);
  const drawn = drawId(room.hash, 0, systemRandom);
  const twins = [issuer, createIssuer(secret)].map(({ P, extract }) => {
    const secretValue = setSecretValue(systemRandom);
    const credential = credentialOf(fullKey({ id: drawn.id, P, secretValue, partial: extract(drawn.id, secretValue.U, systemRandom) }), drawn);
    return { self: credential.self, guard: createGuard(room, credential, [P], systemRandom) };
  });
  // As in a room: signalling comes first, and what is signed for everybody after it.
  for (const { self, guard } of twins) expect(people[0]!.guard.openBlob(self, guard.sealBlob(people[0]!.id, statement))).toEqual(statement);
  for (const { self, guard } of twins) people[0]!.guard.check(self, statement, guard.prove(statement));
  await settle(() => people.every(({ guard }) => guard.issuers.length === 0));
  expect(() => people[3]!.guard.check(twins[0]!.self, statement, twins[0]!.guard.prove(statement))).toThrow();
});

test("a room that trusts its own issuer and a committee opens what either's pseudonyms send", () => {
  const room = roomKeys({ server: "ws://localhost/signal", iceServers: [], relayOnly: false }, "task");
  const other = createIssuer(systemRandom);
  const receiver = roomCredential(room, 0, systemRandom);
  const guard = createGuard(room, receiver, [room.issuer.P], systemRandom);
  guard.trust(other.P);
  for (const issuer of [room.issuer, other]) {
    const sender = roomCredential({ ...room, issuer }, 0, systemRandom);
    const sealed = createGuard(room, sender, [issuer.P], systemRandom).sealBlob(receiver.self, statement);
    expect(guard.openBlob(sender.self, sealed)).toEqual(statement);
    expect(guard.known(sender.self)?.P).toEqual(issuer.P);
  }
  const stranger = createIssuer(systemRandom);
  const unknown = roomCredential({ ...room, issuer: stranger }, 0, systemRandom);
  const sealed = (): Uint8Array => createGuard(room, unknown, [], systemRandom).sealBlob(receiver.self, statement);
  expect(() => guard.openBlob(unknown.self, sealed())).toThrow();
  // Others of the room are let in by it, who are apart: it is no forgery then, and nobody tampered with it.
  guard.hear(stranger.P);
  expect(guard.openBlob(unknown.self, sealed())).toBe(null);
  expect([guard.refusals.forged, guard.refusals.unknown]).toEqual([1, 1]);
  expect(() => guard.check(unknown.self, statement, createGuard(room, unknown, [], systemRandom).prove(statement)), "it is not let in").toThrow();
});
