import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { readOnnx } from "../src/learn/export/testing/onnx-reader.ts";
import { unzip } from "../src/learn/export/zip.ts";
import { openStage, openTab, until } from "../tools/swarm/tabs.ts";
import { axe } from "./axe.ts";
import { joinAll, PATIENCE, roundsTogether } from "./rounds.ts";
import { expect, freshRoom, test } from "./stage.ts";

/** A tall stroke, as a one is written. */
const stroke = (): number[] => Array.from({ length: 784 }, (_, i) => (i % 28 >= 13 && i % 28 < 16 && i >= 5 * 28 && i < 23 * 28 ? 1 : 0));

const ask = (page: Page, id: string, pixels: number[]): Promise<number[]> =>
  page.evaluate(async ([model, input]) => (await globalThis.hromada!.askModel(model, Float32Array.from(input))).probabilities, [id, pixels] as const);

async function save(page: Page, name: string): Promise<{ name: string; path: string }> {
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name, exact: true }).click()]);
  return { name: file.suggestedFilename(), path: await file.path() };
}

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await axe(page).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
}

test("a trained model answers a drawing, shows its mistakes, goes out as tfjs and ONNX, comes back the same, and is fetched by another device", async ({ stage, tab }, info) => {
  const context = await stage.browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 900 } });
  const link = freshRoom();
  const own = await tab({ query: { share: "0/2", steps: "8" }, link, context });
  const other = await tab({ query: { share: "1/2", steps: "8" }, link });
  await joinAll([own, other]);
  await roundsTogether([own, other], 2);
  // So that no later round changes what is compared here.
  await Promise.all([own, other].map(({ page }) => page.evaluate(() => globalThis.hromada!.pause())));
  await until(own, ({ rounds }) => rounds.every(({ accuracy }) => accuracy !== null), PATIENCE);

  const { page } = own;
  await page.getByRole("link", { name: "Models" }).click();
  await page.getByRole("application").focus();
  for (const key of ["Space", ...new Array<string>(10).fill("ArrowDown")]) await page.keyboard.press(key);
  const answer = page.locator(".model-answer");
  await expect(answer.getByRole("status")).toHaveText(/^\d \(\d+%\)$/);
  const latency = answer.locator("[data-engine]");
  const [engine, all] = await Promise.all(["data-engine", "data-all"].map(async (name) => Number(await latency.getAttribute(name))));
  expect(engine).toBeGreaterThan(0);
  expect(all).toBeGreaterThanOrEqual(engine!);

  const cells = page.locator(".confusion td");
  await expect(cells).toHaveCount(100);
  const counts = (await cells.allTextContents()).map((text) => Number(text.replaceAll(/\D/g, "")));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10_000);
  const { rounds } = await own.snapshot();
  const right = Array.from({ length: 10 }, (_, label) => counts[11 * label]!).reduce((sum, count) => sum + count, 0);
  expect(right / 10_000).toBeCloseTo(rounds.at(-1)!.accuracy!, 6);
  await expectAccessible(page);
  await page.screenshot({ path: info.outputPath("models-1280.png"), fullPage: true });

  const round = rounds.at(-1)!.round;
  const tfjs = await save(page, "TensorFlow.js");
  expect(tfjs.name).toBe(`digits-round-${round}.zip`);
  const files = await unzip(new Uint8Array(await readFile(tfjs.path)), 1e7);
  expect(files.map(({ name }) => name)).toEqual(["model.json", "weights.bin"]);
  const onnx = readOnnx(new Uint8Array(await readFile((await save(page, "ONNX")).path)));
  expect(onnx.nodes.map(({ type }) => type)).toEqual(["Transpose", "Conv", "Relu", "Conv", "Relu", "Transpose", "Flatten", "Gemm", "Softmax"]);
  expect(onnx.metadata).toMatchObject({ round: String(round) });

  await page.locator("[data-input=model]").setInputFiles(files.map(({ name, bytes }) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) })));
  await expect(page.getByText("The model is here.")).toBeVisible();
  const models = await page.evaluate(() => globalThis.hromada!.models());
  expect(models.map(({ id, origin }) => `${id === "current"} ${origin}`)).toEqual(["true trained", "false imported"]);
  expect(await ask(page, models[1]!.id, stroke())).toEqual(await ask(page, "current", stroke()));

  await page.getByLabel("in training here").check();
  await page.getByRole("button", { name: "Publish to the swarm" }).click();
  const published = page.locator(".published code");
  await expect(published).toHaveText(/^[0-9a-f]{64}$/, { timeout: 30_000 });

  await other.page.getByRole("link", { name: /Models|Моделі/ }).click();
  await other.page.getByLabel(/Id of a published model|Ідентифікатор опублікованої/).fill((await published.textContent())!);
  await other.page.getByRole("button", { name: /^(Fetch|Отримати)$/ }).first().click();
  await expect(other.page.getByText(/The model is here|Модель тут/)).toBeVisible({ timeout: 30_000 });
  const [, fetched] = await other.page.evaluate(() => globalThis.hromada!.models());
  const { self } = await own.snapshot();
  expect(fetched).toMatchObject({ origin: "fetched", object: await published.textContent(), author: self, lineage: { ...models[0]!.lineage, contributors: 2 } });
  expect(await ask(other.page, fetched!.id, stroke())).toEqual(await ask(page, "current", stroke()));
  await context.close();
});

for (const look of [
  { locale: "uk-UA", colorScheme: "dark", width: 360, task: "digits" },
  { locale: "en-GB", colorScheme: "light", width: 320, task: "breast-cancer" },
  { locale: "uk-UA", colorScheme: "light", width: 1280, task: "languages" },
] as const) {
  test(`the models of ${look.task} in ${look.locale}, ${look.colorScheme}, ${look.width} px: accessible, without a model and with one`, async ({ stage, tab }, info) => {
    const context = await stage.browser.newContext({ locale: look.locale, colorScheme: look.colorScheme, viewport: { width: look.width, height: 900 } });
    const device = await tab({ query: { share: "0/4", steps: "3", page: "models", task: look.task }, link: freshRoom(), context });
    const { page } = device;
    await expect(page.locator("#models-list-heading")).toBeVisible();
    await expectAccessible(page);
    await page.screenshot({ path: info.outputPath("empty.png"), fullPage: true });
    await page.evaluate(() => globalThis.hromada!.join({ kind: "share", share: 0, shares: 4 }));
    await until(device, ({ rounds }) => rounds.some(({ accuracy }) => accuracy !== null), PATIENCE);
    await expect(page.locator(".confusion")).toBeVisible();
    if (look.task === "breast-cancer") await page.getByRole("button", { name: "Ask", exact: true }).click();
    if (look.task === "languages") await page.locator("textarea").fill("Усі люди народжуються вільними і рівними у своїй гідності та правах.");
    if (look.task !== "digits") await expect(page.locator(".model-answer [data-engine]")).toBeVisible({ timeout: 20_000 });
    await expectAccessible(page);
    await page.screenshot({ path: info.outputPath("full.png"), fullPage: true });
    await context.close();
  });
}

test("the camera's frames are answered while it is on", async () => {
  const stage = await openStage(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]);
  try {
    const device = await openTab(stage, { query: { share: "0/16", steps: "2", page: "models", auto: "1" }, link: freshRoom() });
    const { page } = device;
    await until(device, ({ rounds }) => rounds.length > 0, PATIENCE);
    await page.getByRole("radio", { name: /Camera|Камера/ }).check();
    await page.getByRole("button", { name: /Start the camera|Увімкнути камеру/ }).click();
    await expect(page.locator(".model-answer [data-engine]")).toBeVisible({ timeout: 20_000 });
    await page.getByRole("button", { name: /Stop the camera|Вимкнути камеру/ }).click();
    await expect(page.locator("video")).toHaveCount(0);
  } finally {
    await stage.close();
  }
});
