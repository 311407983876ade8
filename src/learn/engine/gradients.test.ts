import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
// Brings the gradients of all ops.
import "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../../wire/random.ts";
import { nodeWasmFiles } from "../testing/node.ts";
import { startEngine } from "./backend.ts";
import { registerGradientKernels } from "./gradients.ts";

beforeAll(async () => {
  await startEngine(nodeWasmFiles, "wasm");
  // As on a device without SIMD, where our own kernels cannot be registered.
  tf.unregisterKernel(tf.Conv2DBackpropFilter, "wasm");
  registerGradientKernels("wasm");
});

const numbers = (seed: string, count: number) => {
  const random = createRandom(seed);
  return Float32Array.from({ length: count }, () => 2 * random.uniform() - 1);
};

const side = fc.integer({ min: 1, max: 3 });
const edges = fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }));
const convolution = fc.record({
  batch: side,
  height: fc.integer({ min: 3, max: 9 }),
  width: fc.integer({ min: 3, max: 9 }),
  channels: side,
  filters: side,
  kernel: fc.tuple(side, side),
  strides: fc.tuple(side, side),
  // Not a single number: tfjs 4.22 takes that for square kernels and strides only, and writes out of bounds for others.
  pad: fc.oneof(fc.constantFrom("same" as const, "valid" as const), fc.tuple(edges, edges)),
});
type Convolution = typeof convolution extends fc.Arbitrary<infer T> ? T : never;

async function gradients(backend: string, c: Convolution): Promise<{ dx: number[]; dw: number[] }> {
  await tf.setBackend(backend);
  const { batch, height, width, channels, filters, kernel, strides, pad } = c;
  const xShape: [number, number, number, number] = [batch, height, width, channels];
  const wShape: [number, number, number, number] = [...kernel, channels, filters];
  const [dx, dw] = tf.tidy(() => {
    const x = tf.tensor4d(numbers("x", tf.util.sizeFromShape(xShape)), xShape);
    const w = tf.tensor4d(numbers("w", tf.util.sizeFromShape(wShape)), wShape);
    const convolve = (a: tf.Tensor, b: tf.Tensor) =>
      typeof pad === "string"
        ? tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, pad)
        : tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, [[0, 0], ...pad, [0, 0]], "NHWC", 1, "floor");
    const like = convolve(x, w).shape;
    const dy = tf.tensor(numbers("dy", tf.util.sizeFromShape(like)), like);
    return tf.grads(convolve)([x, w], dy) as [tf.Tensor, tf.Tensor];
  });
  const result = { dx: Array.from(await dx.data()), dw: Array.from(await dw.data()) };
  tf.dispose([dx, dw]);
  return result;
}

describe("convolution gradients put together from other kernels of the WASM backend", () => {
  it("equal the CPU backend's over random shapes, strides and paddings, and leave no tensor behind", async () => {
    const before = tf.memory().numTensors;
    await fc.assert(
      fc.asyncProperty(convolution, async (shape) => {
        const reference = await gradients("cpu", shape);
        const ours = await gradients("wasm", shape);
        expect(ours.dx).toHaveLength(reference.dx.length);
        expect(ours.dw).toHaveLength(reference.dw.length);
        const gap = (a: number[], b: number[]) => a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
        expect(gap(ours.dx, reference.dx)).toBeLessThan(1e-5);
        expect(gap(ours.dw, reference.dw)).toBeLessThan(1e-5);
      }),
      { numRuns: 150 },
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});
