import type { Random } from "../wire/random.ts";
import type { Batch } from "./data/examples.ts";
import type { BatchResult, GradientSum } from "./engine/micro-batches.ts";
import type { Rates, Resident, ResidentState } from "./engine/resident.ts";
import type { Model } from "./model.ts";
import type { Sequences } from "./models/gpt.ts";
import type { Evaluation } from "./trainer.ts";

/** Samples as a step takes them, plain data for any thread. `seed` decides what dropout leaves out; `offsets` as a `Model` adds them. */
export type Drawn = (Batch & { offsets: Float32Array; seed: number }) | (Sequences & { seed: number });

/** What a task's model does with its data, whatever kind they are of. Samples are named by their place. */
export interface Learner {
  parameters: number;
  pieces: Model["pieces"];
  shapes: Model["shapes"];
  /** Samples to train on. */
  samples: number;
  /** How many of them bear each label; empty where they have none. */
  labelCounts: number[];
  initial(): Float32Array;
  /** The samples of an epoch, in their order: decided by the data seed. */
  order(dataSeed: number, epoch: number): Uint32Array;
  /** What a step needs of these samples. `chance` is drawn from for augmentation and dropout. */
  draw(samples: Uint32Array, chance: Random): Drawn;
  /**
   * Mean cross-entropy in nats, the part that was answered right, and the gradient [parameters], added to `to` if it is
   * there, of what a learner of the same task has drawn: with the same numbers wherever that was.
   */
  gradient(params: Float32Array, drawn: Drawn, to?: GradientSum): Promise<BatchResult>;
  /** AdamW's steps on params that stay on the backend; absent: this model has to be given its params each time. */
  resident?(from: ResidentState, rates: Rates): ResidentLearner;
  /** On the held-out samples. */
  evaluate(params: Float32Array): Promise<Evaluation>;
  /** Loss of each of a few held-out samples, the same ones for the same seed. */
  losses(params: Float32Array, seed: number): Promise<Float64Array>;
  /** Logits, one row an input; inputs are as `Trainer.predict` takes them. */
  answer(params: Float32Array, inputs: readonly Float32Array[]): Promise<Float32Array>;
  dispose(): void;
}

export interface ResidentLearner extends Omit<Resident<never>, "step"> {
  /** As `gradient` and AdamW's step after it, at `part` of the learning rate. */
  step(samples: Uint32Array, chance: Random, part: number): Promise<{ loss: number; accuracy: number }>;
}
