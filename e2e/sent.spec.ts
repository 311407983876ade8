import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { SIGNAL_PATH, toServerCodec } from "../src/signal/protocol.ts";
import { axe } from "./axe.ts";
import { joinAll, roundsTogether } from "./rounds.ts";
import { openSignalProxy } from "./signal-proxy.ts";
import { expect, freshRoom, test } from "./stage.ts";

declare global {
  /** Bytes that this page gave to its data channels. */
  var channelBytes: number | undefined;
}

/** Runs in the page before any other script. */
function countChannels(): void {
  const send = RTCDataChannel.prototype.send as (this: RTCDataChannel, data: ArrayBufferView) => void;
  globalThis.channelBytes = 0;
  RTCDataChannel.prototype.send = function (this: RTCDataChannel, data: unknown) {
    globalThis.channelBytes! += (data as ArrayBufferView).byteLength;
    send.call(this, data as ArrayBufferView);
  };
}

const goTo = (page: Page, name: RegExp) => page.getByRole("link", { name }).click();
const sum = (entries: readonly { bytes: number }[]): number => entries.reduce((total, { bytes }) => total + bytes, 0);

test("every byte that a device sends is in the log, by its own count, the page's and the server's; the log can be read, filtered and saved", async ({ stage, tab }) => {
  const url = new URL(SIGNAL_PATH, stage.server.url);
  url.protocol = "ws:";
  const proxy = await openSignalProxy(url.href);
  const context = await stage.browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 900 } });
  await context.addInitScript(countChannels);
  try {
    const link = `${freshRoom()}&server=${encodeURIComponent(proxy.url)}`;
    const own = await tab({ query: { share: "0/2", steps: "3" }, link, context });
    // It is there before the first one joins, which would begin alone if it had to wait for a page to load.
    const other = await tab({ query: { share: "1/2", steps: "3" }, link });
    expect(proxy.sockets).toEqual([]);
    await joinAll([own]);
    // Whose sockets these are is known while nobody else has any.
    const sockets = proxy.sockets.slice();
    await joinAll([other]);
    await roundsTogether([own, other], 2);
    await own.page.evaluate(() => globalThis.hromada!.pause());

    // Of one moment, as far as the device and the page can be asked at one: what is on its way between them is waited for.
    await expect(async () => {
      const { before, bytesUp, sent, counted, view } = await own.page.evaluate(async () => {
        const device = globalThis.hromada!;
        const before = (await device.snapshot()).bytesUp;
        const counted = globalThis.channelBytes!;
        const view = await device.sentLog({});
        const { bytesUp, sent } = await device.snapshot();
        return { before, bytesUp, sent, counted, view };
      });
      expect(before).toBe(bytesUp); // nothing went meanwhile
      const [links, server] = [sent.filter(({ kind }) => kind !== "server"), sent.filter(({ kind }) => kind === "server")];
      expect(sum(links)).toBe(bytesUp);
      expect(counted).toBe(bytesUp);
      expect(sum(view.totals)).toBe(sum(sent));
      expect(view.found.bytes + view.gone.bytes).toBe(sum(sent));
      const codec = toServerCodec();
      expect(sum(server)).toBe(sum(sockets.flat().map((message) => ({ bytes: codec.encode(message).length }))));
    }).toPass({ timeout: 20_000 });

    const { sent } = await own.snapshot();
    expect(new Set(sent.map(({ kind }) => kind))).toEqual(new Set(["update", "sum", "status", "keys", "shards", "link", "server"]));
    const { self } = await other.snapshot();

    await goTo(own.page, /^Sent/);
    await expect(own.page.getByRole("heading", { level: 1, name: "What left this device" })).toBeVisible();
    const rows = own.page.locator(".sent-table tbody tr");
    await expect(rows.nth(10)).toBeVisible();
    await own.page.locator(".sent-filters select").first().selectOption("update");
    await expect(rows.first()).toContainText("Encrypted updates");
    await expect(rows.filter({ hasNotText: "Encrypted updates" })).toHaveCount(0);
    await expect(rows.filter({ hasText: `to device ${self!.slice(0, 4)}` }).first()).toContainText("sealed for one device");
    await own.page.locator(".sent-filters select").first().selectOption("");

    const [csv] = await Promise.all([own.page.waitForEvent("download"), own.page.getByRole("button", { name: "Save as CSV" }).click()]);
    const lines = (await readFile(await csv.path(), "utf8")).trim().split("\r\n");
    expect(lines[0]).toBe("time,to,kind,protection,messages,bytes");
    const [json] = await Promise.all([own.page.waitForEvent("download"), own.page.getByRole("button", { name: "Save as JSON" }).click()]);
    const saved = JSON.parse(await readFile(await json.path(), "utf8")) as { records: { bytes: number }[]; totals: { bytes: number }[] };
    expect(sum(saved.records)).toBe(sum(saved.totals));
    expect(sum(lines.slice(1).map((line) => ({ bytes: Number(line.split(",")[5]) })))).toBeGreaterThanOrEqual(sum(sent));
  } finally {
    await context.close();
    await proxy.close();
  }
});

for (const [locale, looks] of Object.entries({
  "en-GB": [{ colorScheme: "light", width: 1280 }, { colorScheme: "dark", width: 320 }],
  "uk-UA": [{ colorScheme: "dark", width: 360 }],
} as const)) {
  test(`the log in ${locale}, ${looks.map(({ colorScheme, width }) => `${colorScheme} at ${width} px`).join(", ")}: accessible, empty and full`, async ({ stage, tab }, info) => {
    const context = await stage.browser.newContext({ locale });
    const { page } = await tab({ query: { share: "0/16", steps: "3", page: "sent" }, link: freshRoom(), context });
    const check = async (name: string): Promise<void> => {
      for (const { colorScheme, width } of looks) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        const { violations } = await axe(page).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
        await page.screenshot({ path: info.outputPath(`${name}-${width}.png`), fullPage: true });
      }
    };
    await expect(page.locator("#sent-log-heading")).toBeVisible();
    await check("empty");
    await page.evaluate(() => globalThis.hromada!.join({ kind: "share", share: 0, shares: 16 }));
    await expect(page.locator(".sent-table tbody tr").first()).toBeVisible({ timeout: 20_000 });
    for (const summary of await page.locator(".sent-kinds summary").all()) await summary.click();
    await check("full");
    await context.close();
  });
}
