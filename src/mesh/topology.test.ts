import { expect, test } from "vitest";
import type { PeerId } from "../wire/ids.ts";
import { MESH_LIMITS } from "./limits.ts";
import { peer } from "./testing/room.ts";
import { createTopology } from "./topology.ts";

const SAID = new Uint8Array();
/** Of a small room. */
const AGE = MESH_LIMITS.linkStateAges * MESH_LIMITS.linkStateRefresh;

/** The map of peer 1 in a line 1 – 2 – 3 – 4. */
function line() {
  const topology = createTopology(peer(1));
  topology.setLinks([peer(2)]);
  topology.accept(peer(2), { version: 1, neighbours: [peer(1), peer(3)], slow: false }, 0, SAID);
  topology.accept(peer(3), { version: 1, neighbours: [peer(2), peer(4)], slow: false }, 0, SAID);
  topology.accept(peer(4), { version: 1, neighbours: [peer(3)], slow: false }, 0, SAID);
  return topology;
}

test("the next hop leads along confirmed links", () => {
  const topology = line();
  expect(topology.reachable()).toEqual([peer(2), peer(3), peer(4)]);
  expect(topology.nextHop(peer(4))).toBe(peer(2));
  expect(topology.edges()).toEqual([
    [peer(1), peer(2)],
    [peer(2), peer(3)],
    [peer(3), peer(4)],
  ]);
});

test("a link that only one end names does not count", () => {
  const topology = line();
  topology.accept(peer(4), { version: 2, neighbours: [], slow: false }, 0, SAID);
  expect(topology.isReachable(peer(4))).toBe(false);
  expect(topology.nextHop(peer(4))).toBe(null);
  expect(topology.known().map(({ origin }) => origin)).toEqual([peer(2), peer(3)]);
});

test("an older or repeated announcement is no news", () => {
  const topology = line();
  expect(topology.isNews(peer(3), { version: 1 })).toBe(false);
  expect(topology.isNews(peer(3), { version: 0 })).toBe(false);
  expect(topology.isNews(peer(3), { version: 2 })).toBe(true);
});

test("own announcements go up, and their echoes are no news", () => {
  const topology = createTopology(peer(1));
  const first = topology.announce(1_000).version;
  expect(topology.announce(1_000).version).toBeGreaterThan(first);
  expect(topology.isNews(peer(1), { version: 9_999 })).toBe(false);
});

test("what is not refreshed is forgotten", () => {
  const topology = line();
  topology.accept(peer(2), { version: 2, neighbours: [peer(1), peer(3)], slow: false }, AGE, SAID);
  topology.age(AGE + 1);
  expect(topology.reachable()).toEqual([peer(2)]);
});

test("where there are many, each is to say its state again less often, and is waited for as much longer", () => {
  const topology = createTopology(peer(1));
  const many = Array.from({ length: 100 }, (_, i) => peer(i + 2));
  topology.setLinks([...many]);
  for (const id of many) topology.accept(id, { version: 1, neighbours: [peer(1)], slow: false }, 0, SAID);
  expect(topology.refreshEvery).toBe(100 * MESH_LIMITS.linkStateRefreshEach);
  topology.age(AGE + 1);
  expect(topology.size).toBe(100);
  topology.age(MESH_LIMITS.linkStateAges * topology.refreshEvery + 1);
  expect(topology.size).toBe(0);
  expect(topology.refreshEvery).toBe(MESH_LIMITS.linkStateRefresh);
});

test("the map is bounded, and makes room by forgetting who is out of reach", () => {
  const topology = createTopology(peer(1));
  for (let i = 2; i < MESH_LIMITS.topologyEntries + 10; i++) {
    const id = i.toString(16).padStart(32, "0") as ReturnType<typeof peer>;
    expect(topology.accept(id, { version: 1, neighbours: [], slow: false }, i, SAID)).toBe(true);
  }
  topology.setLinks([peer(2)]);
  expect(topology.accept(peer(2), { version: 1, neighbours: [peer(1)], slow: false }, 9_999, SAID)).toBe(true);
  expect(topology.reachable()).toEqual([peer(2)]);
});

test("a flood is passed on to whom the source does not reach itself, by three of those between, and by all to whoever is further away", () => {
  // 1 is the source, linked with 2 to 6, all of whom are linked with 7, which alone is linked with 8.
  const between = [2, 3, 4, 5, 6].map(peer);
  const said = new Map<PeerId, PeerId[]>([
    [peer(1), between],
    ...between.map((each): [PeerId, PeerId[]] => [each, [peer(1), peer(7)]]),
    [peer(7), [...between, peer(8)]],
    [peer(8), [peer(7)]],
  ]);
  const mapOf = (self: PeerId) => {
    const topology = createTopology(self);
    topology.setLinks(said.get(self)!);
    for (const [origin, neighbours] of said) if (origin !== self) topology.accept(origin, { version: 1, neighbours, slow: false }, 0, SAID);
    return topology;
  };
  const passing = (source: PeerId, to: PeerId) => [...said.keys()].filter((each) => each !== source && each !== to && said.get(each)!.includes(to) && mapOf(each).passesOn(source, to, MESH_LIMITS.relays));
  expect(passing(peer(1), peer(3))).toEqual([]);
  expect(passing(peer(1), peer(7)).length).toBe(MESH_LIMITS.relays);
  expect(passing(peer(1), peer(8))).toEqual([peer(7)]);
  expect(passing(peer(8), peer(1)).length).toBe(between.length);
});

/** The map of peer 1, which is linked with `links`, from what the others say of theirs; `slow` are those that are. */
function mapOf(links: readonly number[], said: Record<number, number[]>, slow: readonly number[]) {
  const topology = createTopology(peer(1));
  topology.setLinks(links.map(peer));
  for (const [origin, neighbours] of Object.entries(said)) topology.accept(peer(Number(origin)), { version: 1, neighbours: neighbours.map(peer), slow: slow.includes(Number(origin)) }, 0, SAID);
  return topology;
}

test("ways lead around slow devices, also where that is longer, and over them where there is no other", () => {
  // 1 – 2 – 5, and 1 – 3 – 4 – 5; only 5 leads to 6.
  const said = { 2: [1, 5], 3: [1, 4], 4: [3, 5], 5: [2, 4, 6], 6: [5] };
  const hops = (slow: number[]) => [2, 5, 6].map((to) => mapOf([2, 3], said, slow).nextHop(peer(to)));
  expect(hops([])).toEqual([peer(2), peer(2), peer(2)]);
  expect(hops([2])).toEqual([peer(2), peer(3), peer(3)]);
  expect(hops([2, 5])).toEqual([peer(2), peer(3), peer(3)]);
  expect(hops([2, 3, 4])).toEqual([peer(2), peer(2), peer(2)]);
});

test("of those who could bring a flood to a device the slow ones need not", () => {
  const between = [1, 2, 3, 4, 5, 6];
  const said = Object.fromEntries([...between.slice(1).map((each) => [each, [8, 10]]), [8, between], [10, between]]);
  /** How many have to bring it before this device does. */
  const turn = (slow: number[], own = false) => {
    const topology = mapOf([8, 10], said, slow);
    topology.setSlow(own);
    return between.find((relays) => topology.passesOn(peer(8), peer(10), relays));
  };
  expect(turn([])).toBeGreaterThan(1);
  expect(turn([2, 3, 4, 5, 6])).toBe(1);
  expect(turn([], true)).toBe(undefined);
  expect(turn([2, 3, 4, 5, 6], true)).toBe(turn([]));
});
