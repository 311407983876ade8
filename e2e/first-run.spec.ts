import { createAppServer } from "../tools/serve.ts";
import { join } from "node:path";
import { openSlowLink } from "../tools/slow-link.ts";
import { ROOT } from "../tools/swarm/tabs.ts";
import { expect, test } from "./stage.ts";

/** Generous, since the machine may be shared; how long it takes is measured by `npm run bench -- app`. */
const PATIENCE = 90_000;
const LINK = { bitsPerSecond: 4e6, delay: 20 };
const MOST_BYTES = 3e6;

test("a first visit at 4 Mbit/s, CPU slowed four times: one press leads to training, after 3 MB at most, and SEAL comes behind it", async ({ stage }) => {
  const server = await createAppServer({ dist: join(ROOT, "dist"), port: 0, host: "127.0.0.1" });
  const link = await openSlowLink(server.port, LINK);
  const context = await stage.browser.newContext({ locale: "en-GB" });
  const page = await context.newPage();
  await (await context.newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: 4 });
  try {
    await page.goto(link.url, { timeout: PATIENCE });
    await page.getByRole("button", { name: /^Join/ }).click({ timeout: PATIENCE });
    await page.waitForFunction(
      async () => {
        const snapshot = await globalThis.hromada?.snapshot();
        return snapshot !== undefined && (snapshot.batch !== null || snapshot.samplesTrained > 0);
      },
      undefined,
      { timeout: PATIENCE },
    );
    expect(link.bytes(), "bytes before the first step").toBeLessThanOrEqual(MOST_BYTES);

    const first = (what: RegExp): number => link.requests.findIndex(({ path }) => what.test(path));
    await expect.poll(() => first(/\/seal_throws-.*\.wasm/), { timeout: PATIENCE }).toBeGreaterThan(0);
    for (const needed of [/\/train-.*\.js/, /\/tfjs-backend-wasm-.*\.wasm/, /\/data\/digits\/train-/]) {
      expect(first(needed), `${needed} is asked for`).toBeGreaterThan(0);
      expect(first(needed), `${needed} before SEAL`).toBeLessThan(first(/\/seal.*/));
    }
  } finally {
    await context.close();
    await link.close();
    await server.close();
  }
});
