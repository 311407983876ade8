import { describe, until, type Tab } from "../tools/swarm/tabs.ts";
import { expect } from "./stage.ts";

/** Generous, since the machine may be shared: a round of few steps takes two seconds on a quiet one. */
export const PATIENCE = 90_000;

/** Presses the one button in each tab, and waits until each has a name in the room. */
export async function joinAll(tabs: readonly Tab[]): Promise<void> {
  await Promise.all(tabs.map(({ page }) => page.getByRole("button", { name: /^Join/ }).click()));
  await Promise.all(tabs.map((tab) => until(tab, ({ self }) => self !== null, PATIENCE)));
}

/**
 * Waits until `count` rounds, from number `from` on, were committed by all of these tabs with exactly these
 * tabs contributing, and checks that all hold one model after each of them.
 */
export async function roundsTogether(tabs: readonly Tab[], count: number, { from = 1, timeout = PATIENCE } = {}): Promise<{ round: number; hash: string }[]> {
  const end = Date.now() + timeout;
  for (;;) {
    const all = await Promise.all(tabs.map((tab) => tab.snapshot()));
    const everybody = all.map(({ self }) => self).sort().join();
    const common = all[0]!.rounds
      .filter(({ round, participants }) => round >= from && [...participants].sort().join() === everybody)
      .map(({ round }) => ({ round, hashes: all.flatMap(({ rounds }) => rounds.find((entry) => entry.round === round)?.modelHash ?? []) }))
      .filter(({ hashes }) => hashes.length === tabs.length);
    if (common.length >= count) {
      return common.map(({ round, hashes }) => {
        expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
        expect(new Set(hashes).size, `models after round ${round}`).toBe(1);
        return { round, hash: hashes[0]! };
      });
    }
    if (Date.now() > end) throw new Error(`not ${count} rounds of all ${tabs.length} within ${timeout} ms: ${all.map(describe).join("; ")}`);
    // Each look costs every tab a moment, and the more tabs the less there is of it.
    await new Promise((resolve) => setTimeout(resolve, 100 * tabs.length));
  }
}

/** The round that a tab works on. */
export const currentRound = async (tab: Tab): Promise<number> => (await tab.snapshot()).round;
