import { defineConfig } from "@playwright/test";

/** Most of the time one of two cores is idle in these, and none of them is told of time or of work done in it. */
const LIGHT = "**/{forget,https,pages,privacy,pwa}.spec.ts";

export default defineConfig({
  testDir: "e2e",
  // Two cores: most tests drive several tabs that train, so they take turns. `npm test` gives the light ones two workers.
  workers: 1,
  retries: 0,
  forbidOnly: true,
  timeout: 180_000,
  reporter: [["list"]],
  projects: [
    { name: "light", testMatch: LIGHT, fullyParallel: true, outputDir: "test-results/light" },
    { name: "heavy", testIgnore: LIGHT, outputDir: "test-results/heavy" },
  ],
});
