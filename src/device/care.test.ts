import { describe, expect, it } from "vitest";
import { CARE, decide, NO_FACTS, NO_PACE, stepTook, type Pace } from "./care.ts";

const onBattery = { ...NO_FACTS, charging: false, level: 0.8 };
const window = (pace: Pace, milliseconds: number): Pace => Array.from({ length: 40 }).reduce<Pace>((now) => stepTook(now, milliseconds), pace);

describe("care", () => {
  it("holds for what the person excludes, and only while it is so", () => {
    const strict = { ...CARE, battery: false, metered: false, background: false };
    expect(decide(strict, NO_FACTS, false).hold).toBeNull();
    expect(decide(strict, onBattery, false).hold).toBe("battery");
    expect(decide(strict, { ...NO_FACTS, charging: true, metered: true }, false).hold).toBe("metered");
    expect(decide(strict, { ...NO_FACTS, hidden: true }, false).hold).toBe("background");
    expect(decide(CARE, { charging: false, level: 0.01, metered: true, hidden: true }, false).hold).toBeNull();
  });

  it("halves the share where steps get slower or the battery is low, if it may", () => {
    const careful = { ...CARE, share: 0.5, backOff: true };
    expect(decide(careful, NO_FACTS, false)).toEqual({ hold: null, easing: null, share: 0.5 });
    expect(decide(careful, NO_FACTS, true)).toEqual({ hold: null, easing: "slower", share: 0.25 });
    expect(decide(careful, { ...onBattery, level: 0.2 }, false).easing).toBe("low-battery");
    expect(decide(careful, { ...onBattery, charging: true, level: 0.2 }, false).easing).toBeNull();
    expect(decide({ ...careful, backOff: false }, { ...onBattery, level: 0.2 }, true)).toEqual({ hold: null, easing: null, share: 0.5 });
  });

  it("calls steps slower against the best window, and lets go only well below", () => {
    let pace = window(NO_PACE, 10);
    expect(pace).toMatchObject({ best: 10, ratio: null, slower: false });
    pace = window(pace, 15);
    expect(pace.slower).toBe(false);
    pace = window(pace, 17);
    expect(pace).toMatchObject({ ratio: 1.7, slower: true });
    pace = window(pace, 14);
    expect(pace.slower).toBe(true);
    pace = window(pace, 12);
    expect(pace.slower).toBe(false);
    pace = window(pace, 8);
    expect(pace.best).toBe(8);
  });

  it("is not misled by a few long steps", () => {
    let pace = window(NO_PACE, 10);
    for (let step = 0; step < 40; step++) pace = stepTook(pace, step < 15 ? 500 : 10);
    expect(pace.slower).toBe(false);
  });
});
