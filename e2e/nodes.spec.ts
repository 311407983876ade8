import type { RoundRecord } from "../src/device/api.ts";
import { describe, type Tab } from "../tools/swarm/tabs.ts";
import { joinAll, PATIENCE } from "./rounds.ts";
import { expect, freshRoom, test } from "./stage.ts";

const TABS = 10;
/** Ten tabs share two cores. */
const TEN = 3 * PATIENCE;

/** Rounds that all tabs hold, as each of them has it; of a node its tabs know the names. */
async function heldByAll(tabs: readonly Tab[]): Promise<RoundRecord[][]> {
  const [first, ...rest] = (await Promise.all(tabs.map((tab) => tab.snapshot()))).map(({ rounds }) => rounds);
  return first!.map((record) => [record, ...rest.flatMap((rounds) => rounds.find(({ round }) => round === record.round) ?? [])]).filter((records) => records.length === tabs.length);
}

const nodesOf = (records: readonly RoundRecord[]): string[][] => [...new Set(records.map(({ participants }) => participants.join()))].map((node) => node.split(","));

/** In two nodes, to which every tab gave its update. */
function areOfTwoNodes(records: readonly RoundRecord[]): boolean {
  const nodes = nodesOf(records);
  return nodes.length === 2 && nodes.flat().length === TABS && new Set(nodes.flat()).size === TABS && records.every(({ devices }) => devices === TABS);
}

test("ten tabs in two nodes: each node sums for itself, and all hold one model, in which every device is counted", async ({ tab }) => {
  test.skip(process.env.SLOW_E2E === undefined, "takes ten tabs one to five minutes on two cores: SLOW_E2E=1");
  test.setTimeout(2 * TEN);
  const link = freshRoom();
  const open = (index: number) => tab({ query: { task: "breast-cancer", group: "5", nodes: "1x1x3", epoch: "3", share: `${index}/${TABS}`, seed: String(index), steps: "2" }, link });
  const tabs = await Promise.all(Array.from({ length: TABS }, (_, index) => open(index)));
  await joinAll(tabs);

  const end = Date.now() + TEN;
  let together: RoundRecord[][] = [];
  // Chance may draw fewer than three into a node, who cannot hide each other: then it is another draw at the epoch's end.
  for (;;) {
    together = (await heldByAll(tabs)).filter(areOfTwoNodes);
    if (together.length >= 2) break;
    if (Date.now() > end) throw new Error(`not two rounds in two nodes within ${TEN} ms: ${(await Promise.all(tabs.map((each) => each.snapshot()))).map(describe).join("; ")}`);
    await new Promise((resolve) => setTimeout(resolve, 100 * TABS));
  }
  for (const records of together) {
    const [{ round, modelHash }] = records as [RoundRecord];
    expect(round, "a room is one node until an epoch's end").toBeGreaterThan(3);
    expect(modelHash).toMatch(/^[0-9a-f]{64}$/);
    for (const record of records) expect([record.modelHash, record.refused], `round ${round}`).toEqual([modelHash, false]);
  }
});
