import { expect, test } from "vitest";
import type { PeerId } from "../wire/ids.ts";
import { quick, quickFirst } from "./peers.ts";
import type { Heard, SwarmConfig, SwarmState } from "./state.ts";

const peers = Array.from({ length: 5 }, (_, i) => `${i}`.repeat(32) as PeerId);

/** The first of `peers`, which has heard of so many of the others that they are slow. */
function state(others: number, own = false): SwarmState {
  const stands = new Map(peers.slice(1).map((peer, i) => [peer, { slow: i < others } as Heard]));
  return { config: { self: peers[0]! } as SwarmConfig, slow: own, stands: stands as ReadonlyMap<PeerId, Heard> } as Partial<SwarmState> as SwarmState;
}

test("tasks that any could do are for those who are quick, in their order", () => {
  expect(quick(state(0), peers)).toEqual(peers);
  expect(quick(state(2), peers)).toEqual([peers[0], peers[3], peers[4]]);
  expect(quick(state(1, true), peers)).toEqual(peers.slice(2));
  expect(quickFirst(state(2), peers)).toEqual([peers[0], peers[3], peers[4], peers[1], peers[2]]);
});

test("where most say that they are slow the tasks are for all: a few cannot have them to themselves", () => {
  expect(quick(state(3), peers)).toEqual(peers);
  expect(quick(state(2, true), peers)).toEqual(peers);
  expect(quickFirst(state(3), peers)).toEqual(peers);
});
