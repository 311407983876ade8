import type { Clock } from "../clock.ts";

export interface FakeClock extends Clock {
  /** Timers not yet run or cancelled. */
  readonly pending: number;
  /** Lets `ms` of virtual time pass, with everything that falls due and all that follows from it. */
  advance(ms: number): Promise<void>;
  /** Time passes without a timer running, as while a machine sleeps; they are all late then. */
  jump(ms: number): void;
}

/** Lets all promise callbacks run that are ready. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A clock that moves only when told to: tests of time-outs that take no time. */
export function createFakeClock(start = 1_000_000): FakeClock {
  let now = start;
  let order = 0;
  const timers = new Map<number, { at: number; fn: () => void }>();

  function earliest(until: number): number | null {
    let best: number | null = null;
    let bestAt = until;
    for (const [key, timer] of timers) {
      if (timer.at < bestAt || (timer.at === bestAt && best === null)) {
        best = key;
        bestAt = timer.at;
      }
    }
    return best;
  }

  return {
    now: () => now,
    get pending() {
      return timers.size;
    },
    after(ms, fn) {
      const key = order++;
      timers.set(key, { at: now + Math.max(0, ms), fn });
      return () => void timers.delete(key);
    },
    jump: (ms) => void (now += ms),
    async advance(ms) {
      const until = now + ms;
      await settle();
      for (let key = earliest(until); key !== null; key = earliest(until)) {
        const timer = timers.get(key)!;
        timers.delete(key);
        now = Math.max(now, timer.at);
        timer.fn();
        await settle();
      }
      now = until;
    },
  };
}
