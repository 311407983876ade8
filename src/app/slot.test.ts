import { describe, expect, it } from "vitest";
import { textStore, type TextStore } from "./local-store.ts";
import { claimSlot, type Locks, SLOT_LIMITS, SlotError } from "./slot.ts";

/** Web Locks of one origin (W3C Web Locks, exclusive mode), with pages that can end. */
function browser() {
  const queues = new Map<string, { page: number; granted: boolean; grant: () => void; fail: (cause: Error) => void }[]>();
  const serve = (name: string) => {
    const first = queues.get(name)?.[0];
    if (first && !first.granted) {
      first.granted = true;
      first.grant();
    }
  };
  const drop = (name: string, gone: (entry: { page: number }) => boolean) => {
    queues.set(name, (queues.get(name) ?? []).filter((entry) => !gone(entry)));
    serve(name);
  };
  let pages = 0;
  return {
    page() {
      const page = pages++;
      const locks: Locks = {
        request: (name, { ifAvailable, signal }, held) =>
          new Promise((resolve, reject) => {
            const queue = queues.get(name) ?? [];
            queues.set(name, queue);
            if (ifAvailable === true && queue.length > 0) return resolve(held(null));
            const entry = { page, granted: false, grant: () => void held({ name }), fail: reject };
            queue.push(entry);
            signal?.addEventListener("abort", () => {
              if (entry.granted) return;
              drop(name, (other) => other === entry);
              reject(new DOMException("aborted", "AbortError"));
            });
            serve(name);
          }),
      };
      return { locks, end: () => [...queues.keys()].forEach((name) => drop(name, (entry) => entry.page === page)) };
    },
  };
}

const tabStore = (kept = new Map<string, string>()): TextStore =>
  textStore(() => ({ getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) }));

describe("slot", () => {
  it("gives two tabs of one browser two slots", async () => {
    const it = browser();
    expect(await claimSlot(it.page().locks, tabStore())).toEqual({ slot: 0, exclusive: true });
    expect(await claimSlot(it.page().locks, tabStore())).toEqual({ slot: 1, exclusive: true });
  });

  it("gives a reloaded tab its slot back once the old page has ended", async () => {
    const it = browser();
    const session = tabStore();
    await claimSlot(it.page().locks, tabStore());
    const old = it.page();
    expect((await claimSlot(old.locks, session)).slot).toBe(1);
    const claim = claimSlot(it.page().locks, session);
    old.end();
    expect((await claim).slot).toBe(1);
  });

  it("takes its own slot back even when a lower one is free by then", async () => {
    const it = browser();
    const first = it.page();
    await claimSlot(first.locks, tabStore());
    const session = tabStore();
    const old = it.page();
    await claimSlot(old.locks, session);
    first.end();
    old.end();
    expect((await claimSlot(it.page().locks, session)).slot).toBe(1);
  });

  it("gives a duplicated tab the next free slot, since its original keeps the old one", async () => {
    const it = browser();
    const kept = new Map<string, string>();
    await claimSlot(it.page().locks, tabStore(kept));
    const copy = new Map(kept);
    expect((await claimSlot(it.page().locks, tabStore(copy), 5)).slot).toBe(1);
    expect(copy.get("hromada.slot")).toBe("1");
  });

  it("ignores a remembered number that is no slot", async () => {
    expect((await claimSlot(browser().page().locks, tabStore(new Map([["hromada.slot", "99"]])))).slot).toBe(0);
  });

  it("uses slot 0 and says so without Web Locks", async () => {
    expect(await claimSlot(undefined, tabStore())).toEqual({ slot: 0, exclusive: false });
  });

  it("says when every slot is taken", async () => {
    const it = browser();
    for (let slot = 0; slot < SLOT_LIMITS.slots; slot++) await claimSlot(it.page().locks, tabStore());
    await expect(claimSlot(it.page().locks, tabStore())).rejects.toBeInstanceOf(SlotError);
  });
});
