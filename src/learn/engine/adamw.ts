import base64 from "../../wasm/build/learn-adamw.ts";
import { compileKernel } from "../../wasm/load.ts";

/** Constants of one step: see `createAdamW`. */
export interface AdamWStep {
  beta1: number;
  beta2: number;
  epsilon: number;
  /** What decay leaves of a weight. */
  keep: number;
  /** Learning rate, corrected for the mean's start at 0. */
  rate: number;
  /** Corrects the square's start at 0. */
  correction: number;
}

/** The state of AdamW over one flat vector, and its step on values `from` to `to`. */
export interface AdamWBuffers {
  mean: Float32Array;
  square: Float32Array;
  /** Runs `each` with a step on `params`, in place. */
  update(params: Float32Array, gradient: Float32Array, each: (step: (from: number, to: number, constants: AdamWStep) => void) => void): void;
}

interface Exports {
  adamw(params: number, gradient: number, mean: number, square: number, from: number, to: number, beta1: number, beta2: number, keep: number, rate: number, correction: number, epsilon: number): void;
}

const PAGE = 65_536;

/** On a WASM kernel where there is SIMD, else in a loop; both round alike, so that kept state goes on anywhere. */
export const createAdamWBuffers = (parameters: number): AdamWBuffers => kernelBuffers(parameters) ?? loopBuffers(parameters);

/** Values that are copied to the kernel's memory at once, so that it holds no second model and gradient. */
const BLOCK = 16_384;

function kernelBuffers(parameters: number): AdamWBuffers | null {
  const module = compile();
  if (!module) return null;
  const at = { mean: 0, square: 4 * parameters, weights: 8 * parameters, slope: 8 * parameters + 4 * BLOCK };
  // Two values are read at once: the last may have none beside it.
  const memory = new WebAssembly.Memory({ initial: Math.ceil((at.slope + 4 * BLOCK + 8) / PAGE) });
  const { adamw } = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
  const part = (start: number, length: number) => new Float32Array(memory.buffer, start, length);
  const [mean, square, weights, slope] = [part(at.mean, parameters), part(at.square, parameters), part(at.weights, BLOCK), part(at.slope, BLOCK)];
  return {
    mean,
    square,
    update(params, gradient, each) {
      each((from, to, { beta1, beta2, keep, rate, correction, epsilon }) => {
        for (let first = from; first < to; first += BLOCK) {
          const last = Math.min(to, first + BLOCK);
          weights.set(params.subarray(first, last));
          slope.set(gradient.subarray(first, last));
          adamw(at.weights, at.slope, at.mean + 4 * first, at.square + 4 * first, 0, last - first, beta1, beta2, keep, rate, correction, epsilon);
          params.set(weights.subarray(0, last - first), first);
        }
      });
    },
  };
}

function compile(): WebAssembly.Module | null {
  try {
    return compileKernel(base64);
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return null;
    throw error;
  }
}

export function loopBuffers(parameters: number): AdamWBuffers {
  const mean = new Float32Array(parameters);
  const square = new Float32Array(parameters);
  return {
    mean,
    square,
    update: (params, gradient, each) =>
      each((from, to, { beta1, beta2, keep, rate, correction, epsilon }) => {
        for (let at = from; at < to; at++) {
          const g = gradient[at]!;
          const m = (mean[at] = beta1 * mean[at]! + (1 - beta1) * g);
          const s = (square[at] = beta2 * square[at]! + (1 - beta2) * g * g);
          params[at] = keep * params[at]! - (rate * m) / (Math.sqrt(s * correction) + epsilon);
        }
      }),
  };
}
