import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Snapshot } from "../src/device/api.ts";
import { SOFTWARE_WEBGPU } from "../tools/chromium.ts";
import { createAppServer } from "../tools/serve.ts";
import { openStage, openTab, ROOT, until, type Tab } from "../tools/swarm/tabs.ts";
import { expect, freshRoom, test } from "./stage.ts";

const ROUND_TIMEOUT = 120_000;
const query = (share: number, backend = "webgpu", steps = 3) => ({ share: `${share}/2`, steps: String(steps), backend });
/** Minutes on the software adapter, and a second or two on WASM. */
const LONG = 300;
const joinAll = (tabs: readonly Tab[]) => Promise.all(tabs.map(({ page }) => page.getByRole("button", { name: /^Join/ }).click()));

test("WebGPU trains in the worker: two tabs on the software adapter commit a round on one model", async () => {
  const stage = await openStage(SOFTWARE_WEBGPU);
  try {
    const link = freshRoom();
    const tabs = [await openTab(stage, { query: query(0), link }), await openTab(stage, { query: query(1), link })];
    await joinAll(tabs);
    const training = await Promise.all(tabs.map((tab) => until(tab, inTraining, ROUND_TIMEOUT)));
    for (const { batch } of training) expect(batch?.engine?.dispatches).toBeGreaterThan(0);
    const seen = await Promise.all(tabs.map((tab) => until(tab, ({ rounds }) => rounds.length > 0, ROUND_TIMEOUT)));
    for (const { trainer } of seen) expect(trainer?.backend).toBe("webgpu");
    expect(seen[0]!.rounds[0]!.participants).toHaveLength(2);
    expect(seen[0]!.rounds[0]!.modelHash).toBe(seen[1]!.rounds[0]!.modelHash);
  } finally {
    await stage.close();
  }
});

test("a GPU that is lost in a round costs no round: the device trains on another one, and then on WASM", async () => {
  const stage = await openStage(SOFTWARE_WEBGPU);
  const dist = await withLosableDevices();
  const server = await createAppServer({ dist, port: 0, host: "127.0.0.1" });
  try {
    const link = freshRoom();
    const other = await openTab({ browser: stage.browser, server }, { query: query(0, "wasm", LONG), link });
    const loser = await openTab({ browser: stage.browser, server }, { query: query(1, "webgpu", LONG), link });
    await joinAll([other, loser]);
    const engines = new Set<string>();
    const end = Date.now() + ROUND_TIMEOUT;
    while (!engines.has("wasm")) {
      const now = await loser.snapshot();
      expect(now.rounds, "the round is not over before both devices are lost").toEqual([]);
      expect(Date.now()).toBeLessThan(end);
      if (now.batch?.engine) engines.add(now.batch.engine.backend);
      // A device that is gone already does not hear it.
      if (inTraining(now)) await loser.page.evaluate(() => void new BroadcastChannel("lose-the-gpu").postMessage(null));
      await loser.page.waitForTimeout(50);
    }
    expect([...engines]).toEqual(["webgpu", "wasm"]);
    const [first] = (await until(loser, ({ rounds }) => rounds.length > 0, ROUND_TIMEOUT)).rounds;
    expect(first!.participants).toHaveLength(2);
    // The other one, which was here first, may have had a round of its own.
    const same = ({ rounds }: Snapshot) => rounds.find(({ round }) => round === first!.round);
    expect(same(await until(other, (now) => same(now) !== undefined, ROUND_TIMEOUT))?.modelHash).toBe(first!.modelHash);
  } finally {
    await server.close();
    await stage.close();
    await rm(dist, { recursive: true });
  }
});

const inTraining = ({ phase, batch }: Snapshot): boolean => phase === "train" && batch !== null && batch.step < batch.steps;

/** The built app, with a train worker that destroys its GPU's device on a message, as a driver's reset would. */
async function withLosableDevices(): Promise<string> {
  const dist = await mkdtemp(join(tmpdir(), "hromada-losable-"));
  await cp(join(ROOT, "dist"), dist, { recursive: true });
  const worker = (await readdir(join(dist, "assets"))).find((name) => /^train-.*\.js$/.test(name));
  if (worker === undefined) throw new Error("the build has no train worker under this name any more");
  const path = join(dist, "assets", worker);
  const prefix = `(${losable.toString()})();\n`;
  await writeFile(path, prefix + (await readFile(path, "utf8")));
  // The server would rather send what was compressed at build time.
  await rm(`${path}.br`, { force: true });
  return dist;
}

function losable(): void {
  const request = GPUAdapter.prototype.requestDevice as (this: GPUAdapter, descriptor?: GPUDeviceDescriptor) => Promise<GPUDevice>;
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    const device = await request.call(this, descriptor);
    new BroadcastChannel("lose-the-gpu").addEventListener("message", () => device.destroy(), { once: true });
    return device;
  };
}
