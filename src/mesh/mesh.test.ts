import { afterEach, expect, test, vi } from "vitest";
import type { PeerId } from "../wire/ids.ts";
import { createRandom } from "../wire/random.ts";
import { FRAME_VERSION, split } from "./frame.ts";
import type { Guard } from "./guard.ts";
import { inviteCodec } from "./invite.ts";
import { MESH_LIMITS } from "./limits.ts";
import { packetHeader, statementOf } from "./packet.ts";
import type { RtcHost } from "./rtc.ts";
import { createTestGuard } from "./testing/guard.ts";
import { createRoom, peer, type Member, type Room } from "./testing/room.ts";
import { createUplink } from "./uplink.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);
const got = (member: Member): string[] => member.messages.map((message) => text(message.bytes));
const edgesOf = (member: Member): number => member.mesh.snapshot().edges.length;

let room: Room;
afterEach(() => {
  for (const member of room.members.values()) member.mesh.close();
});

/** Devices 1 to n, given time to link up. */
async function gather(n: number, options: Parameters<Room["join"]>[1] = {}): Promise<Member[]> {
  room = createRoom();
  const members = Array.from({ length: n }, (_, i) => room.join(peer(i + 1), options));
  await room.clock.advance(8_000);
  return members;
}

const others = (members: Member[], self: Member): PeerId[] => members.filter((member) => member !== self).map((member) => member.id);
const ring = { degree: 2, forced: true };

test("two devices find each other and talk both ways", async () => {
  const [a, b] = (await gather(2)) as [Member, Member];
  expect(a.reachable).toEqual([b.id]);
  expect(b.pending).toEqual([]);
  await Promise.all([a.mesh.send(b.id, bytes("to b")), b.mesh.send(a.id, bytes("to a")), room.clock.advance(100)]);
  expect([got(a), got(b)]).toEqual([["to a"], ["to b"]]);
});

test("nine devices are linked each with each", async () => {
  const members = await gather(9);
  for (const member of members) expect(member.mesh.snapshot().links.length).toBe(8);
  expect(edgesOf(members[0]!)).toBe(36);
});

test("six devices forced to two links each make a ring that carries unicast and broadcast to everybody", async () => {
  const members = await gather(6, ring);
  for (const member of members) {
    expect(member.mesh.snapshot().links.length).toBe(2);
    expect(edgesOf(member)).toBe(6);
    expect(member.reachable).toEqual(others(members, member));
  }
  const [first] = members as [Member];
  first.mesh.broadcast(bytes("to all"));
  const sends = others(members, first).map((to) => first.mesh.send(to, bytes(`to ${to}`)));
  await Promise.all([...sends, room.clock.advance(500)]);
  expect(first.messages).toEqual([]);
  for (const member of members.slice(1)) {
    expect(got(member).sort()).toEqual([`to ${member.id}`, "to all"]);
    expect(member.messages.every(({ from }) => from === first.id)).toBe(true);
  }
});

test("group members get direct links on top of a thin overlay", async () => {
  const members = await gather(12, { degree: 2 });
  const group = members.slice(0, 5).map((member) => member.id);
  for (const member of members.slice(0, 5)) member.mesh.setGroup(group);
  await room.clock.advance(3_000);
  for (const member of members.slice(0, 5)) {
    const links = member.mesh.snapshot().links.map((link) => link.peer);
    for (const fellow of group) if (fellow !== member.id) expect(links).toContain(fellow);
  }
  for (const member of members.slice(0, 5)) member.mesh.setGroup([]);
  await room.clock.advance(MESH_LIMITS.unneededLinger + 3_000);
  for (const member of members) expect(member.mesh.snapshot().links.length).toBe(2);
});

test("a link that is no longer needed stays until the message on it is through", async () => {
  room = createRoom({ bytesPerSecond: 1e6 });
  const members = Array.from({ length: 12 }, (_, i) => room.join(peer(i + 1), { degree: 2 }));
  await room.clock.advance(8_000);
  const [a] = members as [Member];
  const linked = a.mesh.snapshot().links.map((link) => link.peer);
  const b = members.find((member) => member !== a && !linked.includes(member.id))!;
  for (const member of [a, b]) member.mesh.setGroup([a.id, b.id]);
  await room.clock.advance(3_000);
  const sent = a.mesh.send(b.id, new Uint8Array(20_000_000));
  for (const member of [a, b]) member.mesh.setGroup([]);
  await room.clock.advance(MESH_LIMITS.unneededLinger + 5_000);
  expect(room.network.connected(a.id, b.id)).toBe(true);
  await Promise.all([sent, room.clock.advance(20_000)]);
  expect(b.messages.length).toBe(1);
  expect(a.mesh.snapshot().up.own).toBeLessThan(20_100_000);
  expect(room.network.connected(a.id, b.id)).toBe(false);
});

test.each([
  ["a full mesh of four", 4, {}],
  ["a ring of six", 6, ring],
])("in %s a device that falls silent is unreachable on all others within 5 seconds", async (_, n, options) => {
  const members = await gather(n, options);
  const lost = members[2]!;
  room.network.freeze(lost.id);
  await room.clock.advance(5_000);
  const rest = members.filter((member) => member !== lost);
  for (const member of rest) expect(member.reachable).toEqual(others(rest, member));
});

test("the server's hint that a device is gone is checked, and shortens the wait when it is true", async () => {
  const members = await gather(4);
  const [a, b, c, d] = members as [Member, Member, Member, Member];
  a.mesh.gone(b.id);
  await room.clock.advance(3_000);
  expect(a.reachable).toContain(b.id);
  room.network.freeze(d.id);
  room.leave(d.id);
  await room.clock.advance(2_000);
  for (const member of [a, b, c]) expect(member.reachable).not.toContain(d.id);
});

/** A pair whose packets are held up by loss, though both ends' networks hear each other. */
async function jammedPair(): Promise<[Member, Member]> {
  const [a, b] = (await gather(2)) as [Member, Member];
  room.network.jam(a.id, b.id);
  return [a, b];
}

test("a link on which loss holds everything up stays as long as the network brings signs of the peer", async () => {
  const [a, b] = await jammedPair();
  const { up } = a.mesh.snapshot().links[0]!;
  await Promise.all([a.mesh.send(b.id, bytes("late")), room.clock.advance(3 * MESH_LIMITS.linkSilence)]);
  a.mesh.gone(b.id);
  await room.clock.advance(MESH_LIMITS.linkSilence);
  expect([a.reachable, b.reachable]).toEqual([[b.id], [a.id]]);
  expect(got(b)).toEqual([]);
  room.network.unjam(a.id, b.id);
  expect(got(b)).toEqual(["late"]);
  await room.clock.advance(5_000);
  const [link] = a.mesh.snapshot().links;
  expect(link!.up, "the bytes of one link").toBeGreaterThan(up);
  expect([a.reachable, b.reachable]).toEqual([[b.id], [a.id]]);
});

test("a device that falls silent is found as quickly where loss held everything up before", async () => {
  const [a, b] = await jammedPair();
  await room.clock.advance(10_000);
  expect(a.reachable).toEqual([b.id]);
  room.network.freeze(b.id);
  await room.clock.advance(5_000);
  expect(a.reachable).toEqual([]);
});

test("a network that brings nothing but signs of life keeps no link for ever", async () => {
  const [a, b] = await jammedPair();
  await room.clock.advance(MESH_LIMITS.channelSilence - 2_000);
  expect(a.reachable).toEqual([b.id]);
  await room.clock.advance(3_000);
  expect(a.reachable).toEqual([]);
});

test("a broken link is made again", async () => {
  const [a, b] = (await gather(2)) as [Member, Member];
  room.network.cut(a.id, b.id);
  await room.clock.advance(20);
  expect(a.reachable).toEqual([]);
  expect(a.pending).toEqual([b.id]);
  await room.clock.advance(3_000);
  expect(a.reachable).toEqual([b.id]);
  expect(b.reachable).toEqual([a.id]);
});

test("while the server is down the mesh goes on and mends its links over itself", async () => {
  const members = await gather(6, ring);
  room.serverUp = false;
  const [first] = members as [Member];
  const neighbour = first.mesh.snapshot().links[0]!.peer;
  room.network.cut(first.id, neighbour);
  await Promise.all([first.mesh.send(neighbour, bytes("the long way round")), room.clock.advance(500)]);
  expect(got(room.members.get(neighbour)!)).toEqual(["the long way round"]);
  await room.clock.advance(5_000);
  expect(room.network.connected(first.id, neighbour)).toBe(true);
  for (const member of members) expect(edgesOf(member)).toBe(6);
});

test("two parts of a room that lost each other find together again", async () => {
  const members = await gather(6);
  const left = members.slice(0, 3);
  const right = members.slice(3);
  for (const a of left) for (const b of right) room.network.block(a.id, b.id);
  await room.clock.advance(40_000);
  for (const member of left) expect(member.reachable).toEqual(others(left, member));
  for (const a of left) for (const b of right) room.network.unblock(a.id, b.id);
  await room.clock.advance(30_000);
  for (const member of members) expect(member.reachable).toEqual(others(members, member));
});

test("a device that comes back under its name is linked again", async () => {
  const [a, b] = (await gather(2)) as [Member, Member];
  b.mesh.close();
  room.leave(b.id);
  await room.clock.advance(1_000);
  expect(a.reachable).toEqual([]);
  const again = room.join(b.id);
  await room.clock.advance(6_000);
  expect(a.reachable).toEqual([b.id]);
  expect(again.reachable).toEqual([a.id]);
});

test("20 MB arrive intact on a slow link, with small messages in between and the link alive", async () => {
  room = createRoom({ bytesPerSecond: 1e6 });
  const [a, b] = [room.join(peer(1)), room.join(peer(2))];
  await room.clock.advance(2_000);
  const random = createRandom("20 MB");
  const update = new Uint8Array(new Uint32Array(5_000_000).map(() => random.uint32()).buffer);
  const sent = a.mesh.send(b.id, update);
  await room.clock.advance(5_000);
  await Promise.all([a.mesh.send(b.id, bytes("between")), room.clock.advance(1_000)]);
  expect(got(b)).toEqual(["between"]);
  await room.clock.advance(20_000);
  await sent;
  expect(b.messages.length).toBe(2);
  expect(Buffer.compare(b.messages[1]!.bytes, update)).toBe(0);
  expect(a.reachable).toEqual([b.id]);
  expect(b.mesh.snapshot().links.length).toBe(1);
});

test("a big message whose link breaks half-way takes another way and arrives once", async () => {
  const members = await gather(4, ring);
  const [a] = members as [Member];
  const to = room.members.get(a.mesh.snapshot().links[0]!.peer)!;
  const sent = a.mesh.send(to.id, new Uint8Array(8_000_000).fill(7));
  await room.clock.advance(200);
  room.network.block(a.id, to.id);
  await Promise.all([sent, room.clock.advance(10_000)]);
  expect(to.messages.map((message) => message.bytes.length)).toEqual([8_000_000]);
});

test("malformed bytes cost that peer its link and nobody else anything", async () => {
  const [a, b, c] = (await gather(3)) as [Member, Member, Member];
  const bad = [Uint8Array.of(1, 2, 3), split(0, [new Uint8Array(9)]).next(), new Uint8Array(MESH_LIMITS.frameBytesMax + 1).fill(1)];
  for (const [index, frame] of bad.entries()) {
    if (index > 0) await room.clock.advance(MESH_LIMITS.malformedHold + 30_000);
    expect(room.network.connected(a.id, b.id)).toBe(true);
    room.network.inject(b.id, a.id, frame);
    await room.clock.advance(1_000);
    expect(a.dropped.map((drop) => drop.peer)).toEqual(bad.slice(0, index + 1).map(() => b.id));
    expect(room.network.connected(a.id, b.id)).toBe(false);
    expect(room.network.connected(a.id, c.id)).toBe(true);
  }
  expect(b.dropped).toEqual([]);
  await Promise.all([a.mesh.send(c.id, bytes("still here")), room.clock.advance(100)]);
  expect(got(c)).toEqual(["still here"]);
});

test("a malformed signalling blob drops its sender and nobody else", async () => {
  const [a, b, c] = (await gather(3)) as [Member, Member, Member];
  room.blob(c.id, a.id, createTestGuard(c.id).sealBlob(a.id, Uint8Array.of(1, 2, 3)));
  await room.clock.advance(100);
  expect(a.dropped.map((drop) => drop.peer)).toEqual([c.id]);
  expect(a.mesh.snapshot().links.map((link) => link.peer)).toEqual([b.id]);
});

test("a blob that the server changed is named as the server's doing, and costs the peer nothing", async () => {
  const [a, b, c] = (await gather(3)) as [Member, Member, Member];
  const sealed = createTestGuard(c.id).sealBlob(a.id, Uint8Array.of(1, 2, 3));
  room.blob(c.id, a.id, sealed.map((byte, at) => (at === sealed.length - 1 ? byte ^ 1 : byte)));
  room.blob(b.id, a.id, sealed);
  await room.clock.advance(100);
  expect(a.tampered).toEqual([{ from: c.id, way: "server" }, { from: b.id, way: "server" }]);
  expect(a.dropped).toEqual([]);
  expect(a.mesh.snapshot().links.map((link) => link.peer)).toEqual([b.id, c.id]);
});

test("whoever sits between two devices with certificates of its own is found out by the greeting", async () => {
  room = createRoom();
  // Both sides are given descriptions with the certificates of the middle, which then talks with both.
  const middle = (id: PeerId): Guard => {
    const guard = createTestGuard(id);
    return {
      ...guard,
      openBlob(from, sealed) {
        const invite = inviteCodec.decode(guard.openBlob(from, sealed)!);
        return inviteCodec.encode("sdp" in invite ? { ...invite, sdp: invite.sdp.replace("AA:", "BB:") } : invite);
      },
    };
  };
  const host = (id: PeerId): RtcHost => {
    const inner = room.network.host(id);
    return { ...inner, signal: (link, data) => inner.signal(link, data.replaceAll("BB:", "AA:")) };
  };
  const a = room.join(peer(1), { guard: middle(peer(1)), rtc: host(peer(1)) });
  const b = room.join(peer(2), { guard: middle(peer(2)), rtc: host(peer(2)) });
  await room.clock.advance(3_000);
  expect(a.dropped.concat(b.dropped).map(({ error }) => error.message)).toContain("not what its source said");
  expect([a.reachable, b.reachable]).toEqual([[], []]);
});

test("a flood that its source never said is not passed on, and costs the link of who brought it", async () => {
  const [a, b, c] = (await gather(3)) as [Member, Member, Member];
  const header = packetHeader({ kind: "flood", ttl: 9, sequence: 1, source: b.id, destination: null });
  const said = bytes("b never said this");
  const proof = createTestGuard(c.id).prove(statementOf(header, said));
  room.network.inject(c.id, a.id, split(1e6, [header, said, proof]).next());
  await room.clock.advance(100);
  expect(a.messages).toEqual([]);
  expect(a.dropped.map((drop) => drop.peer)).toEqual([c.id]);
  expect(b.messages).toEqual([]);
});

test("a malformed blob over a relay costs the peer nothing that it claims to be from", async () => {
  room = createRoom();
  const a = room.join(peer(1));
  const b = room.join(peer(2));
  const host = room.network.host(peer(3));
  let lastId = 0;
  const c = room.join(peer(3), {
    rtc: {
      ...host,
      send(link, frame) {
        if (link.startsWith(a.id)) lastId = new DataView(frame.buffer).getUint32(4);
        return host.send(link, frame);
      },
    },
  });
  await room.clock.advance(3_000);
  const header = packetHeader({ kind: "signal", ttl: 9, sequence: 1, source: b.id, destination: a.id });
  room.network.inject(c.id, a.id, split(lastId + 1, [header, createTestGuard(c.id).sealBlob(a.id, Uint8Array.of(1, 2, 3))]).next());
  const before = a.mesh.snapshot().down.overhead;
  await room.clock.advance(100);
  expect(a.mesh.snapshot().down.overhead).toBeGreaterThan(before);
  expect(a.tampered).toEqual([{ from: b.id, way: "mesh" }]);
  expect(a.dropped).toEqual([]);
  expect(a.mesh.snapshot().links.map((link) => link.peer).sort()).toEqual([b.id, c.id]);
});

test("a peer of another version is reported as outdated, not as malformed, and told so", async () => {
  const [a, b, c] = (await gather(3)) as [Member, Member, Member];
  const frame = split(0, [new Uint8Array(50)]).next();
  frame[0] = FRAME_VERSION + 1;
  room.network.inject(b.id, a.id, frame);
  await room.clock.advance(200);
  expect([a.outdated, a.dropped]).toEqual([[b.id], []]);
  expect([b.outdated, b.dropped]).toEqual([[a.id], []]);
  expect(a.mesh.snapshot().links.map((link) => link.peer)).toEqual([c.id]);
  const blob = Uint8Array.of(9, 0, 0);
  room.blob(c.id, a.id, blob);
  await room.clock.advance(200);
  expect([a.outdated, a.dropped]).toEqual([[b.id, c.id], []]);
});

test("a send that cannot succeed is rejected with what went wrong", async () => {
  const [a, b] = (await gather(2)) as [Member, Member];
  await expect(a.mesh.send(peer(9), bytes("nobody"))).rejects.toMatchObject({ name: "MeshError", code: "unreachable" });
  await expect(a.mesh.send(b.id, new Uint8Array(MESH_LIMITS.messageBytes))).rejects.toMatchObject({ code: "oversized" });
  await expect(a.mesh.send(b.id, bytes("late"), { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
  const abort = new AbortController();
  const half = a.mesh.send(b.id, new Uint8Array(20_000_000), { signal: abort.signal });
  const waiting = a.mesh.send(b.id, new Uint8Array(20_000_000));
  const aborted = expect(half).rejects.toMatchObject({ code: "aborted" });
  await room.clock.advance(300);
  abort.abort();
  await aborted;
  await Promise.all([waiting, room.clock.advance(4_000)]);
  expect(b.messages.map((message) => message.bytes.length)).toEqual([20_000_000]);
  const unfinished = a.mesh.send(b.id, new Uint8Array(20_000_000));
  const closed = expect(unfinished).rejects.toMatchObject({ code: "closed" });
  a.mesh.close();
  await closed;
  await expect(a.mesh.send(b.id, bytes("closed"))).rejects.toMatchObject({ code: "closed" });
});

test("a send to a peer that freezes half-way is rejected, not left hanging", async () => {
  const [a, b] = (await gather(2)) as [Member, Member];
  const failed = expect(a.mesh.send(b.id, new Uint8Array(20_000_000))).rejects.toMatchObject({ code: "unreachable" });
  await room.clock.advance(100);
  room.network.freeze(b.id);
  await room.clock.advance(5_000);
  await failed;
});

test("bytes are counted at the channel, with those relayed and repeated", async () => {
  const members = await gather(4, ring);
  const [a] = members as [Member];
  const linked = a.mesh.snapshot().links.map((link) => link.peer);
  const far = members.find((member) => member !== a && !linked.includes(member.id))!;
  const before = members.map((member) => member.mesh.snapshot());
  await Promise.all([a.mesh.send(far.id, new Uint8Array(100_000)), room.clock.advance(500)]);
  a.mesh.broadcast(new Uint8Array(1_000));
  await room.clock.advance(500);
  const grown = (at: number, way: "up" | "down", kind: "own" | "relayed"): number => members[at]!.mesh.snapshot()[way][kind] - before[at]![way][kind];
  const relays = members.map((_, at) => grown(at, "up", "relayed"));
  expect(grown(0, "up", "own")).toBeGreaterThan(102_000);
  expect(relays.filter((count) => count > 100_000).length).toBe(1);
  // On a ring of four the broadcast meets itself: somebody gets it a second time.
  expect(members.reduce((sum, _, at) => sum + grown(at, "down", "relayed"), 0)).toBeGreaterThan(101_000);
  for (const member of members) {
    const { up } = member.mesh.snapshot();
    expect(up.own + up.relayed + up.overhead).toBe(room.network.sentBy(member.id));
  }
});

test("what is told to all comes to each of sixteen once, and again only where three bring it", async () => {
  const members = await gather(16);
  const [a] = members as [Member];
  const copies = (): number => members.reduce((sum, member) => sum + member.mesh.snapshot().up.relayed, 0);
  const before = copies();
  a.mesh.broadcast(new Uint8Array(10_000));
  await room.clock.advance(500);
  for (const member of members) expect(member.messages.length).toBe(member === a ? 0 : 1);
  const far = members.length - 1 - a.mesh.snapshot().links.length;
  expect(copies() - before).toBeLessThan(MESH_LIMITS.relays * far * 10_500);
});

test("a newcomer to a room of 24 gets the map once, and not over each of its links", async () => {
  await gather(24);
  const newcomer = room.join(peer(25));
  await room.clock.advance(3_000);
  const { links, edges, down } = newcomer.mesh.snapshot();
  expect(newcomer.reachable.length).toBe(24);
  expect(links.length).toBeGreaterThan(4);
  const map = edges.length * 2 * 16 + 25 * 80;
  expect(down.overhead).toBeLessThan(8 * map);
});

test("whether a TURN server gives relays is known once somebody was called, where one is named", async () => {
  for (const turn of [undefined, false, true]) {
    room = createRoom(turn === undefined ? {} : { turn });
    const a = room.join(peer(1));
    await room.clock.advance(1_000);
    expect(a.mesh.snapshot().turn).toBe(null);
    room.join(peer(2));
    await room.clock.advance(1_000);
    expect(a.mesh.snapshot().turn).toBe(turn ?? null);
    for (const member of room.members.values()) member.mesh.close();
  }
});

test("nothing is opened before the gate is", async () => {
  room = createRoom();
  let open = (): void => undefined;
  const gate = vi.fn(() => new Promise<void>((resolve) => (open = resolve)));
  const a = room.join(peer(1), { beforeDial: gate });
  const b = room.join(peer(2));
  await room.clock.advance(5_000);
  expect(gate).toHaveBeenCalledTimes(1);
  expect(b.reachable).toEqual([]);
  open();
  await room.clock.advance(MESH_LIMITS.connectTimeout);
  expect([a.reachable, b.reachable]).toEqual([[b.id], [a.id]]);
});

test("devices whose clocks stood still do not blame each other for the silence", async () => {
  const [a, b] = (await gather(2)) as [Member, Member];
  const live = a.mesh.snapshot().links[0]!;
  // All timers of both run late by a minute, as after a lid was opened: no time passed between their ticks.
  room.clock.jump(60_000);
  await room.clock.advance(3_000);
  expect(a.mesh.snapshot().links.map((link) => link.peer)).toEqual([live.peer]);
  expect(a.mesh.snapshot().links[0]!.up).toBeGreaterThan(live.up);
  expect(b.reachable).toEqual([a.id]);
});

test("closing leaves no timer behind", async () => {
  const members = await gather(6, ring);
  for (const member of members) member.mesh.close();
  room.leave(peer(1));
  await room.clock.advance(100);
  expect(room.clock.pending).toBe(0);
});

test("ways lead around a device whose link is found to be slow, which is reached as before", async () => {
  room = createRoom({ latencyMs: 20 });
  const slow = peer(3);
  const uplink = createUplink(room.network.host(slow), (is) => room.members.get(slow)?.mesh.setSlow(is), room.clock);
  for (let n = 1; n <= 12; n++) room.join(peer(n), { degree: 4, forced: true, ...(peer(n) === slow && { rtc: uplink.rtc }) });
  await room.clock.advance(5_000);
  const members = [...room.members.values()];
  const relayed = (): number => room.members.get(slow)!.mesh.snapshot().up.relayed;
  /** What it passes on while everybody tells everybody something. */
  async function passedOn(): Promise<number> {
    const before = relayed();
    for (const from of members) for (const to of members) if (from !== to) await from.mesh.send(to.id, bytes("a word"));
    await room.clock.advance(3_000);
    return relayed() - before;
  }
  expect(await passedOn()).toBeGreaterThan(0);
  room.network.limit(slow, 50_000);
  for (const { id } of members) if (id !== slow) void room.members.get(slow)!.mesh.send(id, new Uint8Array(40_000));
  await room.clock.advance(20_000);
  expect(uplink.slow).toBe(true);
  expect(await passedOn()).toBe(0);
  for (const { id, messages } of members) expect(new Set(messages.map(({ from }) => from)).size, id).toBe(members.length - 1);
  uplink.close();
});
