import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { loadLayersModel } from "@tensorflow/tfjs-layers";
import { describe, expect, it } from "vitest";
import { createModel } from "../model.ts";
import { softmax } from "../score.ts";
import { breastCancerTask } from "../tasks/breast-cancer.ts";
import { digitsTask } from "../tasks/digits.ts";
import { languagesTask } from "../tasks/languages.ts";
import { mobyDickTask } from "../tasks/texts.ts";
import { inputShape } from "../task-data.ts";
import type { ClassifierTask } from "../task.ts";
import { numbers } from "../testing/backends.ts";
import type { NamedFile } from "../trainer.ts";
import { exportModel, importModel } from "./export.ts";
import { readOnnx, runOnnx } from "./testing/onnx-reader.ts";

/** Every kind of layer, with what is easy to get wrong: odd "same" padding, oblong windows, several channels a group. */
const everyLayer: ClassifierTask = {
  ...digitsTask,
  name: "every-layer",
  data: { kind: "image", source: "own", shape: [11, 9], channels: 3, labels: 4 },
  model: {
    className: "Sequential",
    config: {
      layers: [
        { class_name: "Conv2D", config: { filters: 5, kernel_size: [3, 2], strides: [2, 1], padding: "same", activation: "relu6" } },
        { class_name: "MaxPooling2D", config: { pool_size: [2, 2], strides: [1, 1], padding: "same" } },
        { class_name: "DepthwiseConv2D", config: { kernel_size: [3, 3], strides: [2, 2], padding: "same", depth_multiplier: 2, activation: "elu" } },
        { class_name: "Dropout", config: { rate: 0.2 } },
        { class_name: "AveragePooling2D", config: { pool_size: [2, 2], strides: [1, 1], padding: "same" } },
        { class_name: "Activation", config: { activation: "tanh" } },
        { class_name: "Flatten", config: {} },
        { class_name: "Dense", config: { units: 7, activation: "sigmoid", use_bias: false } },
        { class_name: "Dense", config: { units: 4, activation: "softmax" } },
      ],
    },
  },
};
const pooled: ClassifierTask = {
  ...everyLayer,
  name: "pooled",
  model: { className: "Sequential", config: { layers: [{ class_name: "Conv2D", config: { filters: 6, kernel_size: 3, activation: "selu" } }, { class_name: "GlobalAveragePooling2D", config: {} }, { class_name: "Dense", config: { units: 5, activation: "softplus" } }, { class_name: "Dense", config: { units: 4 } }] } },
};
const tasks = [digitsTask as ClassifierTask, breastCancerTask, languagesTask, everyLayer, pooled];

/** Random params, three samples, and our own answer to them. */
async function answered(task: ClassifierTask) {
  await tf.setBackend("cpu");
  const model = createModel(task);
  const params = numbers(task.name, model.parameters);
  const size = inputShape(task.data).reduce((a, b) => a * b, 1);
  const inputs = numbers("inputs", 3 * size);
  const logits = await model.logits(params, inputs);
  model.dispose();
  const outputs = logits.length / 3;
  return { params, inputs, probabilities: [0, 1, 2].flatMap((row) => softmax(logits.subarray(row * outputs, (row + 1) * outputs))) };
}

const apart = (left: ArrayLike<number>, right: readonly number[]): number => (left.length === right.length ? right.reduce((most, value, i) => Math.max(most, Math.abs(value - left[i]!)), 0) : NaN);

describe.each(tasks)("the model of $name", (task) => {
  it("is read by tfjs itself, and answers the same", async () => {
    const { params, inputs, probabilities } = await answered(task);
    const [json, weights] = exportModel(task, params, "tfjs", { round: "3" }) as [NamedFile, NamedFile];
    const { modelTopology, weightsManifest, userDefinedMetadata } = JSON.parse(new TextDecoder().decode(json.bytes)) as { modelTopology: object; weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[]; userDefinedMetadata: object };
    expect(userDefinedMetadata).toMatchObject({ round: "3", labels: expect.any(String) });
    const loaded = await loadLayersModel({ load: async () => ({ modelTopology, weightSpecs: weightsManifest[0]!.weights, weightData: weights.bytes.buffer }) });
    const output = loaded.predict(tf.tensor(inputs, [3, ...inputShape(task.data)])) as tf.Tensor;
    expect(apart(await output.data(), probabilities)).toBeLessThan(1e-5);
    loaded.dispose();
  });

  it("comes back from tfjs's files with every number", async () => {
    const { params } = await answered(task);
    expect(importModel(task, exportModel(task, params, "tfjs", {}))).toEqual(params);
  });

  it("answers the same as an ONNX graph", async () => {
    const { params, inputs, probabilities } = await answered(task);
    const [file] = exportModel(task, params, "onnx", { root: "ab" }) as [NamedFile];
    const graph = readOnnx(file.bytes);
    expect(graph.opset).toBe(13);
    expect(graph.metadata).toMatchObject({ root: "ab" });
    expect(graph.input).toEqual({ name: "input", shape: ["batch", ...inputShape(task.data)] });
    expect(apart(runOnnx(graph, inputs, [3, ...inputShape(task.data)]), probabilities)).toBeLessThan(1e-5);
  });
});

describe("what is no such model", () => {
  it("is refused by name: a language model, another task's, one with a file or a weight missing", async () => {
    expect(() => exportModel(mobyDickTask, new Float32Array(1), "onnx", {})).toThrow("no chain of layers");
    expect(() => exportModel(digitsTask, new Float32Array(1), "tfjs", {})).toThrow("1 parameters");
    const { params } = await answered(pooled);
    const [json, weights] = exportModel(pooled, params, "tfjs", {}) as [NamedFile, NamedFile];
    expect(() => importModel(digitsTask, [json, weights])).toThrow();
    expect(() => importModel({ ...pooled, model: everyLayer.model }, [json, weights])).toThrow("layer 1");
    expect(() => importModel(pooled, [json])).toThrow("weights.bin");
    expect(() => importModel(pooled, [weights])).toThrow("model.json");
    expect(() => importModel(pooled, [json, { ...weights, bytes: weights.bytes.slice(0, -4) }])).toThrow("too short");
    const renamed = { ...json, bytes: new TextEncoder().encode(new TextDecoder().decode(json.bytes).replace("layer_1/kernel", "other/kernel")) as Uint8Array<ArrayBuffer> };
    expect(() => importModel(pooled, [renamed, weights])).toThrow("layer_1/kernel");
  });
});
