import { describe, expect, it } from "vitest";
import { scrub } from "./scrub.ts";

describe("an error's text in the diagnostics", () => {
  it.each([
    ["WebSocket wss://room.example.org/signal?x=1 failed", "WebSocket [address] failed"],
    ["connect to 192.168.1.7:8443 refused", "connect to [address] refused"],
    ["no route to fe80::1ff:fe23:4567:890a", "no route to [address]"],
    ["turn:relay.example.org:3478 is out of reach", "[address] is out of reach"],
    ['row 3: "Olena Kovalenko" is not a number', "row 3: [text] is not a number"],
    ["cannot read salaries-2026.csv", "cannot read [name]"],
    ["what 3fa9c01b77de4a21 sent did not arrive", "what [id] sent did not arrive"],
    ["write to olena@example.org", "write to [address]"],
    ["room 4kq-W1_zz8Yt5mQ0pRr7sTu2vXx9yZ is closed", "room [id] is closed"],
  ])("hides what tells of somebody: %s", (text, safe) => expect(scrub(text)).toBe(safe));

  it.each(["RangeError: offset is out of bounds", "EngineError: the loss of this round went out of bounds; nothing was sent", "the device's worker did not start; reload the page", "HTTP 503 after 12 s"])("keeps what tells of the fault: %s", (text) =>
    expect(scrub(text)).toBe(text),
  );

  it("is not long", () => expect(scrub("a ".repeat(5_000)).length).toBeLessThanOrEqual(300));
});
