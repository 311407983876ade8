import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{src,tools,bench}/**/*.test.{ts,tsx}"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: one file on each.
    maxWorkers: 2,
  },
});
