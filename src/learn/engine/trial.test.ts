import { describe, expect, it } from "vitest";
import type { Backend } from "../trainer.ts";
import { CHOICE_AGE_MS } from "./limits.ts";
import { chooseBackend, choiceKey, type TrialDeps } from "./trial.ts";

/** Backends that take so many turns of the clock for a step; null: they fail. */
function setUp(turns: Partial<Record<Backend, number | null>>) {
  const kept = new Map<string, unknown>();
  const opened: Backend[] = [];
  const clock = { now: 1e12 };
  let open = 0;
  const deps: TrialDeps = {
    candidates: Object.keys(turns) as Backend[],
    async open(backend) {
      opened.push(backend);
      open += 1;
      return {
        async step() {
          const cost = turns[backend]!;
          if (cost === null) throw new Error("lost");
          const end = performance.now() + cost;
          while (performance.now() < end) await Promise.resolve();
        },
        dispose: () => void (open -= 1),
      };
    },
    store: { get: async (key) => kept.get(key), set: async (key, value) => void kept.set(key, value) },
    now: () => clock.now,
  };
  return { deps, kept, opened, clock, left: () => open };
}

const key = choiceKey("hash", "browser 1", "adapter");

describe("the choice of a backend", () => {
  it("falls on the faster one, shows what both took, and lets go of both", async () => {
    const { deps, opened, left } = setUp({ webgpu: 8, wasm: 0.5 });
    const choice = await chooseBackend(key, deps);
    expect(choice.backend).toBe("wasm");
    expect(choice.milliseconds.webgpu).toBeGreaterThan(choice.milliseconds.wasm!);
    expect(opened).toEqual(["webgpu", "wasm"]);
    expect(left()).toBe(0);
  });

  it("is remembered for this model, browser and adapter, and no other", async () => {
    const { deps, opened } = setUp({ webgpu: 0.5, wasm: 8 });
    const first = await chooseBackend(key, deps);
    expect(await chooseBackend(key, deps)).toEqual(first);
    expect(opened).toHaveLength(2);
    await chooseBackend(choiceKey("hash", "browser 2", "adapter"), deps);
    expect(opened).toHaveLength(4);
  });

  it("is made anew when it has aged, is unreadable, or its backend is gone", async () => {
    const { deps, opened, clock, kept } = setUp({ webgpu: 0.5, wasm: 8 });
    await chooseBackend(key, deps);
    clock.now += CHOICE_AGE_MS + 1;
    await chooseBackend(key, deps);
    expect(opened).toHaveLength(4);
    kept.set(key, { backend: "quantum" });
    await chooseBackend(key, deps);
    expect(opened).toHaveLength(6);
    kept.set(key, { backend: "webgpu", milliseconds: {}, at: clock.now });
    expect((await chooseBackend(key, { ...deps, candidates: ["wasm", "cpu"], open: async () => ({ step: async () => undefined, dispose: () => undefined }) })).backend).not.toBe("webgpu");
  });

  it("passes over a backend that fails, and over a store that does", async () => {
    const { deps } = setUp({ webgpu: null, wasm: 0.5 });
    const refuse = async () => Promise.reject(new Error("no room"));
    const choice = await chooseBackend(key, { ...deps, store: { get: refuse, set: refuse } });
    expect(choice).toMatchObject({ backend: "wasm", milliseconds: { webgpu: null } });
  });

  it("tries nothing where there is no choice", async () => {
    const { deps, opened } = setUp({ wasm: 0.5 });
    expect(await chooseBackend(key, deps)).toEqual({ backend: "wasm", milliseconds: {} });
    expect(opened).toEqual([]);
  });
});
