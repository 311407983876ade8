import { describe, expect, it } from "vitest";
import type { Way } from "../trainer.ts";
import { CHOICE_AGE_MS } from "./limits.ts";
import { chooseWay, choiceKey, type TrialDeps, waysOf } from "./trial.ts";

/** Backends that take so many turns of the clock for a step; null: they fail. */
function setUp(turns: Partial<Record<Way, number | null>>) {
  const kept = new Map<string, unknown>();
  const opened: Way[] = [];
  const clock = { now: 1e12 };
  let open = 0;
  const deps: TrialDeps = {
    candidates: Object.keys(turns) as Way[],
    async open(way) {
      opened.push(way);
      open += 1;
      return {
        async step() {
          const cost = turns[way]!;
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
    const choice = await chooseWay(key, deps);
    expect(choice.way).toBe("wasm");
    expect(choice.milliseconds.webgpu).toBeGreaterThan(choice.milliseconds.wasm!);
    expect(opened).toEqual(["webgpu", "wasm"]);
    expect(left()).toBe(0);
  });

  it("is remembered for this model, browser and adapter, and no other", async () => {
    const { deps, opened } = setUp({ webgpu: 0.5, wasm: 8 });
    const first = await chooseWay(key, deps);
    expect(await chooseWay(key, deps)).toEqual(first);
    expect(opened).toHaveLength(2);
    await chooseWay(choiceKey("hash", "browser 2", "adapter"), deps);
    expect(opened).toHaveLength(4);
  });

  it("is made anew when it has aged, is unreadable, or its backend is gone", async () => {
    const { deps, opened, clock, kept } = setUp({ webgpu: 0.5, wasm: 8 });
    await chooseWay(key, deps);
    clock.now += CHOICE_AGE_MS + 1;
    await chooseWay(key, deps);
    expect(opened).toHaveLength(4);
    kept.set(key, { way: "quantum" });
    await chooseWay(key, deps);
    expect(opened).toHaveLength(6);
    kept.set(key, { way: "webgpu", milliseconds: {}, at: clock.now });
    expect((await chooseWay(key, { ...deps, candidates: ["wasm", "cpu"], open: async () => ({ step: async () => undefined, dispose: () => undefined }) })).way).not.toBe("webgpu");
  });

  it("passes over a backend that fails, and over a store that does", async () => {
    const { deps } = setUp({ webgpu: null, wasm: 0.5 });
    const refuse = async () => Promise.reject(new Error("no room"));
    const choice = await chooseWay(key, { ...deps, store: { get: refuse, set: refuse } });
    expect(choice).toMatchObject({ way: "wasm", milliseconds: { webgpu: null } });
  });

  it("takes several threads where they are clearly faster, and does not try them on short steps", async () => {
    const faster = setUp({ wasm: 60, threads: 35 });
    expect(await chooseWay(key, faster.deps)).toMatchObject({ way: "threads" });
    const alike = setUp({ wasm: 40, threads: 39 });
    expect(await chooseWay(key, alike.deps)).toMatchObject({ way: "wasm" });
    const short = setUp({ wasm: 1, threads: 0.1 });
    const choice = await chooseWay(key, short.deps);
    expect(choice.way).toBe("wasm");
    expect(Object.keys(choice.milliseconds)).toEqual(["wasm"]);
    expect(short.opened).toEqual(["wasm"]);
  });

  it("of threads is another where there may be other threads, and is a person's where they have a wish", () => {
    expect(choiceKey("hash", "browser", null, 4)).not.toBe(choiceKey("hash", "browser", null, 2));
    expect(choiceKey("hash", "browser", null, 1)).toBe(choiceKey("hash", "browser", null));
    expect(waysOf(["webgpu", "wasm"], 4, false)).toEqual(["webgpu", "wasm", "threads"]);
    expect(waysOf(["webgpu", "wasm"], 4, true)).toEqual(["webgpu", "threads"]);
    expect(waysOf(["webgpu", "wasm"], 1, true)).toEqual(["webgpu", "wasm"]);
    expect(waysOf(["cpu"], 4, true)).toEqual(["cpu"]);
  });

  it("tries nothing where there is no choice", async () => {
    const { deps, opened } = setUp({ wasm: 0.5 });
    expect(await chooseWay(key, deps)).toEqual({ way: "wasm", milliseconds: {} });
    expect(opened).toEqual([]);
  });
});
