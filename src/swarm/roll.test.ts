import { expect, test } from "vitest";
import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import { decodeRecord, encodeRecord, genesisRecord, listed, rootOf, type CommitRecord } from "./record.ts";
import { decodeCommit, encodeCommit, enrolled, type Commit, type NodeRow, type Roll } from "./roll.ts";

const peers = (count: number): PeerId[] => Array.from({ length: count }, (_, i) => i.toString(16).padStart(32, "0") as PeerId);

function commit(lists: Pick<Roll, "contributors" | "members">): Commit {
  const roll: Roll = { ...lists, node: 0, rows: [] };
  const record: CommitRecord = { ...genesisRecord("ab".repeat(32), "cd".repeat(32), 4), ...enrolled(roll), round: 1 };
  return { record, root: rootOf(record), roll };
}

test("a commit comes back with its root and its roll", () => {
  for (const [contributors, members] of [[0, 0], [4, 5], [300, 160]] as const) {
    const made = commit({ contributors: peers(contributors), members: peers(members) });
    expect(decodeCommit(encodeCommit(made))).toEqual(made);
  }
});

test("a roll that is not the one that the record names is no commit", () => {
  const [first, second, third] = peers(3) as [PeerId, PeerId, PeerId];
  const { record } = commit({ contributors: [first, second], members: [first, third] });
  const others: Pick<Roll, "contributors" | "members">[] = [
    { contributors: [first], members: [first, third] },
    { contributors: [first, third], members: [first, third] },
    { contributors: [first, second, third], members: [first, third] },
    { contributors: [first, second], members: [] },
    { contributors: [first, third], members: [first, second] },
    { contributors: [second, first], members: [first, third] },
  ];
  for (const lists of others) expect(() => decodeCommit(encodeCommit({ record, roll: { ...lists, node: 0, rows: [] } }))).toThrow(WireError);
  expect(() => decodeCommit(encodeCommit({ record: { ...record, members: { ...record.members, count: 3 } }, roll: { contributors: [first, second], members: [first, third], node: 0, rows: [] } }))).toThrow(WireError);
});

test("a record is as long in a large room as in a small one", () => {
  const lengths = [4, 160].map((devices) => encodeRecord(commit({ contributors: peers(devices), members: peers(devices) }).record).length);
  expect(lengths[1]! - lengths[0]!).toBeLessThan(8);
});

test("the record of a room that is no larger than a round is as it was before there were such: what was kept stays readable", () => {
  const record: CommitRecord = { ...genesisRecord("ab".repeat(32), "cd".repeat(32), 4), round: 7, nodes: 2, arcs: 2, groups: 3, weight: 50 };
  // As 4e9c40c encodes it.
  expect(rootOf(record)).toBe("696b70a74b1a8d0a794308feadbee6a4a59062991d66e93674ef9512244b70d7");
  for (const arcs of [2, 4, 256]) expect(decodeRecord(encodeRecord({ ...record, arcs }))).toEqual({ ...record, arcs });
  // One record has one encoding.
  const bytes = encodeRecord({ ...record, arcs: 4 });
  const at = bytes.findIndex((_, i) => String.fromCharCode(...bytes.subarray(i, i + 4)) === "arcs");
  for (const arcs of [1, 2, 3]) expect(() => decodeRecord(bytes.with(at + 4, arcs)), String(arcs)).toThrow(WireError);
});

const row = (list: readonly PeerId[], speakers = list.slice(0, 2)): NodeRow => ({ contributors: listed(list), members: listed(list), groups: 1, speakers });

test("in a room of several nodes a roll holds one node's lists and a row of each, and a record names them all", () => {
  const lists = [peers(8).slice(0, 3), peers(8).slice(3, 7), peers(8).slice(7)];
  const rows = lists.map((list) => row(list));
  const record: CommitRecord = { ...genesisRecord("ab".repeat(32), "cd".repeat(32), 4), ...enrolled({ contributors: [], members: [], rows }), round: 1, nodes: 4, arcs: 4 };
  expect([record.contributors.count, record.members.count]).toEqual([8, 8]);
  lists.forEach((list, node) => {
    const roll: Roll = { contributors: list, members: list, node, rows };
    expect(decodeCommit(encodeCommit({ record, roll }))).toEqual({ record, root: rootOf(record), roll });
    const others: Partial<Roll>[] = [
      { node: (node + 1) % 3 },
      { members: list.slice(1) },
      { rows: rows.slice(0, 2) },
      { rows: rows.with(1, row(lists[1]!, lists[1]!.slice(1, 3))) },
      { rows: rows.with(2, { ...rows[2]!, groups: 2 }) },
      { rows: rows.with(0, { ...rows[0]!, contributors: listed([]) }) },
    ];
    for (const other of others) expect(() => decodeCommit(encodeCommit({ record, roll: { ...roll, ...other } }))).toThrow(WireError);
  });
});
