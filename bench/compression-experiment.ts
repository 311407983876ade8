import { createOuter } from "../src/learn/outer-optimiser.ts";
import { BLOCK_BYTES, layoutOf } from "../src/securesum/params.ts";
import { emptyCarry } from "../src/update/compression/carry.ts";
import { createCompressor, type Compression } from "../src/update/compression/compression.ts";
import { CHANGE_BITS } from "../src/update/compression/rounding.ts";
import { FRACTION_BITS, toFixed, toFloat } from "../src/update/fixed.ts";
import { quantise } from "../src/update/quantise.ts";

/** Devices that learn one model. */
export interface Learners {
  devices: number;
  shapes: number[][];
  initial: Float32Array;
  /** What device `device` makes of `params` in a round, less those; rounds count from 0. */
  train(device: number, params: Float32Array, round: number): Promise<Float32Array>;
  /** Held out: accuracy, or loss in nats. */
  score(params: Float32Array): Promise<number>;
}

/** `fp32`: the mean of floats. `one-step`: what was there before, one power of two for all values and nothing carried on. */
export type Method = { kind: "fp32" } | { kind: "one-step"; bits: number } | { kind: "compressed"; compression: Compression; bits: number };

export interface Run {
  /** By how many rounds were done. */
  scores: Map<number, number>;
  /** Of one device's update after each round, added up: as floats, or encrypted in whole blocks. */
  bytes: number[];
}

export interface Plan {
  rounds: number;
  every: number;
  seed: number;
  stepExponent: number;
}

export async function federate(learners: Learners, method: Method, { rounds, every, seed, stepExponent }: Plan): Promise<Run> {
  const average = averageOf(method, learners, { seed, stepExponent });
  const run: Run = { scores: new Map(), bytes: [] };
  for (let round = 0; round < rounds; round++) {
    const values = await average.round(round);
    const bytes = method.kind === "fp32" ? 4 * values : Math.ceil(values / layoutOf(method.bits, learners.devices).perBlock) * BLOCK_BYTES;
    run.bytes.push((run.bytes.at(-1) ?? 0) + bytes);
    if ((round + 1) % every === 0 || round === rounds - 1) run.scores.set(round + 1, await learners.score(average.params()));
  }
  return run;
}

interface Average {
  /** One round; resolves to the values that a device sent. */
  round(round: number): Promise<number>;
  params(): Float32Array;
}

function averageOf(method: Method, learners: Learners, setting: { seed: number; stepExponent: number }): Average {
  switch (method.kind) {
    case "fp32":
      return floats(learners);
    case "one-step":
      return oneStep(learners, method.bits, setting);
    case "compressed":
      return compressed(learners, method, setting);
  }
}

function floats({ devices, initial, train }: Learners): Average {
  let params = Float64Array.from(initial);
  return {
    params: () => Float32Array.from(params),
    async round(round) {
      const next = params.slice();
      for (let i = 0; i < devices; i++) (await train(i, Float32Array.from(params), round)).forEach((value, at) => (next[at]! += value / devices));
      params = next;
      return initial.length;
    },
  };
}

function oneStep({ devices, initial, train }: Learners, bits: number, setting: { seed: number; stepExponent: number }): Average {
  const outer = createOuter(undefined);
  let params = toFixed(initial);
  let { stepExponent } = setting;
  return {
    params: () => toFloat(params),
    async round(round) {
      const sum = new Int32Array(initial.length);
      let [clipped, large] = [0, 0];
      for (let i = 0; i < devices; i++) {
        const own = quantise(await train(i, toFloat(params), round), { bits, stepExponent, seed: [setting.seed, round, i] });
        own.values.forEach((value, at) => (sum[at]! += value));
        clipped += own.clipped;
        large += own.large;
      }
      ({ params } = outer.step(outer.initial(initial.length), params, sum, devices, stepExponent));
      stepExponent = nextStepExponent(stepExponent, clipped, large, initial.length * devices);
      return initial.length;
    },
  };
}

function compressed({ devices, initial, shapes, train }: Learners, { compression, bits }: Method & { kind: "compressed" }, { seed, stepExponent }: { seed: number; stepExponent: number }): Average {
  const compressor = createCompressor({ compression, bits, stepExponent, seed: [seed, "compression"] }, shapes);
  const outer = createOuter(undefined);
  const carries = Array.from({ length: devices }, () => emptyCarry(initial.length));
  let shared = compressor.initial();
  let params = toFixed(initial);
  return {
    params: () => toFloat(params),
    async round(round) {
      const sum = new Int32Array(compressor.length(round));
      for (const [i, carry] of carries.entries()) {
        const delta = await train(i, compressor.start(toFloat(params), carry), round);
        const own = compressor.encode(delta, carry, { round, shared, chance: [seed, i] });
        own.values.forEach((value, at) => (sum[at]! += value));
        carries[i] = own.carry;
      }
      const decoded = compressor.decode(sum, devices, { round, shared });
      ({ shared } = decoded);
      ({ params } = outer.step(outer.initial(initial.length), params, decoded.change, 2 ** (CHANGE_BITS - FRACTION_BITS), 0));
      return sum.length;
    },
  };
}

const MAX_STEP_EXPONENT = 16;

/**
 * The next round's quantisation step, from public sums only: double it when more than 1 value in 1,000 was
 * clipped, halve it when fewer than 1 in 5,000 used the upper half of the range.
 */
function nextStepExponent(stepExponent: number, clipped: number, large: number, values: number): number {
  if (clipped * 1000 > values) return Math.min(MAX_STEP_EXPONENT, stepExponent + 1);
  if (large * 5000 < values) return Math.max(0, stepExponent - 1);
  return stepExponent;
}
