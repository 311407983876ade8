import { describe, expect, it } from "vitest";
import { isOwnPart, isShell } from "./kept-parts.ts";

describe("what the service worker keeps", () => {
  it("at once: the first page, and nothing heavy", () => {
    expect(["index.html", "assets/index-Ab1.js", "assets/index-Ab1.css", "assets/settings-X.css", "icons/icon.svg"].filter((url) => !isShell(url))).toEqual([]);
    expect(["assets/device-X.js", "assets/device-main-X.js", "assets/train-X.js", "assets/seal_throws-X.wasm", "assets/bench-X.css", "assets/bench-X.js", "assets/later-uPlot.esm-X.js", "assets/later-settings-X.js", "data/digits.bin"].filter(isShell)).toEqual([]);
  });

  it("when asked by the page: only parts of this app", () => {
    const scope = "https://example.org/";
    expect(["https://example.org/assets/device-X.js?connect=wss%3A%2F%2Fx", "https://example.org/health", "https://evil.example/assets/x.js", "/assets/x.js"].filter((url) => isOwnPart(url, scope))).toEqual(["https://example.org/assets/device-X.js?connect=wss%3A%2F%2Fx"]);
  });
});
