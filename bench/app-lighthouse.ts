import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import lighthouse from "lighthouse";
import type { Browser } from "playwright-core";

export const CATEGORIES = ["performance", "best-practices", "accessibility"] as const;

export interface Audit {
  /** 0 to 100. */
  scores: Record<(typeof CATEGORIES)[number], number>;
  /** Seconds until the page can be used without waiting, on Lighthouse's slow 4G and with the CPU slowed 4 times. */
  interactive: number;
  /** What costs points. */
  failed: string[];
}

/** One page as Lighthouse sees it on a phone. @param launch a browser that listens for DevTools at this port */
export async function audit(url: string, launch: (port: number) => Promise<Browser>): Promise<Audit> {
  const port = await freePort();
  const browser = await launch(port);
  try {
    const result = await lighthouse(url, { port, onlyCategories: [...CATEGORIES], logLevel: "error" });
    if (!result || result.lhr.runtimeError) throw new Error(`Lighthouse did not get through: ${result?.lhr.runtimeError?.message ?? "no result"}`);
    const { categories, audits } = result.lhr;
    const score = (category: string): number => Math.round(100 * (categories[category]?.score ?? 0));
    const weighed = CATEGORIES.flatMap((category) => categories[category]!.auditRefs.filter(({ weight }) => weight > 0).map(({ id }) => audits[id]!));
    return {
      scores: { performance: score("performance"), "best-practices": score("best-practices"), accessibility: score("accessibility") },
      interactive: (audits["interactive"]?.numericValue ?? Infinity) / 1_000,
      failed: weighed.filter((one) => one.score !== null && one.score < 0.9).map(({ id, score: part, displayValue = "", details }) => `${id} ${part} ${displayValue} ${JSON.stringify(details ?? {}).slice(0, 300)}`),
    };
  } finally {
    await browser.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
