import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DIGIT_SIDE, toBytes, toDigit } from "./digit.ts";

/** A sheet with one filled rectangle of ink. */
function sheet(side: number, left: number, top: number, width: number, height: number): Float32Array {
  const ink = new Float32Array(side * side);
  for (let y = top; y < top + height; y++) for (let x = left; x < left + width; x++) ink[y * side + x] = 1;
  return ink;
}

function measure(digit: Float32Array) {
  let mass = 0;
  let x = 0;
  let y = 0;
  const columns = new Set<number>();
  const rows = new Set<number>();
  digit.forEach((value, at) => {
    if (value === 0) return;
    mass += value;
    x += value * ((at % DIGIT_SIDE) + 0.5);
    y += value * (Math.floor(at / DIGIT_SIDE) + 0.5);
    columns.add(at % DIGIT_SIDE);
    rows.add(Math.floor(at / DIGIT_SIDE));
  });
  return { mass, x: x / mass, y: y / mass, columns: columns.size, rows: rows.size };
}

const drawn = (digit: Float32Array | null): Float32Array => {
  if (digit === null) throw new Error("nothing was drawn");
  return digit;
};

describe("a drawing as a digit", () => {
  it("is nothing on an empty sheet", () => {
    expect(toDigit(new Float32Array(280 * 280), 280, 280)).toBeNull();
  });

  it("fits the longer side into 20 pixels and keeps the aspect", () => {
    const { columns, rows, x, y } = measure(drawn(toDigit(sheet(280, 10, 20, 60, 200), 280, 280)));
    expect([columns, rows]).toEqual([6, 20]);
    expect([x, y]).toEqual([14, 14]);
  });

  it("says the same of one shape wherever on the sheet it was drawn", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 180 }), fc.integer({ min: 0, max: 80 }), (left, top) => {
        expect(toDigit(sheet(280, left, top, 100, 200), 280, 280)).toEqual(toDigit(sheet(280, 0, 0, 100, 200), 280, 280));
      }),
      { numRuns: 30 },
    );
  });

  it("centres the mass, not the box", () => {
    const ink = sheet(280, 40, 40, 200, 20);
    for (let y = 60; y < 240; y++) for (let x = 40; x < 60; x++) ink[y * 280 + x] = 1;
    const { x, y } = measure(drawn(toDigit(ink, 280, 280)));
    expect(Math.abs(x - 14)).toBeLessThanOrEqual(0.5);
    expect(Math.abs(y - 14)).toBeLessThanOrEqual(0.5);
  });

  it("smooths edges: a pixel covered by half is grey", () => {
    // 30 × 40 source pixels onto 15 × 20: a checkerboard becomes an even grey.
    const ink = new Float32Array(40 * 40);
    for (let y = 0; y < 40; y++) for (let x = 0; x < 30; x++) ink[y * 40 + x] = (x + y) % 2;
    const values = new Set(drawn(toDigit(ink, 40, 40)));
    expect([...values].sort()).toEqual([0, 0.5]);
  });

  it("stays within paper and ink, with ink on it, for any drawing", () => {
    const spots = fc.array(fc.tuple(fc.nat(55), fc.nat(55), fc.double({ min: 0.1, max: 1, noNaN: true })), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(spots, (list) => {
        const ink = new Float32Array(56 * 56);
        for (const [x, y, value] of list) ink[y * 56 + x] = value;
        const digit = drawn(toDigit(ink, 56, 56));
        expect(digit.length).toBe(784);
        expect(digit.every((value) => value >= 0 && value <= 1)).toBe(true);
        expect(digit.some((value) => value > 0)).toBe(true);
      }),
    );
  });

  it("becomes bytes of the same shades", () => {
    expect([...toBytes(Float32Array.of(0, 0.5, 1))]).toEqual([0, 128, 255]);
  });
});
