import type { SwarmOptions } from "../tools/swarm/options.ts";
import { runSwarm, type SwarmReport } from "../tools/swarm/run.ts";
import { expect, test } from "@playwright/test";

/** @param watched `tasks`: whether main threads are watched, which costs a third of the run */
const swarm = (options: Partial<SwarmOptions>, watched = { tasks: false }): Promise<SwarmReport> =>
  runSwarm(
    { peers: 3, task: "digits", rounds: 3, seed: 7, backend: null, alpha: null, steps: 10, kills: [], joins: [], json: true, ...options },
    console.log,
    new AbortController().signal,
    watched,
  );

/** The survivors commit every round that was asked for, on one model. */
function expectSurvivors(report: SwarmReport, survivors: number[]): void {
  expect(report.error).toBeNull();
  expect(report.ok).toBe(true);
  for (const { round, hashesEqual } of report.rounds) expect(hashesEqual, `round ${round}`).toBe(true);
  expect(report.rounds.at(-1)!.participants).toEqual(survivors);
}

test("a tab that dies after the peer list came and before its first link holds nobody up", async () => {
  const report = await swarm({ kills: [{ peer: 2, round: 1, stage: "connect" }] });
  expectSurvivors(report, [1, 3]);
  expect(report.left).toHaveLength(1);
});

test("a tab that dies while it trains: the rest finish that round and the next", async () => {
  const report = await swarm({ peers: 4, kills: [{ peer: 3, round: 2, stage: "train" }] });
  expectSurvivors(report, [1, 2, 4]);
  expect(report.rounds[1]!.participants).toEqual([1, 2, 4]);
  expect(report.left[0]!.detectedSeconds).not.toBeNull();
});

test("a tab that dies half-way through its sending, and it is the first that came: the exchange is done again without it", async () => {
  const report = await swarm({ peers: 4, kills: [{ peer: 1, round: 2, stage: "exchange" }] });
  expectSurvivors(report, [2, 3, 4]);
  expect(report.rounds[1]!.participants).toEqual([2, 3, 4]);
  expect(report.rounds[1]!.retries).toBeGreaterThan(0);
});

test("a tab that comes in mid-run gets the model from the others and contributes", async () => {
  // The run goes on until the one that came late has contributed.
  const report = await swarm({ rounds: 4, joins: [{ peer: 3, round: 2 }] });
  expect(report.error).toBeNull();
  expect(report.rounds[0]!.participants).toEqual([1, 2]);
  expect(report.joined[0]!.firstContribution).toBeGreaterThan(1);
  expect(report.final.hashesEqual).toBe(true);
});

test("no main-thread task takes 50 ms of CPU while four tabs train", async () => {
  const report = await swarm({ peers: 4, rounds: 4, steps: 30 }, { tasks: true });
  expect(report.ok).toBe(true);
  expect(report.longestTaskMs).toBeGreaterThan(0);
  expect(report.longestTaskMs).toBeLessThan(50);
});
