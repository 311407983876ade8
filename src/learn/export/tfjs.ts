import { concatBytes } from "@noble/hashes/utils.js";
import * as v from "valibot";
import { TaskError } from "../errors.ts";
import { fromLayersModel } from "../layers-model.ts";
import { MAX_PARAMETERS } from "../limits.ts";
import type { SequentialModel } from "../task-model.ts";
import type { NamedFile } from "../trainer.ts";
import { type PlainLayer, plainLayers } from "./plain-layers.ts";

interface Described {
  class_name: string;
  config: Record<string, unknown>;
}

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

/** As Keras calls the weights of a layer. */
const weightNames = ({ class_name }: Described): string[] => (class_name === "DepthwiseConv2D" ? ["depthwise_kernel", "bias"] : ["kernel", "bias"]);

/** The layers with names and an input, and probabilities at the end where the task's model stops at logits. */
function saved(model: SequentialModel, input: readonly number[]): Described[] {
  const described = (model.config.layers as Described[]).filter(({ class_name }) => class_name !== "InputLayer");
  const layers = described.map(({ class_name, config }, i) => ({ class_name, config: { ...config, name: `layer_${i + 1}`, ...(i === 0 && { batch_input_shape: [null, ...input], dtype: "float32" }) } as Record<string, unknown> }));
  if (layers.at(-1)?.config["activation"] !== "softmax") layers.push({ class_name: "Activation", config: { name: "probabilities", activation: "softmax" } });
  return layers;
}

/**
 * A model as tfjs saves it: `model.json` with the topology, and `weights.bin`. `tf.loadLayersModel` reads it.
 * @param planned the same model's layers; @param about goes into the file's own metadata
 */
export function toTfjs(model: SequentialModel, planned: readonly PlainLayer[], params: Float32Array, name: string, about: Record<string, string>): NamedFile[] {
  const layers = saved(model, planned[0]!.input);
  const shapes = planned.flatMap(({ weights }) => (weights.length === 0 ? [] : [weights]));
  const holders = layers.filter(({ class_name }) => /^(Dense|Conv2D|DepthwiseConv2D)$/.test(class_name));
  const weights = holders.flatMap((layer, i) => shapes[i]!.map((shape, j) => ({ name: `${layer.config["name"] as string}/${weightNames(layer)[j]!}`, shape, dtype: "float32" })));
  const json = {
    format: "layers-model",
    generatedBy: "Hromada",
    convertedBy: null,
    modelTopology: { class_name: "Sequential", config: { name, layers }, keras_version: "tfjs-layers 4.22.0", backend: "tensor_flow.js" },
    weightsManifest: [{ paths: ["weights.bin"], weights }],
    userDefinedMetadata: about,
  };
  return [
    { name: "model.json", bytes: new TextEncoder().encode(JSON.stringify(json, null, 1)) as Uint8Array<ArrayBuffer> },
    { name: "weights.bin", bytes: littleEndian(params) },
  ];
}

const WeightsSchema = v.array(
  v.object({
    paths: v.array(v.string()),
    weights: v.array(v.object({ name: v.string(), shape: v.array(v.pipe(v.number(), v.integer(), v.minValue(1))), dtype: v.string(), quantization: v.optional(v.unknown()) })),
  }),
);

/**
 * The weights of a model that tfjs saved, if it is the task's own: the same layers, of the same sizes.
 * @param files `model.json` and the files that it names; @returns the flat vector
 * @throws TaskError `bad-model`, saying what is missing or other than the task's; `too-large`
 */
export function fromTfjs(files: readonly NamedFile[], model: SequentialModel, input: number[], outputs: number): Float32Array<ArrayBuffer> {
  const description = files.find(({ name }) => name.endsWith(".json"));
  if (!description) throw new TaskError("bad-model", "the model's description is missing: choose model.json together with the files of weights");
  const text = new TextDecoder().decode(description.bytes);
  const brought = fromLayersModel(text);
  const [own, theirs] = [plainLayers(model, input, outputs), plainLayers(withoutSoftmax(brought), input, outputs)];
  const at = own.findIndex((layer, i) => JSON.stringify(layer) !== JSON.stringify(theirs[i]));
  if (at >= 0 || own.length !== theirs.length) throw new TaskError("bad-model", `this is another model than the task's: they differ at layer ${(at >= 0 ? at : own.length) + 1}`);

  const parsed = v.safeParse(v.object({ weightsManifest: WeightsSchema }), JSON.parse(text));
  if (!parsed.success) throw new TaskError("bad-model", `model.json does not say where its weights are: ${v.summarize(parsed.issues)}`);
  const found = new Map<string, { shape: number[]; values: Float32Array }>();
  for (const { paths, weights } of parsed.output.weightsManifest) {
    const bytes = concatBytes(...paths.map((path) => fileOf(files, path)));
    let from = 0;
    for (const { name, shape, dtype, quantization } of weights) {
      if (dtype !== "float32" || quantization !== undefined) throw new TaskError("bad-model", `${name} is not held as float32; save the model without quantisation`);
      const length = 4 * product(shape);
      if (length > 4 * MAX_PARAMETERS || from + length > bytes.length) throw new TaskError("bad-model", `the files of weights are too short for ${name}`);
      found.set(name, { shape, values: floats(bytes.subarray(from, (from += length))) });
    }
  }
  const described = (brought.config.layers as Described[]).filter(({ class_name }) => /^(Dense|Conv2D|DepthwiseConv2D)$/.test(class_name));
  const shapes = own.flatMap(({ weights }) => (weights.length === 0 ? [] : [weights]));
  const params = new Float32Array(shapes.flat().reduce((sum, shape) => sum + product(shape), 0));
  let to = 0;
  described.forEach((layer, i) =>
    shapes[i]!.forEach((shape, j) => {
      const name = `${layer.config["name"] as string}/${weightNames(layer)[j]!}`;
      const weight = found.get(name);
      if (!weight || weight.shape.join() !== shape.join()) throw new TaskError("bad-model", `the weights ${name} [${shape.join(" × ")}] are missing`);
      params.set(weight.values, to);
      to += weight.values.length;
    }),
  );
  if (!params.every(Number.isFinite)) throw new TaskError("bad-model", "a weight is not a finite number");
  return params;
}

/** One that ends in logits takes no softmax layer of its own. */
function withoutSoftmax(model: SequentialModel): SequentialModel {
  const layers = model.config.layers as Described[];
  const last = layers.at(-1);
  return last?.class_name === "Activation" && last.config["activation"] === "softmax" ? { ...model, config: { ...model.config, layers: layers.slice(0, -1) } } : model;
}

function fileOf(files: readonly NamedFile[], path: string): Uint8Array {
  const name = path.split("/").at(-1);
  const file = files.find((candidate) => candidate.name === name);
  if (!file) throw new TaskError("bad-model", `the file of weights ${name} is missing: choose it together with model.json`);
  return file.bytes;
}

function littleEndian(values: Float32Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  values.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return bytes;
}

function floats(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true)) as Float32Array<ArrayBuffer>;
}
