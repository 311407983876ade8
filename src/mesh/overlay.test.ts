import { bytesToHex } from "@noble/hashes/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { expect, test } from "vitest";
import type { PeerId } from "../wire/ids.ts";
import { MESH_LIMITS } from "./limits.ts";
import { overlay } from "./overlay.ts";

const peers = (n: number): PeerId[] => Array.from({ length: n }, (_, i) => bytesToHex(sha256(Uint8Array.of(i & 255, i >> 8))).slice(0, 32) as PeerId);

function reached(neighbours: (i: number) => Iterable<number>): number {
  const seen = new Set([0]);
  for (const at of seen) for (const next of neighbours(at)) seen.add(next);
  return seen.size;
}

test.each([2, 4, 8])("with degree %i every device finds the same links as its other ends, and all are connected", (degree) => {
  for (const n of [2, 3, 6, 9, 10, 17, 64, 200]) {
    const room = peers(n);
    const wanted = new Map(room.map((id) => [id, overlay(id, room, { degree, forced: false, group: [] })]));
    for (const [id, links] of wanted) {
      expect(links.size).toBeLessThanOrEqual(degree);
      expect(links.has(id)).toBe(false);
      for (const link of links) expect(wanted.get(link)!.has(id)).toBe(true);
    }
    expect(reached((i) => [...wanted.get(room[i]!)!].map((id) => room.indexOf(id)))).toBe(n);
  }
});

test("all of 2 to 200 devices are connected whatever the degree, and 200 with eight links each by four hops", () => {
  for (const n of [2, 3, 4, 8, 10, 11, 17, 33, 100, 200]) {
    const room = peers(n);
    for (const degree of [2, 3, 6, 24]) {
      const links = room.map((id) => [...overlay(id, room, { degree, forced: false, group: [] })].map((other) => room.indexOf(other)));
      for (const each of links) expect(each.length).toBeLessThanOrEqual(degree);
      expect(reached((i) => links[i]!)).toBe(n);
    }
  }
  const room = peers(200);
  let reach = new Set([room[0]!]);
  for (let hop = 0; hop < 4; hop++) reach = new Set([...reach].flatMap((id) => [id, ...overlay(id, room, { degree: 8, forced: false, group: [] })]));
  expect(reach.size).toBe(200);
});

test("neighbours on two circles are linked once, so a device may have fewer links than eight, of many devices five and seven on average at least", () => {
  for (const n of [33, 64, 100, 200]) {
    const room = peers(n);
    const counts = room.map((id) => overlay(id, room, { degree: 8, forced: true, group: [] }).size);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(5);
    expect(counts.reduce((sum, count) => sum + count, 0) / n).toBeGreaterThanOrEqual(7);
  }
});

test("whoever comes changes the links of those who are next to it, and of nobody else", () => {
  const room = peers(65);
  const [newcomer, ...rest] = room as [PeerId, ...PeerId[]];
  const linksIn = (all: PeerId[], id: PeerId): Set<PeerId> => overlay(id, all, { degree: 8, forced: false, group: [] });
  const near = linksIn(room, newcomer);
  let broken = 0;
  for (const id of rest) {
    const [before, after] = [linksIn(rest, id), linksIn(room, id)];
    broken += [...before].filter((peer) => !after.has(peer)).length;
    expect([...after].filter((peer) => !before.has(peer))).toEqual(near.has(id) ? [newcomer] : []);
  }
  expect(broken).toBeLessThanOrEqual(8);
});

test("few devices are linked each with each", () => {
  const room = peers(9);
  for (const id of room) expect(overlay(id, room, { degree: 8, forced: false, group: [] }).size).toBe(8);
});

test("the group is linked directly on top, within the limit, and not at all where links are forced", () => {
  const room = peers(100);
  const group = room.slice(0, 15);
  for (const id of group) {
    const wanted = overlay(id, room, { degree: 8, forced: false, group });
    for (const fellow of group) if (fellow !== id) expect(wanted.has(fellow)).toBe(true);
    expect(wanted.size).toBeLessThanOrEqual(MESH_LIMITS.links);
    expect(overlay(id, room, { degree: 8, forced: true, group })).toEqual(overlay(id, room, { degree: 8, forced: false, group: [] }));
    expect(overlay(id, room, { degree: 8, forced: false, group: room }).size).toBe(MESH_LIMITS.links);
  }
});

test("an overlay that would fall apart is refused", () => {
  expect(() => overlay(peers(1)[0]!, peers(5), { degree: 1, forced: false, group: [] })).toThrow(RangeError);
});
