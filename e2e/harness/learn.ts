/** The engine's GPU kernels in a real browser, each beside the same op put together from tfjs's own on its CPU backend. */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-webgl";
import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import * as tf from "@tensorflow/tfjs-core";
import { createTrainer } from "../../src/learn/create-trainer.ts";
import { startEngine } from "../../src/learn/engine/backend.ts";
import { causalAttention, composedAttention } from "../../src/learn/engine/ops/attention.ts";
import { composedCrossEntropy, crossEntropy } from "../../src/learn/engine/ops/cross-entropy.ts";
import { dropout } from "../../src/learn/engine/ops/dropout.ts";
import { FUSED, isFused } from "../../src/learn/engine/ops/fused.ts";
import { composedGelu, gelu } from "../../src/learn/engine/ops/gelu.ts";
import { composedLayerNorm, layerNorm } from "../../src/learn/engine/ops/layer-norm.ts";
import { pack, unpack } from "../../src/learn/engine/ops/pack.ts";
import { createResident } from "../../src/learn/engine/resident.ts";
import { dispatchesSoFar } from "../../src/learn/engine/webgpu/device.ts";
import { createGpt, initialGpt, type GptConfig } from "../../src/learn/models/gpt.ts";
import { createAdamW } from "../../src/learn/optimiser.ts";
import { mobyDickTask } from "../../src/learn/tasks/texts.ts";
import { gap, numbers, outputAndGradients, randomTensor } from "../../src/learn/testing/backends.ts";
import { createRandom } from "../../src/wire/random.ts";

type Op = (...inputs: tf.Tensor[]) => tf.Tensor;
type Name = "cpu" | "wasm" | "webgl" | "webgpu";

export interface LearnHarness {
  /** Fused kernels that WebGPU does not run. */
  missing: string[];
  /** Largest gap of an op's output and gradients over random shapes, and tensors left behind. */
  compareOps(runs: number): Promise<{ gaps: Record<string, number>; left: number }>;
  /** Largest gap of sums, stacks and vectors of so many tensors. */
  compareMany(counts: readonly number[]): Promise<Record<string, number>>;
  /** Losses of 20 steps from one seed. */
  losses(model: "mlp" | "cnn" | "gpt" | "resident", backend: Name): Promise<number[]>;
  /** Two rounds of a small GPT as the train worker does them; the device is destroyed in the second one after so many steps. */
  rounds(backend: "wasm" | "webgpu", loseAfter?: number): Promise<Rounds>;
  /** Dispatches of one step of a GPT of 0.88 M, with params and optimiser on the GPU. */
  dispatches(): Promise<number>;
}

export interface Rounds {
  parameters: number;
  deltas: number[][];
  losses: number[];
  /** The optimiser's, after the last round. */
  state: number[];
  /** Bytes that were read from the GPU in the first round. */
  read: number;
  /** Engines of the steps. */
  engines: string[];
  /** Tensors that a round that was ended in its middle left behind. */
  left: number;
}

declare global {
  var learn: LearnHarness | undefined;
}

const href = (url: string) => new URL(url, location.href).href;
await startEngine({ plain: href(plain), simd: href(simd) }, "wasm");
await startEngine({ plain: href(plain), simd: href(simd) }, "webgpu");

async function valuesOn(backend: Name, make: () => tf.Tensor[]): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  const tensors = tf.tidy(make);
  const values = await Promise.all(tensors.map(async (tensor) => Float32Array.from(await tensor.data())));
  tf.dispose(tensors);
  return values;
}

const int32 = (values: number[]) => tf.tensor1d(values, "int32");

/** An op of random shape: fused, composed, and its inputs' shapes and scale. */
interface Case {
  fused: Op;
  composed: Op;
  shapes: number[][];
  scale?: number;
}

const makers: Record<string, (random: ReturnType<typeof createRandom>) => Case> = {
  "layer norm": (random) => {
    const [rows, width] = [1 + random.below(40), 2 + random.below(150)];
    const by = (op: typeof layerNorm): Op => (x, gain, bias) => op(x as tf.Tensor2D, gain as tf.Tensor1D, bias as tf.Tensor1D);
    return { fused: by(layerNorm), composed: by(composedLayerNorm), shapes: [[rows, width], [width], [width]] };
  },
  gelu: (random) => ({ fused: gelu as Op, composed: composedGelu as Op, shapes: [[1 + random.below(30), 1 + random.below(90)]], scale: [1, 10, 100][random.below(3)]! }),
  "cross-entropy": (random) => {
    const [rows, width] = [1 + random.below(30), 2 + random.below(150)];
    const labels = Array.from({ length: rows }, () => random.below(width));
    const by = (op: typeof crossEntropy): Op => (logits) => op(logits as tf.Tensor2D, int32(labels));
    return { fused: by(crossEntropy), composed: by(composedCrossEntropy), shapes: [[rows, width]], scale: [1, 30][random.below(2)]! };
  },
  attention: (random) => {
    const [batch, time, heads, size] = [1 + random.below(3), 1 + random.below(80), 1 + random.below(3), 1 + random.below(20)];
    const by = (op: typeof causalAttention): Op => (qkv) => op(qkv as tf.Tensor3D, heads);
    return { fused: by(causalAttention), composed: by(composedAttention), shapes: [[batch, time, 3 * heads * size]], scale: 3 };
  },
  dropout: (random) => {
    const seed = random.uint32() | 0;
    const op: Op = (x) => dropout(x!, 0.3, seed);
    return { fused: op, composed: op, shapes: [[1 + random.below(50), 1 + random.below(50)]] };
  },
  "gradient of a bias": (random) => {
    const op: Op = (x) => tf.sum(x!, [0, 1]);
    return { fused: op, composed: op, shapes: [[1 + random.below(9), 1 + random.below(30), 1 + random.below(70)]] };
  },
  "gradient of a bias over many rows": (random) => {
    const op: Op = (x) => tf.mul(tf.sum(x!, [0]), 1 / 64);
    return { fused: op, composed: op, shapes: [[1_000 + random.below(4_000), 1 + random.below(20)]] };
  },
  "gradient of a convolution": (random) => {
    const [filter, stride, pad] = [1 + random.below(4), 1 + random.below(2), (["same", "valid"] as const)[random.below(2)]!];
    const [channels, outputs, side] = [1 + random.below(4), 1 + random.below(6), filter + random.below(9)];
    const op: Op = (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad);
    return { fused: op, composed: op, shapes: [[1 + random.below(9), side, side + random.below(3), channels], [filter, filter + random.below(2), channels, outputs]], scale: 1 / 2 };
  },
  "gradient of embeddings": (random) => {
    const table = 1 + random.below(30);
    const ids = Array.from({ length: 1 + random.below(90) }, () => random.below(table));
    const op: Op = (x) => tf.gather(x!, int32(ids));
    return { fused: op, composed: op, shapes: [[table, 1 + random.below(80)]] };
  },
  "matrix products of a long inner side": (random) => {
    const op: Op = (a, b) => tf.matMul(a!, b!);
    return { fused: op, composed: op, shapes: [[1 + random.below(20), 2_100], [2_100, 20 + random.below(20)]], scale: 1 / 16 };
  },
};

async function compareOps(runs: number): Promise<{ gaps: Record<string, number>; left: number }> {
  const before = tf.memory().numTensors;
  const gaps: Record<string, number> = {};
  for (const [name, make] of Object.entries(makers)) {
    const random = createRandom(["shapes", name]);
    gaps[name] = 0;
    for (let run = 0; run < runs; run++) {
      const { fused, composed, shapes, scale = 1 } = make(random);
      const inputs = () => shapes.map((shape, i) => tf.mul(randomTensor(i, shape), scale));
      const reference = await valuesOn("cpu", () => outputAndGradients(composed, shapes, inputs()));
      const found = gap(await valuesOn("webgpu", () => outputAndGradients(fused, shapes, inputs())), reference);
      // NaN, too, has to stand out.
      if (!(found <= gaps[name]!)) gaps[name] = found;
    }
  }
  return { gaps, left: tf.memory().numTensors - before };
}

async function compareMany(counts: readonly number[]): Promise<Record<string, number>> {
  const gaps: Record<string, number> = {};
  for (const count of counts) {
    const inputs = () => Array.from({ length: count }, (_, i) => randomTensor(i, [7, 13]));
    const ops: Record<string, () => tf.Tensor[]> = {
      addN: () => [tf.addN(inputs())],
      stack: () => [tf.stack(inputs(), 1)],
      concat: () => [tf.concat(inputs(), 1)],
      pack: () => [pack(inputs())],
      unpack: () => unpack(pack(inputs()), inputs().map(({ shape }) => shape)),
      "gradients of one input": () => outputAndGradients((x) => tf.addN(Array.from({ length: count }, (_, i) => tf.mul(x!, i + 1))), [[7, 13]]),
    };
    for (const [name, op] of Object.entries(ops)) gaps[`${name} of ${count}`] = gap(await valuesOn("webgpu", op), await valuesOn("cpu", op));
  }
  return gaps;
}

const STEPS = 20;
const LABELS = 10;
const SMALL: GptConfig = { vocabulary: 23, context: 8, layers: 2, heads: 2, width: 16, dropout: 0.1 };
const RATES = { learningRate: 0.001, weightDecay: 0.01 };

const dense = (x: tf.Tensor, w: tf.Tensor, bias: tf.Tensor) => tf.fused.matMul({ a: x as tf.Tensor2D, b: w as tf.Tensor2D, bias });
const layersOf: Record<"mlp" | "cnn", { x: number[]; shapes: number[][]; forward: (x: tf.Tensor, ...weights: tf.Tensor[]) => tf.Tensor }> = {
  mlp: { x: [32, 30], shapes: [[30, 64], [64], [64, LABELS], [LABELS]], forward: (x, w1, b1, w2, b2) => dense(tf.relu(dense(x, w1!, b1!)), w2!, b2!) },
  cnn: {
    x: [10, 8, 8, 1],
    shapes: [[3, 3, 1, 6], [6], [3, 3, 6, 8], [8], [2 * 2 * 8, LABELS], [LABELS]],
    forward(x, conv, bias, conv2, bias2, w, b) {
      const first = tf.maxPool(tf.relu(tf.add(tf.conv2d(x as tf.Tensor4D, conv as tf.Tensor4D, 1, "same"), bias!)) as tf.Tensor4D, 2, 2, "valid");
      const second = tf.avgPool(tf.relu(tf.add(tf.conv2d(first, conv2 as tf.Tensor4D, 1, "same"), bias2!)) as tf.Tensor4D, 2, 2, "valid");
      return dense(tf.reshape(second, [x.shape[0]!, -1]), w!, b!);
    },
  },
};

/** Gradient descent on one batch. */
async function descend({ x, shapes, forward }: (typeof layersOf)["mlp"]): Promise<number[]> {
  const images = randomTensor("x", x);
  const labels = tf.tensor1d(Int32Array.from({ length: x[0]! }, (_, i) => i % LABELS), "int32");
  let weights = tf.tidy(() => shapes.map((shape, i) => tf.mul(randomTensor(i, shape), shape.length > 1 ? Math.sqrt(6 / tf.util.sizeFromShape(shape.slice(0, -1))) : 0)));
  const losses: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const [value, ...next] = tf.tidy(() => {
      const { value: loss, grads } = tf.valueAndGrads((...w: tf.Tensor[]) => tf.mean(crossEntropy(forward(images, ...w) as tf.Tensor2D, labels)) as tf.Scalar)(weights);
      return [loss, ...weights.map((weight, i) => tf.sub(weight, tf.mul(grads[i]!, 0.1)))];
    });
    losses.push((await value!.data())[0]!);
    tf.dispose([value!, ...weights]);
    weights = next;
  }
  tf.dispose([images, labels, ...weights]);
  return losses;
}

async function losses(model: "mlp" | "cnn" | "gpt" | "resident", backend: Name): Promise<number[]> {
  await tf.setBackend(backend);
  if (model === "mlp" || model === "cnn") return descend(layersOf[model]);
  const gpt = createGpt(SMALL);
  const params = initialGpt(SMALL, 1);
  const tokens = Int32Array.from(numbers("tokens", 32), (value) => Math.floor((value + 1) * 11));
  const batch = { tokens, targets: tokens.map((token) => (token * 2) % 23), time: 8 };
  const found: number[] = [];
  if (model === "resident") {
    const nothing = () => new Float32Array(gpt.parameters);
    const resident = createResident(gpt, { params, mean: nothing(), square: nothing(), steps: 0 }, RATES);
    for (let step = 0; step < STEPS; step++) found.push((await resident.step(batch, step)).loss);
    // What is read after the steps is what the steps wrote.
    const { params: trained } = await resident.read();
    found.push(await gpt.loss(trained, batch));
    resident.dispose();
    return found;
  }
  const optimiser = createAdamW(gpt.pieces, RATES);
  for (let step = 0; step < STEPS; step++) {
    const { loss, gradient } = await gpt.gradient(params, batch, step);
    optimiser.step(params, gradient);
    found.push(loss);
  }
  found.push(await gpt.loss(params, batch));
  return found;
}

const ROUND_STEPS = 6;

async function rounds(backend: "wasm" | "webgpu", loseAfter = Infinity): Promise<Rounds> {
  let read = 0;
  const { mapAsync } = GPUBuffer.prototype;
  GPUBuffer.prototype.mapAsync = function (...args) {
    read += this.size;
    return mapAsync.apply(this, args);
  };
  const trainer = createTrainer({ wasmFiles: { plain: href(plain), simd: href(simd) }, loadPack: () => Promise.reject(new Error("there are no packs here")) });
  const task = {
    ...mobyDickTask,
    data: { ...mobyDickTask.data, source: "own" as const },
    model: { className: "Gpt" as const, config: { ...SMALL, vocabulary: 256 } },
    inner: { ...mobyDickTask.inner, batch: 4, localSteps: ROUND_STEPS },
  };
  const text = new Blob([Uint8Array.from(numbers("text", 2_000), (value) => 97 + Math.floor((value + 1) * 9))]);
  const { parameters } = await trainer.load(task, { kind: "files", files: [text] }, 7, backend);
  const found: Rounds = { parameters, deltas: [], losses: [], state: [], read: 0, engines: [], left: 0 };
  let params = await trainer.initial();
  for (const round of [1, 2]) {
    read = 0;
    const steps = trainer.train({ params, round, localSteps: ROUND_STEPS });
    for (;;) {
      const { done, value } = await steps.next();
      if (done) {
        found.deltas.push([...value.delta]);
        found.losses.push(value.loss);
        params = params.map((p, i) => p + value.delta[i]!);
        break;
      }
      found.engines.push(value.engine!.backend);
      if (round === 2 && value.step === loseAfter) {
        loseAfter = Infinity;
        (tf.backend() as unknown as { device: GPUDevice }).device.destroy();
      }
    }
    if (round === 1) found.read = read;
  }
  found.state = [...(await trainer.saveState())!];
  const before = tf.memory().numTensors;
  const ended = trainer.train({ params, round: 3, localSteps: ROUND_STEPS });
  await ended.next();
  await ended.return(undefined as never);
  found.left = tf.memory().numTensors - before;
  GPUBuffer.prototype.mapAsync = mapAsync;
  return found;
}

async function dispatches(): Promise<number> {
  await tf.setBackend("webgpu");
  const config: GptConfig = { vocabulary: 512, context: 128, layers: 4, heads: 4, width: 128, dropout: 0.1 };
  const gpt = createGpt(config);
  const nothing = () => new Float32Array(gpt.parameters);
  const resident = createResident(gpt, { params: initialGpt(config, 1), mean: nothing(), square: nothing(), steps: 0 }, RATES);
  const tokens = Int32Array.from({ length: 128 }, (_, i) => i);
  await resident.step({ tokens, targets: tokens, time: 128 }, 0);
  const before = dispatchesSoFar()!;
  await resident.step({ tokens, targets: tokens, time: 128 }, 1);
  resident.dispose();
  return dispatchesSoFar()! - before;
}

await tf.setBackend("webgpu");
const missing = (Object.keys(FUSED) as (keyof typeof FUSED)[]).filter((op) => !isFused(op));
globalThis.learn = { missing, compareOps, compareMany, losses, rounds, dispatches };
