import { test as base } from "@playwright/test";
import { openStage, openTab, type Stage, type Tab, type TabOptions } from "../tools/swarm/tabs.ts";

/** `stage`: one server and browser a worker. `tab`: opens a device in a tab, closed after the test. */
export const test = base.extend<{ tab: (options: TabOptions) => Promise<Tab> }, { stage: Stage }>({
  stage: [
    async ({}, use) => {
      const stage = await openStage();
      await use(stage);
      await stage.close();
    },
    { scope: "worker" },
  ],
  tab: async ({ stage }, use) => {
    const opened: Tab[] = [];
    await use(async (options) => {
      const tab = await openTab(stage, options);
      opened.push(tab);
      return tab;
    });
    // A crashed page has nothing left to close.
    await Promise.all(opened.map((tab) => tab.close().catch(() => undefined)));
  },
});

export { expect } from "@playwright/test";

/** A room of its own for each test. */
export const freshRoom = (): string => `room=${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")}`;
