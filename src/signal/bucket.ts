/** A token bucket: `burst` at once, `perSecond` in the long run. `now` is in milliseconds and never runs back. */
export interface Bucket {
  take(now: number): boolean;
  /** Milliseconds until `take` succeeds; 0 when it does now. */
  wait(now: number): number;
}

export function createBucket(perSecond: number, burst: number, start: number): Bucket {
  let tokens = burst;
  let last = start;
  const fill = (now: number): void => {
    tokens = Math.min(burst, tokens + (Math.max(0, now - last) * perSecond) / 1000);
    last = Math.max(last, now);
  };
  return {
    take(now) {
      fill(now);
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    wait(now) {
      fill(now);
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 1000) / perSecond);
    },
  };
}
