import type { TaskManifest } from "./task.ts";

export type Backend = "webgpu" | "wasm" | "cpu";

/** What a device trains on. It never leaves the device. */
export type DataChoice =
  | {
      kind: "share";
      /** This device's share, 0 ≤ share < shares. */
      share: number;
      shares: number;
      /** Dirichlet concentration of the labels over the shares; absent: even shares. */
      alpha?: number;
      /** Keep only these labels. */
      labels?: number[];
    }
  | { kind: "drawn"; images: Uint8Array; labels: Uint8Array };

export interface TrainerInfo {
  backend: Backend;
  parameters: number;
  /** Samples that this device trains on. */
  samples: number;
  /** How many of them bear each label. */
  labelCounts: number[];
}

export interface RoundRequest {
  /** Committed model, float32, one flat vector in the order of the model's trainable weights. */
  params: Float32Array;
  /** Seeds batch order and dropout together with the device's data seed. */
  round: number;
  localSteps: number;
}

export interface BatchProgress {
  step: number;
  steps: number;
  epoch: number;
  /** Mean cross-entropy of the batch, in nats. */
  loss: number;
  accuracy: number;
  samplesPerSecond: number;
}

export interface RoundResult {
  /** Trained minus committed, float32, same order as `params`. */
  delta: Float32Array;
  samples: number;
  loss: number;
  accuracy: number;
}

export interface Evaluation {
  /** Share of the held-out samples answered right, 0 to 1. */
  accuracy: number;
  loss: number;
  samples: number;
}

export interface Prediction {
  probabilities: number[];
  milliseconds: number;
}

/** One task's model and data on this device; lives in the train worker. */
export interface Trainer {
  /** Without data (null) it can answer and score, and not train. */
  load(task: TaskManifest, data: DataChoice | null, dataSeed: number, backend?: Backend): Promise<TrainerInfo>;
  /** The task's first model: the same numbers on every device, drawn from the task's seed. */
  initial(): Promise<Float32Array>;
  /** Round → epoch → batch. Yields after each batch; `return()` stops before the next one. */
  train(request: RoundRequest): AsyncGenerator<BatchProgress, RoundResult, void>;
  /** On the held-out test set, which no device trains on. */
  evaluate(params: Float32Array): Promise<Evaluation>;
  /** `pixels`: 28 × 28 values, 0 (paper) to 1 (ink), row by row. */
  predict(params: Float32Array, pixels: Float32Array): Promise<Prediction>;
  /** Inner optimiser state and data position, to go on after a reload; null before the first round. */
  saveState(): Promise<Uint8Array<ArrayBuffer> | null>;
  loadState(state: Uint8Array): Promise<void>;
}
