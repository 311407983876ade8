import { describe, expect, it } from "vitest";
import { toDigit } from "./digit.ts";
import { brightness, colours, digitIn } from "./picture.ts";

const SIDE = 112;

/** A one on paper that is lit from one side, in grey from 0 to 1. */
const photograph = (ink: number, paper: number): Float32Array =>
  Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    const shade = 0.1 * (x / SIDE);
    return (x >= 50 && x < 60 && y >= 20 && y < 90 ? ink : paper) - shade;
  });
const drawn = toDigit(Float32Array.from({ length: SIDE * SIDE }, (_, i) => (i % SIDE >= 50 && i % SIDE < 60 && i >= 20 * SIDE && i < 90 * SIDE ? 1 : 0)), SIDE, SIDE)!;
const apart = (a: Float32Array, b: Float32Array): number => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe("a digit on a photograph", () => {
  it("is found as it would have been drawn, dark on light and light on dark, in uneven light", () => {
    expect(apart(digitIn(photograph(0.2, 0.9), SIDE)!, drawn)).toBeLessThan(0.15);
    expect(apart(digitIn(photograph(0.95, 0.3), SIDE)!, drawn)).toBeLessThan(0.15);
  });

  it("is not made up where there is none", () => {
    expect(digitIn(photograph(0.8, 0.8), SIDE)).toBeNull();
  });
});

it("a pixel's brightness and colours are those of training", () => {
  const rgba = [255, 0, 0, 255, 0, 255, 0, 255];
  expect([...brightness(rgba)]).toEqual([Math.fround(0.2126), Math.fround(0.7152)]);
  expect([...colours(rgba)]).toEqual([1, 0, 0, 0, 1, 0]);
});
