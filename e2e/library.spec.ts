import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "vite";
import { digitsTask } from "../src/learn/tasks/digits.ts";
import { SIGNAL_PATH } from "../src/signal/protocol.ts";
import type { Midway } from "../src/store/store.ts";
import { taskHash } from "../src/swarm/record.ts";
import { createAppServer } from "../tools/serve.ts";
import { ROOT, until, type Tab } from "../tools/swarm/tabs.ts";
import type {} from "./harness/library.ts";
import { joinAll, PATIENCE, roundsTogether } from "./rounds.ts";
import { expect, freshRoom, test } from "./stage.ts";

const STEPS = 4;
const task = taskHash({ ...digitsTask, inner: { ...digitsTask.inner, localSteps: STEPS } });
const OBJECT_BYTES = 300_000;
/** Of six. */
const LAST_SHARD = 5;
const hashOf = (salt: number): string => createHash("sha256").update(Uint8Array.from({ length: OBJECT_BYTES }, (_, i) => ((i + salt) * 2_654_435_761) >>> 24)).digest("hex");

/** Shards in this tab's own file system. */
const shardsOnDisk = ({ page }: Tab): Promise<string[]> =>
  page.evaluate(async () => {
    const found: string[] = [];
    const root = await navigator.storage.getDirectory();
    for await (const [slot, folder] of root.entries()) {
      if (folder.kind !== "directory" || !slot.startsWith("hromada-shards-")) continue;
      for await (const [object, files] of (folder as FileSystemDirectoryHandle).entries()) {
        for await (const file of (files as FileSystemDirectoryHandle).keys()) if (/^\d+\.\d+$/.test(file)) found.push(`${object} ${file}`);
      }
    }
    return found;
  });

/** In the room, and not training: only the library is at work. */
async function lend(tabs: readonly Tab[]): Promise<void> {
  await joinAll(tabs);
  await Promise.all(tabs.map(({ page }) => page.evaluate(() => globalThis.hromada!.pause())));
}

test("an object that nobody holds whole outlives its publisher and two more, and whoever gives wrong bytes of it is named", async ({ stage, tab }) => {
  const dist = await mkdtemp(join(tmpdir(), "hromada-library-"));
  await build({ configFile: false, root: join(ROOT, "e2e/harness"), logLevel: "error", build: { outDir: dist, target: "es2022", assetsInlineLimit: 0, rollupOptions: { input: join(ROOT, "e2e/harness/library.html") } } });
  const harness = await createAppServer({ dist, port: 0, host: "127.0.0.1" });
  const context = await stage.browser.newContext();
  try {
    const server = new URL(SIGNAL_PATH, harness.url.replace(/^http/, "ws")).href;
    const link = `${freshRoom()}&server=${encodeURIComponent(server)}`;
    const query = { share: "0/16", steps: String(STEPS) };
    const [publisher, ...keepers] = (await Promise.all(Array.from({ length: 6 }, () => tab({ query, link })))) as [Tab, ...Tab[]];
    await lend([publisher, ...keepers]);
    const page = await context.newPage();
    await page.goto(new URL("library.html", harness.url).href);
    await page.waitForFunction(() => globalThis.lendFalsely !== undefined, undefined, { timeout: PATIENCE });
    const place = { secret: new URLSearchParams(link).get("room")!, server, iceServers: [], relayOnly: false };
    const liar = await page.evaluateHandle(([room, name]) => globalThis.lendFalsely!(room, name, 0), [place, task] as const);
    const self = await liar.evaluate((held) => held.self);
    for (const each of [publisher, ...keepers]) await until(each, ({ peers }) => peers.filter(({ reach }) => reach !== "dialling").length === 6, PATIENCE);
    await publisher.page.waitForTimeout(1_000);

    // Restoring asks for the lowest shards first: the liar's must not be the last one.
    let [id, liars, tries, onDisk] = ["", LAST_SHARD, 0, [] as number[]];
    for (; liars === LAST_SHARD; tries++) {
      id = await publisher.page.evaluate(([length, salt]) => globalThis.hromada!.publish(Uint8Array.from({ length }, (_, i) => ((i + salt) * 2_654_435_761) >>> 24)), [OBJECT_BYTES, tries] as const);
      const { library } = await until(publisher, ({ library: { objects } }) => objects.some((object) => object.id === id && object.kept === 6), PATIENCE);
      expect(library.objects.find((object) => object.id === id)).toMatchObject({ k: 3, m: 3, held: [], bytes: OBJECT_BYTES });
      onDisk = [];
      for (const keeper of keepers) {
        const shards = (await shardsOnDisk(keeper)).filter((name) => name.startsWith(id));
        expect(shards).toEqual([expect.stringMatching(new RegExp(`^${id} 0\\.\\d$`))]);
        onDisk.push(Number(shards[0]!.at(-1)));
      }
      expect(new Set(onDisk).size).toBe(5);
      liars = Array.from({ length: LAST_SHARD + 1 }, (_, shard) => shard).find((shard) => !onDisk.includes(shard))!;
    }
    // On a page's own thread there are no access handles.
    expect(await liar.evaluate((held) => [held.held(), held.where()])).toEqual([tries, "indexeddb"]);
    expect(await shardsOnDisk(publisher)).toEqual([]);

    await publisher.close();
    const lowest = [...onDisk].sort().slice(0, 2);
    await Promise.all(keepers.filter((_, keeper) => lowest.includes(onDisk[keeper]!)).map((each) => each.close()));
    const newcomer = await tab({ query, link });
    await lend([newcomer]);
    // Restoring begins with what it knows of by then: the liar's shard has to be among that.
    await until(newcomer, ({ library }) => (library.objects.find((object) => object.id === id)?.present ?? 0) >= 4, PATIENCE);
    const fetched = () => newcomer.page.evaluate(async (name) => {
      const bytes = await globalThis.hromada!.fetchObject(name);
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
      return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
    }, id);
    expect(await fetched()).toBe(hashOf(tries - 1));
    // Three of the four are enough, and the liar's answer may be the last: it is found out all the same.
    await until(newcomer, ({ library }) => library.wrong.length === 1 && library.wrong[0] === self, PATIENCE);
  } finally {
    await context.close();
    await harness.close();
    await rm(dist, { recursive: true });
  }
});

test("a device that comes late begins with the last checkpoint, from the parts of those who committed it", async ({ tab }) => {
  const link = freshRoom();
  const open = (index: number) => tab({ query: { share: `${index}/16`, steps: String(STEPS) }, link });
  const tabs = await Promise.all([open(0), open(1)]);
  await joinAll(tabs);
  await roundsTogether(tabs, 2);
  await Promise.all(tabs.map(({ page }) => page.evaluate(() => globalThis.hromada!.pause())));
  const whole = await Promise.all(tabs.map((each) => until(each, ({ library }) => library.objects.some(({ head, kept, k, m }) => head !== null && kept === k + m), PATIENCE)));
  const held = whole.map(({ library }) => library.objects.flatMap((object) => object.held.length));
  expect(Math.max(...held.flat())).toBe(3);

  const newcomer = await open(2);
  await joinAll([newcomer]);
  const { library, round } = await until(newcomer, (snapshot) => snapshot.round > 2, PATIENCE);
  // It speaks of a checkpoint of which it keeps nothing: it has put it together.
  expect(library.objects).toContainEqual(expect.objectContaining({ held: [], head: expect.objectContaining({ round: round - 1 }) }));
  expect(library.wrong).toEqual([]);
});

/** What a tab of this profile would find of a round that was under way. */
const midwayIn = ({ page }: Tab): Promise<{ round: number; steps: number; optimiserSteps: number } | null> =>
  page.evaluate(async () => {
    const db = await new Promise<IDBDatabase>((resolve, reject) => {
      const opening = indexedDB.open("hromada-slot-0");
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = () => reject(opening.error!);
    });
    const midway = await new Promise<Midway | undefined>((resolve, reject) => {
      const getting = db.transaction("kept").objectStore("kept").get("midway");
      getting.onsuccess = () => resolve(getting.result as Midway | undefined);
      getting.onerror = () => reject(getting.error!);
    });
    db.close();
    if (midway === undefined) return null;
    // After the length of the optimiser's part: its name, the parameters, the steps.
    const optimiserSteps = new DataView(midway.state.buffer, midway.state.byteOffset).getUint32(12);
    return { round: midway.round, steps: midway.position.steps, optimiserSteps };
  });

async function untilMidway(tab: Tab, done: (midway: NonNullable<Awaited<ReturnType<typeof midwayIn>>>) => boolean) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    const midway = await midwayIn(tab);
    if (midway && done(midway)) return midway;
    await tab.page.waitForTimeout(200);
  }
  throw new Error("no round was kept that was under way");
}

test("a tab that the browser kills in mid-round goes on with its optimiser's state and the next batch", async ({ stage, tab }) => {
  const context = await stage.browser.newContext();
  const link = freshRoom();
  const query = { share: "0/16", steps: "100000", backend: "wasm" };
  const first = await tab({ query, link, context });
  await joinAll([first]);
  const kept = await untilMidway(first, ({ steps }) => steps > 20);
  expect(kept.optimiserSteps).toBe(kept.steps);
  await first.kill();

  const second = await tab({ query, link, context });
  expect((await second.snapshot()).slot).toBe(0);
  const left = (await midwayIn(second))!;
  expect(left.steps).toBeGreaterThanOrEqual(kept.steps);
  await second.page.getByRole("button", { name: /^(Join|Go on)/ }).click();
  const { batch } = await until(second, (snapshot) => snapshot.batch !== null, PATIENCE);
  expect(batch!.step).toBeGreaterThan(left.steps);
  const next = await untilMidway(second, ({ steps }) => steps > left.steps);
  expect(next.round).toBe(left.round);
  expect(next.optimiserSteps).toBe(next.steps);
  await context.close();
});
