import { until } from "../tools/swarm/tabs.ts";
import { currentRound, joinAll, PATIENCE, roundsTogether } from "./rounds.ts";
import { expect, freshRoom, test } from "./stage.ts";

/** Twelve tabs share two cores: they are all slow, and now and then one is late and left out of a round. */
const TWELVE = 3 * PATIENCE;

test("twelve tabs in two groups: each group sums for itself, all hold one model after each round, and go on when one of each group leaves", async ({ tab }) => {
  test.setTimeout(3 * TWELVE);
  const link = freshRoom();
  const open = (index: number) => tab({ query: { task: "breast-cancer", group: "6", share: `${index}/12`, seed: String(index), steps: "2" }, link });
  const tabs = await Promise.all(Array.from({ length: 12 }, (_, index) => open(index)));
  await joinAll(tabs);
  await roundsTogether(tabs, 2, { timeout: TWELVE });

  const inGroups = await Promise.all(tabs.map((each) => until(each, ({ groups, view }) => groups === 2 && view.length > 0, TWELVE)));
  for (const { view } of inGroups) expect(view.length).toBeLessThan(12);
  const [first] = inGroups;
  const second = inGroups.find(({ self }) => !first!.view.includes(self!))!;
  const leaving = [tabs[inGroups.indexOf(first!)]!, tabs[inGroups.indexOf(second)]!];
  for (const each of leaving) await each.close();

  const rest = tabs.filter((each) => !leaving.includes(each));
  await roundsTogether(rest, 2, { from: Math.max(...(await Promise.all(rest.map(currentRound)))), timeout: TWELVE });
});
