import { expect, test } from "vitest";
import type { PeerId } from "../../wire/ids.ts";
import { someOf } from "./groups.ts";

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
