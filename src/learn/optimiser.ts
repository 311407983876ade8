import { createAdamWBuffers } from "./engine/adamw.ts";
import type { Moments } from "./engine/resident.ts";
import { TaskError } from "./errors.ts";
import type { Model } from "./model.ts";
import type { TaskManifest } from "./task.ts";

/** Turns gradients into steps; what it keeps stays on the device between rounds. */
export interface Optimiser {
  /** One step on `params`, in place, at `part` of the learning rate (a schedule's; absent: all of it). */
  step(params: Float32Array, gradient: Float32Array, part?: number): void;
  /** Steps taken since the state was new. */
  steps(): number;
  /** AdamW's state, for steps that are taken on the backend; absent: another optimiser's. What `get` gives is not to be kept. */
  moments?: { get(): Moments; set(moments: Moments): void };
  save(): Uint8Array<ArrayBuffer>;
  /** @throws TaskError `bad-state` */
  load(state: Uint8Array): void;
}

/** @param raised base to a whole exponent; `exactPower` where others have to come to the same bits */
export function createOptimiser(pieces: Model["pieces"], inner: TaskManifest["inner"], raised = Math.pow): Optimiser {
  switch (inner.optimiser) {
    case "adamw":
      return createAdamW(pieces, inner, raised);
    case "sgd":
      return createSgd(pieces, inner);
  }
}

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;
const MAGIC = 0x48414431; // "HAD1"
const HEADER_BYTES = 12;

type Rates = Pick<TaskManifest["inner"], "learningRate" | "weightDecay">;

/**
 * AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019) on the CPU over one flat vector:
 * the same arithmetic whatever backend the gradient came from. Kernels decay, biases do not.
 */
export function createAdamW(pieces: Model["pieces"], { learningRate, weightDecay }: Rates, raised = Math.pow): Optimiser {
  const parameters = pieces.reduce((sum, { length }) => sum + length, 0);
  const { mean, square, update } = createAdamWBuffers(parameters);
  let steps = 0;

  return {
    steps: () => steps,
    step(params, gradient, part = 1) {
      checkLengths(params, gradient, parameters);
      steps += 1;
      const rate = learningRate * part;
      const constants = { beta1: BETA1, beta2: BETA2, epsilon: EPSILON, rate: rate / (1 - raised(BETA1, steps)), correction: 1 / (1 - raised(BETA2, steps)) };
      update(params, gradient, (step) => {
        let at = 0;
        for (const { length, decays } of pieces) step(at, (at += length), { ...constants, keep: decays ? 1 - rate * weightDecay : 1 });
      });
    },

    moments: {
      get: () => ({ mean, square, steps }),
      set(moments) {
        mean.set(moments.mean);
        square.set(moments.square);
        steps = moments.steps;
      },
    },

    /** "HAD1", parameters and steps as big-endian u32, then means and squares as little-endian float32. */
    save() {
      const bytes = new Uint8Array(HEADER_BYTES + 8 * parameters);
      const view = new DataView(bytes.buffer);
      view.setUint32(0, MAGIC);
      view.setUint32(4, parameters);
      view.setUint32(8, steps);
      for (let i = 0; i < parameters; i++) {
        view.setFloat32(HEADER_BYTES + 4 * i, mean[i]!, true);
        view.setFloat32(HEADER_BYTES + 4 * (parameters + i), square[i]!, true);
      }
      return bytes;
    },

    load(state) {
      if (state.length !== HEADER_BYTES + 8 * parameters) throw badState(`${state.length} bytes for ${parameters} parameters`);
      const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
      if (view.getUint32(0) !== MAGIC || view.getUint32(4) !== parameters) throw badState("another layout or model");
      const kept = new Float32Array(2 * parameters);
      for (let i = 0; i < kept.length; i++) kept[i] = view.getFloat32(HEADER_BYTES + 4 * i, true);
      if (!kept.every(Number.isFinite) || kept.subarray(parameters).some((s) => s < 0)) throw badState("numbers out of range");
      mean.set(kept.subarray(0, parameters));
      square.set(kept.subarray(parameters));
      steps = view.getUint32(8);
    },
  };
}

/** By products alone, which IEEE 754 rounds alike everywhere: the last bit of `Math.pow` differs between engines. @param exponent a whole number from 0 */
export function exactPower(base: number, exponent: number): number {
  let result = 1;
  for (let square = base, rest = exponent; rest > 0; square *= square, rest = Math.floor(rest / 2)) if (rest % 2 === 1) result *= square;
  return result;
}

const SGD_MAGIC = 0x48534731; // "HSG1"

/**
 * Plain stochastic gradient descent. Its steps shrink with the gradient: on labels that a device has learnt it stands
 * still, where Adam goes on at full length and carries the model away from the other devices' labels.
 */
export function createSgd(pieces: Model["pieces"], { learningRate, weightDecay }: Rates): Optimiser {
  const parameters = pieces.reduce((sum, { length }) => sum + length, 0);
  let steps = 0;
  return {
    steps: () => steps,
    step(params, gradient, part = 1) {
      checkLengths(params, gradient, parameters);
      steps += 1;
      const rate = learningRate * part;
      let at = 0;
      for (const { length, decays } of pieces) {
        const keep = decays ? 1 - rate * weightDecay : 1;
        for (const end = at + length; at < end; at++) params[at] = keep * params[at]! - rate * gradient[at]!;
      }
    },
    /** "HSG1", parameters and steps as big-endian u32. */
    save() {
      const bytes = new Uint8Array(HEADER_BYTES);
      const view = new DataView(bytes.buffer);
      view.setUint32(0, SGD_MAGIC);
      view.setUint32(4, parameters);
      view.setUint32(8, steps);
      return bytes;
    },
    load(state) {
      if (state.length !== HEADER_BYTES) throw badState(`${state.length} bytes`);
      const view = new DataView(state.buffer, state.byteOffset, state.byteLength);
      if (view.getUint32(0) !== SGD_MAGIC || view.getUint32(4) !== parameters) throw badState("another layout or model");
      steps = view.getUint32(8);
    },
  };
}

/** Shortens a gradient to `length`, in place: one batch that a model from elsewhere gets badly wrong must not throw it far off. */
export function limitNorm(gradient: Float32Array, length: number): void {
  // A loop: `reduce` takes twenty times as long, a good part of a step.
  let squares = 0;
  for (let i = 0; i < gradient.length; i++) squares += gradient[i]! * gradient[i]!;
  const norm = Math.sqrt(squares);
  if (norm > length) for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i]! * length) / norm;
}

function checkLengths(params: Float32Array, gradient: Float32Array, parameters: number): void {
  if (params.length === parameters && gradient.length === parameters) return;
  throw new TaskError("wrong-length", `a step over ${gradient.length} of ${parameters} parameters`);
}

const badState = (what: string) => new TaskError("bad-state", `the kept optimiser state cannot be used (${what}); training goes on from a new one`);
