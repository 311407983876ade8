import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { codeOf } from "../../workers/bridge.ts";
import { createGpt, initialGpt, type GptConfig } from "../models/gpt.ts";
import { nodeWasmFiles } from "../testing/node.ts";
import { startEngine } from "./backend.ts";
import { gradientInParts, measureMemory, peakBytes, samplesWithin } from "./micro-batches.ts";

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
const gradientOf = async (samples: Uint32Array) => ({ ...(await gpt.gradient(params, sequencesOf(samples), 0)), accuracy: 0 });

describe("a batch in parts", () => {
  it("has the gradient and loss of the whole, to 1e-6, whatever the parts", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 19 }), fc.integer({ min: 1, max: 20 }), async (size, most) => {
        const samples = Uint32Array.from({ length: size }, (_, i) => i);
        const whole = await gradientOf(samples);
        const parts: number[] = [];
        const found = await gradientInParts(samples, most, (part) => {
          parts.push(part.length);
          return gradientOf(part);
        });
        expect(Math.max(...parts)).toBeLessThanOrEqual(most);
        expect(Math.abs(found.loss - whole.loss)).toBeLessThan(1e-6);
        const worst = found.gradient.reduce((top, g, i) => Math.max(top, Math.abs(g - whole.gradient[i]!)), 0);
        expect(worst).toBeLessThan(1e-6);
      }),
      { numRuns: 25 },
    );
  });

  it("weighs each part by its samples", async () => {
    const one = async (part: Uint32Array) => ({ loss: part.reduce((a, b) => a + b, 0) / part.length, accuracy: part.length, gradient: Float32Array.of(part[0]!) });
    const { loss, accuracy, gradient } = await gradientInParts(Uint32Array.of(1, 2, 6), 2, one);
    expect(loss).toBeCloseTo(3, 12);
    expect(accuracy).toBeCloseTo(5 / 3, 12);
    expect(gradient).toEqual(Float32Array.of(8 / 3));
  });
});

describe("the memory of a step", () => {
  it("grows with the batch as measured, so that the samples that are said to fit do", async () => {
    const step = async (samples: number) => gradientOf(Uint32Array.from({ length: samples }, (_, i) => i));
    const memory = await measureMemory(step);
    expect(memory.fixed).toBeGreaterThan(4 * gpt.parameters);
    expect(memory.perSample).toBeGreaterThan(0);
    const budget = memory.fixed + 7.5 * memory.perSample;
    expect(samplesWithin(memory, budget, 32)).toBe(7);
    const before = tf.memory().numBytes;
    const seven = await peakBytes(() => step(7));
    expect(seven).toBeLessThan(budget);
    expect(seven).toBeGreaterThan(0.8 * budget);
    expect(tf.memory().numBytes).toBe(before);
    expect(samplesWithin(memory, budget, 4)).toBe(4);
  });

  it("that not even one sample fits into is said", () => {
    const code = (run: () => unknown) => {
      try {
        return run();
      } catch (error) {
        return codeOf(error);
      }
    };
    expect(code(() => samplesWithin({ fixed: 100, perSample: 50 }, 149, 8))).toBe("no-memory");
    expect(code(() => samplesWithin({ fixed: 100, perSample: 0 }, 99, 8))).toBe("no-memory");
    expect(samplesWithin({ fixed: 100, perSample: 50 }, 150, 8)).toBe(1);
  });
});
