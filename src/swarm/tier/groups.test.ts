import { expect, test } from "vitest";
import type { PeerId } from "../../wire/ids.ts";
import { genesisRecord } from "../record.ts";
import { EMPTY_ROLL } from "../roll.ts";
import { groupsAfter, nodesFor, someOf } from "./groups.ts";

const peers = Array.from({ length: 200 }, (_, i) => i.toString(16).padStart(32, "0") as PeerId);

test("where there are more than fit, each has the same chance whatever its name", () => {
  const times = new Map(peers.map((peer) => [peer, 0]));
  for (let round = 0; round < 200; round++) {
    const chosen = someOf(peers, 160, round.toString(16).padStart(64, "0"));
    expect(chosen).toHaveLength(160);
    expect(chosen).toEqual([...chosen].sort());
    for (const peer of chosen) times.set(peer, times.get(peer)! + 1);
  }
  // 160 ± 5.7 of 200 each: nobody is further than five deviations away.
  for (const count of times.values()) expect(Math.abs(count - 160)).toBeLessThan(29);
});

test("where all fit, all are in", () => {
  expect(someOf(peers, 200, "00".repeat(32))).toEqual(peers);
});

test("a room is one node as long as that holds it, and then nodes of half as many as they may have or more", () => {
  const sizes = { groupSize: 8, roomGroups: 20, nodeGroups: 8, cohortNodes: 32 };
  expect([1, 160, 161, 256, 257, 512, 513, 1_000].map((devices) => nodesFor(devices, sizes).nodes)).toEqual([1, 1, 4, 4, 8, 8, 16, 16]);
  expect([1, 160, 161, 1_000, 2_048].map((devices) => nodesFor(devices, sizes).arcs)).toEqual([1, 1, 4, 16, 32]);
});

test("a room that is larger than a round has more arcs than nodes", () => {
  const sizes = { groupSize: 8, roomGroups: 10, nodeGroups: 8, cohortNodes: 8 };
  expect([512, 513, 10_000, 1_000_000].map((devices) => nodesFor(devices, sizes))).toEqual([{ nodes: 8, arcs: 8 }, { nodes: 8, arcs: 16 }, { nodes: 8, arcs: 256 }, { nodes: 8, arcs: 16_384 }]);
});

test("a device knows the groups of its own node, and of the others in which node they are", () => {
  const root = "ab".repeat(32);
  const record = { ...genesisRecord(root, root, 4), nodes: 4, arcs: 4, groups: 2 };
  const counts = [0, 0, 0, 0];
  for (const self of peers.slice(0, 20)) {
    const groups = groupsAfter({ record, root, roll: EMPTY_ROLL }, { self, epochRounds: 20 });
    expect([groups.nodes, groups.count, groups.alone, groups.node]).toEqual([4, 2, false, groups.nodeOf(self)]);
    for (const peer of peers) expect(groups.of(peer) >= 0).toBe(groups.nodeOf(peer) === groups.node);
  }
  const { nodeOf } = groupsAfter({ record, root, roll: EMPTY_ROLL }, { self: peers[0]!, epochRounds: 20 });
  for (const peer of peers) counts[nodeOf(peer)]!++;
  // 50 ± 6.1 each.
  for (const count of counts) expect(Math.abs(count - 50)).toBeLessThan(31);
});
