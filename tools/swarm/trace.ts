import type { Browser, Page } from "playwright-core";

/** The longest main-thread task of any page, in milliseconds of that thread's CPU and of wall time. */
export interface LongestTask {
  cpu: number | null;
  wall: number | null;
}

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds. */
  ts: number;
  dur?: number;
  tdur?: number;
  args?: { name?: string };
}

const LOADED = "hromada-loaded";

/** From here on the page's main thread counts: it is loaded, and it is ours (Chromium has pages of its own). */
export const markLoaded = (page: Page): Promise<void> => page.evaluate((mark) => void performance.mark(mark), LOADED);

/** The same from each of its loads on, loading included. */
export async function markLoads(page: Page): Promise<void> {
  await page.addInitScript((mark) => void performance.mark(mark), LOADED);
}

/** Watches the main threads of all marked pages, by a DevTools trace. */
export async function watchTasks(browser: Browser): Promise<() => Promise<LongestTask>> {
  await browser.startTracing(undefined, { categories: ["-*", "disabled-by-default-devtools.timeline", "blink.user_timing"] });
  return async () => {
    const buffer = await browser.stopTracing();
    const { traceEvents } = JSON.parse(buffer.toString("utf8")) as { traceEvents: TraceEvent[] };
    const main = new Set(traceEvents.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain").map(({ pid, tid }) => `${pid}.${tid}`));
    // Each page has a process of its own: contexts share none.
    const loaded = new Map<number, number>();
    for (const { name, pid, ts } of traceEvents) if (name === LOADED) loaded.set(pid, Math.min(ts, loaded.get(pid) ?? Infinity));
    const tasks = traceEvents.filter(({ name, ph, pid, tid, ts }) => name === "RunTask" && ph === "X" && main.has(`${pid}.${tid}`) && ts > (loaded.get(pid) ?? Infinity));
    const longest = (of: (event: TraceEvent) => number | undefined): number | null =>
      tasks.length === 0 ? null : tasks.reduce((most, event) => Math.max(most, of(event) ?? 0), 0) / 1000;
    return { cpu: longest(({ tdur }) => tdur), wall: longest(({ dur }) => dur) };
  };
}
