import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { differenceGap, gap, outputAndGradients, randomTensor, valuesOn } from "../../testing/backends.ts";
import { nodeWasmFiles } from "../../testing/node.ts";
import { startEngine } from "../backend.ts";
import { causalAttention, composedAttention } from "./attention.ts";
import { composedCrossEntropy, crossEntropy } from "./cross-entropy.ts";
import { dropout } from "./dropout.ts";
import { FUSED, isFused } from "./fused.ts";
import { composedGelu, gelu } from "./gelu.ts";
import { composedLayerNorm, layerNorm } from "./layer-norm.ts";
import { linear } from "./linear.ts";

beforeAll(async () => {
  await startEngine(nodeWasmFiles, "wasm");
});

type Op = (...inputs: tf.Tensor[]) => tf.Tensor;
const side = fc.integer({ min: 1, max: 21 });
const few = fc.integer({ min: 1, max: 3 });
const int32 = (values: number[]) => tf.tensor1d(values, "int32");

const layerNormBy = (op: typeof layerNorm): Op => (x, gain, bias) => op(x as tf.Tensor2D, gain as tf.Tensor1D, bias as tf.Tensor1D);
const linearOp: Op = (x, weights, bias) => linear(x as tf.Tensor2D, weights as tf.Tensor2D, bias as tf.Tensor1D);
const composedLinear: Op = (x, weights, bias) => tf.add(tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D), bias!);
const attentionBy = (op: typeof causalAttention, heads: number): Op => (qkv) => op(qkv as tf.Tensor3D, heads);
const crossEntropyBy = (op: typeof crossEntropy, labels: number[]): Op => (logits) => op(logits as tf.Tensor2D, int32(labels));

/** A fused op on WASM equals the composed one on the CPU, in output and gradients, and leaves no tensor behind. */
async function expectSame(fused: Op, composed: Op, shapes: number[][], scale = 1): Promise<void> {
  const before = tf.memory().numTensors;
  const inputs = () => shapes.map((shape, i) => tf.mul(randomTensor(i, shape), scale));
  const reference = await valuesOn("cpu", () => outputAndGradients(composed, shapes, inputs()));
  const ours = await valuesOn("wasm", () => outputAndGradients(fused, shapes, inputs()));
  expect(gap(ours, reference)).toBeLessThan(1e-5);
  expect(tf.memory().numTensors).toBe(before);
}

describe("fused ops against composed ones on the CPU backend", () => {
  it("run as kernels on WASM", async () => {
    await tf.setBackend("wasm");
    const elsewhere = ["adamw", "gradientScale", "pack", "unpack"];
    for (const op of Object.keys(FUSED) as (keyof typeof FUSED)[]) expect(isFused(op), op).toBe(!elsewhere.includes(op));
  });

  it("layer norm", async () => {
    await fc.assert(fc.asyncProperty(side, fc.integer({ min: 2, max: 40 }), async (rows, width) => expectSame(layerNormBy(layerNorm), layerNormBy(composedLayerNorm), [[rows, width], [width], [width]])), { numRuns: 60 });
  });

  it("a linear layer", async () => {
    await fc.assert(fc.asyncProperty(side, side, side, async (rows, from, to) => expectSame(linearOp, composedLinear, [[rows, from], [from, to], [to]])), { numRuns: 60 });
  });

  it("GELU, far out too", async () => {
    await fc.assert(fc.asyncProperty(side, side, fc.constantFrom(1, 10, 100), async (rows, width, scale) => expectSame(gelu as Op, composedGelu as Op, [[rows, width]], scale)), { numRuns: 60 });
  });

  it("cross-entropy, with logits far apart too", async () => {
    await fc.assert(
      fc.asyncProperty(side, fc.integer({ min: 2, max: 21 }), fc.constantFrom(1, 50), async (rows, width, scale) => {
        const labels = Array.from({ length: rows }, (_, row) => (row * 7) % width);
        await expectSame(crossEntropyBy(crossEntropy, labels), crossEntropyBy(composedCrossEntropy, labels), [[rows, width]], scale);
      }),
      { numRuns: 60 },
    );
    // A label out of range must not write beside the tensor.
    const [losses] = await valuesOn("wasm", () => [crossEntropy(tf.zeros([3, 2]), int32([0, 2, -1]))]);
    expect(Array.from(losses!, Number.isFinite)).toEqual([true, false, false]);
  });

  it("causal attention", async () => {
    const shape = fc.record({ batch: few, time: fc.oneof(side, fc.constantFrom(32, 33, 70)), heads: few, size: fc.constantFrom(1, 3, 4, 10) });
    await fc.assert(
      fc.asyncProperty(shape, async ({ batch, time, heads, size }) => expectSame(attentionBy(causalAttention, heads), attentionBy(composedAttention, heads), [[batch, time, 3 * heads * size]], 3)),
      { numRuns: 60 },
    );
  });

  it("dropout leaves out its part, the same on every backend, and another with another seed", async () => {
    const shapes = [[50, 41]];
    await expectSame((x) => dropout(x!, 0.3, 7), (x) => dropout(x!, 0.3, 7), shapes);
    const kept = async (seed: number) => (await valuesOn("wasm", () => [dropout(tf.ones([20_000]), 0.3, seed)]))[0]!;
    const first = await kept(7);
    expect(first.filter((value) => value === 0).length / first.length).toBeCloseTo(0.3, 1);
    expect(first.reduce((sum, value) => sum + value, 0) / first.length).toBeCloseTo(1, 1);
    expect(await kept(8)).not.toEqual(first);
  });

  it("give gradients that finite differences confirm", async () => {
    await tf.setBackend("wasm");
    const cases: [string, Op, tf.Tensor[]][] = [
      ["layer norm", layerNormBy(layerNorm), [randomTensor("a", [3, 11]), randomTensor("b", [11]), randomTensor("c", [11])]],
      ["linear", linearOp, [randomTensor("a", [3, 11]), randomTensor("b", [11, 4]), randomTensor("c", [4])]],
      ["gelu", gelu as Op, [randomTensor("a", [3, 11])]],
      ["cross-entropy", crossEntropyBy(crossEntropy, [0, 3, 10]), [randomTensor("a", [3, 11])]],
      ["attention", attentionBy(causalAttention, 2), [randomTensor("a", [2, 9, 30])]],
      ["dropout", (x) => dropout(x!, 0.5, 3), [randomTensor("a", [4, 9])]],
    ];
    for (const [name, op, inputs] of cases) expect(differenceGap(op, inputs), name).toBeLessThan(5e-3);
    tf.dispose(cases.flatMap(([, , inputs]) => inputs));
  });
});
