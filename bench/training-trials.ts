import * as tf from "@tensorflow/tfjs-core";
import { layers, sequential } from "@tensorflow/tfjs-layers";
import { createModel, initialParams } from "../src/learn/model.ts";
import { gradientInParts } from "../src/learn/engine/micro-batches.ts";
import { createResident } from "../src/learn/engine/resident.ts";
import { createGpt, initialGpt, type GptConfig, type Sequences } from "../src/learn/models/gpt.ts";
import { createAdamW, createOptimiser } from "../src/learn/optimiser.ts";
import type { Drawn } from "../src/learn/learner.ts";
import type { ImageTask, TextTask } from "../src/learn/task.ts";
import { digitsTask } from "../src/learn/tasks/digits.ts";
import { mobyDickTask } from "../src/learn/tasks/texts.ts";
import { createRandom } from "../src/wire/random.ts";

/** Something to train on made-up data. */
export interface Trial {
  /** Samples or tokens in a step. */
  units: number;
  /** One step, optimiser included; its loss. */
  step(): Promise<number>;
}

const BATCH = 32;
const SIDE = 28;
const LABELS = 10;
const DISCO_BATCH = 64;
const RATES = { learningRate: 0.001, weightDecay: 0.01 };

const flatten = { class_name: "Flatten", config: {} };
const dense = (units: number, activation: "relu" | "linear") => ({ class_name: "Dense", config: { units, activation } });
const conv = (filters: number) => ({ class_name: "Conv2D", config: { filters, kernel_size: [3, 3], padding: "same", activation: "relu" } });
const pool = { class_name: "MaxPooling2D", config: { pool_size: [2, 2] } };

/** 0.88 M parameters, the size at which the design's page measured. */
export const GPT: GptConfig = { vocabulary: 512, context: 128, layers: 4, heads: 4, width: 128, dropout: 0.1 };
/** The sizes of DISCO's GPT-nano, and GPT-2's vocabulary. */
const NANO: GptConfig = { vocabulary: 50_258, context: 64, layers: 3, heads: 3, width: 48, dropout: 0 };

const MLP = [flatten, dense(64, "relu"), dense(LABELS, "linear")];
const CNN = [conv(16), pool, conv(32), pool, flatten, dense(24, "relu"), dense(LABELS, "linear")];

const trials = {
  /** 51 k parameters. */
  mlp: () => imagesTrial(MLP),
  /** 43 k parameters, 2 MFLOP a sample forward. */
  cnn: () => imagesTrial(CNN),
  digits: () => imagesTrial(digitsTask.model.config.layers as object[]),
  gpt: () => gptTrial(GPT, 8),
  /** With params and optimiser on the backend: what a GPU is fastest with. */
  "gpt-resident": () => residentTrial(GPT, 8),
  /** For adapters that are put together on the CPU, which take a minute for a batch. */
  "gpt-one": () => gptTrial(GPT, 1),
  "gpt-one-resident": () => residentTrial(GPT, 1),
  "gpt-batch-4": () => gptTrial(GPT, 4),
  /** The same batch, a sequence at a time. */
  "gpt-phone": () => gptTrial(GPT, 4, 1),
  nano: () => gptTrial(NANO, 1),
  /** One picture at a time, as somebody draws it. */
  drawing: () => drawingTrial(),
  "disco-mnist": discoMnist,
} as const;

export type TrialName = keyof typeof trials;
export const createTrial = (name: TrialName): Trial => trials[name]();

/** The same models on several threads: a task, and what a step takes of its made-up batch. */
interface Pooled {
  task: ImageTask | TextTask;
  batch: number;
  units: number;
  draw(rows: Uint32Array, seed: number): Drawn;
}

export const pooledTrials = {
  mlp: () => pooledImages(MLP),
  cnn: () => pooledImages(CNN),
  gpt: () => pooledGpt(8),
} satisfies Record<string, () => Pooled>;
export type PooledName = keyof typeof pooledTrials;

function pooledImages(topology: object[]): Pooled {
  const { inputs, labels } = pictures();
  const size = SIDE * SIDE;
  const cut = <T extends Float32Array | Uint8Array>(values: T, rows: Uint32Array, each: number) => values.subarray(rows[0]! * each, (rows.at(-1)! + 1) * each) as T;
  return { task: imagesTask(topology), batch: BATCH, units: BATCH, draw: (rows, seed) => ({ inputs: cut(inputs, rows, size), labels: cut(labels, rows, 1), offsets: new Float32Array(LABELS), seed }) };
}

function pooledGpt(batch: number): Pooled {
  const sequences = sequencesOf(GPT, batch);
  const task: TextTask = { ...mobyDickTask, seed: 1, model: { className: "Gpt", config: GPT }, inner: { ...mobyDickTask.inner, ...RATES, batch } };
  return { task, batch, units: sequences.tokens.length, draw: (rows, seed) => ({ ...rowsOf(sequences, rows), seed }) };
}

const imagesTask = (topology: object[]): ImageTask => ({ ...digitsTask, model: { className: "Sequential", config: { layers: topology } }, inner: { ...digitsTask.inner, optimiser: "adamw", learningRate: 0.001 } });

function pictures(): { inputs: Float32Array; labels: Uint8Array } {
  const random = createRandom("pixels");
  return { inputs: Float32Array.from({ length: BATCH * SIDE * SIDE }, () => random.uniform()), labels: Uint8Array.from({ length: BATCH }, (_, i) => i % LABELS) };
}

function imagesTrial(topology: object[]): Trial {
  const task = imagesTask(topology);
  const model = createModel(task);
  const optimiser = createOptimiser(model.pieces, task.inner);
  const params = initialParams(task);
  const { inputs, labels } = pictures();
  return {
    units: BATCH,
    async step() {
      const { loss, gradient } = await model.gradient(params, inputs, labels, new Float32Array(LABELS));
      optimiser.step(params, gradient);
      return loss;
    },
  };
}

function drawingTrial(): Trial {
  const model = createModel(digitsTask);
  const params = initialParams(digitsTask);
  const random = createRandom("drawing");
  const pixels = Float32Array.from({ length: SIDE * SIDE }, () => random.uniform());
  return { units: 1, step: async () => (await model.logits(params, pixels))[0]! };
}

function gptTrial(config: GptConfig, batch: number, atOnce = batch): Trial {
  const gpt = createGpt(config);
  const optimiser = createAdamW(gpt.pieces, RATES);
  const params = initialGpt(config, 1);
  const sequences = sequencesOf(config, batch);
  const sum = new Float32Array(gpt.parameters);
  let seed = 0;
  return {
    units: sequences.tokens.length,
    async step() {
      const { loss, gradient } = await gradientInParts(Uint32Array.from({ length: batch }, (_, i) => i), atOnce, sum, (rows, to) => gpt.gradient(params, rowsOf(sequences, rows), seed, to));
      seed += 1;
      optimiser.step(params, gradient);
      return loss;
    },
  };
}

function residentTrial(config: GptConfig, batch: number): Trial {
  const gpt = createGpt(config);
  const nothing = () => new Float32Array(gpt.parameters);
  const resident = createResident(gpt, { params: initialGpt(config, 1), mean: nothing(), square: nothing(), steps: 0 }, RATES);
  const sequences = sequencesOf(config, batch);
  let seed = 0;
  return { units: sequences.tokens.length, step: async () => (await resident.step(sequences, seed++)).loss };
}

function sequencesOf(config: GptConfig, batch: number): Sequences {
  const random = createRandom("tokens");
  const tokens = Int32Array.from({ length: batch * config.context }, () => random.below(config.vocabulary));
  return { tokens, targets: tokens, time: config.context };
}

/** A part of a batch: whole sequences that lie side by side. */
function rowsOf({ tokens, targets, time }: Sequences, rows: Uint32Array): Sequences {
  const [from, to] = [rows[0]! * time, (rows.at(-1)! + 1) * time];
  return { tokens: tokens.subarray(from, to), targets: targets.subarray(from, to), time };
}

/** The layers of DISCO's mnist task written anew, trained as it trains: by tfjs's own Adam and trainOnBatch. */
function discoMnist(): Trial {
  const model = sequential({
    layers: [
      layers.conv2d({ inputShape: [SIDE, SIDE, 3], kernelSize: 5, filters: 8, activation: "relu" }),
      layers.conv2d({ kernelSize: 5, filters: 16, activation: "relu" }),
      layers.maxPooling2d({ poolSize: 2, strides: 2 }),
      layers.dropout({ rate: 0.25 }),
      layers.flatten(),
      layers.dense({ units: 32, activation: "relu" }),
      layers.dropout({ rate: 0.25 }),
      layers.dense({ units: LABELS, activation: "softmax" }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(), loss: "categoricalCrossentropy" });
  const x = tf.randomUniform([DISCO_BATCH, SIDE, SIDE, 3]);
  const y = tf.oneHot(tf.tensor1d(Int32Array.from({ length: DISCO_BATCH }, (_, i) => i % LABELS), "int32"), LABELS);
  return { units: DISCO_BATCH, step: async () => (await model.trainOnBatch(x, y)) as number };
}
