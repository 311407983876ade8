import * as tf from "@tensorflow/tfjs-core";
import { sequential } from "@tensorflow/tfjs-layers";
import { createRandom } from "../wire/random.ts";
import { crossEntropy } from "./engine/ops/cross-entropy.ts";
import { TaskError } from "./errors.ts";
import type { TaskManifest } from "./task.ts";
import { planLayers } from "./topology.ts";

export interface Model {
  parameters: number;
  /** Lengths of the weights that make up the flat vector, and whether weight decay applies (kernels, not biases). */
  pieces: { length: number; decays: boolean }[];
  /**
   * Loss, logits and gradient of one batch.
   * @param pixels float32 [batch, height, width], 0 to 1; @param labels [batch]
   * @param offsets [labels], added to the logits within the loss only
   * Resolves to the mean cross-entropy in nats, logits [batch × labels] and the gradient [parameters].
   */
  gradient(params: Float32Array, pixels: Float32Array, labels: Uint8Array, offsets: Float32Array): Promise<{ loss: number; logits: Float32Array; gradient: Float32Array }>;
  /** Logits [batch × labels] of float32 pixels [batch, height, width]. */
  logits(params: Float32Array, pixels: Float32Array): Promise<Float32Array>;
  dispose(): void;
}

/**
 * A task's model on the current backend. Params are one flat float32 vector: layer after layer, kernel then bias.
 * @throws TaskError
 */
export function createModel(task: TaskManifest): Model {
  const [height, width] = task.data.shape;
  const outputs = task.data.labels;
  const planned = planLayers(task.model, [height, width, 1], outputs);
  const network = sequential();
  for (const { layer } of planned) network.add(layer);
  const variables = network.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const shapes = planned.flatMap(({ weights }) => weights);
  if (variables.length !== network.weights.length || variables.some(({ shape }, i) => shape.join() !== shapes[i]?.join())) {
    network.dispose();
    throw new TaskError("bad-model", "the model holds weights that a swarm cannot share");
  }
  const parameters = variables.reduce((sum, { size }) => sum + size, 0);

  const images = (pixels: Float32Array): tf.Tensor4D => tf.tensor4d(pixels, [pixels.length / (height * width), height, width, 1]);
  const run = (x: tf.Tensor4D, training: boolean) => network.apply(x, { training }) as tf.Tensor2D;

  /** The variables hold nobody's params between calls: each call brings its own, so that calls may interleave. */
  const write = (params: Float32Array) => {
    if (params.length !== parameters) throw new TaskError("wrong-length", `${params.length} parameters for a model of ${parameters}`);
    let at = 0;
    for (const variable of variables) {
      const value = tf.tensor(params.slice(at, at + variable.size), variable.shape);
      variable.assign(value);
      value.dispose();
      at += variable.size;
    }
  };

  return {
    parameters,
    pieces: variables.map(({ size, rank }) => ({ length: size, decays: rank > 1 })),
    async gradient(params, pixels, labels, offsets) {
      write(params);
      // One vector, so that a GPU is read once a batch.
      const packed = tf.tidy(() => {
        const x = images(pixels);
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
      const numbers = (await packed.data()) as Float32Array;
      packed.dispose();
      const afterLogits = 1 + labels.length * outputs;
      return { loss: numbers[0]!, logits: numbers.subarray(1, afterLogits), gradient: numbers.subarray(afterLogits) };
    },
    async logits(params, pixels) {
      write(params);
      const out = tf.tidy(() => run(images(pixels), false));
      const numbers = (await out.data()) as Float32Array;
      out.dispose();
      return numbers;
    },
    dispose: () => void network.dispose(),
  };
}

/**
 * The task's first model: kernels by Glorot and Bengio (2010), uniform within ±√(6 / (fan in + fan out)), biases zero.
 * Only +, ×, ÷ and √ are used, which IEEE 754 rounds alike everywhere, so that all devices start with the same bytes.
 */
export function initialParams(task: TaskManifest): Float32Array<ArrayBuffer> {
  const [height, width] = task.data.shape;
  const shapes = planLayers(task.model, [height, width, 1], task.data.labels).flatMap(({ weights }) => weights);
  const random = createRandom([task.seed, "initial"]);
  const params = new Float32Array(shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0));
  let at = 0;
  for (const shape of shapes) {
    const length = shape.reduce((a, b) => a * b, 1);
    if (shape.length > 1) {
      const field = shape.slice(0, -2).reduce((a, b) => a * b, 1);
      const limit = Math.sqrt(6 / (field * (shape.at(-2)! + shape.at(-1)!)));
      for (let i = at; i < at + length; i++) params[i] = (2 * random.uniform() - 1) * limit;
    }
    at += length;
  }
  return params;
}
