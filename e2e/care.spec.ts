import { type Browser, chromium } from "playwright-core";
import type { Snapshot } from "../src/device/api.ts";
import { chromiumPath, CHROMIUM_FLAGS } from "../tools/chromium.ts";
import { until, type Tab } from "../tools/swarm/tabs.ts";
import { expect, freshRoom, test } from "./stage.ts";

/** Generous, since the machine may be shared. */
const PATIENCE = 60_000;

/** A battery that the test can unplug: Chromium in a container has none. */
function givenBattery(): void {
  const battery = Object.assign(new EventTarget(), { charging: true, level: 0.6 });
  Navigator.prototype.getBattery = async () => battery;
  Object.assign(globalThis, {
    plug(charging: boolean) {
      battery.charging = charging;
      battery.dispatchEvent(new Event("chargingchange"));
    },
  });
}
const plug = ({ page }: Tab, charging: boolean) => page.evaluate((on) => (globalThis as unknown as { plug(on: boolean): void }).plug(on), charging);

/** Steps that the device takes within so many milliseconds, counted over its rounds. */
async function stepsWithin({ page }: Tab, milliseconds: number): Promise<number> {
  return page.evaluate(async (duration) => {
    const samples = async () => (await globalThis.hromada!.snapshot()).samplesTrained;
    const before = await samples();
    await new Promise((resolve) => setTimeout(resolve, duration));
    return (await samples()) - before;
  }, milliseconds);
}

test("a quarter of the time is less than half the work and a quarter of a round’s steps, and the page says what it measured", async ({ tab }) => {
  const device = await tab({ query: { share: "0/16", steps: "2000", auto: "1" }, link: freshRoom() });
  const { page } = device;
  await until(device, ({ batch }) => (batch?.step ?? 0) > 30, PATIENCE);
  const whole = await stepsWithin(device, 5_000);

  await page.locator('.nav-link[href*="page=settings"]').click();
  await page.getByLabel("25%").check();
  const { care } = await until(device, (snapshot) => snapshot.care.share === 0.25, 5_000);
  expect(care.hold).toBeNull();
  const quarter = await stepsWithin(device, 5_000);
  expect(quarter).toBeGreaterThan(0);
  expect(quarter / whole).toBeLessThan(0.5);
  await until(device, (snapshot) => Math.abs((snapshot.care.measured ?? 1) - 0.25) < 0.1, PATIENCE);
  await expect(page.locator("[data-measured]")).toContainText("Measured of late");

  await page.reload();
  await page.waitForFunction(() => globalThis.hromada !== undefined);
  await until(device, (snapshot) => snapshot.care.share === 0.25 && snapshot.batch?.steps === 500, PATIENCE);
});

test("the engine that a person chose is what the device trains on, and the page shows it", async ({ tab }) => {
  const device = await tab({ query: { share: "0/16", steps: "5", task: "breast-cancer" }, link: freshRoom() });
  const { page } = device;
  await page.locator('.nav-link[href*="page=settings"]').click();
  await page.getByRole("group", { name: "Engine" }).getByLabel("CPU").check();
  await page.reload();
  await page.waitForFunction(() => globalThis.hromada !== undefined);
  await page.getByRole("region", { name: "Engine" }).getByText("Nothing has been trained").waitFor({ timeout: PATIENCE });
  await page.locator(".nav-link").first().click();
  await page.getByRole("button", { name: /^Join/ }).click();
  await until(device, ({ trainer }) => trainer?.backend === "cpu", PATIENCE);
  await page.locator('.nav-link[href*="page=settings"]').click();
  await expect(page.getByRole("region", { name: "Engine" })).toContainText("Now: CPU");
});

test("on battery it holds if it is told to, says why, and goes on by itself or on the person's word", async ({ stage, tab }) => {
  const context = await stage.browser.newContext();
  await context.addInitScript(givenBattery);
  const device = await tab({ query: { share: "0/16", steps: "5", auto: "1" }, link: freshRoom(), context });
  const { page } = device;
  const status = page.locator("section.status");
  await expect(status).toHaveAttribute("data-status", "alone", { timeout: PATIENCE });
  await page.locator('.nav-link[href*="page=settings"]').click();
  await page.getByRole("switch", { name: "Train on battery too" }).click();
  await page.goBack();

  await plug(device, false);
  await expect(status).toHaveAttribute("data-status", "paused");
  await expect(status).toContainText("Paused: on battery");
  const { samplesTrained } = await device.snapshot();
  expect(await stepsWithin(device, 1_500)).toBe(0);
  await plug(device, true);
  await expect(status).toHaveAttribute("data-status", "alone");
  await until(device, (snapshot) => snapshot.samplesTrained > samplesTrained, PATIENCE);

  await plug(device, false);
  await expect(status).toHaveAttribute("data-status", "paused");
  await page.getByRole("button", { name: "Go on all the same" }).click();
  await expect(status).toHaveAttribute("data-status", "alone");
  await context.close();
});

/** Evaluates in a target that Playwright does not know: its own pages never become hidden. */
async function hiddenTarget(browser: Browser, url: string) {
  const session = await browser.newBrowserCDPSession();
  const { targetId } = await session.send("Target.createTarget", { url, background: true });
  const { sessionId } = await session.send("Target.attachToTarget", { targetId, flatten: false });
  const waiting = new Map<number, (value: unknown) => void>();
  let id = 0;
  session.on("Target.receivedMessageFromTarget", ({ message }) => {
    const reply = JSON.parse(message) as { id?: number; result?: { result?: { value?: unknown } } };
    if (reply.id !== undefined) waiting.get(reply.id)?.(reply.result?.result?.value);
  });
  return <T>(expression: string): Promise<T> => {
    const call = ++id;
    const answer = new Promise<unknown>((resolve) => waiting.set(call, resolve));
    const message = JSON.stringify({ id: call, method: "Runtime.evaluate", params: { expression, awaitPromise: true, returnByValue: true } });
    return session.send("Target.sendMessageToTarget", { sessionId, message }).then(() => answer as Promise<T>);
  };
}

/** What Playwright and our own flags switch off, so that hidden pages are held back as they are for people. */
const HELD_BACK = ["--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding"];

test("a hidden tab keeps its round though its page's timers are held back, and holds where the person wants it to", async ({ stage, tab }) => {
  const link = freshRoom();
  const seen = await tab({ query: { share: "0/2", steps: "6", auto: "1" }, link });
  // With a window of the browser's own, in which a tab can be in the background.
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: CHROMIUM_FLAGS.filter((flag) => !HELD_BACK.includes(flag)), ignoreDefaultArgs: [...HELD_BACK, "--no-startup-window"] });
  try {
    const evaluate = await hiddenTarget(browser, `${stage.server.url}?share=1/2&steps=6&auto=1#${link}`);
    await expect.poll(() => evaluate<boolean>("globalThis.hromada !== undefined"), { timeout: PATIENCE }).toBe(true);
    expect(await evaluate<string>("document.visibilityState")).toBe("hidden");
    const tenTimers = await evaluate<number>("(async (began) => { for (let i = 0; i < 10; i++) await new Promise((done) => setTimeout(done, 10)); return performance.now() - began; })(performance.now())");
    expect(tenTimers, "the browser holds this page's timers back").toBeGreaterThan(3_000);

    const together = ({ rounds }: Snapshot) => rounds.filter(({ participants }) => participants.length === 2).length;
    const { rounds } = await until(seen, (snapshot) => together(snapshot) >= 3, PATIENCE);
    expect(rounds.at(-1)!.participants).toHaveLength(2);
    expect(await evaluate<string>("document.visibilityState")).toBe("hidden");

    await evaluate("hromada.care({ share: 1, battery: true, metered: true, background: false, backOff: false })");
    await expect.poll(() => evaluate<string>("hromada.snapshot().then(({ status, care }) => `${status} ${care.hold}`)"), { timeout: PATIENCE }).toBe("paused background");
  } finally {
    await browser.close();
  }
});
