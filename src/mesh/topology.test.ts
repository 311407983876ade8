import { expect, test } from "vitest";
import { MESH_LIMITS } from "./limits.ts";
import { peer } from "./testing/room.ts";
import { createTopology } from "./topology.ts";

/** The map of peer 1 in a line 1 – 2 – 3 – 4. */
function line() {
  const topology = createTopology(peer(1));
  topology.setLinks([peer(2)]);
  topology.accept(peer(2), { version: 1, neighbours: [peer(1), peer(3)] }, 0);
  topology.accept(peer(3), { version: 1, neighbours: [peer(2), peer(4)] }, 0);
  topology.accept(peer(4), { version: 1, neighbours: [peer(3)] }, 0);
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
  topology.accept(peer(4), { version: 2, neighbours: [] }, 0);
  expect(topology.isReachable(peer(4))).toBe(false);
  expect(topology.nextHop(peer(4))).toBe(null);
  expect(topology.known().map(({ origin }) => origin)).toEqual([peer(2), peer(3)]);
});

test("an older or repeated announcement changes nothing and is not passed on", () => {
  const topology = line();
  expect(topology.accept(peer(3), { version: 1, neighbours: [] }, 0)).toBe(false);
  expect(topology.accept(peer(3), { version: 0, neighbours: [] }, 0)).toBe(false);
  expect(topology.isReachable(peer(4))).toBe(true);
});

test("own announcements go up, past a reading of an earlier life too", () => {
  const topology = createTopology(peer(1));
  const first = topology.announce(1_000).version;
  expect(topology.announce(1_000).version).toBeGreaterThan(first);
  topology.accept(peer(1), { version: 9_999, neighbours: [] }, 0);
  expect(topology.announce(1_000).version).toBe(10_000);
});

test("what is not refreshed is forgotten", () => {
  const topology = line();
  topology.accept(peer(2), { version: 2, neighbours: [peer(1), peer(3)] }, MESH_LIMITS.linkStateAge);
  topology.age(MESH_LIMITS.linkStateAge + 1);
  expect(topology.reachable()).toEqual([peer(2)]);
});

test("the map is bounded, and makes room by forgetting who is out of reach", () => {
  const topology = createTopology(peer(1));
  for (let i = 2; i < MESH_LIMITS.topologyEntries + 10; i++) {
    const id = i.toString(16).padStart(32, "0") as ReturnType<typeof peer>;
    expect(topology.accept(id, { version: 1, neighbours: [] }, i)).toBe(true);
  }
  topology.setLinks([peer(2)]);
  expect(topology.accept(peer(2), { version: 1, neighbours: [peer(1)] }, 9_999)).toBe(true);
  expect(topology.reachable()).toEqual([peer(2)]);
});
