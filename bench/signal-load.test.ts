import { expect, test } from "vitest";
import { signalLoad } from "./signal-load.ts";

test("200 devices in rooms of 8 reach each of their room-mates, and nothing is lost", async () => {
  const load = await signalLoad(200);
  expect(load.lost).toBe(0);
  expect(load.sockets).toBe(200);
  expect(load.relayedPerSecond).toBeGreaterThan(0);
}, 60_000);

test("the last room may be smaller", async () => {
  expect((await signalLoad(13, 5)).lost).toBe(0);
}, 60_000);
