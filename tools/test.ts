import { spawn } from "node:child_process";
import { once } from "node:events";
import { chromiumPath } from "./chromium.ts";
import { buildWasm } from "./wasm.ts";

type Step = readonly [name: string, command: string, ...args: string[]];

/** Run side by side, which takes as long as the linter alone. */
const checks: readonly (readonly Step[])[] = [
  [["lint", "eslint", "."]],
  [
    ["types", "tsc", "--noEmit", "-p", "."],
    ["layers", "depcruise", "--config", ".dependency-cruiser.cjs", "src", "tools", "bench", "e2e"],
    ["unused", "knip"],
  ],
];

/** Each takes the whole machine. */
const runs: readonly Step[] = [
  ["build", "vite", "build", "--logLevel", "warn"],
  ["unit tests", "vitest", "run"],
  ["end-to-end tests, two at a time", "playwright", "test", "--project=light", "--workers=2"],
  ["end-to-end tests, one at a time", "playwright", "test", "--project=heavy"],
];

await buildWasm();
const env = { ...process.env, CHROMIUM_PATH: chromiumPath() };

/** Says whether all of them passed. @param beside whether another step runs meanwhile: then what each says comes in one piece, when it is over */
async function pass(steps: readonly Step[], beside: boolean): Promise<boolean> {
  for (const [name, command, ...args] of steps) {
    const started = Date.now();
    if (!beside) console.log(`\n— ${name}`);
    const child = spawn("npx", ["--no-install", command, ...args], { stdio: beside ? ["ignore", "pipe", "pipe"] : "inherit", env });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => void said.push(chunk));
    const [status] = (await once(child, "close")) as [number | null];
    if (beside) process.stdout.write(`\n— ${name}\n${Buffer.concat(said).toString()}`);
    if (status !== 0) {
      console.error(`\n${name} failed; what comes after it was not run`);
      return false;
    }
    console.log(`— ${name}: ${((Date.now() - started) / 1000).toFixed(0)} s`);
  }
  return true;
}

const checked = await Promise.all(checks.map((steps) => pass(steps, true)));
if (checked.includes(false) || !(await pass(runs, false))) process.exit(1);

console.log(`\nsteps: ${checks.flat().length + runs.length} passed, 0 failed`);
