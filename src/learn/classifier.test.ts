import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { buildDigits } from "../../tools/digits.ts";
import { codeOf } from "../workers/bridge.ts";
import { createTrainer } from "./create-trainer.ts";
import { BadRowsError } from "./errors.ts";
import { createModel, initialParams } from "./model.ts";
import type { ClassifierTask, ImageTask, TaskManifest } from "./task.ts";
import { digitsTask } from "./tasks/digits.ts";
import { breastCancerTask } from "./tasks/breast-cancer.ts";
import { nodeWasmFiles, readPackFile } from "./testing/node.ts";
import { runRound } from "./testing/rounds.ts";
import type { Trainer } from "./trainer.ts";

const deps = { loadPack: readPackFile, wasmFiles: nodeWasmFiles };
const share = { kind: "share", share: 0, shares: 60 } as const;
const layer = (class_name: string, config: Record<string, unknown> = {}) => ({ class_name, config });
const topology = (...layers: object[]) => ({ className: "Sequential", config: { layers } }) as const;
const rejected = (promise: Promise<unknown>) => promise.then(() => null, codeOf);

/** The model after so many steps from the first one. */
async function trained(trainer: Trainer, localSteps: number, params?: Float32Array): Promise<Float32Array> {
  const from = params ?? (await trainer.initial());
  const { delta } = (await runRound(trainer, { params: from, round: 1, localSteps })).result;
  return from.map((value, i) => value + delta[i]!);
}

beforeAll(async () => {
  await buildDigits();
}, 60_000);

describe("a table's models", () => {
  const logistic: ClassifierTask = { ...breastCancerTask, model: topology(layer("Dense", { units: 2, activation: "softmax" })) };

  it("may be logistic", async () => {
    const trainer = createTrainer(deps);
    expect((await trainer.load(logistic, { kind: "share", share: 0, shares: 1 }, 1, "wasm")).parameters).toBe(62);
    expect((await trainer.evaluate(await trained(trainer, 100))).accuracy).toBeGreaterThan(0.95);
  });

  it("answer single rows and many at once alike, with the time it took", async () => {
    const trainer = createTrainer(deps);
    await trainer.load(logistic, { kind: "share", share: 0, shares: 1 }, 1, "wasm");
    const params = await trained(trainer, 50);
    const columns = logistic.data.kind === "table" ? logistic.data.columns.filter((column) => column.role === "number") : [];
    const typical = Float32Array.from(columns, ({ mean }) => mean);
    const grave = Float32Array.from(columns, ({ mean, deviation }) => mean + 2 * deviation);
    const many = await trainer.predictMany(params, [typical, grave]);
    expect(many.probabilities[1]![0]).toBeGreaterThan(0.9);
    expect(many.milliseconds).toBeGreaterThan(0);
    for (const [row, input] of [typical, grave].entries()) {
      const { probabilities } = await trainer.predict(params, input);
      probabilities.forEach((value, label) => expect(value).toBeCloseTo(many.probabilities[row]![label]!, 5));
    }
    expect(await rejected(trainer.predictMany(params, []))).toBe("wrong-length");
    expect(await rejected(trainer.predict(params, typical.subarray(1)))).toBe("malformed");
  });

  it("learn from a person's own file, and are scored on the part of it that was held out", async () => {
    const own: TaskManifest = {
      ...breastCancerTask,
      data: {
        kind: "table",
        source: "own",
        columns: [{ role: "number", name: "x", mean: 0, deviation: 5 }, { role: "category", name: "y", values: ["a", "b"] }, { role: "label", name: "side", values: ["left", "right"] }],
      },
    };
    const rows = Array.from({ length: 100 }, (_, i) => `${i % 11 - 5},${i % 2 ? "a" : "b"},${(i % 11 > 5) ? "right" : "left"}`);
    const trainer = createTrainer(deps);
    const files = [new Blob([["x,y,side", ...rows, "?,a,left"].join("\n")])];
    const error = await trainer.load(own, { kind: "files", files }, 1, "wasm").catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(BadRowsError);
    const info = await trainer.load(own, { kind: "files", files, leaveOutBadRows: true }, 1, "wasm");
    expect(info).toMatchObject({ samples: 80, leftOut: 1 });
    const { accuracy, samples } = await trainer.evaluate(await trained(trainer, 150));
    expect(samples).toBe(20);
    expect(accuracy).toBeGreaterThan(0.9);
    expect(await rejected(trainer.load(own, { kind: "share", share: 0, shares: 2 }, 1))).toBe("bad-choice");
  });
});

describe("a transfer model", () => {
  const [first, second, ...head] = digitsTask.model.config.layers as object[];
  const extractor = topology(first!, second!);

  it("trains its head alone on what the frozen extractor makes of a picture", async () => {
    const teacher = createTrainer(deps);
    await teacher.load(digitsTask, share, 1, "wasm");
    const network = await trained(teacher, 40);
    const frozen = network.slice(0, 8 * 9 + 8 + 16 * 8 * 9 + 16);
    const bytes = new Uint8Array(frozen.buffer);
    const weights = bytesToHex(sha256(bytes));
    const task: TaskManifest = { ...digitsTask, model: { className: "Transfer", extractor, weights, head: topology(...head) } };
    const loadPack = async (path: string) => (path === `weights/${weights}.bin` ? bytes : readPackFile(path));
    const trainer = createTrainer({ ...deps, loadPack });
    const info = await trainer.load(task, { kind: "share", share: 7, shares: 60 }, 1, "wasm");
    expect(info.parameters).toBe(7 * 7 * 16 * 10 + 10);
    const tensors = tf.memory().numTensors;
    const transferred = await trainer.evaluate(await trained(trainer, 80));
    expect(tf.memory().numTensors).toBe(tensors);
    expect(transferred.accuracy).toBeGreaterThan(0.8);

    const altered = bytes.slice();
    altered[0]! ^= 1;
    const other = createTrainer({ ...deps, loadPack: async (path) => (path.startsWith("weights/") ? altered : readPackFile(path)) });
    expect(await rejected(other.load(task, share, 1, "wasm"))).toBe("malformed");
  });
});

describe("a picture's models", () => {
  it("may be convolved channel by channel, of coloured pictures too", async () => {
    const data = { kind: "image", source: "own", shape: [6, 6], channels: 3, labels: 2 } as const;
    const model = topology(
      layer("DepthwiseConv2D", { kernel_size: 3, strides: 2, padding: "same", activation: "relu", depth_multiplier: 2 }),
      layer("Flatten"),
      layer("Dense", { units: 2 }),
    );
    const task: TaskManifest = { ...digitsTask, data: { ...data, shape: [6, 6] }, model, inner: { optimiser: "adamw", learningRate: 0.01, weightDecay: 0, batch: 8, localSteps: 30 } };
    // A picture is one colour all over: the red ones bear the label 1.
    const labels = Array.from({ length: 40 }, (_, i) => i % 2);
    const files = labels.map((label) => new Blob([Uint8Array.from({ length: 108 }, (_, i) => (i % 3 === (label ? 0 : 2) ? 250 : 20))]));
    const decodePicture = async (file: Blob) => new Uint8Array(await file.arrayBuffer());
    const trainer = createTrainer({ ...deps, decodePicture });
    const info = await trainer.load(task, { kind: "files", files, labels }, 1, "wasm");
    expect(info).toMatchObject({ parameters: 9 * 3 * 2 + 6 + 3 * 3 * 6 * 2 + 2, samples: 32 });
    const { accuracy, samples } = await trainer.evaluate(await trained(trainer, 30));
    expect([accuracy, samples]).toEqual([1, 8]);
  });

  it("train on augmented pictures and balanced labels, the same for the same seed", async () => {
    const task: ImageTask = { ...digitsTask, data: { ...digitsTask.data, augment: { shift: 2, rotate: 10, flip: false }, balance: true } };
    const choice = { ...share, labels: [1, 8] };
    const run = async (seed: number) => {
      const trainer = createTrainer(deps);
      await trainer.load(task, choice, seed, "wasm");
      return trained(trainer, 3);
    };
    const first = await run(5);
    expect(await run(5)).toEqual(first);
    expect(await run(6)).not.toEqual(first);
  });

  it("leave out what the seed says, in training only", async () => {
    const [first, second, ...head] = digitsTask.model.config.layers as object[];
    const model = createModel({ data: digitsTask.data, model: topology(layer("Dropout", { rate: 0.2 }), first!, second!, layer("Dropout", { rate: 0.5 }), ...head) });
    const plain = createModel(digitsTask);
    const params = initialParams(digitsTask);
    const inputs = Float32Array.from({ length: 2 * 784 }, (_, i) => (i % 7) / 7);
    const gradient = (seed: number) => model.gradient(params, inputs, Uint8Array.of(1, 2), new Float32Array(10), seed);
    expect(await gradient(1)).toEqual(await gradient(1));
    expect((await gradient(1)).logits).not.toEqual((await gradient(2)).logits);
    expect(await model.logits(params, inputs)).toEqual(await plain.logits(params, inputs));
    expect((await gradient(1)).logits).not.toEqual(await plain.logits(params, inputs));
  });

  it("move by no more than the gradient's limit allows", async () => {
    const move = async (gradientLimit: number) => {
      const trainer = createTrainer(deps);
      const task: ImageTask = { ...digitsTask, inner: { ...digitsTask.inner, weightDecay: 0, learningRate: 0.1, gradientLimit, driftCorrection: 0 } };
      await trainer.load(task, share, 1, "wasm");
      const { delta } = (await runRound(trainer, { params: await trainer.initial(), round: 1, localSteps: 1 })).result;
      return Math.hypot(...delta);
    };
    expect(await move(0.01)).toBeCloseTo(0.001, 6);
    expect(await move(1e6)).toBeGreaterThan(0.01);
  });
});

describe("a model that does not go with its data", () => {
  it("is refused before anything is made", () => {
    const gpt = { className: "Gpt", config: { vocabulary: 256, context: 8, layers: 1, heads: 1, width: 8, dropout: 0 } } as const;
    expect(() => createModel({ data: digitsTask.data, model: gpt })).toThrow("no classifier");
    expect(() => initialParams({ ...breastCancerTask, model: topology(layer("Dense", { units: 3 })) })).toThrow("not the 2");
  });
});
