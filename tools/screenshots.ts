/** Takes the manifest's pictures of the page at work: `node --import tsx tools/screenshots.ts`. Committed, since a build has no browser. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { openStage, openTab, ROOT, until } from "./swarm/tabs.ts";

const FOLDER = join(ROOT, "public", "screenshots");
const LOOKS = [
  { file: "wide.png", viewport: { width: 1280, height: 800 } },
  { file: "narrow.png", viewport: { width: 360, height: 720 } },
];
const ROUNDS = 6;

await mkdir(FOLDER, { recursive: true });
const stage = await openStage();
try {
  const link = `room=${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")}`;
  const tabs = [];
  for (const [index, { viewport }] of LOOKS.entries()) {
    const context = await stage.browser.newContext({ locale: "en-GB", colorScheme: "light", viewport });
    tabs.push(await openTab(stage, { query: { share: `${index}/2`, steps: "12", auto: "1" }, link, context }));
  }
  await Promise.all(tabs.map((tab) => until(tab, ({ rounds }) => rounds.length >= ROUNDS, 120_000)));
  for (const [index, { file }] of LOOKS.entries()) await tabs[index]!.page.screenshot({ path: join(FOLDER, file) });
} finally {
  await stage.close();
}
