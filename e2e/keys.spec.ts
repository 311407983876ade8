import { expect, freshRoom, test } from "./stage.ts";
import { until } from "../tools/swarm/tabs.ts";
import { joinAll, PATIENCE } from "./rounds.ts";

test("keys go by a file to another browser, and a wrong passphrase is explained", async ({ stage, tab }, info) => {
  const link = freshRoom();
  const context = await stage.browser.newContext({ viewport: { width: 360, height: 800 } });
  const [from, to] = [await tab({ query: {}, link }), await tab({ query: {}, link, context })];
  for (const { page } of [from, to]) await page.getByText("Move keys to another").click();

  await from.page.getByLabel("Passphrase").fill("correct horse");
  const downloading = from.page.waitForEvent("download");
  await from.page.getByRole("button", { name: "Export keys" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("hromada-keys.bin");
  const file = await download.path();

  const panel = to.page.getByRole("region", { name: "Keys" });
  await to.page.getByRole("button", { name: "Import keys" }).click();
  await expect(panel).toContainText("Type a passphrase first.");
  await to.page.locator("[data-input=keys]").setInputFiles(file);
  await to.page.getByLabel("Passphrase").fill("wrong horse");
  await to.page.getByRole("button", { name: "Import keys" }).click();
  await expect(panel).toContainText("does not open this key file", { timeout: 60_000 });
  await panel.scrollIntoViewIfNeeded();
  expect(await to.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
  await panel.screenshot({ path: info.outputPath("keys.png") });
  await to.page.getByLabel("Passphrase").fill("correct horse");
  await to.page.getByRole("button", { name: "Import keys" }).click();
  await expect(panel).toContainText("The keys are imported.", { timeout: 60_000 });
  await context.close();
});

test("a device that a committee issued keys to still has them after a reload, and comes back in", async ({ stage, tab }) => {
  const EPOCH = 8;
  const link = freshRoom();
  const context = await stage.browser.newContext();
  const open = (index: number) => tab({ query: { share: `${index}/4`, seed: String(index), steps: "4", epoch: String(EPOCH) }, link, ...(index === 0 ? { context } : {}) });
  const tabs = await Promise.all([0, 1, 2, 3].map(open));
  await joinAll(tabs);
  const [first] = tabs;
  const { keys } = await until(first!, (snapshot) => snapshot.keys.count > 0, PATIENCE);
  expect(keys.lasting).toBe(true);
  await until(first!, ({ round, view }) => round > EPOCH + 1 && view.length === 4, PATIENCE);

  await first!.page.reload();
  await first!.page.waitForFunction(() => globalThis.hromada !== undefined);
  const { keys: kept } = await until(first!, ({ status }) => status === "idle", PATIENCE);
  expect(kept.count).toBeGreaterThan(0);
  await first!.page.getByRole("button", { name: /^Go on/ }).click();
  await until(first!, ({ view }) => view.length === 4, PATIENCE);
  await context.close();
});
