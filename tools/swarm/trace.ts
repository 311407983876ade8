import { writeFile } from "node:fs/promises";
import type { Browser } from "playwright-core";

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

/** The mark that a page sets once it is loaded. */
export const LOADED = "hromada-loaded";

/** Watches the main threads of all pages from now on, or from when they are loaded, by a DevTools trace. */
export async function watchTasks(browser: Browser): Promise<(file?: string) => Promise<LongestTask>> {
  await browser.startTracing(undefined, { categories: ["-*", "disabled-by-default-devtools.timeline", "blink.user_timing"] });
  return async (file) => {
    const buffer = await browser.stopTracing();
    if (file !== undefined) await writeFile(file, buffer);
    const { traceEvents } = JSON.parse(buffer.toString("utf8")) as { traceEvents: TraceEvent[] };
    const main = new Set(traceEvents.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain").map(({ pid, tid }) => `${pid}.${tid}`));
    // Each page has a process of its own: contexts share none.
    const loaded = new Map(traceEvents.filter(({ name }) => name === LOADED).map(({ pid, ts }) => [pid, ts]));
    const tasks = traceEvents.filter(({ name, ph, pid, tid, ts }) => name === "RunTask" && ph === "X" && main.has(`${pid}.${tid}`) && ts > (loaded.get(pid) ?? 0));
    const longest = (of: (event: TraceEvent) => number | undefined): number | null =>
      tasks.length === 0 ? null : tasks.reduce((most, event) => Math.max(most, of(event) ?? 0), 0) / 1000;
    return { cpu: longest(({ tdur }) => tdur), wall: longest(({ dur }) => dur) };
  };
}
