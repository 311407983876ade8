import { INT32_MAX } from "../update/fixed.ts";
import { TaskError } from "./errors.ts";
import { outerStep } from "./outer.ts";
import type { TaskManifest } from "./task.ts";

/**
 * What the outer optimiser keeps from round to round; the same on every device. A commit has to stand for its bytes,
 * and whoever takes a model over takes it along. All numbers are whole.
 */
export interface OuterState {
  /** Momentum, in FINE-ths of a fixed-point unit: empty for `average`. */
  momentum: Int32Array<ArrayBuffer>;
  /** Mean square of the updates in the square of that unit, below 2^53: of `fedadam` only. */
  square: Float64Array<ArrayBuffer>;
}

export interface OuterStepped {
  state: OuterState;
  /** The next model, in fixed point. */
  params: Int32Array<ArrayBuffer>;
}

export interface OuterOptimiser {
  /** State before the first round. */
  initial(parameters: number): OuterState;
  /**
   * @param params committed parameters in fixed point
   * @param sum of `count` quantised updates, in steps of 2^stepExponent fixed-point units
   */
  step(state: OuterState, params: Int32Array, sum: Int32Array, count: number, stepExponent: number): OuterStepped;
}

/** A fixed-point unit is 2^-20; momentum counts in 2^-26. */
const FINE = 2 ** 6;
const UNIT = 2 ** 26;
/** A mean update beyond ±1 is cut, so that its square stays a whole number below 2^53. */
const MOST_MEAN = UNIT;
/** Rates and decays are whole 2^-16ths. */
const Q = 2 ** 16;

const NO_STATE: OuterState = { momentum: new Int32Array(), square: new Float64Array() };

/**
 * The outer step of a task. Everything is in whole numbers, and what is rounded is the quotient or product of numbers
 * that a double holds exactly, which IEEE 754 rounds alike everywhere: all devices get the same bytes.
 */
export function createOuter(outer: TaskManifest["outer"]): OuterOptimiser {
  switch (outer?.kind ?? "average") {
    case "average":
      return { initial: () => NO_STATE, step: (state, params, sum, count, stepExponent) => ({ state, params: outerStep(params, sum, count, stepExponent) }) };
    case "nesterov":
      return nesterov(outer as Extract<typeof outer, { kind: "nesterov" }>);
    case "fedadam":
      return fedAdam(outer as Extract<typeof outer, { kind: "fedadam" }>);
  }
}

/**
 * DiLoCo's outer step (Douillard et al., 2023): SGD with Nesterov momentum on the mean update, as PyTorch writes it:
 * m ← μ m + d; θ ← θ + rate · (d + μ m).
 */
function nesterov({ rate, momentum: mu }: { rate: number; momentum: number }): OuterOptimiser {
  const [rateQ, muQ] = [Math.round(rate * Q), Math.round(mu * Q)];
  return {
    initial: (parameters) => ({ momentum: new Int32Array(parameters), square: new Float64Array() }),
    step({ momentum }, params, sum, count, stepExponent) {
      const mean = meanOf(sum, count, stepExponent);
      const next = new Int32Array(params.length);
      const kept = new Int32Array(params.length);
      for (let i = 0; i < params.length; i++) {
        kept[i] = within(Math.round((muQ * momentum[i]!) / Q) + mean[i]!, INT32_MAX);
        const ahead = mean[i]! + Math.round((muQ * kept[i]!) / Q);
        next[i] = within(params[i]! + Math.round((rateQ * ahead) / (Q * FINE)), INT32_MAX);
      }
      return { state: { momentum: kept, square: new Float64Array() }, params: next };
    },
  };
}

/**
 * FedAdam (Reddi et al., "Adaptive Federated Optimization", 2021): m ← β₁ m + (1 − β₁) d; v ← β₂ v + (1 − β₂) d²;
 * θ ← θ + rate · m / (√v + τ). v begins at τ².
 */
function fedAdam({ rate, beta1, beta2, tau }: { rate: number; beta1: number; beta2: number; tau: number }): OuterOptimiser {
  const [beta1Q, beta2Q] = [Math.round(beta1 * Q), Math.round(beta2 * Q)];
  const rateFixed = Math.round((rate * UNIT) / FINE);
  const tauFine = Math.round(tau * UNIT);
  return {
    initial: (parameters) => ({ momentum: new Int32Array(parameters), square: new Float64Array(parameters).fill(tauFine * tauFine) }),
    step({ momentum, square }, params, sum, count, stepExponent) {
      const mean = meanOf(sum, count, stepExponent);
      const next = new Int32Array(params.length);
      const kept = new Int32Array(params.length);
      const squares = new Float64Array(params.length);
      for (let i = 0; i < params.length; i++) {
        const d = mean[i]!;
        kept[i] = d + Math.round((beta1Q * (momentum[i]! - d)) / Q);
        // The quotient is exact; its product is rounded once to a double and once to a whole number.
        squares[i] = d * d + Math.round(((square[i]! - d * d) / Q) * beta2Q);
        next[i] = within(params[i]! + Math.round((rateFixed * kept[i]!) / (wholeRoot(squares[i]!) + tauFine)), INT32_MAX);
      }
      return { state: { momentum: kept, square: squares }, params: next };
    },
  };
}

const within = (value: number, most: number): number => Math.max(-most, Math.min(most, value));

/** Mean of the updates in 2^-26. */
function meanOf(sum: Int32Array, count: number, stepExponent: number): Float64Array {
  const factor = 2 ** stepExponent * FINE;
  return Float64Array.from(sum, (value) => within(Math.round((value * factor) / count), MOST_MEAN));
}

/** ⌊√x⌋ of a whole number below 2^53. `Math.sqrt` need not be exact (ECMA-262, 21.3.2.32), so its last step is checked. */
function wholeRoot(x: number): number {
  let root = Math.floor(Math.sqrt(x));
  while (root * root > x) root -= 1;
  while ((root + 1) * (root + 1) <= x) root += 1;
  return root;
}

const MAGIC = 0x484f5531; // "HOU1"
const HEADER_BYTES = 12;

export const outerSize = ({ momentum, square }: OuterState): number => (momentum.length === 0 ? 0 : HEADER_BYTES + momentum.byteLength + square.byteLength);

/**
 * The state's only encoding, to be hashed, kept and handed on: "HOU1", lengths of both parts as big-endian u32, then
 * momentum as little-endian int32 and squares as little-endian float64. Nothing for a state without numbers.
 */
export function outerBytes(state: OuterState): Uint8Array<ArrayBuffer> {
  const { momentum, square } = state;
  const bytes = new Uint8Array(outerSize(state));
  if (momentum.length === 0) return bytes;
  const view = new DataView(bytes.buffer);
  [MAGIC, momentum.length, square.length].forEach((value, i) => view.setUint32(4 * i, value));
  momentum.forEach((value, i) => view.setInt32(HEADER_BYTES + 4 * i, value, true));
  const squares = HEADER_BYTES + 4 * momentum.length;
  square.forEach((value, i) => view.setFloat64(squares + 8 * i, value, true));
  return bytes;
}

/**
 * @param bytes from a peer or the store; @param like a state of this task, as `initial` gives it
 * @throws TaskError `bad-state`
 */
export function outerFrom(bytes: Uint8Array, like: OuterState): OuterState {
  const bad = (what: string) => new TaskError("bad-state", `this is no outer state of the task (${what}); take the model from another peer`);
  if (like.momentum.length === 0) {
    if (bytes.length !== 0) throw bad("there should be none");
    return NO_STATE;
  }
  if (bytes.length !== outerSize(like)) throw bad(`${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0) !== MAGIC || view.getUint32(4) !== like.momentum.length || view.getUint32(8) !== like.square.length) throw bad("another layout or model");
  const momentum = Int32Array.from({ length: like.momentum.length }, (_, i) => view.getInt32(HEADER_BYTES + 4 * i, true));
  const squares = HEADER_BYTES + 4 * momentum.length;
  const square = Float64Array.from({ length: like.square.length }, (_, i) => view.getFloat64(squares + 8 * i, true));
  if (momentum.some((value) => value < -INT32_MAX) || square.some((value) => !Number.isSafeInteger(value) || value < 0 || Object.is(value, -0))) throw bad("numbers out of range");
  return { momentum, square };
}
