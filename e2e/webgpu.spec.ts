import { SOFTWARE_WEBGPU } from "../tools/chromium.ts";
import { openStage, openTab, until } from "../tools/swarm/tabs.ts";
import { expect, freshRoom, test } from "./stage.ts";

test("WebGPU trains in the worker: two tabs on the software adapter commit a round on one model", async () => {
  const stage = await openStage(SOFTWARE_WEBGPU);
  try {
    const link = freshRoom();
    const query = (share: number) => ({ share: `${share}/2`, steps: "2", backend: "webgpu" });
    const tabs = [await openTab(stage, { query: query(0), link }), await openTab(stage, { query: query(1), link })];
    await Promise.all(tabs.map(({ page }) => page.getByRole("button", { name: /^Join/ }).click()));
    const seen = await Promise.all(tabs.map((tab) => until(tab, ({ rounds }) => rounds.length > 0, 120_000)));
    for (const { trainer } of seen) expect(trainer?.backend).toBe("webgpu");
    expect(seen[0]!.rounds[0]!.participants).toHaveLength(2);
    expect(seen[0]!.rounds[0]!.modelHash).toBe(seen[1]!.rounds[0]!.modelHash);
  } finally {
    await stage.close();
  }
});
