import { describe, expect, it } from "vitest";
import { type Choice, keepChoice, keptChoice, toData } from "./choice.ts";
import { textStore } from "./local-store.ts";

const memory = () => {
  const kept = new Map<string, string>([["hromada.0.share", "4"]]);
  return textStore(() => ({ getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) }));
};

describe("data choice", () => {
  it("is the even share of the slot when nothing was chosen", () => {
    const store = memory();
    expect(toData(keptChoice(0, store), 0, store)).toEqual({ kind: "share", share: 4, shares: 16 });
  });

  it("is the same on the next visit", () => {
    for (const choice of [{ kind: "even" }, { kind: "drawn" }, { kind: "own", set: "0123456789abcdef" }, { kind: "labels", labels: [0, 7] }] satisfies Choice[]) {
      const store = memory();
      keepChoice(0, store, choice);
      expect(keptChoice(0, store)).toEqual(choice);
      expect(keptChoice(1, store)).toEqual({ kind: "even" });
    }
  });

  it("does not keep what the address asked for", () => {
    const store = memory();
    keepChoice(0, store, { kind: "given", data: { kind: "share", share: 1, shares: 4 } });
    expect(keptChoice(0, store)).toEqual({ kind: "even" });
  });

  it("falls back to the even share when the kept text is damaged", () => {
    const store = memory();
    for (const text of ["labels:", "labels:1,,2", "labels:11,2", "own:", "own:../x", "x"]) {
      store.write("0.data", text);
      expect(keptChoice(0, store)).toEqual({ kind: "even" });
    }
  });
});
