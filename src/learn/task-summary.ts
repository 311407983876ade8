import { createGpt } from "./models/gpt.ts";
import type { TaskManifest } from "./task.ts";
import { inputShape, labelCount } from "./task-data.ts";
import { planLayers } from "./topology.ts";

/** A layer as the page lists it. */
export interface LayerSummary {
  name: string;
  /** Of what it puts out for one sample. */
  shape: number[];
  parameters: number;
  /** Its weights stay as they came. */
  frozen: boolean;
}

export interface TaskSummary {
  /** Empty for a Gpt. */
  layers: LayerSummary[];
  /** What is trained, and shared. */
  parameters: number;
  /** Bytes that training takes, as an estimate. */
  memory: number;
}

const FLOAT_BYTES = 4;
/** Vectors as long as the model: its params, a gradient, the optimiser's two moments, the drift's, and the committed model. */
const VECTORS = 6;
/** What a layer puts out is held until its gradient is worked out, which is as large. */
const PASSES = 2;

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);

/**
 * What a task's model is made of, without allocating it.
 * @throws TaskError `bad-model` or `too-large`, naming the layer
 */
export function summariseTask({ data, model, inner }: Pick<TaskManifest, "data" | "model" | "inner">): TaskSummary {
  if (model.className === "Gpt") {
    const { context, layers, width, vocabulary } = model.config;
    const { parameters } = createGpt(model.config);
    // Of a block what its gradients need (gpt.test.ts), whose attention keeps no scores.
    const position = 11 * layers * width + 2 * vocabulary;
    return { layers: [], parameters, memory: memoryOf(parameters, inner.batch * context * position) };
  }
  const extractor = model.className === "Transfer" ? planLayers(model.extractor, inputShape(data), null) : [];
  const head = planLayers(model.className === "Transfer" ? model.head : model, extractor.at(-1)?.shape ?? inputShape(data), labelCount(data));
  const layers = [...extractor, ...head].map(({ layer, weights, shape }, index): LayerSummary => ({
    name: layer.getClassName(),
    shape,
    parameters: weights.reduce((sum, weight) => sum + product(weight), 0),
    frozen: index < extractor.length,
  }));
  const parameters = layers.reduce((sum, layer) => sum + (layer.frozen ? 0 : layer.parameters), 0);
  const frozen = layers.reduce((sum, layer) => sum + (layer.frozen ? layer.parameters : 0), 0);
  const outputs = product(inputShape(data)) + layers.reduce((sum, { shape }) => sum + product(shape), 0);
  return { layers, parameters, memory: memoryOf(parameters, inner.batch * outputs) + FLOAT_BYTES * frozen };
}

const memoryOf = (parameters: number, outputs: number): number => FLOAT_BYTES * (VECTORS * parameters + PASSES * outputs);
