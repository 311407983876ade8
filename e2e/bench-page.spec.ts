import { readFile } from "node:fs/promises";
import type { DeviceResult } from "../bench/device-plan.ts";
import { axe } from "./axe.ts";
import { expect, test } from "./stage.ts";

const FIRST_RESULT_TIMEOUT = 90_000;

test("anybody can measure their own device: the page shows how it goes, stops at once, and offers the result as a file", async ({ stage }) => {
  const context = await stage.browser.newContext({ viewport: { width: 320, height: 640 }, locale: "en" });
  const page = await context.newPage();
  const failures: string[] = [];
  page.on("pageerror", (error) => void failures.push(error.message));
  await page.goto(new URL("bench.html", stage.server.url).href);
  await page.getByRole("button", { name: "Measure" }).click();
  const first = page.getByRole("row", { name: /MLP/ }).getByRole("cell").first();
  await expect(first).toHaveText(/\d/, { timeout: FIRST_RESULT_TIMEOUT });
  await expect(page.getByRole("status")).toContainText("2 of 12");
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(page.getByRole("status")).toContainText("Stopped");
  expect((await axe(page).analyze()).violations).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);

  await page.getByRole("combobox").selectOption("uk");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Як швидко навчає цей пристрій");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Зберегти результат" }).click()]);
  const result = JSON.parse(await readFile(await download.path(), "utf8")) as DeviceResult;
  expect(result).toMatchObject({ v: 1, kind: "hromada-bench", isolated: true });
  expect(result.outcomes[0]).toMatchObject({ trial: "mlp", engine: "wasm", unit: "samples/s", why: null });
  expect(result.outcomes[0]!.perSecond).toBeGreaterThan(0);
  expect(failures).toEqual([]);
  await context.close();
});
