import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createGpt, initialGpt, type GptConfig } from "../models/gpt.ts";
import { createAdamW } from "../optimiser.ts";
import { numbers, randomTensor } from "../testing/backends.ts";
import { nodeWasmFiles } from "../testing/node.ts";
import { startEngine } from "./backend.ts";
import { crossEntropy } from "./ops/cross-entropy.ts";

beforeAll(async () => {
  await startEngine(nodeWasmFiles, "wasm");
});

const STEPS = 20;
const LABELS = 10;

/** Losses of 20 steps of gradient descent on one batch. */
async function descend(backend: "cpu" | "wasm", shapes: number[][], x: number[], forward: (x: tf.Tensor, ...weights: tf.Tensor[]) => tf.Tensor): Promise<number[]> {
  await tf.setBackend(backend);
  return tf.tidy(() => {
    const images = randomTensor("x", x);
    const labels = tf.tensor1d(Int32Array.from({ length: x[0]! }, (_, i) => i % LABELS), "int32");
    let weights = shapes.map((shape, i) => tf.mul(randomTensor(i, shape), shape.length > 1 ? Math.sqrt(6 / tf.util.sizeFromShape(shape.slice(0, -1))) : 0));
    const loss = (...w: tf.Tensor[]) => tf.mean(crossEntropy(forward(images, ...w) as tf.Tensor2D, labels)) as tf.Scalar;
    return Array.from({ length: STEPS }, () => {
      const { value, grads } = tf.valueAndGrads(loss)(weights);
      weights = weights.map((weight, i) => tf.sub(weight, tf.mul(grads[i]!, 0.1)));
      return value.dataSync()[0]!;
    });
  });
}

async function expectSameLosses(run: (backend: "cpu" | "wasm") => Promise<number[]>): Promise<void> {
  const reference = await run("cpu");
  const ours = await run("wasm");
  expect(reference).toHaveLength(STEPS);
  expect(reference.at(-1)).toBeLessThan(reference[0]! - 0.05);
  ours.forEach((loss, i) => expect(Math.abs(loss - reference[i]!), `step ${i}`).toBeLessThan(1e-5));
}

const dense = (x: tf.Tensor, w: tf.Tensor, bias: tf.Tensor) => tf.fused.matMul({ a: x as tf.Tensor2D, b: w as tf.Tensor2D, bias });

describe("20 steps from one seed have the same losses on CPU and WASM, to 1e-5", () => {
  it("of an MLP", async () => {
    const shapes = [[30, 64], [64], [64, LABELS], [LABELS]];
    await expectSameLosses((backend) => descend(backend, shapes, [32, 30], (x, w1, b1, w2, b2) => dense(tf.relu(dense(x, w1!, b1!)), w2!, b2!)));
  });

  it("of a CNN with depthwise layers and pooling", async () => {
    const shapes = [[3, 3, 1, 6], [6], [3, 3, 6, 2], [1, 1, 12, 8], [8], [2 * 2 * 8, LABELS], [LABELS]];
    const forward = (x: tf.Tensor, ...[conv, bias, depthwise, pointwise, bias2, w, b]: tf.Tensor[]) => {
      const first = tf.maxPool(tf.relu(tf.add(tf.conv2d(x as tf.Tensor4D, conv as tf.Tensor4D, 1, "same"), bias!)) as tf.Tensor4D, 2, 2, "valid");
      const second = tf.conv2d(tf.depthwiseConv2d(first, depthwise as tf.Tensor4D, 1, "same"), pointwise as tf.Tensor4D, 1, "same");
      const pooled = tf.avgPool(tf.relu(tf.add(second, bias2!)) as tf.Tensor4D, 2, 2, "valid");
      return dense(tf.reshape(pooled, [x.shape[0]!, -1]), w!, b!);
    };
    await expectSameLosses((backend) => descend(backend, shapes, [10, 8, 8, 1], forward));
  });

  it("of a GPT with dropout and AdamW", async () => {
    const config: GptConfig = { vocabulary: 23, context: 8, layers: 2, heads: 2, width: 16, dropout: 0.1 };
    const tokens = Int32Array.from(numbers("tokens", 32), (value) => Math.floor((value + 1) * 11));
    const batch = { tokens, targets: tokens.map((token) => (token * 2) % 23), time: 8 };
    await expectSameLosses(async (backend) => {
      await tf.setBackend(backend);
      const gpt = createGpt(config);
      const params = initialGpt(config, 1);
      const optimiser = createAdamW(gpt.pieces, { learningRate: 0.001, weightDecay: 0.01 });
      const losses: number[] = [];
      for (let step = 0; step < STEPS; step++) {
        const { loss, gradient } = await gpt.gradient(params, batch, step);
        optimiser.step(params, gradient);
        losses.push(loss);
      }
      return losses;
    });
  });
});
