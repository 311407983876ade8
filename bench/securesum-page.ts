import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { build } from "vite";
import type {} from "../e2e/harness/securesum.ts";
import { chromiumPath, CHROMIUM_FLAGS } from "../tools/chromium.ts";
import { createAppServer } from "../tools/serve.ts";
import { ROOT } from "../tools/swarm/tabs.ts";
import { buildWasm } from "../tools/wasm.ts";

const READY_TIMEOUT = 60_000;

/** The secure sum's page of e2e/harness in a Chromium of its own. */
export async function withSumPage<T>(use: (page: Page) => Promise<T>): Promise<T> {
  await buildWasm(ROOT);
  const dist = await mkdtemp(join(tmpdir(), "hromada-securesum-"));
  const root = join(ROOT, "e2e/harness");
  await build({ configFile: false, root, logLevel: "error", worker: { format: "es" }, build: { outDir: dist, target: "es2022", assetsInlineLimit: 0, rollupOptions: { input: join(root, "securesum.html") } } });
  const server = await createAppServer({ dist, port: 0, host: "127.0.0.1" });
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS] });
  try {
    const page = await browser.newPage();
    await page.goto(new URL("securesum.html", server.url).href);
    await page.waitForFunction(() => globalThis.securesum !== undefined, undefined, { timeout: READY_TIMEOUT });
    return await use(page);
  } finally {
    await browser.close();
    await server.close();
    await rm(dist, { recursive: true });
  }
}
