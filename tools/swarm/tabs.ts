import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import type { Snapshot } from "../../src/device/api.ts";
import { chromiumPath, CHROMIUM_FLAGS } from "../chromium.ts";
import { createAppServer, type AppServer } from "../serve.ts";
import { markLoaded } from "./trace.ts";
import { build, isStale } from "../serve-build.ts";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const BUILD_TIMEOUT = 120_000;

/** The app served on a free port, and a browser to open it in. */
export interface Stage {
  server: AppServer;
  browser: Browser;
  close(): Promise<void>;
}

export async function openStage(flags: readonly string[] = []): Promise<Stage> {
  if (await isStale(ROOT)) await build(ROOT, AbortSignal.timeout(BUILD_TIMEOUT));
  const server = await createAppServer({ dist: join(ROOT, "dist"), port: 0, host: "127.0.0.1" });
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS, ...flags] });
  return {
    server,
    browser,
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/** One real tab that is one device, in a browser context of its own unless one is given. */
export interface Tab {
  page: Page;
  snapshot(): Promise<Snapshot>;
  /** The renderer process dies at once: no handler runs, no goodbye is said. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export interface TabOptions {
  query: Record<string, string>;
  /** The join link's fragment, without `#`. */
  link?: string;
  context?: BrowserContext;
}

/** How long a page may take to have a device, in milliseconds. */
const OPEN_TIMEOUT = 60_000;

export async function openTab(stage: { browser: Browser; server: { url: string } }, { query, link = "", context }: TabOptions): Promise<Tab> {
  // A context that is closed with its tab has no next visit, which is what a service worker copies the page for: a fifth
  // of the processor while tabs open. Whoever gives a context has one.
  const own = context ?? (await stage.browser.newContext({ serviceWorkers: "block" }));
  const page = await own.newPage();
  const url = new URL(stage.server.url);
  url.search = new URLSearchParams(query).toString();
  url.hash = link;
  await page.goto(url.href);
  await page.waitForFunction(() => globalThis.hromada !== undefined, undefined, { timeout: OPEN_TIMEOUT }).catch(async (cause: unknown) => {
    throw new Error(`no device at ${url.href}; the page says: ${await page.evaluate(() => document.body.innerText.slice(0, 1_000))}`, { cause });
  });
  await markLoaded(page);
  return {
    page,
    snapshot: () => page.evaluate(() => globalThis.hromada!.snapshot()),
    async kill() {
      const session = await own.newCDPSession(page);
      // A crashed page never answers.
      void session.send("Page.crash").catch(() => undefined);
      await page.waitForEvent("crash", { timeout: OPEN_TIMEOUT });
    },
    async close() {
      await (context ? page.close() : own.close());
    },
  };
}

/** Each look costs the tab, the browser and the test a moment, in milliseconds. */
const LOOK_EVERY = 250;

/** Looks at a tab now and then until `done` says so. @throws Error with where it stands when the time is over */
export async function until(tab: Tab, done: (snapshot: Snapshot) => boolean, timeout: number): Promise<Snapshot> {
  const end = Date.now() + timeout;
  for (;;) {
    const snapshot = await tab.snapshot();
    if (done(snapshot)) return snapshot;
    if (snapshot.status === "failed") throw new Error(describe(snapshot));
    if (Date.now() > end) throw new Error(`not within ${timeout} ms: ${describe(snapshot)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }
}

export const describe = ({ status, round, phase, view, peers, rounds, error }: Snapshot): string =>
  `${status}, round ${round} ${phase ?? ""}, ${view.length} in view, ${peers.map(({ reach }) => reach).join(" ") || "no peers"}, ${rounds.length} rounds${error ? `, ${error.code}: ${error.detail}` : ""}`;
