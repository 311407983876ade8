import { bytesToHex } from "@noble/hashes/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { expect, test } from "vitest";
import type { PeerId } from "../wire/ids.ts";
import { MESH_LIMITS } from "./limits.ts";
import { overlay, steps } from "./overlay.ts";

const peers = (n: number): PeerId[] => Array.from({ length: n }, (_, i) => bytesToHex(sha256(Uint8Array.of(i & 255, i >> 8))).slice(0, 32) as PeerId);

function reached(neighbours: (i: number) => Iterable<number>): number {
  const seen = new Set([0]);
  for (const at of seen) for (const next of neighbours(at)) seen.add(next);
  return seen.size;
}

test("the ring with its steps is connected and within its degree, for 2 to 200 devices and every even degree", () => {
  for (let n = 2; n <= 200; n++) {
    for (let degree = 2; degree <= 24; degree += 2) {
      const taken = steps(n, degree);
      const links = new Set(taken.flatMap((step) => [step % n, (n - step) % n]));
      expect(links.size).toBeLessThanOrEqual(degree);
      // As many links as there can be: an odd one is left over only where there is no half-way step.
      expect(links.size).toBeGreaterThanOrEqual(Math.min(degree, n - 1) - (n % 2 === 0 && degree < n - 1 ? 1 : 0));
      expect(reached((i) => taken.flatMap((step) => [(i + step) % n, (i - step + n) % n]))).toBe(n);
    }
  }
});

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
    expect(overlay(id, room, { degree: 8, forced: true, group }).size).toBe(8);
    expect(overlay(id, room, { degree: 8, forced: false, group: room }).size).toBe(MESH_LIMITS.links);
  }
});

test("an overlay that would fall apart is refused", () => {
  expect(() => overlay(peers(1)[0]!, peers(5), { degree: 1, forced: false, group: [] })).toThrow(RangeError);
});
