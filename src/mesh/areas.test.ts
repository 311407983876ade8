import { expect, test } from "vitest";
import type { PeerId } from "../wire/ids.ts";
import { MESH_LIMITS } from "./limits.ts";
import { createRoom, peer, type Member, type Room } from "./testing/room.ts";

const AREAS = 3;
const DEVICES = 36;
const areaOf = (id: PeerId): number => Number.parseInt(id.slice(0, 2), 16) % AREAS;
const near = (members: readonly Member[], one: Member): Member[] => members.filter((other) => other !== one && areaOf(other.id) === areaOf(one.id));

async function cutRoom(): Promise<{ room: Room; members: Member[] }> {
  const room = createRoom();
  const members = Array.from({ length: DEVICES }, (_, index) => room.join(peer(index + 1), { areas: "unknown" }));
  for (const { mesh } of members) mesh.setAreas(areaOf);
  await room.clock.advance(15_000);
  return { room, members };
}

const heardBy = (members: readonly Member[], from: Member): Member[] => members.filter(({ messages }) => messages.some((message) => message.from === from.id));

test("in a room cut into areas a device has its own in view, and of the others its neighbours alone", async () => {
  const { members } = await cutRoom();
  for (const one of members) {
    const { links, edges, pending } = one.mesh.snapshot();
    const abroad = links.map(({ peer: end }) => end).filter((end) => areaOf(end) !== areaOf(one.id));
    expect(abroad.length).toBeGreaterThan(0);
    expect(abroad.length).toBeLessThanOrEqual(2 * MESH_LIMITS.wideCircles);
    expect(one.reachable).toEqual([...near(members, one).map(({ id }) => id), ...abroad].sort());
    expect(pending).toEqual([]);
    for (const [a, b] of edges) expect(a === one.id || b === one.id || areaOf(a) === areaOf(b)).toBe(true);
  }
});

test("a message finds its way into another area, also when most ways there are gone", async () => {
  const { room, members } = await cutRoom();
  const [from, to] = [members[0]!, members.at(-2)!];
  expect(areaOf(from.id)).not.toBe(areaOf(to.id));
  await from.mesh.send(to.id, Uint8Array.of(1));
  await room.clock.advance(1_000);
  expect(to.messages).toEqual([{ from: from.id, bytes: Uint8Array.of(1) }]);

  const gates = near(members, from).filter(({ mesh }) => mesh.snapshot().links.some(({ peer: end }) => areaOf(end) === areaOf(to.id)));
  expect(gates.length).toBeGreaterThan(2);
  for (const { id } of gates.slice(1)) for (const other of members) if (areaOf(other.id) === areaOf(to.id)) room.network.block(id, other.id);
  for (const other of members) if (areaOf(other.id) === areaOf(to.id)) room.network.block(from.id, other.id);
  await room.clock.advance(1_000);
  await from.mesh.send(to.id, Uint8Array.of(2));
  await room.clock.advance(1_000);
  expect(to.messages.map(({ bytes }) => bytes[0])).toEqual([1, 2]);
  expect(from.beyond).toEqual(members.map(({ id }) => id).filter((id) => areaOf(id) !== areaOf(from.id)).sort());

  for (const other of members) if (areaOf(other.id) === areaOf(to.id)) room.network.block(gates[0]!.id, other.id);
  await room.clock.advance(1_000);
  expect(from.beyond, "nobody leads there").toEqual(members.map(({ id }) => id).filter((id) => ![areaOf(from.id), areaOf(to.id)].includes(areaOf(id))).sort());
});

test("what is told to all stays in the area and with its neighbours; what is told widely comes to everybody, once", async () => {
  const { room, members } = await cutRoom();
  const [one, other] = members as [Member, Member];
  one.mesh.broadcast(Uint8Array.of(1));
  await room.clock.advance(1_000);
  expect(heardBy(members, one).map(({ id }) => id).sort()).toEqual(one.reachable);

  other.mesh.broadcast(Uint8Array.of(2), undefined, true);
  await room.clock.advance(1_000);
  expect(heardBy(members, other)).toHaveLength(DEVICES - 1);
  for (const { messages } of members) expect(messages.filter(({ from }) => from === other.id).length).toBeLessThanOrEqual(1);
});

test("whoever waits to be told the areas is linked with nobody but those who call", async () => {
  const room = createRoom();
  const members = Array.from({ length: 6 }, (_, index) => room.join(peer(index + 1), { areas: "unknown" }));
  await room.clock.advance(5_000);
  for (const { mesh } of members) expect(mesh.snapshot().links).toEqual([]);
  members[0]!.mesh.setAreas(null);
  await room.clock.advance(5_000);
  expect(members[0]!.reachable).toEqual(members.slice(1).map(({ id }) => id));
});

test("a room that was one area is cut: what is known of the others is forgotten, and links into the own area are made", async () => {
  const room = createRoom();
  const members = Array.from({ length: DEVICES }, (_, index) => room.join(peer(index + 1)));
  await room.clock.advance(15_000);
  for (const one of members) expect(one.reachable).toHaveLength(DEVICES - 1);
  for (const { mesh } of members) mesh.setAreas(areaOf);
  await room.clock.advance(20_000);
  for (const one of members) {
    expect(one.reachable).toEqual(expect.arrayContaining(near(members, one).map(({ id }) => id)));
    expect(one.reachable.length).toBeLessThan(DEVICES - 1);
  }
});

test("where devices of a cut room go without a word and others come, each has those of its own area who are there in view, and can send to all others", async () => {
  const { room, members } = await cutRoom();
  const gone = members.filter((_, index) => index % 4 === 0);
  let living = members.filter((one) => !gone.includes(one));
  for (const [index, one] of gone.entries()) {
    room.network.freeze(one.id);
    one.mesh.close();
    room.leave(one.id);
    living = [...living, room.join(peer(DEVICES + 1 + index), { areas: areaOf })];
    await room.clock.advance(2_000);
  }
  await room.clock.advance(10_000);
  for (const one of living) {
    const own = near(living, one).map(({ id }) => id);
    expect(one.reachable.filter((id) => areaOf(id) === areaOf(one.id))).toEqual([...own].sort());
    expect([...one.beyond].sort()).toEqual(living.map(({ id }) => id).filter((id) => areaOf(id) !== areaOf(one.id)).sort());
  }
  const from = living.at(-1)!;
  for (const to of from.beyond) await from.mesh.send(to, Uint8Array.of(1));
  await room.clock.advance(2_000);
  expect(heardBy(living, from).map(({ id }) => id).sort()).toEqual([...from.beyond].sort());
});

test("whoever was told wrong areas is called by those of its own, and has them all in view once it is told right", async () => {
  const { room, members } = await cutRoom();
  const deceived = room.join(peer(DEVICES + 1), { areas: (id) => Math.floor(Number.parseInt(id.slice(0, 2), 16) / AREAS) % AREAS });
  await room.clock.advance(10_000);
  const own = near(members, deceived);
  for (const one of own) expect(one.reachable).toContain(deceived.id);
  await own[0]!.mesh.send(deceived.id, Uint8Array.of(1));
  own[0]!.mesh.broadcast(Uint8Array.of(2));
  await room.clock.advance(1_000);
  expect(deceived.messages.filter(({ from }) => from === own[0]!.id).map(({ bytes }) => bytes[0])).toEqual([1, 2]);

  deceived.mesh.setAreas(areaOf);
  await room.clock.advance(15_000);
  expect(deceived.reachable).toEqual(expect.arrayContaining(own.map(({ id }) => id)));
});
