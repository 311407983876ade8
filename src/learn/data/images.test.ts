import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../wire/random.ts";
import { codeOf } from "../../workers/bridge.ts";
import type { ImageData } from "../task-data.ts";
import { takeChannels } from "./decode-picture.ts";
import { batchOf } from "./examples.ts";
import { readIdx } from "./idx.ts";
import { imageExamples, scaledPixels } from "./images.ts";
import { readPictures } from "./pictures.ts";

const task: ImageData = { kind: "image", source: "own", shape: [5, 5], labels: 3 };
/** One bright pixel in the middle. */
const dot = new Uint8Array(25);
dot[12] = 255;
const one = { labels: Uint8Array.of(2), pixels: dot };
const rejected = (promise: Promise<unknown>) => promise.then(() => null, codeOf);

describe("images", () => {
  it("enter scaled, the same in training and when they are answered", () => {
    const scaled: ImageData = { ...task, scale: { mean: 0.5, deviation: 0.25 } };
    const { inputs, labels } = batchOf(imageExamples(one, scaled), Uint32Array.of(0), null);
    expect([inputs[0], inputs[12], labels[0]]).toEqual([-2, 2, 2]);
    expect(inputs).toEqual(scaledPixels(Float32Array.from(dot, (value) => value / 255), scaled));
  });

  it("are augmented within the task's bounds, by the seed, and only in training", () => {
    const examples = imageExamples(one, { ...task, augment: { shift: 1, rotate: 0, flip: false } });
    expect([...batchOf(examples, Uint32Array.of(0), null).inputs]).toEqual([...dot].map((value) => value / 255));
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const moved = batchOf(examples, Uint32Array.of(0), createRandom(seed)).inputs;
        expect(batchOf(examples, Uint32Array.of(0), createRandom(seed)).inputs).toEqual(moved);
        // Moved by less than a pixel each way, the dot is spread over four pixels of the inner nine.
        expect(moved.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
        const [x, y] = [0, 1].map((axis) => moved.reduce((sum, value, i) => sum + value * (axis === 0 ? i % 5 : Math.floor(i / 5)), 0));
        expect(Math.abs(x! - 2)).toBeLessThanOrEqual(1.00001);
        expect(Math.abs(y! - 2)).toBeLessThanOrEqual(1.00001);
      }),
    );
  });

  it("are turned about their middle, and mirrored half of the time", () => {
    const turning = imageExamples(one, { ...task, augment: { shift: 0, rotate: 180, flip: false } });
    expect(batchOf(turning, Uint32Array.of(0), createRandom(3)).inputs[12]).toBeCloseTo(1, 5);
    const corner = new Uint8Array(25).fill(255, 0, 1);
    const mirroring = imageExamples({ labels: one.labels, pixels: corner }, { ...task, augment: { shift: 0, rotate: 0, flip: true } });
    const left = Array.from({ length: 100 }, (_, seed) => batchOf(mirroring, Uint32Array.of(0), createRandom(seed)).inputs[0]!);
    expect(left.filter((value) => value === 1).length).toBeGreaterThan(30);
    expect(left.filter((value) => value === 0).length).toBeGreaterThan(30);
  });
});

const idx = (shape: number[], values: Uint8Array): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(4 + 4 * shape.length + values.length);
  bytes.set([0, 0, 8, shape.length]);
  shape.forEach((side, i) => new DataView(bytes.buffer).setUint32(4 + 4 * i, side));
  bytes.set(values, 4 + 4 * shape.length);
  return bytes;
};

describe("IDX files", () => {
  it("are read whole or refused with a typed error", () => {
    expect(readIdx(idx([2, 3], Uint8Array.of(1, 2, 3, 4, 5, 6)))).toEqual({ shape: [2, 3], values: Uint8Array.of(1, 2, 3, 4, 5, 6) });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          readIdx(bytes);
        } catch (error) {
          expect(codeOf(error)).toBe("malformed");
        }
      }),
    );
    expect(() => readIdx(idx([0xffffffff, 0xffffffff], new Uint8Array()))).toThrow("over the limit");
  });
});

describe("a person's pictures", () => {
  it("may be an IDX pair", async () => {
    const files = [new Blob([idx([1, 5, 5], dot)]), new Blob([idx([1], Uint8Array.of(2))])];
    expect((await readPictures(files, undefined, task, undefined)).pictures).toEqual(one);
    expect(await rejected(readPictures(files.toReversed(), undefined, task, undefined))).toBe("malformed");
    expect(await rejected(readPictures([files[0]!, new Blob([idx([1], Uint8Array.of(3))])], undefined, task, undefined))).toBe("malformed");
    expect(await rejected(readPictures([files[0]!], undefined, task, undefined))).toBe("bad-choice");
  });

  it("become red, green and blue, or their brightness alone", () => {
    const rgba = Uint8ClampedArray.of(255, 0, 0, 255, 255, 255, 255, 255, 0, 255, 0, 255);
    expect([...takeChannels(rgba, 3)]).toEqual([255, 0, 0, 255, 255, 255, 0, 255, 0]);
    expect([...takeChannels(rgba, 1)]).toEqual([54, 255, 182]);
  });

  it("are decoded one by one to the task's size, and the one that cannot be is named", async () => {
    const decode = async (file: Blob) => {
      const bytes = new Uint8Array(await file.arrayBuffer());
      if (bytes.length === 0) throw new Error("no picture");
      return bytes;
    };
    const both = { labels: Uint8Array.of(0, 2), pixels: Uint8Array.of(...dot, ...dot) };
    expect(await readPictures([new Blob([dot]), new Blob([dot])], [0, 2], task, decode)).toEqual({ pictures: both, leftOut: { count: 0, rows: [] } });
    await expect(readPictures([new Blob([dot]), new Blob([])], [0, 2], task, decode)).rejects.toThrow("line 2: no-picture");
    expect(await rejected(readPictures([new Blob([dot.subarray(1)])], [0], task, decode))).toBe("bad-rows");
    const agreed = await readPictures([new Blob([]), new Blob([dot])], [0, 2], task, decode, { leaveOutBadRows: true });
    expect(agreed.pictures).toEqual({ labels: Uint8Array.of(2), pixels: dot });
    expect(agreed.leftOut).toMatchObject({ count: 1, rows: [{ line: 1, column: 0 }] });
    expect(await rejected(readPictures([new Blob([dot])], [3], task, decode))).toBe("malformed");
    expect(await rejected(readPictures([new Blob([dot])], [0, 1], task, decode))).toBe("bad-choice");
    expect(await rejected(readPictures([new Blob([dot])], [0], task, undefined))).toBe("unavailable");
  });
});
