/** What tests of kernels share: the same computation on two backends, and gradients by finite differences. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
// Brings the gradients of all ops.
import "@tensorflow/tfjs-layers";
import { createRandom } from "../../wire/random.ts";

type Op = (...inputs: tf.Tensor[]) => tf.Tensor;

/** Uniform numbers from −1 to 1, the same for the same seed. */
export function numbers(seed: string | number, length: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length }, () => 2 * random.uniform() - 1);
}

export const randomTensor = (seed: string | number, shape: number[]): tf.Tensor => tf.tensor(numbers(seed, tf.util.sizeFromShape(shape)), shape);

/** Runs `make` on a backend and reads the tensors that it returns. */
export async function valuesOn(backend: "cpu" | "wasm", make: () => tf.Tensor[]): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  const tensors = tf.tidy(make);
  const values = await Promise.all(tensors.map(async (tensor) => Float32Array.from(await tensor.data())));
  tf.dispose(tensors);
  return values;
}

/** Largest difference, as a part of the largest number of `right` or of 1. Not a number where lengths or numbers differ in kind. */
export function gap(left: readonly Float32Array[], right: readonly Float32Array[]): number {
  if (left.length !== right.length) return NaN;
  return left.reduce((worst, part, i) => {
    const other = right[i]!;
    if (part.length !== other.length) return NaN;
    const scale = other.reduce((top, value) => Math.max(top, Math.abs(value)), 1);
    return part.reduce((top, value, j) => Math.max(top, Math.abs(value - other[j]!) / scale), worst);
  }, 0);
}

/** An op's output and its gradients by all inputs of these shapes, weighed by a random dy. */
export function outputAndGradients(op: Op, shapes: number[][], inputs = shapes.map((shape, i) => randomTensor(`input ${i}`, shape))): tf.Tensor[] {
  const output = op(...inputs);
  return [output, ...tf.grads(op)(inputs, randomTensor("dy", output.shape))];
}

/**
 * How far an op's gradient is from its finite difference along a random direction, as a part of the two's size (at
 * least 1). Float32 leaves about 0.001 of it.
 */
export function differenceGap(op: Op, inputs: tf.Tensor[], step = 1 / 64): number {
  return tf.tidy(() => {
    const dy = randomTensor("dy", op(...inputs).shape);
    const direction = inputs.map((input, i) => randomTensor(`direction ${i}`, input.shape));
    const dot = (a: tf.Tensor, b: tf.Tensor) => {
      const other = b.dataSync();
      return Array.from(a.dataSync()).reduce((sum, value, i) => sum + value * other[i]!, 0);
    };
    const at = (by: number) => dot(op(...inputs.map((input, i) => tf.add(input, tf.mul(direction[i]!, by)))), dy);
    const slope = (at(step) - at(-step)) / (2 * step);
    const gradient = tf.grads(op)(inputs, dy).reduce((sum, g, i) => sum + dot(g, direction[i]!), 0);
    return Math.abs(slope - gradient) / Math.max(1, Math.abs(slope), Math.abs(gradient));
  });
}
