import { chromium } from "playwright-core";
import { CHROMIUM_FLAGS, chromiumPath } from "../tools/chromium.ts";
import { openStage } from "../tools/swarm/tabs.ts";
import { audit, CATEGORIES, type Audit } from "./app-lighthouse.ts";
import { firstRun, longestTask, scriptsBeforePress } from "./app-run.ts";
import { compare, median, type Bench, type Row } from "./harness.ts";

/** Of this project (issue 8), but for the scores and the time to interactive, whose limits are Lighthouse's for "good". */
const LIMITS = { scriptBytes: 150_000, firstStepSeconds: 10, firstBytes: 3_000_000, taskMilliseconds: 50, interactiveSeconds: 3.8, score: 95 } as const;
const FIRST_RUNS = 3;
/** Of a page; odd. */
const AUDITS = 3;

export const app: Bench = {
  name: "app",
  about: "the app as its people meet it: bytes and seconds to the first step, main-thread tasks, Lighthouse on every page",
  async run(say) {
    const stage = await openStage();
    try {
      const scripts = await scriptsBeforePress(stage);
      say(`${scripts.page.files} scripts before the first press, ${scripts.all.files} with what the service worker keeps`);
      const first = [];
      for (let run = 0; run < FIRST_RUNS; run++) {
        // A browser each: nothing of it is in a cache.
        first.push(await firstRun(stage.server.port));
        say(`first run: ${first.at(-1)!.fromPress.toFixed(1)} s from the press, ${first.at(-1)!.fromOpening.toFixed(1)} s from the opening, ${first.at(-1)!.bytes} bytes`);
      }
      const task = await longestTask(stage);
      if (task.wall === null || task.cpu === null) throw new Error("the trace has no tasks of a page's main thread; this Chromium names them otherwise");
      const pages = await stage.browser.newPage().then(async (page) => {
        await page.goto(stage.server.url);
        await page.locator(".nav-link").first().waitFor();
        const links = await page.locator(".nav-link").evaluateAll((all) => all.map((link) => (link as HTMLAnchorElement).href));
        await page.close();
        return links;
      });
      const audits = await audited(pages, say);
      return [
        limited("JavaScript before the first press, gzip", scripts.page.bytes, "bytes", "limit", LIMITS.scriptBytes),
        limited("the same, with what the service worker keeps", scripts.all.bytes, "bytes", "limit", LIMITS.scriptBytes),
        limited("from the press to the first step, 4 Mbit/s, a quarter of the CPU", median(first.map(({ fromPress }) => fromPress)), "s", "limit", LIMITS.firstStepSeconds),
        limited("from opening the page to the first step, the same", median(first.map(({ fromOpening }) => fromOpening)), "s", "limit", LIMITS.firstStepSeconds),
        limited("bytes before the first step, both ways", Math.max(...first.map(({ bytes }) => bytes)), "bytes", "limit", LIMITS.firstBytes),
        limited("longest main-thread task of a full run", task.wall, "ms", "limit", LIMITS.taskMilliseconds),
        limited("the same, time on the processor", task.cpu, "ms", "limit", LIMITS.taskMilliseconds),
        limited("time to interactive, slowest page, CPU slowed 4 times", Math.max(...audits.map(({ interactive }) => interactive)), "s", "Lighthouse's good", LIMITS.interactiveSeconds),
        ...CATEGORIES.map((category) => {
          const worst = audits.reduce((low, one) => (one.scores[category] < low.scores[category] ? one : low));
          return compare({ what: `Lighthouse ${category}, lowest of ${audits.length} pages, each the median of ${AUDITS} runs`, ours: worst.scores[category], unit: "", against: "limit", theirs: LIMITS.score, goal: 1 });
        }),
      ];
    } finally {
      await stage.close();
    }
  },
};

const limited = (what: string, ours: number, unit: string, against: string, limit: number): Row => compare({ what, ours, unit, against, theirs: limit, goal: 1, lessIsBetter: true });

/** Each page three times, since the scores vary from run to run: the one of middling performance counts. */
async function audited(pages: readonly string[], say: (line: string) => void): Promise<Audit[]> {
  const audits: Audit[] = [];
  for (const page of pages) {
    const runs: Audit[] = [];
    for (let run = 0; run < AUDITS; run++) runs.push(await audit(page, (port) => chromium.launch({ executablePath: chromiumPath(), args: [...CHROMIUM_FLAGS, `--remote-debugging-port=${port}`] })));
    const found = runs.sort((one, other) => one.scores.performance - other.scores.performance)[(AUDITS - 1) / 2]!;
    say(`${new URL(page).search || "/"}: ${CATEGORIES.map((category) => `${category} ${found.scores[category]}`).join(", ")} (performance ${runs.map(({ scores }) => scores.performance).join(", ")}), interactive after ${found.interactive.toFixed(1)} s${found.failed.map((line) => `\n    ${line}`).join("")}`);
    audits.push(found);
  }
  return audits;
}
