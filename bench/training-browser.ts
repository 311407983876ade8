import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build } from "vite";
import { chromiumPath, CHROMIUM_FLAGS, SOFTWARE_WEBGPU } from "../tools/chromium.ts";
import { serveStatic } from "../tools/serve-static.ts";
import type { Engine, Measured } from "./training-page.ts";
import type { TrialName } from "./training-trials.ts";

export interface Run extends Measured {
  /** Most resident memory of the page's process, engine and code included; null where the system does not tell. */
  peakBytes: number | null;
}

export interface Stage {
  /** One trial in a fresh page. Fails where the engine lacks a kernel. */
  measure(engine: Engine, trial: TrialName, milliseconds: number): Promise<Run>;
  close(): Promise<void>;
}

/** Builds the page to a temporary folder, serves it and starts a Chromium. */
export async function openStage(): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), "hromada-training-"));
  await build({
    configFile: false,
    root: fileURLToPath(new URL("../", import.meta.url)),
    logLevel: "warn",
    publicDir: false,
    build: {
      outDir: folder,
      emptyOutDir: true,
      target: "es2022",
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 3000,
      rolldownOptions: { input: fileURLToPath(new URL("./training-page.ts", import.meta.url)), output: { entryFileNames: "page.js" } },
    },
  });
  await writeFile(join(folder, "index.html"), '<!doctype html><title>training</title><script type="module" src="/page.js"></script>');
  const server = createServer((request, response) => void serveStatic(folder, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  return {
    async measure(engine, trial, milliseconds) {
      // A browser each: no page inherits another's heap or warm code.
      const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS, ...(engine === "webgpu" ? SOFTWARE_WEBGPU : [])] });
      try {
        const page = await browser.newPage();
        await page.goto(url);
        await page.waitForFunction(() => "measure" in globalThis);
        const measured = await page.evaluate(
          ([name, what, time]) => (globalThis as unknown as { measure(...args: unknown[]): Promise<Measured> }).measure(name, what, time),
          [engine, trial, milliseconds] as const,
        );
        const session = await browser.newBrowserCDPSession();
        const { processInfo } = await session.send("SystemInfo.getProcessInfo");
        const peaks = await Promise.all(processInfo.filter(({ type }) => type === "renderer").map(({ id }) => peakOf(id)));
        return { ...measured, peakBytes: peaks.reduce((top, peak) => (peak === null ? top : Math.max(top ?? 0, peak)), null) };
      } finally {
        await browser.close();
      }
    },
    async close() {
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}

async function peakOf(pid: number): Promise<number | null> {
  if (process.platform !== "linux") return null;
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
  return kilobytes === undefined ? null : 1024 * Number(kilobytes);
}
