import { join } from "node:path";
import { openLossyRelay } from "../tools/lossy-relay.ts";
import { createAppServer } from "../tools/serve.ts";
import { openTab, ROOT, until, type Tab } from "../tools/swarm/tabs.ts";
import { createOtherHost } from "./namespaces.ts";
import { currentRound, joinAll, PATIENCE, roundsTogether } from "./rounds.ts";
import { expect, freshRoom, test } from "./stage.ts";
import { relayedBy, startTurn } from "./turn.ts";

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
      // So many that chance has little to say: where two are enough, two missed ones are half.
      await roundsTogether(tabs, 4, { from, timeout: 2 * PATIENCE });
      const since = (await tabs[1]!.snapshot()).rounds.filter(({ round }) => round >= from);
      const withAll = since.filter(({ participants }) => participants.length === tabs.length);
      expect(withAll.length, `rounds with the slow one, of ${since.length} at ${rate} bit/s`).toBeGreaterThan(since.length / 2);
    }
    // How fast its link is, it finds out while more waits than is on its way.
    await until(tabs[0]!, ({ slow }) => slow, PATIENCE);
  } finally {
    await Promise.all(tabs.map((tab) => tab.close()));
    await far.close();
    await host.remove();
    await server.close();
  }
});

test("three devices on links that lose every tenth datagram, and reorder and double some, commit rounds together", async ({ tab }) => {
  const turn = await startTurn();
  // Twice on the way from one device to another: up to the TURN server and down from it.
  const relay = await openLossyRelay(turn.port, { seed: 1, lost: 0.05, late: 0.05, twice: 0.01 });
  try {
    const link = `${freshRoom()}&${relayedBy(relay.port)}`;
    const tabs = await Promise.all([0, 1, 2].map((index) => tab({ query: { share: `${index}/3`, seed: String(index), steps: "4" }, link })));
    await joinAll(tabs);
    await roundsTogether(tabs, 2);
    const root = ({ page }: Tab): Promise<string> => page.evaluate(async () => (await globalThis.hromada!.models())[0]!.lineage!.root);
    await expect.poll(async () => new Set(await Promise.all(tabs.map(root))).size, { timeout: PATIENCE, message: "roots that the devices stand on" }).toBe(1);

    const received = (await Promise.all(tabs.map((each) => each.snapshot()))).reduce((sum, { bytesDown }) => sum + bytesDown, 0);
    expect(received).toBeGreaterThan(0);
    expect(relay.down.bytes, "bytes down, among which are all that the devices received").toBeGreaterThan(received);
    for (const counts of [relay.up, relay.down]) {
      expect(counts.lost / counts.came).toBeGreaterThan(0.02);
      expect(counts.late).toBeGreaterThan(0);
      expect(counts.twice).toBeGreaterThan(0);
    }
  } finally {
    await relay.close();
    await turn.stop();
  }
});
