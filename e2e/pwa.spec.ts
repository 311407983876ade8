import { appendFile, cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { chromium } from "playwright-core";
import { chromiumPath, CHROMIUM_FLAGS } from "../tools/chromium.ts";
import { type AppServer, createAppServer } from "../tools/serve.ts";
import { ROOT } from "../tools/swarm/tabs.ts";
import { expect, freshRoom, test } from "./stage.ts";

/** Generous, since the machine may be shared. */
const PATIENCE = 60_000;

const controlled = (page: Page) => page.waitForFunction(() => navigator.serviceWorker.controller !== null, undefined, { timeout: PATIENCE });
const status = (page: Page) => page.locator("section.status");
const rounds = (page: Page): Promise<number> => page.evaluate(async () => (await globalThis.hromada?.snapshot())?.rounds.at(-1)?.round ?? 0);

async function everyPageOpens(page: Page): Promise<void> {
  const links = await page.locator(".nav-link").count();
  for (let index = 0; index < links; index++) {
    await page.locator(".nav-link").nth(index).click();
    await expect(page.locator("main h1:visible")).toHaveCount(1);
    await expect(page.locator(".loading")).toHaveCount(0);
    await expect(page.getByText("could not be loaded")).toHaveCount(0);
  }
}

/** A server of its own, which a test may stop or give another build. */
async function ownServer(dist: string): Promise<AppServer> {
  return createAppServer({ dist, port: 0, host: "127.0.0.1" });
}

test("Chromium finds nothing that keeps it from being installed; what the manifest names is there", async ({ stage }) => {
  const profile = await mkdtemp(join(tmpdir(), "hromada-profile-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS] });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto(stage.server.url);
    await controlled(page);
    const session = await context.newCDPSession(page);
    const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
    expect(installabilityErrors).toEqual([]);
    const { errors, data } = await session.send("Page.getAppManifest");
    expect(errors).toEqual([]);
    const manifest = JSON.parse(data ?? "{}") as { id: string; icons: { src: string; purpose?: string }[]; screenshots: { src: string; sizes: string; form_factor: string }[]; shortcuts: { url: string }[]; share_target: { action: string } };
    expect(manifest.id).toBe("./");
    expect(manifest.icons.some(({ purpose }) => purpose === "maskable")).toBe(true);
    expect(manifest.screenshots.map(({ form_factor }) => form_factor).sort()).toEqual(["narrow", "wide"]);
    for (const { src, sizes } of manifest.screenshots) {
      const size = await page.evaluate(async (path) => {
        const { width, height } = await createImageBitmap(await (await fetch(path)).blob());
        return `${width}x${height}`;
      }, `/${src}`);
      expect(size).toBe(sizes);
    }
    const pages = await page.locator(".nav-link").evaluateAll((links) => links.map((link) => new URL((link as HTMLAnchorElement).href).searchParams.get("page")));
    for (const { url } of manifest.shortcuts) expect(pages, "no shortcut leads nowhere").toContain(new URL(url, stage.server.url).searchParams.get("page"));
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
});

test("a file that is shared with the app comes to the Data page", async ({ stage, tab }) => {
  // The system posts the form, which no policy of a page keeps it from; here a page has to.
  const context = await stage.browser.newContext({ locale: "en-GB", bypassCSP: true });
  const { page } = await tab({ query: {}, context });
  await controlled(page);
  await page.evaluate(() => {
    const form = Object.assign(document.createElement("form"), { method: "post", action: "/share", enctype: "multipart/form-data" });
    const input = Object.assign(document.createElement("input"), { type: "file", name: "files" });
    const files = new DataTransfer();
    files.items.add(new File(["height,weight\n1,2\n3,4\n"], "measured ü.csv", { type: "text/csv" }));
    input.files = files.files;
    form.append(input);
    document.body.append(form);
    form.submit();
  });
  await page.waitForURL((url) => url.searchParams.get("page") === "data");
  await expect(page.locator("main")).toContainText("measured ü", { timeout: PATIENCE });
  await context.close();
});

test("without a network: reloaded in mid-training it opens, goes on training, answers, and every page is there", async ({ stage }) => {
  const server = await ownServer(join(ROOT, "dist"));
  const context = await stage.browser.newContext({ locale: "en-GB" });
  const page = await context.newPage();
  try {
    await page.goto(`${server.url}?share=0/16&steps=5#${freshRoom()}`);
    await page.getByRole("button", { name: /^Join/ }).click();
    await controlled(page);
    await expect.poll(() => rounds(page), { timeout: PATIENCE }).toBeGreaterThanOrEqual(5);
    // The message that keeps the engine is on its way; what it keeps is what is in the cache then.
    await expect.poll(() => page.evaluate(async () => (await (await caches.open("hromada-parts")).keys()).filter(({ url }) => /device-.*connect=|\.wasm|desk-/.test(url)).length), { timeout: PATIENCE }).toBeGreaterThanOrEqual(3);

    await server.close();
    await page.reload();
    await page.waitForFunction(() => globalThis.hromada !== undefined, undefined, { timeout: PATIENCE });
    const before = await rounds(page);
    expect(before).toBeGreaterThanOrEqual(4);
    await page.getByRole("button", { name: /^Go on from round/ }).click();
    await expect.poll(() => rounds(page), { timeout: PATIENCE }).toBeGreaterThan(before + 1);
    const { probabilities } = await page.evaluate(() => globalThis.hromada!.predict(new Float32Array(784)));
    expect(probabilities).toHaveLength(10);

    await everyPageOpens(page);
  } finally {
    await context.close();
    await server.close();
  }
});

test("installed and never pressed: every page opens without a network", async ({ stage }) => {
  const server = await ownServer(join(ROOT, "dist"));
  const context = await stage.browser.newContext({ locale: "en-GB" });
  const page = await context.newPage();
  try {
    await page.goto(server.url);
    await controlled(page);
    await page.evaluate(() => dispatchEvent(new Event("appinstalled")));
    const parts = (): Promise<number> => page.evaluate(async () => (await (await caches.open("hromada-parts")).keys()).filter(({ url }) => /(later|desk)-/.test(url)).length);
    const built = (await readdir(join(ROOT, "dist/assets"))).filter((name) => /^(later|desk)-.*\.js$/.test(name)).length;
    await expect.poll(parts, { timeout: PATIENCE }).toBe(built);

    await server.close();
    await page.reload();
    await page.waitForFunction(() => globalThis.hromada !== undefined, undefined, { timeout: PATIENCE });
    await everyPageOpens(page);
  } finally {
    await context.close();
    await server.close();
  }
});

test("a new version waits while the device trains, and comes when the person says so", async ({ stage }) => {
  const folder = await mkdtemp(join(tmpdir(), "hromada-build-"));
  await cp(join(ROOT, "dist"), folder, { recursive: true });
  const server = await ownServer(folder);
  const context = await stage.browser.newContext({ locale: "en-GB" });
  const page = await context.newPage();
  try {
    await page.goto(`${server.url}?share=0/16&steps=5#${freshRoom()}`);
    await controlled(page);
    await page.getByRole("button", { name: /^Join/ }).click();
    await expect(status(page)).toHaveAttribute("data-status", "alone", { timeout: PATIENCE });
    await page.evaluate(() => Object.assign(globalThis, { sameLoad: true }));
    const sameLoad = () => page.evaluate(() => "sameLoad" in globalThis);

    await appendFile(join(folder, "sw.js"), "\n// another build\n");
    await page.evaluate(async () => void (await (await navigator.serviceWorker.ready).update()));
    const bar = page.locator("[data-update]");
    await expect(bar).toHaveAttribute("data-update", "after-training", { timeout: PATIENCE });
    const before = await rounds(page);
    await expect.poll(() => rounds(page), { timeout: PATIENCE }).toBeGreaterThan(before + 1);
    expect(await sameLoad()).toBe(true);

    await page.getByRole("button", { name: "Leave" }).click();
    await expect(bar).toHaveAttribute("data-update", "ready");
    expect(await sameLoad()).toBe(true);
    await page.getByRole("button", { name: "Update now" }).click();
    await page.waitForFunction(() => !("sameLoad" in globalThis), undefined, { timeout: PATIENCE });
    await expect(bar).toHaveAttribute("data-update", "");
  } finally {
    await context.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
});
