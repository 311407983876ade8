import { spawnSync } from "node:child_process";
import { chromiumPath } from "./chromium.ts";
import { buildWasm } from "./wasm.ts";

/** `npm test`: everything that has to hold before a change lands, cheapest first. */
const steps: readonly [name: string, command: string, ...args: string[]][] = [
  ["types", "tsc", "--noEmit", "-p", "."],
  ["lint", "eslint", "."],
  ["layers", "depcruise", "--config", ".dependency-cruiser.cjs", "src", "tools", "bench", "e2e"],
  ["unused", "knip"],
  ["build", "vite", "build", "--logLevel", "warn"],
  ["unit tests", "vitest", "run"],
  ["end-to-end tests", "playwright", "test"],
];

await buildWasm();
const env = { ...process.env, CHROMIUM_PATH: chromiumPath() };

for (const [name, command, ...args] of steps) {
  const started = Date.now();
  console.log(`\n— ${name}`);
  const { status } = spawnSync("npx", ["--no-install", command, ...args], { stdio: "inherit", env });
  if (status !== 0) {
    console.error(`\n${name} failed; the rest was not run`);
    process.exit(status ?? 1);
  }
  console.log(`— ${name}: ${((Date.now() - started) / 1000).toFixed(0)} s`);
}

console.log(`\nsteps: ${steps.length} passed, 0 failed`);
