import { until } from "../tools/swarm/tabs.ts";
import { PATIENCE } from "./rounds.ts";
import { expect, freshRoom, test } from "./stage.ts";

test("a second thread takes half of each batch where it is asked for, the round is committed, and the page says so", async ({ tab }) => {
  const device = await tab({ query: { share: "0/16", steps: "40", backend: "wasm", threads: "2", auto: "1" }, link: freshRoom() });
  // It starts beside the first steps, which do not wait for it.
  const { rounds, trainer } = await until(device, ({ batch }) => batch?.engine?.threads === 2, PATIENCE);
  expect(trainer).toMatchObject({ backend: "wasm", threads: 2, atOnce: 16 });
  await until(device, (now) => now.rounds.length > rounds.length, PATIENCE);
  await device.page.locator('.nav-link[href*="page=settings"]').click();
  await expect(device.page.getByRole("region", { name: "Engine" })).toContainText("Now: 2 threads");
});
