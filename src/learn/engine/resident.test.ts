import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { createGpt, initialGpt, type GptConfig } from "../models/gpt.ts";
import { createAdamW, limitNorm } from "../optimiser.ts";
import { nodeWasmFiles } from "../testing/node.ts";
import { numbers, randomTensor, valuesOn } from "../testing/backends.ts";
import { startEngine } from "./backend.ts";
import { pack, unpack } from "./ops/pack.ts";
import { createResident } from "./resident.ts";

beforeAll(async () => {
  await startEngine(nodeWasmFiles, "wasm");
});

const config: GptConfig = { vocabulary: 11, context: 8, layers: 1, heads: 2, width: 16, dropout: 0.1 };
const tokens = Int32Array.from(numbers("tokens", 32), (value) => Math.floor((value + 1) * 5));
const batch = { tokens, targets: tokens.map((token) => (token + 3) % 11), time: 8 };
/** Some of the gradients are longer. */
const rates = { learningRate: 0.003, weightDecay: 0.1, gradientLimit: 0.5 };

describe("training that stays on the backend", () => {
  it("takes AdamW's steps, hands its state over to it and back, and leaves no tensor behind", async () => {
    await tf.setBackend("wasm");
    const gpt = createGpt(config);
    const params = initialGpt(config, 1);
    const optimiser = createAdamW(gpt.pieces, rates);
    const nothing = () => new Float32Array(gpt.parameters);
    const before = tf.memory().numTensors;
    let resident = createResident(gpt, { params, mean: nothing(), square: nothing(), steps: 0 }, rates);
    const expected = params.slice();
    for (let step = 0; step < 20; step++) {
      // Half-way it is read and begun anew.
      if (step === 10) {
        const state = await resident.read();
        expect(state.steps).toBe(10);
        resident.dispose();
        resident = createResident(gpt, state, rates);
      }
      const part = step < 5 ? 0.5 : 1;
      const { loss, accuracy, gradient } = await gpt.gradient(expected, batch, step);
      limitNorm(gradient, rates.gradientLimit);
      optimiser.step(expected, gradient, part);
      const found = await resident.step(batch, step, part);
      expect(Math.abs(found.loss - loss)).toBeLessThan(1e-5);
      expect(found.accuracy).toBe(accuracy);
    }
    const { params: trained } = await resident.read();
    expect(trained.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i]!)), 0)).toBeLessThan(1e-4);
    resident.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("packs tensors of any shapes into one vector and back", async () => {
    const shapes = fc.array(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(shapes, async (all) => {
        const tensors = () => all.map((shape, i) => randomTensor(i, shape));
        const [direct, packed] = [await valuesOn("wasm", tensors), await valuesOn("wasm", () => unpack(pack(tensors()), all))];
        expect(packed).toEqual(direct);
      }),
      { numRuns: 40 },
    );
  });
});
