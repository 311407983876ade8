import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { codeOf } from "../../workers/bridge.ts";
import { createGpt, initialGpt, type GptConfig } from "../models/gpt.ts";
import { nodeWasmFiles } from "../testing/node.ts";
import { startEngine } from "./backend.ts";
import { addGradient, gradientInParts, type GradientSum, peakBytes, samplesWithin } from "./micro-batches.ts";

beforeAll(async () => {
  await startEngine(nodeWasmFiles, "wasm");
});

const config: GptConfig = { vocabulary: 17, context: 8, layers: 1, heads: 2, width: 16, dropout: 0 };
const gpt = createGpt(config);
const params = initialGpt(config, 1).map((value) => 2 * value);
const sequencesOf = (samples: Uint32Array) => {
  const tokens = Int32Array.from({ length: samples.length * 8 }, (_, i) => (samples[i >> 3]! * 5 + (i & 7)) % 17);
  return { tokens, targets: tokens.map((token) => (token * 3) % 17), time: 8 };
};
const gradientOf = (samples: Uint32Array, to?: GradientSum) => gpt.gradient(params, sequencesOf(samples), 0, to);

describe("a batch in parts", () => {
  it("has the gradient and loss of the whole, to 1e-6, whatever the parts", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 19 }), fc.integer({ min: 1, max: 20 }), async (size, most) => {
        const samples = Uint32Array.from({ length: size }, (_, i) => i);
        const whole = await gradientOf(samples);
        const parts: number[] = [];
        const sum = new Float32Array(gpt.parameters).fill(7);
        const found = await gradientInParts(samples, most, sum, (part, to) => {
          parts.push(part.length);
          return gradientOf(part, to);
        });
        expect(Math.max(...parts)).toBeLessThanOrEqual(most);
        expect(Math.abs(found.loss - whole.loss)).toBeLessThan(1e-6);
        expect(Math.abs(found.accuracy - whole.accuracy)).toBeLessThan(1e-6);
        expect(found.gradient).toBe(sum);
        const worst = found.gradient.reduce((top, g, i) => Math.max(top, Math.abs(g - whole.gradient[i]!)), 0);
        expect(worst).toBeLessThan(1e-6);
      }),
      { numRuns: 25 },
    );
  });

  it("weighs each part by its samples", async () => {
    const one = async (part: Uint32Array, to: GradientSum) => ({ loss: part.reduce((a, b) => a + b, 0) / part.length, accuracy: part.length, gradient: addGradient(Float32Array.of(part[0]!), to) });
    const { loss, accuracy, gradient } = await gradientInParts(Uint32Array.of(1, 2, 6), 2, new Float32Array(1), one);
    expect(loss).toBeCloseTo(3, 12);
    expect(accuracy).toBeCloseTo(5 / 3, 12);
    expect(gradient).toEqual(Float32Array.of(8 / 3));
  });
});

describe("the memory of a step", () => {
  const step = (samples: number) => gradientOf(Uint32Array.from({ length: samples }, (_, i) => i));
  const counted = (run: (samples: number) => Promise<unknown>) => {
    const tried: number[] = [];
    return { tried, run: (samples: number) => (tried.push(samples), run(samples)) };
  };

  it("is within its budget with as many samples as are said to fit, and beyond it with more", async () => {
    const before = tf.memory().numBytes;
    for (const samples of [1, 2, 5, 9]) {
      const budget = await peakBytes(() => step(samples));
      const { tried, run } = counted(step);
      expect(await samplesWithin(run, budget, 32)).toBe(samples);
      expect(Math.max(...tried)).toBe(samples + 1);
      expect(await peakBytes(() => step(samples + 1))).toBeGreaterThan(budget);
    }
    expect(tf.memory().numBytes).toBe(before);
  });

  it("is tried with one sample where the whole batch fits for certain", async () => {
    const { tried, run } = counted(step);
    expect(await samplesWithin(run, 16 * (await peakBytes(() => step(1))), 16)).toBe(16);
    expect(tried).toEqual([1]);
  });

  it("counts values once that several tensors share, and what is freed no more", async () => {
    const held = await peakBytes(async () => {
      const one = tf.zeros([100]);
      const same = tf.reshape(one, [10, 10]);
      const clone = tf.clone(one);
      tf.dispose([one, same, clone]);
      tf.zeros([50]).dispose();
    });
    expect(held).toBe(400);
  });

  it("that not even one sample fits into is said", async () => {
    const one = await peakBytes(() => step(1));
    expect(await samplesWithin(step, one - 1, 8).catch(codeOf)).toBe("no-memory");
    expect(await samplesWithin(step, one, 8)).toBe(1);
  });
});
