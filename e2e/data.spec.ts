import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { ROOT, until } from "../tools/swarm/tabs.ts";
import { axe } from "./axe.ts";
import { expect, freshRoom, test } from "./stage.ts";

const GOOD = 120;

/** Part of the table that ships, with a row whose number is none, one of another label, and one cut short. */
async function tableWithBadRows(): Promise<string> {
  const [names, ...rows] = (await readFile(join(ROOT, "public/data/breast-cancer/breast-cancer.csv"), "utf8")).trim().split("\n");
  const good = rows.slice(0, GOOD);
  const fields = good[0]!.split(",");
  const spoilt = [["many", ...fields.slice(1)].join(","), [...fields.slice(0, -1), "perhaps"].join(","), fields.slice(0, 5).join(",")];
  return [names, ...good.slice(0, 2), ...spoilt, ...good.slice(2)].join("\n");
}

/** Files in this tab's folders of a person's own data. */
const ownFiles = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const found: string[] = [];
    const root = await navigator.storage.getDirectory();
    for await (const [slot, folder] of root.entries()) {
      if (folder.kind !== "directory" || !slot.startsWith("hromada-data-")) continue;
      for await (const [set, files] of (folder as FileSystemDirectoryHandle).entries()) {
        if (files.kind === "directory") for await (const file of (files as FileSystemDirectoryHandle).keys()) found.push(`${set}/${file}`);
      }
    }
    return found;
  });

test("a person's table: bad rows named by their place, left out once agreed, trained on; forgetting leaves nothing", async ({ tab }, info) => {
  const device = await tab({ query: { task: "breast-cancer", steps: "4", page: "data" }, link: freshRoom() });
  const { page } = device;
  await page.locator("[data-input=files]").setInputFiles({ name: "cells.csv", mimeType: "text/csv", buffer: Buffer.from(await tableWithBadRows()) });
  const bad = page.locator("[data-bad='3']");
  await expect(bad).toBeVisible({ timeout: 20_000 });
  await expect(bad.locator("li")).toHaveText([/Line 4, column 1.*cannot be “many”/, /Line 5, column 31.*cannot be “perhaps”/, /Line 6 .*5 fields where 31/]);
  const use = page.getByRole("button", { name: "Train on these" });
  await expect(use).toHaveAttribute("aria-disabled", "true");
  expect((await axe(page).analyze()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
  await page.screenshot({ path: info.outputPath("data.png"), fullPage: true });

  await page.getByRole("button", { name: "Leave them out" }).click();
  await use.click();
  await page.getByRole("link", { name: "To the start" }).click();
  await page.getByRole("button", { name: /^Join/ }).click();
  const { trainer } = await until(device, ({ rounds }) => rounds.length > 0, 30_000);
  expect(trainer).toMatchObject({ samples: GOOD, leftOut: 3 });
  await page.getByRole("button", { name: /^Leave/ }).click();

  expect((await ownFiles(page)).length).toBe(2);
  await page.reload();
  await page.getByRole("link", { name: "Data", exact: true }).click();
  await page.getByRole("button", { name: "Open cells.csv" }).click();
  await expect(page.getByText("They are left out, as you agreed.")).toBeVisible({ timeout: 20_000 });
  await page.getByRole("button", { name: "Forget all my data" }).click();
  await page.getByRole("group", { name: "Forget all my data" }).getByRole("button", { name: "Forget" }).click();
  await expect(page.getByText("Forgotten: nothing of it is left")).toBeVisible();
  expect(await ownFiles(page)).toEqual([]);
});

test("pictures in folders are labelled by them, and a drawing by hand", async ({ tab }) => {
  const { page } = await tab({ query: { page: "data" }, link: freshRoom() });
  const picture = Buffer.from(await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(20, 20);
    canvas.getContext("2d")!.fillRect(0, 0, 20, 20);
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  }));
  const file = (name: string, buffer = picture) => ({ name, mimeType: "image/png", buffer });
  await page.locator("[data-input=files]").setInputFiles([file("a.png"), file("b.png"), file("broken.png", Buffer.from("no picture"))]);
  await expect(page.locator(".picture")).toHaveCount(3);
  await page.getByLabel("Label of a.png").fill("7");
  await page.getByLabel("Label of a.png").press("Tab");
  await page.getByLabel("Label of broken.png").fill("3");
  await page.getByLabel("Label of broken.png").press("Tab");
  const bad = page.locator("[data-bad='2']");
  await expect(bad).toContainText("b.png: no label");
  await expect(bad).toContainText("cannot be decoded");

  await page.getByRole("radio", { name: "Drawing" }).check();
  await page.getByLabel("Label", { exact: true }).fill("1");
  const sheet = page.locator(".sheet canvas");
  // Waits until nothing above it moves it any more.
  await sheet.hover();
  const box = (await sheet.boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.8, { steps: 8 });
  await page.mouse.up();
  await page.getByRole("button", { name: "Add the drawing" }).click();
  await expect(page.locator(".picture")).toHaveCount(4);
  await expect(page.getByRole("row", { name: "1 1", exact: true })).toBeVisible();
});

test("a folder that is dropped is read with the folders in it, each a label", async ({ tab }) => {
  const folder = await mkdtemp(join(tmpdir(), "hromada-drop-"));
  try {
    const { page } = await tab({ query: { page: "data", task: "languages" }, link: freshRoom() });
    for (const [language, line] of [["en", "All human beings are born free. "], ["uk", "Всі люди народжуються вільними. "]] as const) {
      await mkdir(join(folder, language));
      for (const name of ["a.txt", "b.txt"]) await writeFile(join(folder, language, name), line.repeat(30));
    }
    await page.locator(".drop").scrollIntoViewIfNeeded();
    const box = (await page.locator(".drop").boundingBox())!;
    const session = await page.context().newCDPSession(page);
    const at = { x: box.x + box.width / 2, y: box.y + box.height / 2, data: { items: [], files: [folder], dragOperationsMask: 1 } };
    for (const type of ["dragEnter", "dragOver", "drop"] as const) await session.send("Input.dispatchDragEvent", { type, ...at });
    for (const language of ["en", "uk"]) await expect(page.getByRole("row", { name: new RegExp(`^${language} \\d+$`) })).toBeVisible({ timeout: 20_000 });
    await page.getByRole("button", { name: "Train on these" }).click();
    await expect(page.getByText("This device will train on these data.")).toBeVisible();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
