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

function kernelBuffers(parameters: number): AdamWBuffers | null {
  const module = compile();
  if (!module) return null;
  const bytes = 4 * parameters;
  // Two values are read at once: the last may have none beside it.
  const memory = new WebAssembly.Memory({ initial: Math.ceil((4 * bytes + 8) / PAGE) });
  const { adamw } = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Exports;
  const [weights, slope, mean, square] = [0, 1, 2, 3].map((part) => new Float32Array(memory.buffer, part * bytes, parameters)) as [Float32Array, Float32Array, Float32Array, Float32Array];
  return {
    mean,
    square,
    update(params, gradient, each) {
      weights.set(params);
      slope.set(gradient);
      each((from, to, { beta1, beta2, keep, rate, correction, epsilon }) => adamw(0, bytes, 2 * bytes, 3 * bytes, from, to, beta1, beta2, keep, rate, correction, epsilon));
      params.set(weights);
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
