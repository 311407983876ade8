import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page, Response } from "@playwright/test";
import { formatJoinLink } from "../src/app/join-link.ts";
import { securityHeaders } from "../tools/headers.ts";
import { createAppServer } from "../tools/serve.ts";
import { openStage, openTab, ROOT, until, type Tab } from "../tools/swarm/tabs.ts";
import { watchConnections, watchViolations } from "./hooks.ts";
import { readNetLog } from "./netlog.ts";
import { joinAll, PATIENCE, roundsTogether } from "./rounds.ts";
import { expect, freshRoom, test } from "./stage.ts";

const query = (index: number): Record<string, string> => ({ share: `${index}/2`, seed: String(index), steps: "4" });

/** Once the page has started it, which it does before it has a device. */
const deviceWorker = (page: Page) => page.workers().find((worker) => /\/device-[^/]+\.js/.test(worker.url()))!;

test("from the first request to the end of a round the browser asks nobody but this server", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hromada-netlog-"));
  const file = join(folder, "net.json");
  try {
    // The browser's own record of its network, which nothing in it escapes: pages, workers, sockets, names.
    const stage = await openStage([`--log-net-log=${file}`]);
    try {
      const link = freshRoom();
      // With their service workers, which ask the network too.
      const tabs = await Promise.all([0, 1].map(async (index) => openTab(stage, { query: query(index), link, context: await stage.browser.newContext() })));
      await joinAll(tabs);
      await roundsTogether(tabs, 1);
    } finally {
      await stage.close();
    }
    const own = `localhost:${new URL(stage.server.url).port}`;
    const { origins, names, others, packets } = readNetLog(await readFile(file, "utf8"));
    expect({ origins, names, others }).toEqual({ origins: [`http://${own}`, `ws://${own}`], names: ["localhost"], others: [] });
    expect(packets, "packets between the two tabs").toBeGreaterThan(0);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("every connection is made with an explicit list of ICE servers: none, or exactly those of the join link", async ({ stage, tab }) => {
  const named = [{ urls: "stun:127.0.0.1:9" }, { urls: "turn:127.0.0.1:9?transport=udp", username: "u", credential: "p | &" }];
  const place = { protocol: "http:", host: "localhost" };
  const withServers = formatJoinLink({ server: "ws://localhost/signal", iceServers: named, relayOnly: false }, place).slice(1);
  for (const { link, iceServers } of [{ link: freshRoom(), iceServers: [] }, { link: `${freshRoom()}&${withServers}`, iceServers: named }]) {
    const context = await stage.browser.newContext();
    await context.addInitScript(watchConnections);
    const tabs = [await tab({ query: query(0), link, context }), await tab({ query: query(1), link, context })];
    await joinAll(tabs);
    for (const each of tabs) {
      await until(each, ({ peers }) => peers.some(({ reach }) => reach === "linked"), PATIENCE);
      const made = await each.page.evaluate(() => globalThis.seenConnections!.map(({ configuration }) => configuration));
      expect(made.length).toBeGreaterThan(0);
      for (const configuration of made) expect(configuration).toMatchObject({ iceServers, iceTransportPolicy: "all" });
    }
    await context.close();
  }
});

test("page, worker scripts and data come with the security headers, and nothing in a whole run breaks the policy", async ({ stage, tab }) => {
  const context = await stage.browser.newContext();
  await context.addInitScript(watchViolations);
  const answers: Response[] = [];
  const errors: string[] = [];
  context.on("response", (response) => void answers.push(response));
  context.on("console", (message) => void (message.type() === "error" && errors.push(message.text())));
  context.on("weberror", (error) => void errors.push(String(error.error())));
  const link = freshRoom();
  const tabs: Tab[] = [await tab({ query: query(0), link, context }), await tab({ query: query(1), link, context })];
  const violations = () => Promise.all(tabs.map(({ page }) => page.evaluate(() => globalThis.seenViolations!)));
  await joinAll(tabs);
  await roundsTogether(tabs, 1);
  expect(await violations()).toEqual([[], []]);
  expect(errors).toEqual([]);

  const host = new URL(stage.server.url).host;
  for (const kind of [/\/\?/, /\/assets\/index-.*\.js$/, /\/assets\/device-.*\.js\?connect=/, /\/assets\/train-.*\.js$/, /\/data\/.+/]) {
    const answer = answers.find((each) => kind.test(each.url()) && each.status() === 200);
    expect(answer, `an answer like ${kind}`).toBeDefined();
    const { pathname, search } = new URL(answer!.url());
    const headers = await answer!.allHeaders();
    for (const [name, value] of Object.entries(securityHeaders(pathname + search, { host }))) expect(headers[name.toLowerCase()], `${name} of ${pathname}`).toBe(value);
    expect(headers["content-security-policy"]).toMatch(/default-src 'none'.*connect-src 'self'/);
    expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
    expect(headers["cross-origin-embedder-policy"]).toBe("require-corp");
    expect(headers["referrer-policy"]).toBe("no-referrer");
  }
  const [first] = tabs;
  expect(await first!.page.evaluate(() => crossOriginIsolated)).toBe(true);

  // Had something been forbidden, it would have been seen: in the page and in a worker.
  const forbidden = `http://127.0.0.1:${new URL(stage.server.url).port}/health`;
  const ask = (url: string): Promise<string> => fetch(url).then(() => "answered", () => "blocked");
  expect(await first!.page.evaluate(ask, forbidden)).toBe("blocked");
  expect(await deviceWorker(first!.page).evaluate(ask, forbidden)).toBe("blocked");
  await expect.poll(async () => (await violations())[0], { timeout: PATIENCE }).toEqual([`connect-src ${forbidden}`]);
  await expect.poll(() => errors.filter((text) => text.includes("Content Security Policy")).length, { timeout: PATIENCE }).toBe(2);
});

test("the device worker reaches the room server of the join link and no other, and the page reaches neither", async ({ tab }) => {
  const dist = join(ROOT, "dist");
  const [room, stranger] = await Promise.all([0, 1].map(() => createAppServer({ dist, port: 0, host: "127.0.0.1" })));
  try {
    const server = `ws://localhost:${room!.port}/signal`;
    const link = `${freshRoom()}&server=${encodeURIComponent(server)}`;
    const tabs = [await tab({ query: query(0), link }), await tab({ query: query(1), link })];
    await joinAll(tabs);
    for (const each of tabs) await until(each, ({ signal, peers }) => signal === "open" && peers.some(({ reach }) => reach === "linked"), PATIENCE);
    // Each device in the room, and at its door.
    await expect.poll(() => room!.health().sockets, { timeout: PATIENCE }).toBe(4);

    const { page } = tabs[0]!;
    const dial = (url: string): Promise<string> =>
      new Promise((resolve) => {
        addEventListener("securitypolicyviolation", ({ effectiveDirective }) => resolve(effectiveDirective), { once: true });
        new WebSocket(url).addEventListener("open", () => resolve("open"));
      });
    expect(await deviceWorker(page).evaluate(dial, server)).toBe("open");
    expect(await deviceWorker(page).evaluate(dial, `ws://localhost:${stranger!.port}/signal`)).toBe("connect-src");
    expect(await page.evaluate(dial, server)).toBe("connect-src");
    expect(stranger!.health().sockets).toBe(0);
  } finally {
    await Promise.all([room!.close(), stranger!.close()]);
  }
});
