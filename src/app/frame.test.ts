import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createPace } from "./frame.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The pause after a drawing that took so long. */
async function pauseAfter(ms: number): Promise<number> {
  const pace = createPace(200, 2_000, () => new Promise((resolve) => setTimeout(resolve, ms)));
  expect(pace.pause).toBe(200);
  pace.drawing();
  await vi.advanceTimersByTimeAsync(ms);
  return pace.pause;
}

it("leaves nine tenths of the time to others, and draws every two seconds all the same", async () => {
  expect(await pauseAfter(10)).toBe(200);
  expect(await pauseAfter(80)).toBe(800);
  expect(await pauseAfter(900)).toBe(2_000);
});
