import * as tf from "@tensorflow/tfjs-core";
import { type Sequential, sequential } from "@tensorflow/tfjs-layers";
import { createRandom } from "../wire/random.ts";
import { addGradient, type GradientSum } from "./engine/micro-batches.ts";
import { crossEntropy } from "./engine/ops/cross-entropy.ts";
import { takeValues } from "./engine/take-values.ts";
import { TaskError } from "./errors.ts";
import { SeededDropout } from "./models/dropout-layer.ts";
import type { TaskManifest } from "./task.ts";
import { inputShape, labelCount } from "./task-data.ts";
import type { SequentialModel } from "./task-model.ts";
import { planLayers, type PlannedLayer } from "./topology.ts";

export interface Model {
  parameters: number;
  /** Lengths of the weights that make up the flat vector, and whether weight decay applies (kernels, not biases). */
  pieces: { length: number; decays: boolean }[];
  /** Shapes of the weights, one for each piece. */
  shapes: number[][];
  /**
   * Loss, logits and gradient of one batch.
   * @param inputs float32 [batch, …input shape], as the task prepares them; @param labels [batch]
   * @param offsets [labels], added to the logits within the loss only; @param seed decides what dropout leaves out
   * Resolves to the mean cross-entropy in nats, logits [batch × labels] and the gradient [parameters], added to `to` if it is there.
   */
  gradient(params: Float32Array, inputs: Float32Array, labels: Uint8Array, offsets: Float32Array, seed?: number, to?: GradientSum): Promise<{ loss: number; logits: Float32Array; gradient: Float32Array }>;
  /** Logits [batch × labels] of float32 inputs [batch, …input shape]. */
  logits(params: Float32Array, inputs: Float32Array): Promise<Float32Array>;
  dispose(): void;
}

/**
 * A classifier's model on the current backend. Params are one flat float32 vector: layer after layer, kernel then bias;
 * of a transfer model, the head's only.
 * @param frozen weights of a transfer model's extractor, in the same order
 * @throws TaskError
 */
export function createModel({ data, model }: Pick<TaskManifest, "data" | "model">, frozen?: Float32Array): Model {
  const shape = inputShape(data);
  const size = product(shape);
  const outputs = labelCount(data);
  const extractor = model.className === "Transfer" ? createExtractor(model.extractor, shape, frozen) : null;
  const planned = planHead(model, shape, outputs);
  const network = assemble(planned);
  const dropouts = planned.flatMap(({ layer }) => (layer instanceof SeededDropout ? [layer] : []));
  const variables = network.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const parameters = variables.reduce((sum, { size: length }) => sum + length, 0);

  /** What the trained layers get; no gradient goes back beyond it. */
  const enter = (inputs: Float32Array): tf.Tensor => {
    const x = tf.tensor(inputs, [inputs.length / size, ...shape]);
    return extractor ? extractor.apply(x) : x;
  };
  const run = (x: tf.Tensor, training: boolean) => network.apply(x, { training }) as tf.Tensor2D;

  return {
    parameters,
    pieces: variables.map(({ size: length, rank }) => ({ length, decays: rank > 1 })),
    shapes: variables.map(({ shape: sides }) => sides),
    async gradient(params, inputs, labels, offsets, seed = 0, to) {
      write(variables, params, parameters);
      const chance = createRandom([seed, "dropout"]);
      for (const dropout of dropouts) dropout.seed = chance.uint32() | 0;
      // One vector, so that a GPU is read once a batch.
      const packed = tf.tidy(() => {
        const x = enter(inputs);
        let logits: tf.Tensor2D | undefined;
        const { value, grads } = tf.variableGrads(() => {
          logits = run(x, true);
          tf.keep(logits);
          return tf.mean(crossEntropy(tf.add(logits, tf.tensor1d(offsets)), tf.tensor1d(Int32Array.from(labels), "int32"))) as tf.Scalar;
        }, variables);
        const parts = [value, logits!, ...variables.map((variable) => grads[variable.name]!)].map((part) => tf.reshape(part, [-1]));
        const vector = tf.concat1d(parts as tf.Tensor1D[]);
        logits!.dispose();
        return vector;
      });
      const afterLogits = 1 + labels.length * outputs;
      return takeValues(packed, (numbers) => ({ loss: numbers[0]!, logits: numbers.slice(1, afterLogits), gradient: addGradient(numbers.subarray(afterLogits), to) }));
    },
    async logits(params, inputs) {
      write(variables, params, parameters);
      return takeValues(tf.tidy(() => run(enter(inputs), false)), (numbers) => numbers.slice());
    },
    dispose() {
      network.dispose();
      extractor?.dispose();
    },
  };
}

/**
 * The task's first model: kernels by Glorot and Bengio (2010), uniform within ±√(6 / (fan in + fan out)), biases zero.
 * Only +, ×, ÷ and √ are used, which IEEE 754 rounds alike everywhere, so that all devices start with the same bytes.
 */
export function initialParams({ data, model, seed }: Pick<TaskManifest, "data" | "model" | "seed">): Float32Array<ArrayBuffer> {
  const shapes = planHead(model, inputShape(data), labelCount(data)).flatMap(({ weights }) => weights);
  const random = createRandom([seed, "initial"]);
  const params = new Float32Array(shapes.reduce((sum, shape) => sum + product(shape), 0));
  let at = 0;
  for (const shape of shapes) {
    const length = product(shape);
    if (shape.length > 1) {
      const field = product(shape.slice(0, -2));
      const limit = Math.sqrt(6 / (field * (shape.at(-2)! + shape.at(-1)!)));
      for (let i = at; i < at + length; i++) params[i] = (2 * random.uniform() - 1) * limit;
    }
    at += length;
  }
  return params;
}

/** The layers that are trained. */
function planHead(model: TaskManifest["model"], input: number[], outputs: number): PlannedLayer[] {
  if (model.className === "Gpt") throw new TaskError("bad-model", "a Gpt is no classifier; it learns from text");
  if (model.className === "Sequential") return planLayers(model, input, outputs);
  return planLayers(model.head, planLayers(model.extractor, input, null).at(-1)!.shape, outputs);
}

function assemble(planned: readonly PlannedLayer[]): Sequential {
  const network = sequential();
  for (const { layer } of planned) network.add(layer);
  const shapes = planned.flatMap(({ weights }) => weights);
  const variables = network.trainableWeights.map((weight) => weight.read());
  if (variables.length === network.weights.length && variables.every(({ shape }, i) => shape.join() === shapes[i]?.join())) return network;
  network.dispose();
  throw new TaskError("bad-model", "the model holds weights that a swarm cannot share");
}

function createExtractor(topology: SequentialModel, input: number[], frozen: Float32Array | undefined): { apply(x: tf.Tensor): tf.Tensor; dispose(): void } {
  if (!frozen) throw new TaskError("not-loaded", "the frozen extractor's weights are needed first");
  const network = assemble(planLayers(topology, input, null));
  const variables = network.trainableWeights.map((weight) => weight.read() as tf.Variable);
  write(variables, frozen, variables.reduce((sum, { size }) => sum + size, 0));
  return { apply: (x) => network.apply(x, { training: false }) as tf.Tensor, dispose: () => void network.dispose() };
}

/** A network's variables hold nobody's params between calls: each call brings its own, so that calls may interleave. */
function write(variables: readonly tf.Variable[], params: Float32Array, parameters: number): void {
  if (params.length !== parameters) throw new TaskError("wrong-length", `${params.length} parameters for a model of ${parameters}`);
  let at = 0;
  for (const variable of variables) {
    const value = tf.tensor(params.slice(at, at + variable.size), variable.shape);
    variable.assign(value);
    value.dispose();
    at += variable.size;
  }
}

const product = (numbers: readonly number[]): number => numbers.reduce((a, b) => a * b, 1);
