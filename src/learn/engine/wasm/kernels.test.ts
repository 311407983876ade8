import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import plain from "../../../wasm/build/learn.ts";
import { compileKernel } from "../../../wasm/load.ts";
import { differenceGap, gap, numbers, outputAndGradients, randomTensor, valuesOn } from "../../testing/backends.ts";
import { nodeWasmFiles } from "../../testing/node.ts";
import { startEngine } from "../backend.ts";

beforeAll(async () => {
  await startEngine(nodeWasmFiles, "wasm");
});

const small = fc.integer({ min: 1, max: 3 });
const channels = fc.integer({ min: 1, max: 9 });
const edge = fc.integer({ min: 1, max: 20 });
/** Beyond what the kernel packs at once. */
const large = fc.oneof({ weight: 3, arbitrary: edge }, { weight: 1, arbitrary: fc.constantFrom(64, 65, 255, 257) });

/** Output and gradients on WASM equal those on the CPU, and no tensor is left behind. */
async function expectSame(op: (...inputs: tf.Tensor[]) => tf.Tensor, shapes: number[][]): Promise<void> {
  const before = tf.memory().numTensors;
  const reference = await valuesOn("cpu", () => outputAndGradients(op, shapes));
  expect(gap(await valuesOn("wasm", () => outputAndGradients(op, shapes)), reference)).toBeLessThan(1e-5);
  expect(tf.memory().numTensors).toBe(before);
}

const property = <T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => Promise<void>, numRuns = 60) => fc.assert(fc.asyncProperty(arbitrary, check), { numRuns });

describe("WASM kernels against the CPU backend", () => {
  it("lay no data of their own over the memory that they share with tfjs", () => {
    const memory = new WebAssembly.Memory({ initial: 4 });
    new WebAssembly.Instance(compileKernel(plain), { env: { memory } });
    expect(new Uint8Array(memory.buffer).every((byte) => byte === 0)).toBe(true);
  });

  it("multiply matrices of any size, batch and transposition, also with a bias", async () => {
    const matrices = fc.record({ m: large, n: large, k: large, batch: fc.constantFrom([], [2], [2, 3]), shared: fc.boolean(), a: fc.boolean(), b: fc.boolean() });
    await property(matrices, async ({ m, n, k, batch, shared, a, b }) => {
      const shapes = [[...batch, ...(a ? [k, m] : [m, k])], [...(shared ? [] : batch), ...(b ? [n, k] : [k, n])]];
      // tfjs has no gradient for a matrix that serves a whole batch.
      const product = () => [tf.matMul(randomTensor("x", shapes[0]!), randomTensor("y", shapes[1]!), a, b)];
      if (shared) expect(gap(await valuesOn("wasm", product), await valuesOn("cpu", product))).toBeLessThan(1e-5);
      else await expectSame((x, y) => tf.matMul(x, y, a, b), shapes);
    }, 40);
    await property(fc.record({ m: large, n: large, k: large }), async ({ m, n, k }) => {
      await expectSame((x, w, bias) => tf.fused.matMul({ a: x as tf.Tensor2D, b: w as tf.Tensor2D, bias: bias! }), [[m, k], [k, n], [n]]);
    }, 30);
  });

  it("convolve, and have the gradients of convolutions", async () => {
    const side = fc.integer({ min: 3, max: 12 });
    const edges = fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }));
    const shape = fc.record({
      batch: small,
      height: side,
      width: side,
      channels,
      filters: channels,
      kernel: fc.tuple(small, small),
      strides: fc.tuple(small, small),
      pad: fc.oneof(fc.constantFrom("same" as const, "valid" as const), fc.tuple(edges, edges)),
    });
    await property(shape, async ({ batch, height, width, channels: c, filters, kernel, strides, pad }) => {
      const convolve = (x: tf.Tensor, w: tf.Tensor) =>
        typeof pad === "string"
          ? tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, pad)
          : tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, [[0, 0], ...pad, [0, 0]], "NHWC", 1, "floor");
      await expectSame(convolve as (...inputs: tf.Tensor[]) => tf.Tensor, [[batch, height, width, c], [...kernel, c, filters]]);
    }, 100);
    // More patches than one pass takes.
    await expectSame((x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, "same"), [[3, 40, 40, 5], [3, 3, 5, 2]]);
  });

  it("have the gradients of depthwise convolutions", async () => {
    const shape = fc.record({ batch: small, height: fc.integer({ min: 3, max: 9 }), width: fc.integer({ min: 3, max: 9 }), channels, multiplier: small, kernel: fc.tuple(small, small), stride: fc.constantFrom(1, 2, 3), pad: fc.constantFrom("same" as const, "valid" as const) });
    await property(shape, async ({ batch, height, width, channels: c, multiplier, kernel, stride, pad }) => {
      await expectSame((x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad), [[batch, height, width, c], [...kernel, c, multiplier]]);
    });
  });

  it("have the gradients of pools, ties included", async () => {
    const shape = fc.record({ batch: small, height: fc.integer({ min: 3, max: 9 }), width: fc.integer({ min: 3, max: 9 }), channels, window: fc.tuple(small, small), strides: fc.tuple(small, small), pad: fc.constantFrom("same" as const, "valid" as const), max: fc.boolean() });
    await property(shape, async ({ batch, height, width, channels: c, window, strides, pad, max }) => {
      const pool = max ? tf.maxPool : tf.avgPool;
      await expectSame((x) => pool(tf.round(tf.mul(x, 3)) as tf.Tensor4D, window, strides, pad), [[batch, height, width, c]]);
      const ties = () => {
        const x = tf.round(tf.mul(randomTensor("x", [batch, height, width, c]), 3));
        return outputAndGradients((input) => pool(input as tf.Tensor4D, window, strides, pad), [], [x]);
      };
      expect(gap(await valuesOn("wasm", ties), await valuesOn("cpu", ties))).toBeLessThan(1e-5);
    });
  });

  it("have the gradient of embeddings, and leave out rows of no segment", async () => {
    await property(fc.record({ rows: edge, width: channels, table: edge }), async ({ rows, width, table }) => {
      const ids = numbers("ids", rows).map((value) => Math.floor(((value + 1) / 2) * table) % table);
      await expectSame((x) => tf.gather(x, tf.tensor1d(Int32Array.from(ids), "int32")), [[table, width]]);
    });
    const stray = () => [tf.unsortedSegmentSum(tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]), tf.tensor1d([1, -1, 7], "int32"), 2)];
    expect(await valuesOn("wasm", stray)).toEqual([Float32Array.of(0, 0, 1, 2)]);
  });

  it("sum over leading, trailing and all axes", async () => {
    const shape = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
    await property(fc.record({ shape, count: fc.nat({ max: 4 }), trailing: fc.boolean(), keep: fc.boolean() }), async ({ shape: dims, count, trailing, keep }) => {
      const axes = Array.from({ length: Math.min(count, dims.length) }, (_, i) => (trailing ? dims.length - 1 - i : i));
      await expectSame((x) => tf.sum(x, axes.length > 0 ? axes : undefined, keep), [dims]);
    });
  });

  it("give gradients that finite differences confirm", async () => {
    await tf.setBackend("wasm");
    const input = (name: string, shape: number[]) => randomTensor(name, shape);
    // Steps must not change which value of a window is the largest.
    const distinct = tf.tensor(createDistinct(2 * 6 * 6 * 5), [2, 6, 6, 5]);
    const cases: [string, (...inputs: tf.Tensor[]) => tf.Tensor, tf.Tensor[]][] = [
      ["matMul", (a, b) => tf.matMul(a!, b!), [input("a", [7, 9]), input("b", [9, 10])]],
      ["conv2d", (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, "same"), [input("a", [2, 7, 6, 3]), input("b", [3, 3, 3, 5])]],
      ["depthwiseConv2d", (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, "same"), [input("a", [2, 7, 6, 5]), input("b", [3, 3, 5, 2])]],
      ["maxPool", (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, "valid"), [distinct]],
      ["avgPool", (x) => tf.avgPool(x as tf.Tensor4D, 2, 2, "valid"), [input("a", [2, 6, 6, 5])]],
      ["gather", (x) => tf.gather(x!, tf.tensor1d([0, 3, 3, 1], "int32")), [input("a", [5, 7])]],
      ["sum", (x) => tf.sum(x!, [0, 1]), [input("a", [4, 5, 6])]],
    ];
    for (const [name, op, inputs] of cases) expect(differenceGap(op, inputs), name).toBeLessThan(5e-3);
    tf.dispose([distinct, ...cases.flatMap(([, , inputs]) => inputs)]);
  });
});

function createDistinct(length: number): Float32Array {
  const order = numbers("order", length).map((value, i) => value * 1e6 + i);
  const ranks = Array.from(order.keys()).sort((a, b) => order[a]! - order[b]!);
  const values = new Float32Array(length);
  ranks.forEach((place, rank) => (values[place] = rank / 8));
  return values;
}
