import { systemClock, type Clock } from "./clock.ts";
import type { RtcHost } from "./rtc.ts";

/** Times in milliseconds, rates in bytes a second. */
export const UPLINK_LIMITS = {
  lookEvery: 250,
  /** Channels with bytes waiting, at least: one alone may wait for its own other end. And how much waits in all of them: some tens of kilobytes more are on their way without being in any buffer. */
  channels: 3,
  waiting: 1024,
  /** So long bytes have to have waited before it is said how fast they leave; and what was not measured for so long is forgotten. */
  span: 1_000,
  forget: 60_000,
  /** Between half a megabit and two: below the first it is slow, and above the second no longer. */
  slow: 100_000,
  quick: 150_000,
} as const;

export interface Uplink {
  /** The same host, whose sending is measured. */
  readonly rtc: RtcHost;
  readonly slow: boolean;
  close(): void;
}

/**
 * Whether what this device sends leaves slowly, whoever it is for: found out from its channels' buffers, which fill where
 * more is sent than the link carries. What leaves between two looks, at both of which several wait, is what it carries.
 */
export function createUplink(host: RtcHost, onSlow: (slow: boolean) => void, clock: Clock = systemClock): Uplink {
  let given = 0;
  let last: { at: number; given: number; waiting: number; full: boolean } | null = null;
  /** For how long several channels had bytes waiting, how many left then, and when that was last so. */
  let busy = 0;
  let left = 0;
  let measuredAt = clock.now();
  let slow = false;
  let closed = false;

  function become(next: boolean): void {
    if (next === slow) return;
    slow = next;
    onSlow(slow);
  }

  function take(channels: readonly number[]): void {
    const waiting = channels.reduce((sum, bytes) => sum + bytes, 0);
    const full = waiting >= UPLINK_LIMITS.waiting && channels.filter((bytes) => bytes > 0).length >= Math.min(UPLINK_LIMITS.channels, channels.length);
    const now = { at: clock.now(), given, waiting, full };
    const before = last;
    last = now;
    // A device that was suspended has sent nothing meanwhile.
    if (before?.full && full && now.at - before.at <= 8 * UPLINK_LIMITS.lookEvery) {
      busy += now.at - before.at;
      left += Math.max(0, now.given - before.given + before.waiting - now.waiting);
      measuredAt = now.at;
    }
    if (busy >= UPLINK_LIMITS.span) {
      become((1000 * left) / busy < (slow ? UPLINK_LIMITS.quick : UPLINK_LIMITS.slow));
      // What was measured before counts half.
      busy /= 2;
      left /= 2;
    } else if (now.at - measuredAt > UPLINK_LIMITS.forget) {
      become(false);
      busy = left = 0;
    }
  }

  let cancel = clock.after(UPLINK_LIMITS.lookEvery, look);

  function look(): void {
    cancel = clock.after(UPLINK_LIMITS.lookEvery, look);
    // Nothing waits where nothing was given.
    if (last?.given === given && last.waiting === 0) return take([]);
    host.waiting().then((channels) => {
      if (!closed) take(channels);
    }, () => undefined /* the page is gone, and the device with it */);
  }

  return {
    rtc: {
      ...host,
      send(link, bytes) {
        given += bytes.length;
        return host.send(link, bytes);
      },
    },
    get slow() {
      return slow;
    },
    close() {
      closed = true;
      cancel();
    },
  };
}
