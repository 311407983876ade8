import { describe, expect, it, vi } from "vitest";
import { CARE } from "../device/care.ts";
import { careSettings, facts, followCare, readCare, startCare } from "./care.ts";
import { isMetered } from "./facts.ts";
import { textStore } from "./local-store.ts";

describe("care settings", () => {
  it("are read as they were kept, and where that makes no sense begin anew", () => {
    const kept = { share: 0.5, battery: false, metered: true, background: false, backOff: true };
    expect(readCare(JSON.stringify(kept), CARE)).toEqual(kept);
    expect(readCare(JSON.stringify({ share: 3, battery: "no", other: 1 }), CARE)).toEqual(CARE);
    for (const broken of [null, "", "{", "7", "[]"]) expect(readCare(broken, CARE)).toEqual(CARE);
  });

  it("reach the device at once and at every change, and are kept", async () => {
    const values = new Map<string, string>();
    const store = textStore(() => ({ getItem: (key) => values.get(key) ?? null, setItem: (key, value) => void values.set(key, value) }));
    startCare(store, true);
    const device = { care: vi.fn(async () => undefined), tellFacts: vi.fn(async () => undefined) };
    followCare(device, () => undefined);
    careSettings.value = { ...careSettings.value, share: 0.25 };
    facts.value = { ...facts.value, hidden: true };
    expect(device.care.mock.calls).toEqual([[{ ...CARE, backOff: true }], [{ ...CARE, backOff: true, share: 0.25 }]]);
    expect(device.tellFacts).toHaveBeenLastCalledWith(expect.objectContaining({ hidden: true }));
    expect(readCare(values.get("hromada.care")!, CARE).share).toBe(0.25);
  });
});

describe("whether a link is metered", () => {
  it("is told by its kind or by the person's wish, else not known", () => {
    expect([undefined, {}, { type: "wifi" }, { type: "cellular" }, { type: "wifi", saveData: true }, { saveData: true }, { type: "unknown" }].map(isMetered)).toEqual([null, null, false, true, true, true, null]);
  });
});
