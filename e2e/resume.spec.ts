import { replay } from "../src/sim/replay.ts";
import { until, type Tab } from "../tools/swarm/tabs.ts";
import { roundsTogether } from "./rounds.ts";
import { recordingOf } from "./recordings.ts";
import { expect, freshRoom, test } from "./stage.ts";

const press = async ({ page }: Tab, name: RegExp): Promise<void> => page.getByRole("button", { name }).click();
const committed = (round: number) => ({ rounds }: { rounds: { round: number }[] }) => rounds.some((entry) => entry.round >= round);

test("two tabs of one browser profile are two devices; both reload and both go on where they were", async ({ stage, tab }) => {
  const context = await stage.browser.newContext();
  const link = freshRoom();
  const tabs = [
    await tab({ query: { share: "0/2", steps: "10" }, link, context }),
    await tab({ query: { share: "1/2", steps: "10" }, link, context }),
  ];
  await Promise.all(tabs.map((each) => press(each, /^Join/)));
  const before = await Promise.all(tabs.map((each) => until(each, committed(3), 60_000)));
  expect(before.map(({ slot }) => slot)).toEqual([0, 1]);
  expect(before[0]!.rounds.some(({ participants }) => participants.length === 2)).toBe(true);

  await Promise.all(
    tabs.map(async ({ page }) => {
      await page.reload();
      await page.waitForFunction(() => globalThis.hromada !== undefined);
    }),
  );
  const after = await Promise.all(tabs.map((each) => until(each, ({ resumable }) => resumable !== null, 20_000)));
  expect(after.map(({ slot }) => slot)).toEqual([0, 1]);
  // The round that was being written when the page went may be lost.
  after.forEach(({ resumable }, i) => expect(resumable!.round).toBeGreaterThanOrEqual(before[i]!.rounds.at(-1)!.round - 1));

  await Promise.all(tabs.map((each) => press(each, /^Go on/)));
  await roundsTogether(tabs, 2, { from: 1 + Math.max(...after.map(({ resumable }) => resumable!.round)) });
  await context.close();
});

test("what four tabs lived through replays in Node to the same models, and every message is explained", async ({ tab }) => {
  const link = freshRoom();
  const tabs: Tab[] = [];
  for (let share = 0; share < 4; share++) tabs.push(await tab({ query: { share: `${share}/4`, steps: "5", record: "1" }, link }));
  await Promise.all(tabs.map((each) => press(each, /^Join/)));
  await Promise.all(tabs.map((each) => until(each, committed(3), 60_000)));
  // Held first, so that nobody receives what is sent after the sender's recording was taken.
  await Promise.all(tabs.map(({ page }) => page.evaluate(() => globalThis.hromada!.pause())));
  await tabs[0]!.page.waitForTimeout(1_000);
  const seen = await Promise.all(tabs.map((each) => each.snapshot()));
  const recordings = await Promise.all(tabs.map(recordingOf));
  const { models, unexplained } = replay(recordings);
  expect(unexplained).toBe(0);
  seen.forEach(({ rounds }, i) => {
    expect(rounds.length).toBeGreaterThanOrEqual(3);
    for (const { round, modelHash } of rounds) expect(models[i]!.get(round)).toBe(modelHash);
  });
});
