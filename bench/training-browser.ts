import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Browser } from "playwright-core";
import { build } from "vite";
import { chromiumPath, CHROMIUM_FLAGS, SOFTWARE_WEBGPU } from "../tools/chromium.ts";
import { serveStatic } from "../tools/serve-static.ts";
import type { Engine, Measured } from "./training-measure.ts";
import type { PooledName, TrialName } from "./training-trials.ts";

export interface Run extends Measured {
  /** Most resident memory of the page's process, engine and code included, and of the GPU's where one is used; null where the system does not tell. */
  peakBytes: number | null;
}

export interface Stage {
  /** One trial in a fresh page. Fails where the engine lacks a kernel. */
  measure(engine: Engine, trial: TrialName, milliseconds: number, flags?: readonly string[]): Promise<Run>;
  /** A model on WASM on so many threads, in a fresh page. */
  measureThreads(trial: PooledName, threads: number, milliseconds: number): Promise<Run>;
  /** Most resident memory of the process of an empty page, which every page pays; null where the system does not tell. */
  emptyPageBytes(): Promise<number | null>;
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
    worker: { format: "es" },
  });
  await writeFile(join(folder, "index.html"), '<!doctype html><title>training</title><script type="module" src="/page.js"></script>');
  await writeFile(join(folder, "empty.html"), "<!doctype html><title>empty</title>");
  const server = createServer((request, response) => {
    // Isolated, as the app is: threads share memory.
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    void serveStatic(folder, request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  /** A browser each: no page inherits another's heap or warm code. */
  async function inPage(call: "measure" | "measureThreads", args: readonly unknown[], flags: readonly string[], kinds: readonly string[]): Promise<Run> {
    const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS, ...flags] });
    try {
      const page = await browser.newPage();
      await page.goto(url);
      await page.waitForFunction(() => "measure" in globalThis);
      const measured = await page.evaluate(([name, given]) => (globalThis as unknown as Record<string, (...args: readonly unknown[]) => Promise<Measured>>)[name]!(...given), [call, args] as const);
      return { ...measured, peakBytes: await peakOf(browser, kinds) };
    } finally {
      await browser.close();
    }
  }

  return {
    measure: (engine, trial, milliseconds, flags = []) => inPage("measure", [engine, trial, milliseconds], engine.startsWith("webgpu") ? [...flags, ...SOFTWARE_WEBGPU] : flags, engine.startsWith("webg") ? ["renderer", "GPU"] : ["renderer"]),
    measureThreads: (trial, threads, milliseconds) => inPage("measureThreads", [trial, threads, milliseconds], [], ["renderer"]),
    async emptyPageBytes() {
      const browser = await chromium.launch({ executablePath: chromiumPath(), args: CHROMIUM_FLAGS });
      try {
        const page = await browser.newPage();
        await page.goto(new URL("empty.html", url).href);
        return await busyPeak(browser, () => page.evaluate(work, BUSY_MS));
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

/** The largest process of each kind, added up. */
async function peakOf(browser: Browser, kinds: readonly string[]): Promise<number | null> {
  if (process.platform !== "linux") return null;
  const { processInfo } = await (await browser.newBrowserCDPSession()).send("SystemInfo.getProcessInfo");
  const peaks = await Promise.all(processInfo.map(async ({ id, type }) => ({ type, bytes: await residentPeak(id) })));
  return kinds.reduce((sum, kind) => sum + Math.max(0, ...peaks.filter(({ type }) => type === kind).map(({ bytes }) => bytes)), 0);
}

const BUSY_MS = 300;

/** Runs in the page. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

/** Before it, of the renderer that did this work: Chromium has others of its own, some of them larger than an empty page. */
async function busyPeak(browser: Browser, run: () => Promise<void>): Promise<number | null> {
  if (process.platform !== "linux") return null;
  const session = await browser.newBrowserCDPSession();
  const renderers = async () => (await session.send("SystemInfo.getProcessInfo")).processInfo.filter(({ type }) => type === "renderer");
  const before = await Promise.all((await renderers()).map(async ({ id, cpuTime }) => ({ id, cpuTime, bytes: await residentPeak(id) })));
  await run();
  const after = new Map((await renderers()).map(({ id, cpuTime }) => [id, cpuTime]));
  const did = before.map(({ id, cpuTime, bytes }) => ({ bytes, time: (after.get(id) ?? 0) - cpuTime }));
  return did.reduce((most, each) => (each.time > most.time ? each : most)).bytes;
}

async function residentPeak(pid: number): Promise<number> {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
  return 1024 * Number(kilobytes ?? 0);
}
