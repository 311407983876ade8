import type { TaskManifest } from "./task.ts";

export type Backend = "webgpu" | "wasm" | "cpu";

/** What a model may train on: a backend, or WASM on several threads. */
export type Way = Backend | "threads";

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
  | { kind: "drawn"; images: Uint8Array; labels: Uint8Array }
  | {
      kind: "files";
      /** As the task's data are: one CSV file, texts, picture files, labelled text files, or an IDX file of pictures and one of labels. */
      files: Blob[];
      /** One a picture file or labelled text file. */
      labels?: number[];
      /** The person has agreed to leave out what cannot be used; absent: the first such rows are an error. */
      leaveOutBadRows?: boolean;
      /** Of a CSV file: what it calls a column, by its name in the task, and what stands between two fields. */
      names?: Record<string, string>;
      separator?: string;
    };

export interface TrainerInfo {
  backend: Backend;
  /** Threads that a batch is cut for; 1: it is not. */
  threads: number;
  /** Milliseconds a step in each way that was tried for this model, now or before; null: it failed. Empty where there was no choice. */
  trial: Partial<Record<Way, number | null>>;
  /** Samples whose activations fit into this device's memory; a larger batch goes in parts, with the same result. */
  atOnce: number;
  parameters: number;
  /** Shapes of the trainable tensors, in the order of the flat vector: compression works on them. */
  shapes: number[][];
  /** Samples that this device trains on; of a text, sequences. */
  samples: number;
  /** How many of them bear each label; empty for text. */
  labelCounts: number[];
  /** Rows of a person's file that were left out, as agreed. */
  leftOut: number;
}

export interface RoundRequest {
  /** Committed model, float32, one flat vector in the order of the model's trainable weights. */
  params: Float32Array;
  /** Seeds batch order and dropout together with the device's data seed. */
  round: number;
  /** How often this round's update was dropped before: other samples are due each time; absent: never. */
  lost?: number;
  /**
   * Says on which samples, and seeds all chance, in place of the device's data seed; nothing of the device's past goes in,
   * nor is any of it kept, so that whoever has the same data can do the round again, bit for bit (`rerun` in the task).
   */
  seed?: number;
  localSteps: number;
  /** So many of them are done, by a device that is held back; absent: all. */
  stepsAtMost?: number;
  /** Where an earlier visit left this round; absent: its beginning. */
  from?: Position;
  /** Milliseconds after which a batch's progress tells the position, so that it can be kept; absent: never. */
  keepEvery?: number;
}

/** How far a round has come: with the optimiser's state at this moment, all that it needs to go on. */
export interface Position {
  steps: number;
  /** Params after so many local steps. */
  trained: Float32Array;
  /** Sums over the steps. */
  loss: number;
  accuracy: number;
}

export interface BatchProgress {
  step: number;
  steps: number;
  epoch: number;
  /** Mean cross-entropy of the batch, in nats. */
  loss: number;
  accuracy: number;
  samplesPerSecond: number;
  /** What the step ran on, which changes where a GPU is lost, on how many threads, and its dispatches where they are counted (WebGPU). */
  engine?: { backend: Backend; threads: number; dispatches: number | null };
  /** Now and then, where the request asked for it. */
  position?: Position;
}

export interface RoundResult {
  /** Trained minus committed, float32, same order as `params`. */
  delta: Float32Array;
  /** Local steps that were done. */
  steps: number;
  samples: number;
  loss: number;
  accuracy: number;
}

export interface Evaluation {
  /** Share of the held-out samples answered right, 0 to 1. */
  accuracy: number;
  /** Mean cross-entropy, in nats. */
  loss: number;
  /** Samples scored; of a text, bytes. */
  samples: number;
  /** Counts by label (row) and answer (column); null for text. */
  confusion: number[][] | null;
  /** Of a text; null for what has labels. */
  bitsPerByte: number | null;
}

export interface Prediction {
  /** Of each label, or of each byte to come next. */
  probabilities: number[];
  milliseconds: number;
}

export interface Predictions {
  /** One row an input. */
  probabilities: number[][];
  /** For all of them together. */
  milliseconds: number;
}

/** `tfjs`: model.json and weights.bin; `onnx`: one file. */
export type ModelFormat = "tfjs" | "onnx";

export interface NamedFile {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** One task's model and data on this device; lives in the train worker. */
export interface Trainer {
  /**
   * Without data (null) it can answer and score, and not train.
   * @param threads to train on where that is WASM; absent: what a trial finds. Where a page is not isolated there is one.
   */
  load(task: TaskManifest, data: DataChoice | null, dataSeed: number, backend?: Backend, threads?: number): Promise<TrainerInfo>;
  /** The task's first model: the same numbers on every device, drawn from the task's seed. */
  initial(): Promise<Float32Array>;
  /** Round → epoch → batch. Yields after each batch; `return()` stops before the next one. */
  train(request: RoundRequest): AsyncGenerator<BatchProgress, RoundResult, void>;
  /** On the held-out test set, which no device trains on. */
  evaluate(params: Float32Array): Promise<Evaluation>;
  /**
   * Cross-entropy of each of a few held-out samples, in nats, infinite or NaN where the model is out of bounds. Always
   * the same ones, which this device's data seed says and nobody else knows: no model can be made for them.
   */
  losses(params: Float32Array): Promise<Float64Array>;
  /**
   * `input`: of a picture, its pixels, 0 (paper) to 1 (ink), row by row; of a table's row, a number a column (a
   * category's place among its values; NaN where it is empty); of a text, its UTF-8 bytes.
   */
  predict(params: Float32Array, input: Float32Array): Promise<Prediction>;
  /** The same for many inputs in one pass. */
  predictMany(params: Float32Array, inputs: Float32Array[]): Promise<Predictions>;
  /** These params for other programs; `about` is said in the files. @throws TaskError `unsupported` where the model is no chain of layers */
  exportModel(params: Float32Array, format: ModelFormat, about: Record<string, string>): Promise<NamedFile[]>;
  /** Params of a model that tfjs saved, if it is this task's. @throws TaskError `bad-model` */
  importModel(files: NamedFile[]): Promise<Float32Array<ArrayBuffer>>;
  /** Inner optimiser state and data position, to go on after a reload; null before the first round. */
  saveState(): Promise<Uint8Array<ArrayBuffer> | null>;
  loadState(state: Uint8Array): Promise<void>;
}
