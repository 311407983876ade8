import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { chromium } from "playwright-core";
import { build } from "vite";
import { chromiumPath, CHROMIUM_FLAGS } from "../tools/chromium.ts";
import { createAppServer } from "../tools/serve.ts";
import { ROOT } from "../tools/swarm/tabs.ts";
import type { SimulateOptions } from "../src/sim/simulate/options.ts";
import { simulateHere } from "./harness/simulate.ts";

const OPTIONS: SimulateOptions = { peers: 16, minutes: 0.4, churn: 0.2, attack: { kind: "alie", share: 0.2 }, seed: 7 };

test("one seed gives one trace, in Node and in Chromium", async () => {
  const dist = await mkdtemp(join(tmpdir(), "hromada-simulate-"));
  const root = join(ROOT, "e2e/harness");
  await build({ configFile: false, root, logLevel: "error", build: { outDir: dist, target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 4000, rolldownOptions: { input: join(root, "simulate.html") } } });
  const server = await createAppServer({ dist, port: 0, host: "127.0.0.1" });
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS] });
  try {
    const page = await browser.newPage();
    await page.goto(new URL("simulate.html", server.url).href);
    await page.waitForFunction(() => globalThis.simulateHere !== undefined);
    const { wallSeconds: _there, ...there } = await page.evaluate((options) => globalThis.simulateHere!(options), OPTIONS);
    const { wallSeconds: _here, ...here } = simulateHere(OPTIONS);
    expect(here.rounds.committed).toBeGreaterThan(0);
    expect(there).toEqual(here);
  } finally {
    await browser.close();
    await server.close();
    await rm(dist, { recursive: true });
  }
});
