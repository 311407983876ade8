import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright-core";
import { build, type Plugin } from "vite";
import { shapeFor } from "../src/coding/code.ts";
import { createCoder } from "../src/coding/coder.ts";
import { encode } from "../src/coding/encode.ts";
import { bestBuild, type Build } from "../src/coding/kernel.ts";
import { chromiumPath, CHROMIUM_FLAGS } from "../tools/chromium.ts";
import { createAppServer } from "../tools/serve.ts";
import { buildWasm } from "../tools/wasm.ts";
import { measureCoding, type Measured } from "./coding-measure.ts";
import type {} from "./coding-page.ts";
import { compare, type Bench, type Row } from "./harness.ts";

/** How many times as fast as each, by k + m. The last is a part of the speed of a copy. */
const GOALS: Record<string, { encode: number; decode: number; typeberry: number; kernel: number }> = {
  "4+2": { encode: 4.5, decode: 4, typeberry: 3.5, kernel: 0.25 },
  "8+4": { encode: 6, decode: 5.5, typeberry: 4, kernel: 0.17 },
  "16+16": { encode: 12, decode: 6, typeberry: 6, kernel: 0.1 },
  "64+64": { encode: 30, decode: 15, typeberry: 7, kernel: 0.06 },
};

const READY_TIMEOUT = 60_000;

export const coding: Bench = {
  name: "coding",
  about: "Reed–Solomon in Node and Chromium: whole calls on 1 MiB against two npm peers, the kernel against memcpy, 1 GiB in segments",
  async run(say) {
    await buildWasm();
    say("in Node …");
    const subspace = createRequire(import.meta.url).resolve("@subspace/reed-solomon-erasure.wasm");
    const wasm = new Uint8Array(await readFile(subspace.replace("index.js", "reed_solomon_erasure_bg.wasm")));
    const rows = rowsOf("Node", bestBuild(), await measureCoding(wasm, say));
    rows.push(...(await streaming(say)));
    say("in Chromium …");
    await withPage(async (page) => {
      page.on("console", (message) => void (message.type() === "log" && say(message.text())));
      const simd = await page.evaluate(() => globalThis.coding!.build);
      rows.push(...rowsOf("Chromium", simd, await page.evaluate(() => globalThis.coding!.measure())));
      const { one, pool, threads } = await page.evaluate(() => globalThis.coding!.pool());
      rows.push(compare({ what: `Chromium, ${simd} SIMD: 64 MiB, 4+2, pool of ${threads} threads`, ours: pool, unit: "MB/s", against: "one thread", theirs: one, goal: null }));
    });
    return rows;
  },
};

function rowsOf(where: string, simd: Build, measured: readonly Measured[]): Row[] {
  return measured.flatMap(({ k, m, codec, encode, decode, kernel }) => {
    const goals = GOALS[`${k}+${m}`]!;
    const row = (what: string, ours: number, against: string, theirs: number, goal: number | null) =>
      compare({ what: `${where}, ${simd} SIMD: ${k}+${m} ${what}, codec ${codec}`, ours, unit: "MB/s", against, theirs, goal });
    return [
      row("encode", encode.ours, "subspace", encode.subspace, goals.encode),
      row("decode", decode.ours, "subspace", decode.subspace, goals.decode),
      row("encode", encode.ours, "typeberry", encode.typeberry, goals.typeberry),
      row("decode", decode.ours, "typeberry", decode.typeberry, null),
      row("kernel, 16 MiB", kernel.encode, "WASM memcpy", kernel.copy, goals.kernel),
    ];
  });
}

/** 1 GiB coded and hashed in bounded memory, against hashing alone. */
async function streaming(say: (line: string) => void): Promise<Row[]> {
  const length = 2 ** 30;
  say("1 GiB in segments …");
  const source = new Uint8Array(2 ** 24).map((_, i) => i ^ (i >> 8));
  const read = (into: Uint8Array, offset: number) => into.set(source.subarray(offset % source.length, (offset % source.length) + into.length));
  const started = performance.now();
  let memory = 0;
  for await (const { shards } of encode(shapeFor(4, 2), { coder: createCoder(), subtle: crypto.subtle, length, read })) memory = Math.max(memory, shards[0]!.buffer.byteLength);
  const ours = length / 1000 / (performance.now() - started);
  const hashing = performance.now();
  const shard = source.slice(0, 2 ** 22);
  for (let bytes = 0; bytes < length / 4; bytes += 6 * shard.length / 1.5) await Promise.all(Array.from({ length: 6 }, () => crypto.subtle.digest("SHA-256", shard)));
  const theirs = length / 4 / 1000 / (performance.now() - hashing);
  return [
    compare({ what: "Node: 1 GiB coded 4+2 and hashed in segments", ours, unit: "MB/s", against: "hashing its shards alone", theirs, goal: null }),
    compare({ what: "Node: WASM memory for it", ours: memory / 2 ** 20, unit: "MiB", against: "1 GiB", theirs: 1024, goal: 16, lessIsBetter: true }),
  ];
}

/** subspace's package wants it for a loader that is not called here. */
const withoutFs: Plugin = {
  name: "without-fs",
  enforce: "pre",
  transform: (code, id) => (id.includes("reed-solomon-erasure.wasm") ? code.replace('require("fs")', "{}") : null),
};

/** Builds the page to a temporary folder, serves it isolated, and opens it in a Chromium. */
async function withPage(use: (page: Page) => Promise<void>): Promise<void> {
  const dist = await mkdtemp(join(tmpdir(), "hromada-coding-"));
  const input = fileURLToPath(new URL("./coding-page.ts", import.meta.url));
  await build({
    configFile: false,
    root: fileURLToPath(new URL("../", import.meta.url)),
    logLevel: "error",
    publicDir: false,
    plugins: [withoutFs],
    worker: { format: "es" },
    build: { outDir: dist, emptyOutDir: true, target: "es2022", assetsInlineLimit: 0, rolldownOptions: { input, output: { entryFileNames: "page.js" } } },
  });
  await writeFile(join(dist, "index.html"), '<!doctype html><title>coding</title><script type="module" src="/page.js"></script>');
  const server = await createAppServer({ dist, port: 0, host: "127.0.0.1" });
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: CHROMIUM_FLAGS });
  try {
    const page = await browser.newPage();
    page.on("pageerror", (error) => console.error("the page failed", error));
    await page.goto(server.url);
    await page.waitForFunction(() => globalThis.coding !== undefined, undefined, { timeout: READY_TIMEOUT });
    await use(page);
  } finally {
    await browser.close();
    await server.close();
    await rm(dist, { recursive: true });
  }
}
