import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { codeOf } from "../../workers/bridge.ts";
import { startEngine } from "../engine/backend.ts";
import { peakBytes } from "../engine/micro-batches.ts";
import { createAdamW } from "../optimiser.ts";
import { nodeWasmFiles } from "../testing/node.ts";
import { createGpt, initialGpt, type GptConfig } from "./gpt.ts";

beforeAll(async () => {
  await startEngine(nodeWasmFiles, "wasm");
});

const config: GptConfig = { vocabulary: 11, context: 16, layers: 2, heads: 2, width: 16, dropout: 0.2 };
/** Each token is followed by the next but two. */
const tokens = Int32Array.from({ length: 64 }, (_, i) => (3 * i) % 11);
const batch = { tokens, targets: tokens.map((token) => (token + 3) % 11), time: 16 };

describe("GPT", () => {
  it("learns what follows what, and leaves no tensor behind", async () => {
    const gpt = createGpt(config);
    const params = initialGpt(config, 1);
    const optimiser = createAdamW(gpt.pieces, { learningRate: 0.01, weightDecay: 0.01 });
    expect(params).toHaveLength(gpt.parameters);
    expect(await gpt.loss(params, batch)).toBeCloseTo(Math.log(11), 1);
    const tensors = tf.memory().numTensors;
    for (let step = 0; step < 60; step++) optimiser.step(params, (await gpt.gradient(params, batch, step)).gradient);
    expect(await gpt.loss(params, batch)).toBeLessThan(0.1);
    const logits = await gpt.logits(params, Int32Array.of(0, 3, 6));
    expect(logits).toHaveLength(3 * 11);
    expect(logits.subarray(22).indexOf(Math.max(...logits.subarray(22)))).toBe(9);
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it("holds of each layer what its gradients need and no copies: 22 numbers a position and unit of width", async () => {
    const large = { vocabulary: 16, context: 32, layers: 6, heads: 2, width: 32, dropout: 0.1 };
    const gpt = createGpt(large);
    const params = initialGpt(large, 1);
    const peak = (sequences: number) => {
      const many = Int32Array.from({ length: 32 * sequences }, (_, i) => i % 16);
      return peakBytes(() => gpt.gradient(params, { tokens: many, targets: many, time: 32 }, 1));
    };
    const perSequence = (await peak(12)) - (await peak(11));
    expect(perSequence / (4 * large.layers * large.context * large.width)).toBeLessThan(22);
  });

  it("has dropout that runs, decided by the seed, and only in training", async () => {
    const gpt = createGpt(config);
    const params = initialGpt(config, 1);
    const [first, again, other] = [await gpt.gradient(params, batch, 1), await gpt.gradient(params, batch, 1), await gpt.gradient(params, batch, 2)];
    expect(again).toEqual(first);
    expect(other.loss).not.toBe(first.loss);
    const without = await createGpt({ ...config, dropout: 0 }).gradient(params, batch, 1);
    expect(without.loss).not.toBe(first.loss);
    expect(await gpt.loss(params, batch)).toBe(without.loss);
  });

  it("starts from the same bytes everywhere, drawn from the seed", () => {
    const first = initialGpt(config, 1);
    expect(initialGpt(config, 1)).toEqual(first);
    expect(initialGpt(config, 2)).not.toEqual(first);
    expect(first.every(Number.isFinite)).toBe(true);
  });

  it("sees no token that comes later", async () => {
    const gpt = createGpt(config);
    const params = initialGpt(config, 1);
    const [one, two] = [await gpt.logits(params, Int32Array.of(1, 2, 3, 4)), await gpt.logits(params, Int32Array.of(1, 2, 9, 9))];
    expect(one.subarray(0, 22)).toEqual(two.subarray(0, 22));
    expect(one.subarray(22)).not.toEqual(two.subarray(22));
  });

  it("has the gradient that finite differences confirm", async () => {
    const gpt = createGpt({ ...config, dropout: 0 });
    const params = initialGpt(config, 1).map((value) => 3 * value);
    const { gradient } = await gpt.gradient(params, batch, 0);
    const along = gradient.map((g, i) => g + (i % 7) / 200);
    const at = (by: number) => gpt.loss(params.map((value, i) => value + by * along[i]!), batch);
    const step = 1 / 1024;
    const slope = ((await at(step)) - (await at(-step))) / (2 * step);
    expect(Math.abs(slope / gradient.reduce((sum, g, i) => sum + g * along[i]!, 0) - 1)).toBeLessThan(0.01);
  });

  it("refuses what does not fit", async () => {
    const gpt = createGpt(config);
    const params = initialGpt(config, 1);
    const codeOfRejection = (promise: Promise<unknown>) => promise.then(() => null, codeOf);
    expect(await codeOfRejection(gpt.loss(params.subarray(1), batch))).toBe("wrong-length");
    expect(await codeOfRejection(gpt.loss(params, { ...batch, time: 32 }))).toBe("wrong-length");
    expect(await codeOfRejection(gpt.loss(params, { ...batch, tokens: tokens.map(() => 11) }))).toBe("wrong-length");
    expect(() => createGpt({ ...config, heads: 3 })).toThrow("heads");
  });
});
