import { createRandom } from "../wire/random.ts";
import type { Trained } from "../swarm/events.ts";

/** Points that everybody has, and local steps on them: training that another device can do again. */
export interface Points {
  /** @param wrong poisons the labels */
  train(start: Float32Array, seed: number, steps: number, wrong?: boolean): Trained;
}

const COUNT = 64;
const BATCH = 8;

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** Least squares by SGD: each point's label is its product with the goal, so that the steps lead there. */
export function createPoints(seed: number, goal: Float32Array): Points {
  /** Made for whoever trains on them: of a large model they are many numbers, and most rooms have no audits. */
  let made: { rows: Float32Array[]; labels: number[] } | null = null;
  function make(): NonNullable<typeof made> {
    const random = createRandom(["points", seed]);
    const rows = Array.from({ length: COUNT }, () => Float32Array.from(goal, () => 2 * random.uniform() - 1));
    return { rows, labels: rows.map((row) => dot(row, goal)) };
  }
  return {
    train(start, chance, steps, wrong = false) {
      const { rows, labels } = (made ??= make());
      const draw = createRandom(["order", chance]);
      const weights = Float32Array.from(start);
      let loss = 0;
      for (let step = 0; step < steps; step++) {
        for (let sample = 0; sample < BATCH; sample++) {
          const at = draw.below(COUNT);
          const error = dot(rows[at]!, weights) - (wrong ? -1 : 1) * labels[at]!;
          loss += error ** 2 / BATCH / steps;
          rows[at]!.forEach((value, i) => (weights[i] = weights[i]! - (0.5 / goal.length) * error * value));
        }
      }
      return { delta: weights.map((value, i) => value - start[i]!), steps, samples: COUNT, loss: Math.min(100, loss), accuracy: 0.5, labels: [32, 16, 16] };
    },
  };
}
