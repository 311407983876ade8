import { createTrainer } from "../src/learn/create-trainer.ts";
import { breastCancerTask } from "../src/learn/tasks/breast-cancer.ts";
import { nodeWasmFiles, readPackFile } from "../src/learn/testing/node.ts";
import { runRound } from "../src/learn/testing/rounds.ts";
import { lotOf } from "../src/swarm/audit/lot.ts";
import type { Recording } from "../src/swarm/recording.ts";
import { toFloat } from "../src/update/fixed.ts";
import { until } from "../tools/swarm/tabs.ts";
import { recordingOf } from "./recordings.ts";
import { joinAll, PATIENCE } from "./rounds.ts";
import { expect, freshRoom, test } from "./stage.ts";

const STEPS = 3;

const firstTrained = (events: Recording["events"]) => events.find((event) => event.type === "trained")!;

/** The first update of a tab that began with the task's first model, as the same training gives it in Node. */
async function trainedInNode({ start: { head, config }, events }: Recording): Promise<[Float32Array, Float32Array]> {
  const first = firstTrained(events);
  const trainer = createTrainer({ loadPack: readPackFile, wasmFiles: nodeWasmFiles });
  await trainer.load({ ...breastCancerTask, audits: "rerun" }, { kind: "share", share: 0, shares: 1 }, 0);
  const { result } = await runRound(trainer, { params: toFloat(head.params), round: 1, seed: lotOf(head.root, config.self, 0), localSteps: STEPS });
  return [first.delta, result.delta];
}

test("a task that shows single updates asks first, and an address cannot agree for anybody", async ({ tab }) => {
  const asked = await tab({ query: { task: breastCancerTask.name, audits: "shown/20", auto: "1" }, link: freshRoom() });
  const box = asked.page.getByRole("checkbox", { name: /one update of this device in 20/ });
  const join = asked.page.getByRole("button", { name: "Join" });
  await expect(join).toHaveAttribute("aria-disabled", "true");
  await join.click({ force: true });
  expect((await asked.snapshot()).status).toBe("idle");
  await box.check();
  await join.click();
  await until(asked, ({ status }) => status !== "idle", PATIENCE);
});

test("of four tabs one is audited each round: its group trains its update again, bit for bit, and finds nobody wrong", async ({ tab }) => {
  const link = freshRoom();
  const tabs = await Promise.all([0, 1, 2, 3].map((seed) => tab({ query: { task: breastCancerTask.name, audits: "rerun/1", steps: String(STEPS), epoch: "1000", seed: String(seed), record: "1" }, link })));
  await joinAll(tabs);
  await expect(tabs[0]!.page.locator("[data-audits=rerun]")).toContainText("do the same training and compare");
  await Promise.all(tabs.map((each) => until(each, ({ rounds }) => rounds.length >= 3, PATIENCE)));
  const reran = (recordings: readonly Recording[]) => recordings.flatMap(({ events }) => events.flatMap((event) => (event.type === "reran" ? [event.update] : [])));
  let recordings: Recording[] = [];
  await expect.poll(async () => reran((recordings = await Promise.all(tabs.map(recordingOf)))).length, { timeout: PATIENCE }).toBeGreaterThanOrEqual(4);
  expect(reran(recordings)).not.toContain(null);
  for (const each of tabs) {
    const { rounds, accusations } = await each.snapshot();
    expect(accusations).toEqual([]);
    // Who is audited is in no sum.
    expect(Math.max(...rounds.map(({ participants }) => participants.length))).toBe(3);
  }
  const [inTab, inNode] = await trainedInNode(recordings.find(({ start, events }) => firstTrained(events).root === start.head.root)!);
  expect(inNode).toEqual(inTab);
});
