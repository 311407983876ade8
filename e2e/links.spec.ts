import { join } from "node:path";
import { createAppServer } from "../tools/serve.ts";
import { openTab, ROOT, type Tab } from "../tools/swarm/tabs.ts";
import { createOtherHost } from "./namespaces.ts";
import { currentRound, joinAll, PATIENCE, roundsTogether } from "./rounds.ts";
import { expect, freshRoom, test } from "./stage.ts";

test("a device on 2 Mbit/s and then on 256 kbit/s among five fast ones: its work is in their rounds", async ({ stage }) => {
  test.setTimeout(6 * PATIENCE);
  const server = await createAppServer({ dist: join(ROOT, "dist"), port: 0 });
  const host = await createOtherHost(server.port);
  const far = await host.launch();
  let tabs: Tab[] = [];
  const link = freshRoom();
  const open = (index: number): Promise<Tab> =>
    openTab({ browser: index === 0 ? far : stage.browser, server }, { query: { share: `${index}/6`, seed: String(index), steps: "4" }, link });
  try {
    tabs = await Promise.all([0, 1, 2, 3, 4, 5].map(open));
    await joinAll(tabs);
    await roundsTogether(tabs, 1);
    for (const rate of [2_000_000, 256_000]) {
      host.limit(rate);
      const from = 1 + Math.max(...(await Promise.all(tabs.map(currentRound))));
      await roundsTogether(tabs, 2, { from, timeout: 2 * PATIENCE });
      const since = (await tabs[1]!.snapshot()).rounds.filter(({ round }) => round >= from);
      const withAll = since.filter(({ participants }) => participants.length === tabs.length);
      expect(withAll.length, `rounds with the slow one, of ${since.length} at ${rate} bit/s`).toBeGreaterThan(since.length / 2);
    }
  } finally {
    await Promise.all(tabs.map((tab) => tab.close()));
    await far.close();
    await host.remove();
    await server.close();
  }
});
