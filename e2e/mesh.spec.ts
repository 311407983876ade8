import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { createAppServer } from "../tools/serve.ts";
import { openTab, ROOT, until, type Tab } from "../tools/swarm/tabs.ts";
import { splitRoom } from "./hooks.ts";
import type {} from "./harness/page.ts";
import { currentRound, joinAll, PATIENCE, roundsTogether } from "./rounds.ts";
import { expect, freshRoom, test } from "./stage.ts";

const share = (index: number, of: number): Record<string, string> => ({ share: `${index}/${of}`, seed: String(index), steps: "4" });

test("six tabs with links forced to two commit rounds together, over relays", async ({ tab }) => {
  const link = freshRoom();
  const tabs = await Promise.all(Array.from({ length: 6 }, (_, index) => tab({ query: { ...share(index, 6), degree: "2" }, link })));
  await joinAll(tabs);
  // A ring: two neighbours each, and the other three over them.
  for (const each of tabs) {
    await until(each, ({ peers }) => peers.filter(({ reach }) => reach === "linked").length === 2 && peers.filter(({ reach }) => reach === "relayed").length === 3, PATIENCE);
  }
  const from = Math.max(...(await Promise.all(tabs.map(currentRound))));
  await roundsTogether(tabs, 2, { from });
  for (const each of tabs) {
    const { peers, sent } = await each.snapshot();
    expect(peers.filter(({ reach }) => reach === "linked")).toHaveLength(2);
    expect(sent.find(({ kind }) => kind === "relay")?.bytes, "bytes passed on for others").toBeGreaterThan(0);
  }
});

test("an update of a model of 20 million parameters crosses one link intact, heartbeats going on meanwhile", async ({ stage }) => {
  const dist = await mkdtemp(join(tmpdir(), "hromada-harness-"));
  await build({ configFile: false, root: join(ROOT, "e2e/harness"), logLevel: "error", worker: { format: "es" }, build: { outDir: dist, target: "es2022", assetsInlineLimit: 0 } });
  const server = await createAppServer({ dist, port: 0, host: "127.0.0.1" });
  const context = await stage.browser.newContext();
  try {
    const pages = await Promise.all([context.newPage(), context.newPage()]);
    for (const page of pages) {
      await page.goto(server.url);
      await page.waitForFunction(() => globalThis.node !== undefined, undefined, { timeout: PATIENCE });
    }
    const [sender, receiver] = pages;
    const state = () => sender.evaluate(() => globalThis.node!.state());
    await expect.poll(async () => (await state()).links.length, { timeout: PATIENCE }).toBe(1);
    const before = await state();

    // One byte a parameter.
    const sent = await sender.evaluate((bytes) => globalThis.node!.send(bytes, 7), 20_000_000);
    await expect.poll(() => receiver.evaluate(() => globalThis.node!.received()), { timeout: PATIENCE }).toEqual([sent]);
    expect(sent.bytes).toBe(20_000_000);

    const after = await state();
    expect(after.up.own - before.up.own).toBeGreaterThan(20_000_000);
    expect(after.up.overhead, "heartbeats sent between the frames").toBeGreaterThan(before.up.overhead);
    expect(after.down.overhead, "heartbeats received meanwhile").toBeGreaterThan(before.down.overhead);
    expect(after.losses).toBe(0);
    // The link that carried it is the one that was there before.
    expect(after.links[0]!.up).toBe(after.up.own + after.up.relayed + after.up.overhead);
  } finally {
    await context.close();
    await server.close();
    await rm(dist, { recursive: true });
  }
});

test("rounds go on while the signalling server is down, and a newcomer joins once it is back", async ({ stage }) => {
  const dist = join(ROOT, "dist");
  let server = await createAppServer({ dist, port: 0, host: "127.0.0.1" });
  const link = freshRoom();
  const tabs: Tab[] = [];
  try {
    const open = async (index: number) => tabs.push(await openTab({ browser: stage.browser, server }, { query: share(index, 3), link }));
    await open(0);
    await open(1);
    await joinAll(tabs);
    await roundsTogether(tabs, 1);

    await server.close();
    for (const each of tabs) await until(each, ({ signal }) => signal !== "open", PATIENCE);
    // The round under way may have been begun before.
    const from = 1 + Math.max(...(await Promise.all(tabs.map(currentRound))));
    await roundsTogether(tabs, 2, { from });
    for (const each of tabs) expect((await each.snapshot()).signal).not.toBe("open");

    server = await createAppServer({ dist, port: server.port, host: "127.0.0.1" });
    await open(2);
    await joinAll(tabs.slice(2));
    await roundsTogether(tabs, 1);
    for (const each of tabs) await until(each, ({ signal }) => signal === "open", PATIENCE);
  } finally {
    await Promise.all(tabs.map((each) => each.close()));
    await server.close();
  }
});

test("two halves of a room that were cut apart come back to one model", async ({ stage, tab }) => {
  const link = freshRoom();
  const halves = await Promise.all(
    ["left", "right"].map(async (half, at) => {
      const context = await stage.browser.newContext();
      await context.addInitScript(splitRoom, half);
      return [await tab({ query: share(2 * at, 4), link, context }), await tab({ query: share(2 * at + 1, 4), link, context })];
    }),
  );
  const everybody = halves.flat();
  const cut = (on: boolean) => Promise.all(everybody.map(({ page }) => page.evaluate((now) => globalThis.cutHalves!(now), on)));
  await joinAll(everybody);
  const whole = (await roundsTogether(everybody, 1)).at(-1)!;

  await cut(true);
  const [left, right] = await Promise.all(halves.map((half) => roundsTogether(half, 2, { from: whole.round + 1 })));
  const shared = left!.filter(({ hash }) => right!.some((other) => other.hash === hash));
  expect(shared, "models that both halves hold while they are apart").toEqual([]);

  await cut(false);
  // What all four committed before the cut comes before the first round of either half.
  await roundsTogether(everybody, 1, { from: Math.min(left![0]!.round, right![0]!.round) });
});
