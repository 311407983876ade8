import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CARE, NO_FACTS } from "./care.ts";
import { createCarer } from "./carer.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const nobody = new AbortController().signal;

describe("carer", () => {
  it("lets the engine work its share of the time", async () => {
    const carer = createCarer(() => undefined, () => undefined);
    for (const share of [1, 0.5, 0.25]) {
      carer.set({ ...CARE, share });
      const began = performance.now();
      for (let batch = 0; batch < 50; batch++) {
        carer.took(12);
        const rest = carer.rest(nobody);
        await vi.runAllTimersAsync();
        await rest;
      }
      const rested = performance.now() - began;
      expect(600 / (600 + rested)).toBeCloseTo(share, 1);
    }
    expect(carer.view.measured).toBeLessThan(0.4);
    expect(carer.view.worked).toBe(3 * 50 * 12);
  });

  it("does not go on resting for a round that has ended", async () => {
    const carer = createCarer(() => undefined, () => undefined);
    carer.set({ ...CARE, share: 0.25 });
    const stop = new AbortController();
    carer.took(5_000);
    const rest = carer.rest(stop.signal);
    stop.abort();
    await rest;
    expect(vi.getTimerCount()).toBe(0);
  });

  it("says when to hold and when to go on, and takes the person's word for the hold at hand only", () => {
    const held: boolean[] = [];
    const carer = createCarer((hold) => void held.push(hold), () => undefined);
    carer.set({ ...CARE, battery: false, background: false });
    carer.tell({ ...NO_FACTS, charging: false });
    expect(held).toEqual([true]);
    expect(carer.view.hold).toBe("battery");
    carer.overrule();
    expect(held).toEqual([true, false]);
    expect(carer.view).toMatchObject({ hold: null, overruled: true });
    carer.tell({ ...NO_FACTS, charging: false, level: 0.5 });
    expect(carer.view.hold).toBeNull();
    carer.tell({ ...NO_FACTS, charging: true });
    carer.tell({ ...NO_FACTS, charging: true, hidden: true });
    expect(carer.view).toMatchObject({ hold: "background", overruled: false });
    carer.tell({ ...NO_FACTS, charging: true });
    expect(held).toEqual([true, false, true, false]);
  });
});
