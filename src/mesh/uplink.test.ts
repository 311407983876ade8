import { beforeEach, expect, test } from "vitest";
import type { RtcHost } from "./rtc.ts";
import { createFakeClock, type FakeClock } from "./testing/clock.ts";
import { createUplink, UPLINK_LIMITS, type Uplink } from "./uplink.ts";

/** Channels on one link to the network of so many bytes a second, which empties the fullest of them first. */
let clock: FakeClock;
let channels: number[];
let rate: number;
let uplink: Uplink;
let said: boolean[];

beforeEach(() => {
  clock = createFakeClock();
  channels = [0, 0, 0, 0];
  said = [];
  const host = { waiting: async () => [...channels], send: async (link: string, bytes: Uint8Array) => void (channels[Number(link)]! += bytes.length) } as Partial<RtcHost> as RtcHost;
  uplink = createUplink(host, (slow) => void said.push(slow), clock);
});

const STEP = 50;

async function run(seconds: number): Promise<void> {
  for (let at = 0; at < seconds * 1000; at += STEP) {
    for (let left = (rate * STEP) / 1000; left > 0 && Math.max(...channels) > 0; ) {
      const fullest = channels.indexOf(Math.max(...channels));
      const some = Math.min(left, channels[fullest]!, 1200);
      channels[fullest]! -= some;
      left -= some;
    }
    await clock.advance(STEP);
  }
}

const give = (link: number, bytes: number): void => void uplink.rtc.send(`${link}`, new Uint8Array(bytes));
const toAll = (bytes: number): void => channels.forEach((_, link) => give(link, bytes));

test("half a megabit a second is slow, and two megabits are not", async () => {
  rate = 62_500;
  toAll(50_000);
  await run(4);
  expect([uplink.slow, said]).toEqual([true, [true]]);
  rate = 250_000;
  toAll(300_000);
  await run(5);
  expect([uplink.slow, said]).toEqual([false, [true, false]]);
});

test("what is sent now and then says nothing of the link, however little it is", async () => {
  rate = 600_000;
  for (let second = 0; second < 20; second++) {
    toAll(10_000);
    await run(1);
  }
  expect(said).toEqual([]);
});

test("one channel that waits for its own other end makes nobody slow", async () => {
  rate = 20_000;
  give(0, 200_000);
  await run(8);
  expect(said).toEqual([]);
});

test("of two channels both have to wait", async () => {
  channels = [0, 0];
  rate = 20_000;
  toAll(50_000);
  await run(4);
  expect(said).toEqual([true]);
});

test("what was not measured for a minute is forgotten", async () => {
  rate = 62_500;
  toAll(50_000);
  await run(10);
  expect(uplink.slow).toBe(true);
  await run(UPLINK_LIMITS.forget / 1000);
  expect(said).toEqual([true, false]);
});

test("a device that was suspended is not slow for it", async () => {
  rate = 600_000;
  toAll(20_000);
  const frozen = [...channels];
  await clock.advance(UPLINK_LIMITS.lookEvery);
  for (let times = 0; times < 5; times++) {
    clock.jump(60_000);
    await clock.advance(1);
    expect(channels).toEqual(frozen);
  }
  expect(said).toEqual([]);
});
