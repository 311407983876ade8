import { expect, test } from "vitest";
import { WireError } from "../wire/codec.ts";
import type { PeerId } from "../wire/ids.ts";
import { encodeRecord, genesisRecord, rootOf, type CommitRecord } from "./record.ts";
import { decodeCommit, encodeCommit, enrolled, type Commit, type Roll } from "./roll.ts";

const peers = (count: number): PeerId[] => Array.from({ length: count }, (_, i) => i.toString(16).padStart(32, "0") as PeerId);

function commit(roll: Roll): Commit {
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
  const others: Roll[] = [
    { contributors: [first], members: [first, third] },
    { contributors: [first, third], members: [first, third] },
    { contributors: [first, second, third], members: [first, third] },
    { contributors: [first, second], members: [] },
    { contributors: [first, third], members: [first, second] },
    { contributors: [second, first], members: [first, third] },
  ];
  for (const roll of others) expect(() => decodeCommit(encodeCommit({ record, roll }))).toThrow(WireError);
  expect(() => decodeCommit(encodeCommit({ record: { ...record, members: { ...record.members, count: 3 } }, roll: { contributors: [first, second], members: [first, third] } }))).toThrow(WireError);
});

test("a record is as long in a large room as in a small one", () => {
  const lengths = [4, 160].map((devices) => encodeRecord(commit({ contributors: peers(devices), members: peers(devices) }).record).length);
  expect(lengths[1]! - lengths[0]!).toBeLessThan(8);
});
