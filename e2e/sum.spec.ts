import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type Plugin } from "vite";
import { replay } from "../src/sim/replay.ts";
import { modelHash } from "../src/swarm/head.ts";
import { lengthAt, nextModel } from "../src/swarm/values.ts";
import { createAppServer } from "../tools/serve.ts";
import { openTab, ROOT, until, type Tab } from "../tools/swarm/tabs.ts";
import { dropLarge } from "./hooks.ts";
import { recordingOf } from "./recordings.ts";
import { currentRound, joinAll, PATIENCE, roundsTogether } from "./rounds.ts";
import { expect, freshRoom, test } from "./stage.ts";

const query = (index: number, count: number, more: Record<string, string> = {}): Record<string, string> => ({ share: `${index}/${count}`, seed: String(index), steps: "3", ...more });
const committed = (round: number) => ({ rounds }: { rounds: { round: number }[] }) => rounds.some((entry) => entry.round >= round);

test("five tabs get the very models that a sum in the clear gives, though one dies after its ciphertext is out and one before", async ({ tab }) => {
  const link = freshRoom();
  const breaks: Record<number, string> = { 1: "2:sum", 3: "4:exchange" };
  const tabs = await Promise.all([0, 1, 2, 3, 4].map((index) => tab({ query: query(index, 5, { record: "1", ...(breaks[index] ? { break: breaks[index] } : {}) }), link })));
  await joinAll(tabs);
  const recordings = [];
  for (const index of [1, 3]) {
    await until(tabs[index]!, ({ breakpointReached }) => breakpointReached, PATIENCE);
    recordings.push(await recordingOf(tabs[index]!));
    await tabs[index]!.kill();
  }
  const living = [tabs[0]!, tabs[2]!, tabs[4]!];
  const seen = await Promise.all(living.map((each) => until(each, committed(6), PATIENCE)));
  const [first] = seen;
  const participants = (round: number) => first!.rounds.find((entry) => entry.round === round)!.participants.length;
  expect([1, 2, 3, 4, 5].map(participants)).toEqual([5, 5, 4, 3, 3]);

  recordings.push(...(await Promise.all(living.map(recordingOf))));
  const { heads, updates } = replay(recordings);
  const { config } = recordings[0]!.start;
  const known = new Map(heads.flatMap((each) => [...each]));
  for (const { round, modelHash: hash } of first!.rounds.slice(0, 5)) {
    const head = [...known.values()].find(({ record }) => record.round === round && record.model === hash)!;
    const before = known.get(head.record.prev)!;
    const sum = new Int32Array(lengthAt({ head: before, config }));
    for (const contributor of head.roll.contributors) {
      const own = updates.find((each) => each.get(before.root)?.self === contributor)!.get(before.root)!;
      own.values.forEach((value, i) => (sum[i] = sum[i]! + value));
    }
    expect(modelHash(nextModel(before, sum, head.roll.contributors.length, config)), `round ${round}`).toBe(hash);
  }
});

/** The app with one line changed: its share of a sum leaves somebody out. */
const liar = (): Plugin => ({
  name: "liar",
  enforce: "pre",
  transform(code, id) {
    if (!id.endsWith("/src/swarm/reduce.ts")) return null;
    const changed = code.replace("dealings as Uint8Array[]", "dealings.slice(1) as Uint8Array[]");
    if (changed === code) throw new Error("the line that lies was not found");
    return changed;
  },
});

test("of eight tabs one gives wrong shares: the rounds are right all the same, and it is named", async ({ stage, tab }) => {
  const dist = await mkdtemp(join(tmpdir(), "hromada-liar-"));
  await build({ configFile: join(ROOT, "vite.config.ts"), root: ROOT, logLevel: "error", worker: { format: "es", plugins: () => [liar()] }, build: { outDir: dist } });
  const server = await createAppServer({ dist, port: 0, host: "127.0.0.1" });
  let lying: Tab | null = null;
  try {
    const link = `${freshRoom()}&server=${encodeURIComponent(new URL("signal", stage.server.url.replace("http", "ws")).href)}`;
    const honest = await Promise.all([0, 1, 2, 3, 4, 5, 6].map((index) => tab({ query: query(index, 8), link })));
    lying = await openTab({ browser: stage.browser, server }, { query: query(7, 8), link });
    await joinAll([...honest, lying]);
    await roundsTogether([...honest, lying], 2);
    const { self } = await lying.snapshot();
    for (const each of honest) {
      const { accusations } = await until(each, (snapshot) => snapshot.accusations.length > 0, PATIENCE);
      expect(new Set(accusations.map(({ peer, what }) => `${what} ${peer}`))).toEqual(new Set([`share ${self}`]));
    }
    await honest[0]!.page.locator("[data-accused] summary").click();
    await expect(honest[0]!.page.locator("[data-accused] li").first()).toContainText("a share of the key");
  } finally {
    await lying?.close();
    await server.close();
    await rm(dist, { recursive: true });
  }
});

test("two and three tabs are told how little hides them; if one of three closes, the round begins again without it", async ({ tab }) => {
  const link = freshRoom();
  const tabs = await Promise.all([0, 1].map((index) => tab({ query: query(index, 3), link })));
  await joinAll(tabs);
  await roundsTogether(tabs, 1);
  for (const { page } of tabs) await expect(page.locator("[data-small='2']")).toContainText("each can work out the other’s update");
  tabs.push(await tab({ query: query(2, 3), link }));
  await joinAll([tabs[2]!]);
  await roundsTogether(tabs, 1);
  await expect(tabs[0]!.page.locator("[data-small='3']")).toContainText("the round is begun again");
  const { self } = await tabs[2]!.snapshot();
  await tabs[2]!.kill();
  const { departures } = await until(tabs[0]!, (snapshot) => snapshot.departures.some(({ peer }) => peer === self), PATIENCE);
  const lost = departures.find(({ peer }) => peer === self)!.round;
  const { rounds } = await until(tabs[0]!, committed(lost), PATIENCE);
  expect(rounds.find(({ round }) => round === lost)!.participants).toHaveLength(2);
});

test("with privacy in the task, updates carry noise, and the page says what was told of this device", async ({ tab }) => {
  const link = freshRoom();
  const tabs = await Promise.all([0, 1, 2].map((index) => tab({ query: query(index, 3, { privacy: "50" }), link })));
  await joinAll(tabs);
  await roundsTogether(tabs, 3);
  for (const each of tabs) {
    const { privacy, rounds } = await each.snapshot();
    expect(privacy!.rounds).toBeGreaterThanOrEqual(3);
    expect(privacy!.spent).toBeGreaterThan(0);
    expect(privacy!.spent).toBeLessThan(50);
    // Nothing but the noisy sum is known.
    expect(rounds[0]!.trainLoss).toBeNull();
    expect(rounds[0]!.labelCounts).toEqual([]);
    await expect(each.page.locator("[data-epsilon]")).toContainText("of 50");
  }
  // Reloading does not make it forget.
  const [first] = tabs;
  const { privacy: before } = await first!.snapshot();
  await first!.page.reload();
  await first!.page.waitForFunction(() => globalThis.hromada !== undefined);
  await first!.page.getByRole("button", { name: /^Go on/ }).click();
  const { privacy: after } = await until(first!, ({ privacy }) => privacy !== null, PATIENCE);
  expect(after!.spent).toBeGreaterThanOrEqual(before!.spent);
});

test("with a neighbour that drops all that one tab sends it, rounds need no retransmission and lose nobody", async ({ stage, tab }) => {
  const link = freshRoom();
  const lossy = await stage.browser.newContext();
  await lossy.addInitScript(dropLarge);
  const tabs = [await tab({ query: query(0, 5), link, context: lossy }), ...(await Promise.all([1, 2, 3, 4].map((index) => tab({ query: query(index, 5), link }))))];
  await joinAll(tabs);
  await roundsTogether(tabs, 1);
  await tabs[0]!.page.evaluate(() => globalThis.dropping!(true));
  await roundsTogether(tabs, 2, { from: 3 + (await currentRound(tabs[0]!)) });
  expect(await tabs[0]!.page.evaluate(() => globalThis.dropping!(false))).toBeGreaterThan(0);
  for (const each of tabs) {
    const { rounds, departures } = await each.snapshot();
    expect(rounds.map(({ retries }) => retries)).toEqual(rounds.map(() => 0));
    expect(departures).toEqual([]);
  }
  await lossy.close();
});

test("memory stays flat over twenty rounds: nothing of a sum is kept", async ({ tab }) => {
  const link = freshRoom();
  const tabs = await Promise.all([0, 1].map((index) => tab({ query: query(index, 2, { steps: "1", epoch: "1000" }), link })));
  await joinAll(tabs);
  /** Of the page and its workers, WASM included. */
  const bytes = ({ page }: Tab): Promise<number> => page.evaluate(async () => (await performance.measureUserAgentSpecificMemory()).bytes);
  await until(tabs[0]!, committed(5), PATIENCE);
  const before = await bytes(tabs[0]!);
  await until(tabs[0]!, committed(26), 2 * PATIENCE);
  const after = await bytes(tabs[0]!);
  expect(after - before, `${before} bytes before`).toBeLessThan(0.1 * before);
});

declare global {
  interface Performance {
    /** WICG, of isolated pages in Chromium. */
    measureUserAgentSpecificMemory(): Promise<{ bytes: number }>;
  }
}
