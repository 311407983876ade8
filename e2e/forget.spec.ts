import { until } from "../tools/swarm/tabs.ts";
import { expect, freshRoom, test } from "./stage.ts";

const PATIENCE = 60_000;

/** Names of what this origin keeps. A worker that is registered anew, and the settings, come back with the page. */
async function kept() {
  const files: string[] = [];
  async function look(folder: FileSystemDirectoryHandle, path: string): Promise<void> {
    for await (const [name, entry] of folder.entries()) {
      files.push(path + name);
      if (entry.kind === "directory") await look(entry as FileSystemDirectoryHandle, `${path}${name}/`);
    }
  }
  await look(await navigator.storage.getDirectory(), "");
  return {
    files,
    caches: await caches.keys(),
    databases: (await indexedDB.databases()).map(({ name }) => name),
    texts: Object.keys(localStorage),
  };
}

test("whoever deletes everything of this browser finds nothing of it at the next visit", async ({ stage, tab }) => {
  const context = await stage.browser.newContext();
  const device = await tab({ query: { share: "0/16", steps: "5", task: "breast-cancer" }, link: freshRoom(), context });
  const { page } = device;
  await page.getByRole("button", { name: /^Join/ }).click();
  await until(device, ({ rounds }) => rounds.length >= 2, PATIENCE);
  await page.getByRole("button", { name: "Leave" }).click();
  await page.getByRole("link", { name: "Data", exact: true }).click();
  await page.locator("[data-input=files]").setInputFiles({ name: "mine.csv", mimeType: "text/csv", buffer: Buffer.from("a,b\n1,2\n3,4\n") });
  await expect(page.getByRole("button", { name: "Open mine.csv" })).toBeVisible({ timeout: PATIENCE });
  // Something of each kind that the page does not make anew by itself.
  await page.evaluate(async () => {
    localStorage.setItem("mine", "1");
    await (await caches.open("mine")).put("/mine", new Response("mine"));
    await (await navigator.storage.getDirectory()).getFileHandle("mine", { create: true });
    await new Promise((resolve, reject) => {
      const request = indexedDB.open("mine");
      request.onsuccess = () => resolve(request.result.close());
      request.onerror = reject;
    });
  });
  const before = await page.evaluate(kept);
  expect(before.files.some((name) => /^hromada-data-slot-0\/.+\/.+/.test(name)), "a file of the person’s own").toBe(true);
  for (const names of [before.files, before.caches, before.databases, before.texts]) expect(names).toContain("mine");

  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await page.evaluate(() => Object.assign(globalThis, { sameLoad: true }));
  await page.getByRole("button", { name: "Delete everything of this browser" }).click();
  await page.getByRole("group", { name: "Delete everything of this browser" }).getByRole("button", { name: "Delete" }).click();
  await page.waitForFunction(() => !("sameLoad" in globalThis) && globalThis.hromada !== undefined, undefined, { timeout: PATIENCE });

  const after = await page.evaluate(kept);
  expect(after.files.filter((name) => !/^hromada-(data|shards)-slot-0$/.test(name))).toEqual([]);
  for (const names of [after.caches, after.databases, after.texts]) expect(names).not.toContain("mine");
  expect(await device.snapshot()).toMatchObject({ resumable: null, drawings: 0, rounds: [], samplesTrained: 0 });
  await page.getByRole("link", { name: "Data", exact: true }).click();
  await expect(page.getByText("None yet. What you add is listed here.")).toBeVisible({ timeout: PATIENCE });
  await context.close();
});
