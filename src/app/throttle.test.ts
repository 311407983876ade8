import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { throttle } from "./throttle.ts";

describe("throttle", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("passes the first value at once, then one an interval, and the last one always", () => {
    const passed: number[] = [];
    const push = throttle<number>(() => 100, (value) => passed.push(value));
    for (let value = 0; value < 25; value++) {
      push(value);
      vi.advanceTimersByTime(10);
    }
    expect(passed).toEqual([0, 9, 19]);
    vi.advanceTimersByTime(100);
    expect(passed).toEqual([0, 9, 19, 24]);
  });
});
