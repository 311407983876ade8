import type { Page } from "@playwright/test";
import { until } from "../tools/swarm/tabs.ts";
import { axe } from "./axe.ts";
import { expect, freshRoom, test } from "./stage.ts";

const LOOKS = {
  "en-GB": [{ colorScheme: "light", width: 1280 }, { colorScheme: "dark", width: 360 }],
  "uk-UA": [{ colorScheme: "dark", width: 1280 }, { colorScheme: "light", width: 360 }],
} as const;

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await axe(page).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overflow).toBeLessThanOrEqual(0);
}

for (const [locale, looks] of Object.entries(LOOKS)) {
  test(`${locale}, ${looks.map(({ colorScheme, width }) => `${colorScheme} at ${width} px`).join(", ")}: accessible before joining and while two devices train`, async ({ stage, tab }, info) => {
    const context = await stage.browser.newContext({ locale });
    const link = freshRoom();
    const first = await tab({ query: { share: "0/2", steps: "8" }, link, context });
    const { page } = first;
    const expectAccessibleInEach = async (when: string): Promise<void> => {
      for (const { colorScheme, width } of looks) {
        await page.emulateMedia({ colorScheme });
        await page.setViewportSize({ width, height: 900 });
        await expectAccessible(page);
        await page.screenshot({ path: info.outputPath(`${when}-${width}.png`), fullPage: true });
      }
    };
    await expectAccessibleInEach("idle");

    const second = await tab({ query: { share: "1/2", steps: "8", auto: "1" }, link });
    await page.locator("button.primary.large").click();
    await until(first, ({ rounds }) => rounds.length >= 3 && rounds.some(({ participants }) => participants.length === 2), 60_000);
    await second.snapshot();
    await expectAccessibleInEach("training");
    await context.close();
  });
}

test("by keyboard alone: join, pause, resume, leave; the page says where it stands", async ({ tab }) => {
  const { page } = await tab({ query: { share: "0/16", steps: "5" }, link: freshRoom() });
  const status = page.locator("section.status");
  const reach = async (name: RegExp): Promise<void> => {
    const button = page.getByRole("button", { name });
    for (let presses = 0; presses < 40; presses++) {
      if (await button.evaluate((element) => element === document.activeElement)) break;
      await page.keyboard.press("Tab");
    }
    await expect(button).toBeFocused();
    await page.keyboard.press("Enter");
  };
  await reach(/^Join/);
  await expect(status).toHaveAttribute("data-status", "alone", { timeout: 30_000 });
  await reach(/^Pause/);
  await expect(status).toHaveAttribute("data-status", "paused");
  await reach(/^Resume/);
  await expect(status).toHaveAttribute("data-status", "alone", { timeout: 30_000 });
  await reach(/^Leave/);
  await expect(page.getByRole("button", { name: /^(Join|Go on)/ })).toBeVisible();
});

test("a drawn digit is answered at once, is kept, and the device trains on it alone", async ({ tab }) => {
  const drawing = await tab({ query: { steps: "3" }, link: freshRoom() });
  const { page } = drawing;
  const sheet = page.locator(".sheet canvas");
  await sheet.scrollIntoViewIfNeeded();
  const box = (await sheet.boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.8, { steps: 12 });
  await page.mouse.up();
  await expect(page.locator(".answer")).toContainText("ms", { timeout: 30_000 });

  await page.getByRole("button", { name: "Add to my digits as 1" }).click();
  await until(drawing, ({ drawings }) => drawings === 1, 10_000);
  await page.locator("summary", { hasText: "What this device trains on" }).click();
  await page.getByText("Only my own drawings").click();
  await page.getByRole("button", { name: /^Join/ }).click();
  const { trainer } = await until(drawing, ({ rounds }) => rounds.length > 0, 30_000);
  expect(trainer?.samples).toBe(1);
  expect(trainer?.labelCounts[1]).toBe(1);
});

test("a broken join link is explained, and nothing is lost", async ({ tab }) => {
  const { page } = await tab({ query: {}, link: freshRoom() });
  await page.evaluate(() => void (location.hash = "room=short"));
  await expect(page.locator("[data-problem=bad-link]")).toBeVisible({ timeout: 15_000 });
});
