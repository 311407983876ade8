import { describe, expect, it } from "vitest";
import { createRecovery, throughLosses } from "./recovery.ts";

const boom = new Error("the device is gone");

function setUp(lost: boolean) {
  const restarts: number[] = [];
  let free = () => {};
  const recovery = createRecovery(
    (losses) => {
      restarts.push(losses);
      return new Promise((resolve) => (free = resolve));
    },
    async () => lost,
  );
  return { recovery, restarts, free: () => free() };
}

describe("recovery from a lost device", () => {
  it("runs what failed once more, after the restart", async () => {
    const { recovery, restarts, free } = setUp(true);
    let runs = 0;
    const result = throughLosses(recovery, async () => {
      runs += 1;
      if (runs === 1) throw boom;
      return "done";
    });
    await new Promise((resolve) => setTimeout(resolve));
    expect([runs, restarts]).toEqual([1, [1]]);
    free();
    expect(await result).toBe("done");
    expect(runs).toBe(2);
  });

  it("restarts once for all that failed with one device", async () => {
    const { recovery, restarts, free } = setUp(true);
    const failing = () => {
      let runs = 0;
      return async () => {
        runs += 1;
        if (runs === 1) throw boom;
        return runs;
      };
    };
    const both = Promise.all([throughLosses(recovery, failing()), throughLosses(recovery, failing())]);
    await new Promise((resolve) => setTimeout(resolve));
    free();
    expect(await both).toEqual([2, 2]);
    expect(restarts).toEqual([1]);
    // Something of the first engine that fails only now needs no other restart.
    await recovery.recover(boom, 0);
    expect(restarts).toEqual([1]);
  });

  it("passes on what has another cause, and a restart that fails", async () => {
    const { recovery, restarts } = setUp(false);
    await expect(throughLosses(recovery, () => Promise.reject(boom))).rejects.toBe(boom);
    expect(restarts).toEqual([]);
    const helpless = createRecovery(() => Promise.reject(new Error("no engine")), async () => true);
    await expect(throughLosses(helpless, () => Promise.reject(boom))).rejects.toThrow("no engine");
  });
});
