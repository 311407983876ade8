import { createTrainer } from "../src/learn/create-trainer.ts";
import { digitsTask } from "../src/learn/tasks/digits.ts";
import { nodeWasmFiles, readPackFile } from "../src/learn/testing/node.ts";
import { until, type Tab } from "../tools/swarm/tabs.ts";
import { expect, freshRoom, test } from "./stage.ts";

/** Each tab holds two or three of the ten digits, and no digit is held by two tabs. */
const HELD = ["0,1,2", "3,4,5", "6,7", "8,9"];
const ROUNDS = 32;

const scored = (rounds: number) => (snapshot: { rounds: { round: number; accuracy: number | null }[] }) => snapshot.rounds.some(({ round, accuracy }) => round >= rounds && accuracy !== null);
const last = async (tab: Tab): Promise<number> => (await tab.snapshot()).rounds.findLast(({ accuracy }) => accuracy !== null)!.accuracy!;

/** The tab's model, scored in Node on the 10,000 test digits. */
async function scoreInNode(tab: Tab): Promise<number> {
  const values = await tab.page.evaluate(async () => Array.from(await globalThis.hromada!.exportModel()));
  const params = new Float32Array(Uint8Array.from(values).buffer);
  const trainer = createTrainer({ loadPack: readPackFile, wasmFiles: nodeWasmFiles });
  await trainer.load(digitsTask, null, 0, "wasm");
  return (await trainer.evaluate(params)).accuracy;
}

test("what no tab can learn alone, four learn together: each holds two or three digits, the swarm knows all ten", async ({ tab }) => {
  const alone = await tab({ query: { share: "0/4", labels: HELD[0]!, seed: "1" }, link: freshRoom() });
  await alone.page.getByRole("button", { name: /^Join/ }).click();
  await until(alone, scored(10), 60_000);
  expect(await scoreInNode(alone)).toBeLessThanOrEqual(0.45);
  await alone.close();

  const link = freshRoom();
  const tabs: Tab[] = [];
  for (const [share, labels] of HELD.entries()) tabs.push(await tab({ query: { share: `${share}/4`, labels, seed: String(share) }, link }));
  await Promise.all(tabs.map(({ page }) => page.getByRole("button", { name: /^Join/ }).click()));
  await Promise.all(tabs.map((each) => until(each, scored(ROUNDS), 170_000)));
  await tabs[2]!.page.evaluate(() => globalThis.hromada!.pause());
  const together = await scoreInNode(tabs[2]!);
  expect(together).toBeGreaterThanOrEqual(0.93);
  expect(Math.abs(together - (await last(tabs[2]!)))).toBeLessThan(0.03);
});
