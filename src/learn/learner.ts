import type { Random } from "../wire/random.ts";
import type { Model } from "./model.ts";
import type { Evaluation } from "./trainer.ts";

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
  /**
   * Mean cross-entropy of a batch in nats, the part that was answered right, and the gradient [parameters].
   * `chance` is drawn from for augmentation and dropout.
   */
  gradient(params: Float32Array, samples: Uint32Array, chance: Random): Promise<{ loss: number; accuracy: number; gradient: Float32Array }>;
  /** On the held-out samples. */
  evaluate(params: Float32Array): Promise<Evaluation>;
  /** Logits, one row an input; inputs are as `Trainer.predict` takes them. */
  answer(params: Float32Array, inputs: readonly Float32Array[]): Promise<Float32Array>;
  dispose(): void;
}
