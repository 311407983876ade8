import { afterEach, expect, test } from "vitest";
import { MESH_LIMITS } from "./limits.ts";
import type { RtcEvents, RtcHost, RtcOptions } from "./rtc.ts";
import { createRoom, peer, type Member, type Room } from "./testing/room.ts";

let room: Room;
afterEach(() => {
  for (const member of room.members.values()) member.mesh.close();
});

/** The connections that this device is opening, all it opened so far, and the most at once. */
function counted(inner: RtcHost): RtcHost & { opened: number; most: number } {
  const opening = new Set<string>();
  const host = {
    ...inner,
    opened: 0,
    most: 0,
    open(link: string, options: RtcOptions, events: RtcEvents) {
      host.opened++;
      host.most = Math.max(host.most, opening.add(link).size);
      const over = (): void => void opening.delete(link);
      return inner.open(link, options, { ...events, connected: () => (over(), events.connected()), closed: (reason) => (over(), events.closed(reason)) });
    },
  };
  return host;
}

test("whoever comes to many begins four calls at a time, and is linked with all; those that nobody answers hold up nobody", async () => {
  room = createRoom({ latencyMs: 500 });
  const host = counted(room.network.host(peer(1)));
  const silent = [peer(100), peer(101), peer(102), peer(103)];
  const a = room.join(peer(1), { rtc: host, degree: 12 });
  a.mesh.roster(silent);
  await room.clock.advance(100);
  expect(host.opened).toBe(4);
  for (let n = 2; n <= 9; n++) room.join(peer(n), { degree: 12 });
  await room.clock.advance(MESH_LIMITS.callStale - 1_000);
  expect(host.opened).toBe(4);
  await room.clock.advance(6_000);
  expect(a.reachable.length).toBe(8);
  expect(host.most).toBeLessThanOrEqual(4 + silent.length);
});

test("a call that is answered late is not begun again meanwhile", async () => {
  room = createRoom();
  const { blob } = room;
  room.blob = (...of) => void room.clock.after(2_000, () => blob(...of));
  const hosts = [1, 2].map((n) => counted(room.network.host(peer(n))));
  const [a, b] = hosts.map((rtc, index) => room.join(peer(index + 1), { rtc })) as [Member, Member];
  await room.clock.advance(8_000);
  expect([a.reachable, b.reachable]).toEqual([[b.id], [a.id]]);
  expect(hosts.map(({ opened }) => opened)).toEqual([1, 1]);
});
