import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { chromium, type Page } from "playwright-core";
import { CHROMIUM_FLAGS, chromiumPath } from "../tools/chromium.ts";
import { slowRenderers } from "../tools/slow-cpu.ts";
import { openSlowLink } from "../tools/slow-link.ts";
import { openTab, ROOT, type Stage, until } from "../tools/swarm/tabs.ts";
import { type LongestTask, markLoads, watchTasks } from "../tools/swarm/trace.ts";

/** A page's wait for its device and for rounds, in milliseconds; the machine may be shared. */
const PATIENCE = 120_000;
/** What the service worker does after it has begun is over by then. */
const QUIET = 3_000;

export interface Scripts {
  files: number;
  /** By gzip's best, whatever the server packs with. */
  bytes: number;
}

/** Scripts that are asked for before the one button is pressed: by the page and its workers, and by the service worker too. */
export async function scriptsBeforePress(stage: Stage): Promise<{ page: Scripts; all: Scripts }> {
  const counted = async (serviceWorkers: "allow" | "block"): Promise<Scripts> => {
    const link = await openSlowLink(stage.server.port);
    const context = await stage.browser.newContext({ serviceWorkers, locale: "en-GB" });
    try {
      const page = await context.newPage();
      await openPage(page, link.url);
      await page.waitForTimeout(QUIET);
      const paths = new Set(link.requests.map(({ path }) => path.split("?", 1)[0]!).filter((path) => path.endsWith(".js")));
      const sizes = await Promise.all([...paths].map(async (path) => gzipSync(await readFile(join(ROOT, "dist", path)), { level: 9 }).length));
      return { files: paths.size, bytes: sizes.reduce((sum, size) => sum + size, 0) };
    } finally {
      await context.close();
      await link.close();
    }
  };
  return { page: await counted("block"), all: await counted("allow") };
}

/** With the button there to be pressed. */
async function openPage(page: Page, url: string): Promise<void> {
  await page.goto(url, { timeout: PATIENCE });
  await page.locator("button.primary.large").waitFor({ timeout: PATIENCE });
  await page.waitForFunction(() => globalThis.hromada !== undefined, undefined, { timeout: PATIENCE });
}

const LINK = { bitsPerSecond: 4e6, delay: 20 };
const SLOWER = 4;

export interface FirstRun {
  /** Seconds, by the page's clock. */
  fromOpening: number;
  fromPress: number;
  bytes: number;
}

/** A browser that was never here opens the page over a slow link, on a slow device, and presses the button at once. */
export async function firstRun(port: number): Promise<FirstRun> {
  const link = await openSlowLink(port, LINK);
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS] });
  const page = await browser.newPage({ locale: "en-GB" });
  const quick = await slowRenderers(browser, SLOWER);
  try {
    await page.goto(link.url, { timeout: PATIENCE });
    await page.locator("button.primary.large").click({ timeout: PATIENCE });
    const pressed = await page.evaluate(() => performance.now());
    const trained = await page.evaluate(async () => {
      for (;;) {
        const snapshot = await globalThis.hromada?.snapshot();
        if (snapshot !== undefined && (snapshot.batch !== null || snapshot.samplesTrained > 0)) return performance.now();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    return { fromOpening: trained / 1_000, fromPress: (trained - pressed) / 1_000, bytes: link.bytes() };
  } finally {
    quick();
    await browser.close();
    await link.close();
  }
}

const ROUNDS = 6;

/** The longest task of a page that loads, joins, trains with another device, shows every page and leaves. */
export async function longestTask(stage: Stage): Promise<LongestTask> {
  const room = `room=${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")}`;
  const other = await openTab(stage, { query: { share: "1/2", steps: "20", auto: "1" }, link: room });
  // With a browser of its own, whose trace is of this page alone.
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS] });
  try {
    const page = await browser.newPage({ locale: "en-GB" });
    await markLoads(page);
    const watched = await watchTasks(browser);
    await openPage(page, `${stage.server.url}?share=0/2&steps=20#${room}`);
    await page.locator("button.primary.large").click();
    const tab = { ...other, page, snapshot: () => page.evaluate(() => globalThis.hromada!.snapshot()) };
    await until(tab, ({ rounds }) => rounds.filter(({ participants }) => participants.length === 2).length >= ROUNDS, PATIENCE);
    const links = page.locator(".nav-link");
    for (let index = 0; index < (await links.count()); index++) {
      await links.nth(index).click();
      await page.waitForTimeout(1_000);
    }
    await links.first().click();
    await page.getByRole("button", { name: "Leave" }).click();
    await page.waitForTimeout(1_000);
    return await watched();
  } finally {
    await browser.close();
    await other.close();
  }
}
