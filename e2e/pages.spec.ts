import type { Page } from "@playwright/test";
import { axe } from "./axe.ts";
import { expect, freshRoom, test } from "./stage.ts";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Of the pages that the navigation shows. */
const pagesOf = (page: Page): Promise<string[]> => page.locator(".nav-link").evaluateAll((links) => links.map((link) => new URL((link as HTMLAnchorElement).href).searchParams.get("page") ?? "contribute"));
const open = (page: Page, name: string) => page.locator(name === "contribute" ? '.nav-link:not([href*="page="])' : `.nav-link[href*="page=${name}"]`).click();
const overflow = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** The page's own heading is there once its code has come. */
async function arrived(page: Page, name: string): Promise<void> {
  await expect(page.locator(".loading")).toHaveCount(0);
  await expect(page.locator("main h1:visible")).toHaveCount(1);
  await expect(page.locator('.nav-link[aria-current="page"]')).toHaveCount(1);
  expect(new URL(page.url()).searchParams.get("page") ?? "contribute").toBe(name);
}

for (const locale of ["en-GB", "uk-UA"]) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`every page, ${locale}, ${colorScheme}: no violation at 1280 and 360 px`, async ({ stage, tab }, info) => {
      const context = await stage.browser.newContext({ locale, colorScheme, viewport: { width: 1280, height: 900 } });
      const { page } = await tab({ query: {}, link: freshRoom(), context });
      const titles = new Set<string>();
      const names = await pagesOf(page);
      expect(names.length).toBeGreaterThanOrEqual(2);
      for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 900 });
        for (const name of names) {
          await open(page, name);
          await arrived(page, name);
          titles.add(await page.title());
          const { violations } = await axe(page).withTags(TAGS).analyze();
          expect(violations.map(({ id, nodes }) => `${name}, ${width} px, ${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
          expect(await overflow(page), `${name} at ${width} px`).toBeLessThanOrEqual(0);
          await page.screenshot({ path: info.outputPath(`${name}-${width}.png`), fullPage: true });
        }
      }
      expect(titles.size, "each page has a title of its own").toBe(names.length);
      await context.close();
    });
  }
}

test("nothing has to be scrolled sideways at 320 px, nor on a wide screen at 400 %", async ({ stage, tab }, info) => {
  // 400 % on a window of 1280 × 1024 leaves 320 × 256 CSS pixels (WCAG 2.2, 1.4.10).
  const context = await stage.browser.newContext({ locale: "uk-UA", viewport: { width: 320, height: 256 }, deviceScaleFactor: 4 });
  const { page } = await tab({ query: {}, link: freshRoom(), context });
  for (const name of await pagesOf(page)) {
    await open(page, name);
    await arrived(page, name);
    for (const summary of await page.locator("main summary:visible").all()) await summary.click();
    expect(await overflow(page), name).toBeLessThanOrEqual(0);
    await page.screenshot({ path: info.outputPath(`${name}-320.png`) });
  }
  await context.close();
});

test("read from right to left nothing is cut off or has to be scrolled sideways", async ({ stage, tab }, info) => {
  const context = await stage.browser.newContext({ locale: "uk-UA", viewport: { width: 1280, height: 900 } });
  const { page } = await tab({ query: {}, link: freshRoom(), context });
  await page.evaluate(() => void (document.documentElement.dir = "rtl"));
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 900 });
    for (const name of await pagesOf(page)) {
      await open(page, name);
      await arrived(page, name);
      expect(await overflow(page), `${name} at ${width} px`).toBeLessThanOrEqual(0);
      const outside = await page.locator("main :visible, nav :visible, header :visible").evaluateAll((all) =>
        all.filter((element) => {
          // What is there for screen readers alone, or scrolls within its own frame, is no part of the picture.
          if (element.closest(".hidden, .scroll, svg, datalist")) return false;
          const { left, right, width: wide } = element.getBoundingClientRect();
          return wide > 1 && (left < -1 || right > innerWidth + 1);
        }).map(({ outerHTML }) => outerHTML.slice(0, 120)));
      expect(outside, `${name} at ${width} px`).toEqual([]);
      await page.screenshot({ path: info.outputPath(`${name}-${width}.png`), fullPage: true });
    }
  }
  await context.close();
});

test("every control of every page is reached by the Tab key, and none holds it", async ({ tab }) => {
  const { page } = await tab({ query: {}, link: freshRoom() });
  for (const name of await pagesOf(page)) {
    await open(page, name);
    await arrived(page, name);
    const count = await page.evaluate(() => {
      const reached = new Set<EventTarget | null>();
      const controls = Array.from(document.querySelectorAll<HTMLElement>("a[href], button, input, select, textarea, summary, [tabindex='0']")).filter((element) => {
        if (element.tabIndex < 0 || !element.checkVisibility() || element.matches(":disabled")) return false;
        // Of a group of radios one is reached by Tab, and the others from there by the arrows.
        return !(element instanceof HTMLInputElement && element.type === "radio" && !element.checked);
      });
      document.addEventListener("focusin", ({ target }) => void reached.add(target));
      Object.assign(globalThis, { missed: () => controls.filter((control) => control.isConnected && !reached.has(control)).map(({ outerHTML }) => outerHTML.slice(0, 160)) });
      (document.activeElement as HTMLElement | null)?.blur();
      return controls.length;
    });
    expect(count, name).toBeGreaterThan(6);
    // Once round, and a few for what has come meanwhile.
    for (let press = 0; press < count + 10; press++) await page.keyboard.press("Tab");
    expect(await page.evaluate(() => (globalThis as unknown as { missed(): string[] }).missed()), name).toEqual([]);
  }
});

test("by keyboard alone from page to page; the room stays, training goes on, back leads back", async ({ tab }) => {
  const training = await tab({ query: { share: "0/16", steps: "5", auto: "1" }, link: freshRoom() });
  const { page } = training;
  await expect.poll(() => page.evaluate(async () => (await globalThis.hromada!.snapshot()).rounds.length), { timeout: 30_000 }).toBeGreaterThan(0);
  const { hash } = new URL(page.url());
  const before = await training.snapshot();
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement?.matches('.nav-link[href*="page=settings"]') ?? false)) break;
  }
  await page.keyboard.press("Enter");
  await arrived(page, "settings");
  await expect(page.locator("main")).toBeFocused();
  expect(new URL(page.url()).hash).toBe(hash);
  expect(new URL(page.url()).searchParams.get("share")).toBe("0/16");

  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.querySelector("main")!.contains(document.activeElement))).toBe(true);
  await expect.poll(() => page.evaluate(async () => (await globalThis.hromada!.snapshot()).round), { timeout: 30_000 }).toBeGreaterThan(before.round);

  await page.goBack();
  await arrived(page, "contribute");
  await expect(page.locator("section.status")).toHaveAttribute("data-status", "alone");
  await page.goForward();
  await arrived(page, "settings");
});
