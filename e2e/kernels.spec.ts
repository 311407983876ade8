import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test as base, type Page } from "@playwright/test";
import { chromium } from "playwright-core";
import { build } from "vite";
import { chromiumPath, CHROMIUM_FLAGS, SOFTWARE_WEBGPU } from "../tools/chromium.ts";
import { createAppServer } from "../tools/serve.ts";
import { ROOT } from "../tools/swarm/tabs.ts";
import type {} from "./harness/learn.ts";

const READY_TIMEOUT = 60_000;

const test = base.extend<object, { kernels: Page }>({
  kernels: [
    async ({}, use) => {
      const dist = await mkdtemp(join(tmpdir(), "hromada-learn-"));
      const root = join(ROOT, "e2e/harness");
      await build({ configFile: false, root, logLevel: "error", build: { outDir: dist, target: "es2022", assetsInlineLimit: 0, chunkSizeWarningLimit: 4000, rolldownOptions: { input: join(root, "learn.html") } } });
      const server = await createAppServer({ dist, port: 0, host: "127.0.0.1" });
      const browser = await chromium.launch({ executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS, ...SOFTWARE_WEBGPU] });
      const page = await browser.newPage();
      page.on("pageerror", (error) => console.error("the page failed", error));
      page.on("console", (message) => void (["error", "warning"].includes(message.type()) && console.error(message.text())));
      await page.goto(new URL("learn.html", server.url).href);
      await page.waitForFunction(() => globalThis.learn !== undefined, undefined, { timeout: READY_TIMEOUT });
      await use(page);
      await browser.close();
      await server.close();
      await rm(dist, { recursive: true });
    },
    { scope: "worker" },
  ],
});

test("every fused op runs as a kernel on WebGPU, and equals the composed one on the CPU over random shapes", async ({ kernels }) => {
  expect(await kernels.evaluate(() => globalThis.learn!.missing)).toEqual([]);
  const { gaps, left } = await kernels.evaluate(() => globalThis.learn!.compareOps(12));
  for (const [op, gap] of Object.entries(gaps)) expect(gap, op).toBeLessThan(1e-5);
  expect(left).toBe(0);
});

test("sums, stacks and vectors of more tensors than a shader may bind are right on WebGPU", async ({ kernels }) => {
  const gaps = await kernels.evaluate(() => globalThis.learn!.compareMany([2, 7, 8, 9, 10, 16, 41]));
  for (const [op, gap] of Object.entries(gaps)) expect(gap, op).toBeLessThan(1e-6);
});

for (const model of ["mlp", "cnn", "gpt"] as const) {
  test(`20 steps of the ${model} from one seed have the same losses on CPU, WASM, WebGL and WebGPU, to 1e-5`, async ({ kernels }) => {
    const reference = await kernels.evaluate((name) => globalThis.learn!.losses(name, "cpu"), model);
    expect(reference.at(-1)).toBeLessThan(reference[0]! - 0.05);
    for (const backend of ["wasm", "webgl", "webgpu"] as const) {
      const losses = await kernels.evaluate(([name, on]) => globalThis.learn!.losses(name, on), [model, backend] as const);
      const worst = Math.max(...losses.map((loss, step) => Math.abs(loss - reference[step]!)));
      expect(losses, backend).toHaveLength(reference.length);
      expect(worst, backend).toBeLessThan(1e-5);
    }
  });
}

test("a GPT whose params and AdamW stay on the GPU takes the same steps, in at most 200 dispatches each", async ({ kernels }) => {
  const [reference, resident] = await kernels.evaluate(async () => [await globalThis.learn!.losses("gpt", "cpu"), await globalThis.learn!.losses("resident", "webgpu")] as const);
  resident.forEach((loss, step) => expect(Math.abs(loss - reference[step]!), `step ${step}`).toBeLessThan(1e-5));
  const count = await kernels.evaluate(() => globalThis.learn!.dispatches());
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThanOrEqual(200);
});

test("a GPT's rounds stay on the GPU, which is read once a round, and lose nothing when the GPU's device is lost", async ({ kernels }) => {
  const { whole, lost, wasm } = await kernels.evaluate(async () => ({ whole: await globalThis.learn!.rounds("webgpu"), lost: await globalThis.learn!.rounds("webgpu", 3), wasm: await globalThis.learn!.rounds("wasm") }));
  // Params, means and squares; and of each step two numbers.
  expect(whole.read).toBeGreaterThanOrEqual(12 * whole.parameters);
  expect(whole.read).toBeLessThan(13 * whole.parameters);
  expect(new Set(whole.engines)).toEqual(new Set(["webgpu"]));
  expect([whole.left, lost.left]).toEqual([0, 0]);
  // Three steps more were taken, on another device, and to the same bytes.
  expect(lost.engines.length).toBe(whole.engines.length + 3);
  expect(lost.deltas).toEqual(whole.deltas);
  expect(lost.state).toEqual(whole.state);
  whole.losses.forEach((loss, round) => expect(Math.abs(loss - wasm.losses[round]!), `round ${round}`).toBeLessThan(1e-5));
});
