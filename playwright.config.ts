import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "e2e",
  // Two cores: each test drives several tabs that train, so they take turns.
  workers: 1,
  fullyParallel: false,
  retries: 0,
  forbidOnly: true,
  timeout: 180_000,
  reporter: [["list"]],
  outputDir: "test-results",
});
