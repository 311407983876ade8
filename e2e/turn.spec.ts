import { until } from "../tools/swarm/tabs.ts";
import { watchConnections } from "./hooks.ts";
import { joinAll, PATIENCE, roundsTogether } from "./rounds.ts";
import { expect, freshRoom, test } from "./stage.ts";
import { relayedBy, startTurn, udpSocket } from "./turn.ts";

const query = (index: number): Record<string, string> => ({ share: `${index}/2`, seed: String(index), steps: "4" });

test("with a TURN server and relay=1, tabs tell each other nothing but relayed candidates, link up, and commit a round", async ({ stage, tab }) => {
  const turn = await startTurn();
  try {
    const context = await stage.browser.newContext();
    await context.addInitScript(watchConnections);
    const link = `${freshRoom()}&${relayedBy(turn.port)}`;
    const tabs = [await tab({ query: query(0), link, context }), await tab({ query: query(1), link, context })];
    await joinAll(tabs);
    await roundsTogether(tabs, 1);
    for (const { page } of tabs) {
      const seen = await page.evaluate(async () => {
        const all = globalThis.seenConnections!;
        const stats = await Promise.all(all.map(async ({ connection }) => [...(await connection.getStats()).values()] as RTCStats[]));
        const pairs = stats.flat().filter((entry): entry is RTCStats & { localCandidateId: string; state: string } => entry.type === "candidate-pair");
        const used = pairs.filter(({ state }) => state === "succeeded").map(({ localCandidateId }) => localCandidateId);
        const locals = stats.flat().filter((entry): entry is RTCStats & { candidateType: string } => entry.type === "local-candidate" && used.includes(entry.id));
        return { policies: all.map(({ configuration }) => configuration?.iceTransportPolicy), candidates: all.flatMap(({ candidates }) => candidates), used: locals.map(({ candidateType }) => candidateType) };
      });
      expect(new Set(seen.policies)).toEqual(new Set(["relay"]));
      expect(seen.candidates.length).toBeGreaterThan(0);
      for (const candidate of seen.candidates) expect(candidate).toMatch(/ typ relay /);
      expect(seen.used.length).toBeGreaterThan(0);
      expect(new Set(seen.used)).toEqual(new Set(["relay"]));
    }
    // Without relay=1 the same watch sees this machine's own address.
    const direct = await stage.browser.newContext();
    await direct.addInitScript(watchConnections);
    const open = freshRoom();
    const others = [await tab({ query: query(0), link: open, context: direct }), await tab({ query: query(1), link: open, context: direct })];
    await joinAll(others);
    await until(others[0]!, ({ peers }) => peers.some(({ reach }) => reach === "linked"), PATIENCE);
    expect(await others[0]!.page.evaluate(() => globalThis.seenConnections!.flatMap(({ candidates }) => candidates))).toContainEqual(expect.stringContaining(" typ host"));
  } finally {
    await turn.stop();
  }
});

test("relay=1 without a TURN server: no connection is made, and the page says that a TURN server is missing", async ({ stage }) => {
  const context = await stage.browser.newContext();
  await context.addInitScript(watchConnections);
  const page = await context.newPage();
  await page.goto(`${stage.server.url}?share=0/2#${freshRoom()}&relay=1`);
  const problem = page.getByRole("alert");
  await expect(problem).toHaveAttribute("data-problem", "bad-link", { timeout: PATIENCE });
  await problem.getByText("Technical detail").click();
  await expect(problem.locator("pre")).toContainText("no TURN server is named");
  await expect(page.getByRole("button", { name: /^Join/ })).toHaveAttribute("aria-disabled", "true");
  expect(await page.evaluate(() => globalThis.seenConnections!.length)).toBe(0);
  await context.close();
});

test("relay=1 with a TURN server that does not answer: no candidate leaves the tabs, each trains for itself and says why", async ({ stage, tab }) => {
  const silent = await udpSocket();
  try {
    const context = await stage.browser.newContext();
    await context.addInitScript(watchConnections);
    const link = `${freshRoom()}&${relayedBy(silent.address().port)}`;
    const tabs = [await tab({ query: query(0), link, context }), await tab({ query: query(1), link, context })];
    await joinAll(tabs);
    for (const each of tabs) {
      const { peers, view } = await until(each, ({ rounds }) => rounds.length > 0, PATIENCE);
      expect(peers.map(({ reach }) => reach)).toEqual(["dialling"]);
      expect(view).toHaveLength(1);
      await expect(each.page.locator("[data-status]")).toContainText("Nobody else is here yet");
      await expect(each.page.locator("[data-turn=down]")).toContainText("the TURN server gave no way to them", { timeout: PATIENCE });
      expect(await each.page.evaluate(() => globalThis.seenConnections!.flatMap(({ candidates }) => candidates))).toEqual([]);
    }
    const made = await Promise.all(tabs.map(({ page }) => page.evaluate(() => globalThis.seenConnections!.length)));
    expect(Math.max(...made), "a connection was tried").toBeGreaterThan(0);
    await context.close();
  } finally {
    silent.close();
  }
});
