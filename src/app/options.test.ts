import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { LinkError } from "./join-link.ts";
import { textStore } from "./local-store.ts";
import { dataChoice, DEFAULT_SHARES, deviceOptions, joinsAtOnce, ownShare } from "./options.ts";

const at = (search: string, hash = "") => ({ protocol: "http:", host: "localhost:8080", search, hash });

describe("options from the address", () => {
  it("asks for nothing special when the address says nothing", () => {
    expect(deviceOptions(at(""), 3)).toEqual({ slot: 3, room: { server: "ws://localhost:8080/signal", iceServers: [], relayOnly: false } });
    expect(dataChoice(at(""))).toBeNull();
    expect(joinsAtOnce(at(""))).toBe(false);
  });

  it("reads what tests set", () => {
    expect(deviceOptions(at("?audits=rerun/1"), 0).audits).toEqual({ kind: "rerun", oneOf: 1 });
    expect(deviceOptions(at("?audits=shown/20"), 0).audits).toEqual({ kind: true, oneOf: 20 });
    expect(deviceOptions(at("?group=4&nodes=3x2x5"), 0)).toMatchObject({ groupSize: 4, nodes: { roomGroups: 3, nodeGroups: 2, speakers: 5 } });
    const options = deviceOptions(at("?task=languages&backend=cpu&threads=2&degree=2&seed=7&steps=5&break=3:exchange&record=1&auto=1"), 0);
    expect(options).toMatchObject({ task: "languages", backend: "cpu", threads: 2, degree: 2, seed: 7, localSteps: 5, breakpoint: { round: 3, stage: "exchange" }, record: true });
    expect(joinsAtOnce(at("?auto=1"))).toBe(true);
  });

  it("reads a share, its unevenness and its labels", () => {
    expect(dataChoice(at("?share=2/4"))).toEqual({ kind: "share", share: 2, shares: 4 });
    expect(dataChoice(at("?share=0/4&alpha=0.3"))).toEqual({ kind: "share", share: 0, shares: 4, alpha: 0.3 });
    expect(dataChoice(at("?labels=7,1,1"))).toEqual({ kind: "share", share: 0, shares: DEFAULT_SHARES, labels: [1, 7] });
  });

  it("refuses wrong values with the typed error instead of guessing", () => {
    for (const search of ["?share=4/4", "?share=1", "?share=1/2/3", "?alpha=0", "?alpha=-1", "?labels=10", "?labels="]) {
      expect(() => dataChoice(at(search)), search).toThrow(LinkError);
    }
    for (const search of ["?backend=webgl", "?task=", "?task=No", "?threads=0", "?degree=0", "?seed=x", "?steps=0", "?break=1", "?break=1:later", "?audits=rerun", "?audits=shown/0", "?audits=all/3", "?audits=rerun/1/1", "?nodes=3", "?nodes=3x2x2", "?nodes=0x2x3", "?nodes=3x2x3x1"]) {
      expect(() => deviceOptions(at(search), 0), search).toThrow(LinkError);
    }
  });

  it("never throws anything but the typed error", () => {
    const key = fc.constantFrom("share", "alpha", "labels", "break", "seed", "degree", "steps", "audits", "nodes", "backend", "threads", "task");
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.string()), { maxLength: 4 }), (pairs) => {
        const search = `?${new URLSearchParams(pairs).toString()}`;
        try {
          dataChoice(at(search));
          deviceOptions(at(search), 0);
        } catch (error) {
          expect(error).toBeInstanceOf(LinkError);
        }
      }),
    );
  });

  it("draws a slot's share once and keeps it, apart from other slots", () => {
    const kept = new Map<string, string>();
    const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
    const store = textStore(() => storage);
    expect(ownShare(0, store, () => DEFAULT_SHARES + 5)).toBe(5);
    expect(ownShare(0, textStore(() => storage), () => 9)).toBe(5);
    expect(ownShare(1, store, () => 9)).toBe(9);
  });

  it("keeps a share for the page's life where the browser keeps nothing", () => {
    const store = textStore(() => {
      throw new Error("blocked");
    });
    const warn = vi.spyOn(console, "warn").mockReturnValue(undefined);
    const first = ownShare(0, store, () => 3);
    expect(ownShare(0, store, () => 4)).toBe(first);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });
});
