import { describe, expect, it } from "vitest";
import { pageHref, pageOf } from "./router.ts";

const at = (search: string, hash = "#room=secret") => ({ pathname: "/app/", search, hash });

describe("router", () => {
  it("reads the page from the address, and takes the first page for anything unknown", () => {
    expect(["", "?page=settings", "?page=nowhere", "?auto=1&page=data", "?page="].map(pageOf)).toEqual(["contribute", "settings", "contribute", "data", "contribute"]);
  });

  it("keeps the fragment and every other parameter", () => {
    expect(pageHref("data", at("?share=0/2&page=settings"))).toBe("/app/?share=0%2F2&page=data#room=secret");
    expect(pageHref("contribute", at("?page=data&steps=8"))).toBe("/app/?steps=8#room=secret");
    expect(pageHref("contribute", at("?page=data", ""))).toBe("/app/");
  });
});
