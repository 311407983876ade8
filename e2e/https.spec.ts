import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser } from "@playwright/test";
import { chromiumPath, CHROMIUM_FLAGS } from "../tools/chromium.ts";
import { localCertificates } from "../tools/https/ca.ts";
import { createAppServer, type AppServer } from "../tools/serve.ts";
import { openTab, ROOT, until } from "../tools/swarm/tabs.ts";
import { needsProgram } from "./needs.ts";
import { joinAll, PATIENCE } from "./rounds.ts";
import { expect, freshRoom, test as base } from "./stage.ts";

interface Secure {
  server: AppServer;
  /** Where `ca.crt` is, to be trusted. */
  certificates: string;
  /** A browser of somebody whose home folder is this. */
  launch(home: string): Promise<Browser>;
  home(name: string): Promise<string>;
}

// `stage` builds the app where that is due.
const test = base.extend<{ secure: Secure }>({
  secure: async ({ stage: _ }, use) => {
    const folder = await mkdtemp(join(tmpdir(), "hromada-https-"));
    const certificates = join(folder, "certificates");
    const https = await localCertificates(certificates, { dns: ["localhost"], ip: ["127.0.0.1"] });
    const server = await createAppServer({ dist: join(ROOT, "dist"), port: 0, host: "127.0.0.1", https });
    const browsers: Browser[] = [];
    await use({
      server,
      certificates,
      async launch(home) {
        const browser = await chromium.launch({ executablePath: chromiumPath(), args: CHROMIUM_FLAGS, env: { ...process.env, HOME: home } as Record<string, string> });
        browsers.push(browser);
        return browser;
      },
      async home(name) {
        const home = join(folder, name);
        await mkdir(home);
        return home;
      },
    });
    await Promise.all(browsers.map((browser) => browser.close()));
    await server.close();
    await rm(folder, { recursive: true });
  },
});

test("who trusts this machine's certificate gets the app without a warning, its service worker, and a room over wss", async ({ secure }) => {
  const certutil = needsProgram("certutil", "libnss3-tools");
  const home = await secure.home("trusting");
  // As the page for phones says it for Linux.
  const database = `sql:${join(home, ".pki/nssdb")}`;
  await mkdir(join(home, ".pki/nssdb"), { recursive: true });
  execFileSync(certutil, ["-d", database, "-N", "--empty-password"]);
  execFileSync(certutil, ["-d", database, "-A", "-t", "C,,", "-n", "Hromada", "-i", join(secure.certificates, "ca.crt")]);

  const browser = await secure.launch(home);
  const tab = await openTab({ browser, server: secure.server }, { query: { share: "0/2", steps: "4" }, link: freshRoom(), context: await browser.newContext() });
  await expect.poll(() => tab.page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active?.state), { timeout: PATIENCE }).toBe("activated");
  expect(await tab.page.evaluate(async () => (await navigator.serviceWorker.ready).active?.scriptURL)).toBe(`${secure.server.url}sw.js`);
  await joinAll([tab]);
  await until(tab, ({ signal }) => signal === "open", PATIENCE);
  // In the room, and at its door.
  await expect.poll(() => secure.server.health().sockets, { timeout: PATIENCE }).toBe(2);
});

test("who does not trust it gets no page and no service worker", async ({ secure }) => {
  const browser = await secure.launch(await secure.home("stranger"));
  const page = await browser.newPage();
  await expect(page.goto(secure.server.url)).rejects.toThrow(/ERR_CERT_AUTHORITY_INVALID/);

  // Nor with a click through the warning: the page opens then, without what it needs a trusted address for.
  const careless = await browser.newContext({ ignoreHTTPSErrors: true });
  const opened = await careless.newPage();
  await opened.goto(secure.server.url);
  const register = (): Promise<string> => navigator.serviceWorker.register("/sw.js").then(() => "registered", (error: Error) => error.name);
  expect(await opened.evaluate(register)).toBe("SecurityError");
});
