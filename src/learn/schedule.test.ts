import { describe, expect, it } from "vitest";
import { ratePart } from "./schedule.ts";

describe("learning rate's schedule", () => {
  const schedule = { warmUp: 10, steps: 110, floor: 0.1 };

  it("rises in a line, falls along half a cosine and stays at its floor", () => {
    expect(ratePart(schedule, 0)).toBeCloseTo(0.1, 12);
    expect(ratePart(schedule, 9)).toBe(1);
    expect(ratePart(schedule, 10)).toBe(1);
    expect(ratePart(schedule, 60)).toBeCloseTo(0.55, 12);
    expect(ratePart(schedule, 110)).toBeCloseTo(0.1, 12);
    expect(ratePart(schedule, 10_000)).toBeCloseTo(0.1, 12);
  });

  it("is constant where there is none", () => {
    expect(ratePart(undefined, 5)).toBe(1);
  });
});
