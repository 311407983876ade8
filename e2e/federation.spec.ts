import { until, type Tab } from "../tools/swarm/tabs.ts";
import { expect, freshRoom, test } from "./stage.ts";

const hashes = async (tabs: readonly Tab[], round: number): Promise<(string | undefined)[]> =>
  Promise.all(tabs.map(async (tab) => (await tab.snapshot()).rounds.find((entry) => entry.round === round)?.modelHash));

const reached = (round: number) => ({ rounds }: { rounds: { round: number; accuracy: number | null }[] }) => rounds.some((entry) => entry.round >= round && entry.accuracy !== null);

/** Loads what a device has loaded, under the page's policy. @returns the length of a point that it computes */
const curveIn = async (url: string): Promise<number> => {
  const { default: sodium } = (await import(url)) as typeof import("libsodium-wrappers-sumo");
  await sodium.ready;
  return sodium.crypto_scalarmult_ristretto255_base(new Uint8Array(32).fill(1)).length;
};

test("four tabs with real digits reach 95 % on the held-out digits within 16 rounds, on one model after each", async ({ tab }) => {
  const link = freshRoom();
  const tabs: Tab[] = [];
  for (let share = 0; share < 4; share++) tabs.push(await tab({ query: { share: `${share}/4`, seed: String(share) }, link }));
  const wasm = tabs[0]!.page.waitForResponse(/libsodium/, { timeout: 150_000 });
  await Promise.all(tabs.map(({ page }) => page.getByRole("button", { name: /^Join/ }).click()));
  await Promise.all(tabs.map((each) => until(each, reached(16), 150_000)));
  for (let round = 1; round <= 16; round++) {
    const all = await hashes(tabs, round);
    expect(all[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(all).size, `round ${round}`).toBe(1);
  }
  // Most rounds of each are endorsed by the others in time; the last one's word may still be on its way.
  for (const each of tabs) expect((await each.snapshot()).receipts).toBeGreaterThan(8);
  for (const each of tabs) expect(Math.max(...(await each.snapshot()).rounds.map(({ accuracy }) => accuracy ?? 0))).toBeGreaterThanOrEqual(0.95);
  expect(await tabs[0]!.page.evaluate(curveIn, (await wasm).url()), "signatures are checked in WebAssembly").toBe(32);
  // At an epoch's edge they found the next round first.
  await until(tabs[0]!, ({ status }) => status === "training", 30_000);
});
