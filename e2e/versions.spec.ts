import { FRAME_VERSION } from "../src/mesh/frame.ts";
import { until } from "../tools/swarm/tabs.ts";
import { speakVersion } from "./hooks.ts";
import { currentRound, joinAll, PATIENCE, roundsTogether } from "./rounds.ts";
import { expect, freshRoom, test } from "./stage.ts";

const query = (index: number): Record<string, string> => ({ share: `${index}/3`, seed: String(index), steps: "4" });

for (const [age, version] of [["an older", FRAME_VERSION - 1], ["a newer", FRAME_VERSION + 1]] as const) {
  test(`a device of ${age} version is told to update, and the others go on without it`, async ({ stage, tab }) => {
    const link = freshRoom();
    const tabs = [await tab({ query: query(0), link }), await tab({ query: query(1), link })];
    await joinAll(tabs);
    await roundsTogether(tabs, 1);

    const context = await stage.browser.newContext();
    await context.addInitScript(speakVersion, version);
    const other = await tab({ query: query(2), link, context });
    await joinAll([other]);
    // It is told, and no link to it stays.
    const { error } = await until(other, (snapshot) => snapshot.error !== null && snapshot.peers.every(({ reach }) => reach === "dialling"), PATIENCE);
    expect(error?.code).toBe("update-needed");
    await expect(other.page.locator("[data-problem=update-needed]")).toContainText("Reload the page");

    await roundsTogether(tabs, 2, { from: 1 + Math.max(...(await Promise.all(tabs.map(currentRound)))) });
    const { self } = await other.snapshot();
    for (const each of tabs) {
      const { departures, rounds } = await each.snapshot();
      expect(rounds.flatMap(({ participants }) => participants)).not.toContain(self);
      expect(departures, "the others lost nobody").toEqual([]);
    }
  });
}
