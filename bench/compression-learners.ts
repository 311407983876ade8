import { createTrainer } from "../src/learn/create-trainer.ts";
import { createGpt, initialGpt, type GptConfig, type Sequences } from "../src/learn/models/gpt.ts";
import { createAdamW } from "../src/learn/optimiser.ts";
import { dirichletShares } from "../src/learn/partition.ts";
import { digitsTask } from "../src/learn/tasks/digits.ts";
import { nodeWasmFiles, readPackFile } from "../src/learn/testing/node.ts";
import { createRandom } from "../src/wire/random.ts";
import type { Learners } from "./compression-experiment.ts";
import { initialMlp, MLP_SHAPES, scoreMlp, trainMlp, type Digits } from "./compression-mlp.ts";
import type { Corpus } from "./text-experiment.ts";

/** The app's own digits task and trainer, four devices that hold two or three labels each, as in `e2e/uneven.spec.ts`. */
export async function unevenTabs(seed: number): Promise<Learners> {
  const held = [[0, 1, 2], [3, 4, 5], [6, 7], [8, 9]];
  const trainers = held.map(() => createTrainer({ loadPack: readPackFile, wasmFiles: nodeWasmFiles }));
  const task = { ...digitsTask, seed };
  let shapes: number[][] = [];
  for (const [share, labels] of held.entries()) ({ shapes } = await trainers[share]!.load(task, { kind: "share", share, shares: held.length, labels }, seed + share, "wasm"));
  return {
    devices: trainers.length,
    shapes,
    initial: await trainers[0]!.initial(),
    async train(device, params, round) {
      const steps = trainers[device]!.train({ params, round: round + 1, localSteps: task.inner.localSteps });
      for (;;) {
        const { done, value } = await steps.next();
        if (done) return value.delta;
      }
    },
    score: async (params) => (await trainers[0]!.evaluate(params)).accuracy,
  };
}

/** @param alpha of the labels over the devices: large is even, small is uneven */
export function digitMlps({ train, test }: { train: Digits; test: Digits }, { devices, alpha, steps, seed }: { devices: number; alpha: number; steps: number; seed: number }): Learners {
  const shares = dirichletShares(train.labels, 10, devices, alpha, seed);
  return {
    devices,
    shapes: MLP_SHAPES,
    initial: initialMlp(seed),
    train: async (device, params, round) => trainMlp(params, train, shares[device]!, steps, [seed, device, round]),
    score: async (params) => scoreMlp(params, test),
  };
}

const RATES = { learningRate: 0.003, weightDecay: 0.01 };
const BATCH = 8;
const SCORED = 96;

/** A small GPT; each device has its stretch of the book and keeps its AdamW state. On the current backend of tfjs. */
export function writers({ vocabulary, shards, heldOut }: Corpus, shape: Omit<GptConfig, "vocabulary">, { steps, seed }: { steps: number; seed: number }): Learners {
  const config = { ...shape, vocabulary };
  const gpt = createGpt(config);
  const optimisers = shards.map(() => createAdamW(gpt.pieces, RATES));
  const cut = (tokens: Int32Array, starts: readonly number[]): Sequences => {
    const at = (by: number) => Int32Array.from(starts.flatMap((start) => [...tokens.subarray(start + by, start + by + shape.context)]));
    return { tokens: at(0), targets: at(1), time: shape.context };
  };
  const scored = cut(heldOut, Array.from({ length: SCORED }, (_, i) => i * Math.floor((heldOut.length - shape.context - 1) / SCORED)));
  return {
    devices: shards.length,
    shapes: gpt.shapes,
    initial: initialGpt(config, seed),
    async train(device, params, round) {
      const random = createRandom([seed, device, round]);
      const tokens = shards[device]!;
      const trained = params.slice();
      for (let step = 0; step < steps; step++) {
        const starts = Array.from({ length: BATCH }, () => random.below(tokens.length - shape.context));
        optimisers[device]!.step(trained, (await gpt.gradient(trained, cut(tokens, starts), step)).gradient, Math.min(1, (optimisers[device]!.steps() + 1) / 50));
      }
      return trained.map((value, i) => value - params[i]!);
    },
    score: (params) => gpt.loss(params, scored),
  };
}
