import type { Browser } from "playwright-core";

/** Milliseconds of running and resting together; a timer is no finer. */
const PERIOD = 20;
/** Milliseconds between two looks at which processes there are. */
const LOOK = 100;

/**
 * Lets a browser's pages, with all their workers, run only one part in `times` of the time. The DevTools protocol slows a
 * page's own thread and refuses to slow its workers, which do all the work here. @returns what ends it
 */
export async function slowRenderers(browser: Browser, times: number): Promise<() => void> {
  const session = await browser.newBrowserCDPSession();
  let pids: number[] = [];
  let ended = false;
  const look = async (): Promise<void> => {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    pids = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  };
  const signal = (name: NodeJS.Signals): void => {
    for (const pid of pids) {
      try {
        process.kill(pid, name);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // gone meanwhile
      }
    }
  };
  const run = (): void => {
    signal("SIGCONT");
    if (!ended) setTimeout(rest, PERIOD / times);
  };
  const rest = (): void => {
    if (!ended) signal("SIGSTOP");
    setTimeout(run, PERIOD - PERIOD / times);
  };
  await look();
  const looking = setInterval(() => void look().catch(() => clearInterval(looking)), LOOK); // the browser is closed
  run();
  return () => {
    ended = true;
    clearInterval(looking);
    signal("SIGCONT");
  };
}
