import { describe, expect, it, vi } from "vitest";
import type { Device, Snapshot } from "../device/api.ts";
import type { DataChoice } from "../learn/trainer.ts";
import { LinkError } from "./join-link.ts";
import { textStore } from "./local-store.ts";
import { createSession, problemOf, type SessionDeps } from "./session.ts";
import { SlotError } from "./slot.ts";

/** The calls that a session makes of its device, in order; `join` waits until it is let go. */
function recorder(audits: Snapshot["task"]["audits"] = null) {
  const calls: string[] = [];
  const joined: DataChoice[] = [];
  let letGo = (): void => undefined;
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const device = {
    async join(data: DataChoice) {
      calls.push("join");
      joined.push(data);
      await held;
    },
    snapshot: async () => ({ task: { audits } }),
    pause: async () => void calls.push("pause"),
    leave: () => Promise.reject(new Error("the worker is gone")),
    forget: async () => void calls.push("forget"),
  };
  return { calls, joined, letGo, device: device as unknown as Device };
}

const session = (device: Device, more: Partial<SessionDeps> = {}) => {
  const kept = new Map<string, string>([["hromada.2.share", "5"]]);
  const store = textStore(() => ({ getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) }));
  return createSession({ slot: Promise.resolve({ slot: 2, exclusive: true }), start: async () => device, room: null, given: null, store, drawn: async () => undefined, ...more });
};

describe("session", () => {
  it("joins with the slot's own share, pressed before the device is there or after", async () => {
    const { device, joined, letGo } = recorder();
    letGo();
    await session(device).join();
    expect(joined).toEqual([{ kind: "share", share: 5, shares: 16 }]);
  });

  it("joins with what the address asks for", async () => {
    const { device, joined, letGo } = recorder();
    letGo();
    await session(device, { given: { kind: "given", data: { kind: "share", share: 1, shares: 4, labels: [3] } } }).join();
    expect(joined).toEqual([{ kind: "share", share: 1, shares: 4, labels: [3] }]);
  });

  it("takes a second press for the first while that one is under way", async () => {
    const { device, calls, letGo } = recorder();
    const it = session(device);
    const first = it.join();
    await it.join();
    await it.pause();
    expect(it.pending.value).toBe("join");
    letGo();
    await first;
    expect(it.pending.value).toBeNull();
    expect(calls).toEqual(["join"]);
  });

  it("forgets the kept model before it starts anew", async () => {
    const { device, calls, letGo } = recorder();
    letGo();
    await session(device).joinAnew();
    expect(calls).toEqual(["forget", "join"]);
  });

  it("shows what the device reports less often where drawing takes long", async () => {
    vi.useFakeTimers();
    const drawings = async (took: number): Promise<number> => {
      let report = (_: Snapshot): void => undefined;
      const { device } = recorder();
      const it = session(device, { drawn: () => new Promise((resolve) => setTimeout(resolve, took)), start: async (_, receive) => ((report = receive), device) });
      await it.device;
      let count = 0;
      it.snapshot.subscribe(() => count++);
      for (let at = 0; at < 6_000; at += 50) {
        report({ round: 0, batch: null, rounds: [] } as unknown as Snapshot);
        await vi.advanceTimersByTimeAsync(50);
      }
      return count;
    };
    try {
      expect(await drawings(5)).toBeGreaterThan(25);
      expect(await drawings(100)).toBeLessThan(10);
    } finally {
      vi.useRealTimers();
    }
  });

  it("joins a task that shows single updates once the person has agreed", async () => {
    const { device, calls, letGo } = recorder({ oneOf: 20, steps: null });
    letGo();
    const it = session(device);
    await it.join();
    await it.joinAnew();
    expect(calls).toEqual([]);
    it.agreed.value = true;
    await it.join();
    expect(calls).toEqual(["join"]);
  });

  it("shows what a call failed with, unless the device itself has said what is wrong", async () => {
    const error = vi.spyOn(console, "error").mockReturnValue(undefined);
    const silent = session(recorder().device);
    await silent.leave();
    expect(silent.problem.value).toEqual({ code: "internal", detail: "Error: the worker is gone" });

    const { device } = recorder();
    const telling = session(device, {
      async start(_, receive) {
        receive({ round: 0, batch: null, rounds: [], error: { code: "engine-failed", detail: "" } } as unknown as Snapshot);
        return device;
      },
    });
    await telling.leave();
    expect(telling.problem.value).toBeNull();
    expect(telling.snapshot.value?.error?.code).toBe("engine-failed");
    error.mockRestore();
  });

  it("has a sentence's code for every way in which the page itself can fail", () => {
    expect(problemOf(new LinkError("room", "cut")).code).toBe("bad-link");
    expect(problemOf(new SlotError("full")).code).toBe("no-slot");
    expect(problemOf("odd")).toEqual({ code: "internal", detail: "odd" });
  });
});
