import * as v from "valibot";
import { MOST_FRAGMENTS, MOST_RANK } from "../update/compression/limits.ts";
import { LEAST_DELTA, LEAST_EPSILON, MOST_DELTA, MOST_DEVICES, MOST_EPSILON, MOST_ROUNDS } from "../update/privacy/limits.ts";
import { TaskError } from "./errors.ts";
import { MAX_GROUP, MAX_NODE_GROUPS, MAX_SPEAKERS, MIN_GROUP } from "./limits.ts";
import { count, DataSchema, fraction, type ImageData, labelCount, type PassageData, type TableData, type TextData } from "./task-data.ts";
import { ModelSchema, type SequentialModel, type TransferModel } from "./task-model.ts";

const above0 = (most: number) => v.pipe(v.number(), v.gtValue(0), v.maxValue(most));
const below1 = v.pipe(v.number(), v.minValue(0), v.ltValue(1));
const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

const InnerSchema = v.strictObject({
  optimiser: v.picklist(["adamw", "sgd"]),
  learningRate: above0(1),
  /** Over so many steps from the task's first the learning rate rises to its value, and then falls as a half cosine to `floor` times it at step `steps`; absent: constant. */
  schedule: v.optional(v.strictObject({ warmUp: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(1e6)), steps: count(1e8), floor: fraction })),
  weightDecay: fraction,
  /** Gradients longer than this (2-norm) are cut to it; absent: not cut. */
  gradientLimit: v.optional(above0(1e6)),
  batch: count(4096),
  /** Local steps a round (H). */
  localSteps: count(10_000),
  /** How much of a device's drift from the swarm is taken back (0 to 1, see `drift.ts`); absent: none. */
  driftCorrection: v.optional(fraction),
  /** How far logits are offset by a device's own label frequencies (0 to 1, see `priorOffsets`); absent: not. */
  calibration: v.optional(fraction),
});

/** See `outer-optimiser.ts`. */
export const OuterSchema = v.variant("kind", [
  v.strictObject({ kind: v.literal("average") }),
  v.strictObject({ kind: v.literal("nesterov"), rate: above0(2), momentum: below1 }),
  v.strictObject({ kind: v.literal("fedadam"), rate: above0(1), beta1: below1, beta2: below1, tau: v.pipe(v.number(), v.minValue(0.0001), v.maxValue(1)) }),
]);

/** See `update/compression`. */
export const CompressionSchema = v.variant("kind", [
  /** Every value, every round. */
  v.strictObject({ kind: v.literal("dense") }),
  /** A part of the values each round, all of them in so many rounds; each device's own progress on the others stays until their turn. */
  v.strictObject({ kind: v.literal("fragments"), fragments: v.pipe(count(MOST_FRAGMENTS), v.minValue(2)) }),
  /** Matrices by their products with shared bases of so many columns: for classifiers. */
  v.strictObject({ kind: v.literal("low-rank"), rank: count(MOST_RANK) }),
]);

/**
 * A task says what a swarm trains and how. JSON; the same on every device, compared by the hash of its canonical
 * bytes (`signed-task.ts`). `public/task.schema.json` is this schema for others.
 */
export const TaskSchema = v.strictObject({
  v: v.literal(1),
  name: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,39}$/)),
  title: v.strictObject({ en: v.pipe(v.string(), v.minLength(1), v.maxLength(200)), uk: v.pipe(v.string(), v.minLength(1), v.maxLength(200)) }),
  data: DataSchema,
  /** Its trainable weights are what the swarm shares. */
  model: ModelSchema,
  /** SHA-256 of the model's canonical bytes (`modelHash` in signed-task.ts); absent: not stated. */
  modelHash: v.optional(hash),
  /** Of the right label, or of the next byte; in nats. */
  loss: v.literal("cross-entropy"),
  /** Seeds the first model, the cut into shares and the stochastic rounding. */
  seed: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff)),
  inner: InnerSchema,
  /** What the mean of the updates does to the committed model; absent: it is added (`average`). */
  outer: v.optional(OuterSchema),
  /** Compression of updates. */
  update: v.strictObject({
    /** Bits of one value of an update, sign included. */
    bits: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(8)),
    /** The first round's quantisation step is 2^(stepExponent − 20). */
    stepExponent: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(16)),
    /** What of an update is sent in a round; absent: all of it (`dense`). */
    compression: v.optional(CompressionSchema),
  }),
  /** Devices whose updates are summed together, at least; a room of twice as many makes two groups. Absent: 8. */
  groupSize: v.optional(v.pipe(count(MAX_GROUP), v.minValue(MIN_GROUP))),
  /** Groups of a room that is one node yet, at most; of a node, on average at most; and devices that speak for one. Absent: 10, 8 and 24. Fewer are for tests. */
  nodes: v.optional(v.strictObject({ roomGroups: count(MAX_NODE_GROUPS), nodeGroups: count(MAX_NODE_GROUPS), speakers: v.pipe(count(MAX_SPEAKERS), v.minValue(MIN_GROUP)) })),
  /** Differential privacy of a device's updates (update/privacy/setting.ts); absent: off. */
  privacy: v.optional(
    v.strictObject({
      epsilon: v.pipe(v.number(), v.minValue(LEAST_EPSILON), v.maxValue(MOST_EPSILON)),
      delta: v.pipe(v.number(), v.minValue(LEAST_DELTA), v.maxValue(MOST_DELTA)),
      rounds: count(MOST_ROUNDS),
      /** Length (2-norm) that an update is cut to. */
      clip: v.pipe(v.number(), v.minValue(2 ** -20), v.maxValue(2 ** 20)),
      /** Contributors of a sum, at least, that add their noise. */
      honest: count(MOST_DEVICES),
    }),
  ),
  /**
   * Whether one update in twenty, drawn by lot, is shown to its group and kept out of the sum (swarm/audit/audit.ts);
   * absent: none is. `rerun`: devices train on public data, on which of them a lot says each round, so that an update is
   * trained again as well (swarm/audit/rerun.ts).
   */
  audits: v.optional(v.union([v.literal(true), v.literal("rerun")])),
  /** One update of so many is audited; absent: 20. */
  auditOneOf: v.optional(count(1_000)),
  /** Credits that the contributors of an epoch share by their device-rounds; absent: none. */
  rewards: v.optional(v.strictObject({ creditsPerEpoch: count(1e9) })),
  /** Rounds after which all take new pseudonyms; absent: 20. */
  epochRounds: v.optional(count(100_000)),
});

export type TaskManifest = v.InferOutput<typeof TaskSchema>;
type With<Data, Model> = Omit<TaskManifest, "data" | "model"> & { data: Data; model: Model };
export type ImageTask = With<ImageData, SequentialModel>;
export type TextTask = With<TextData, Extract<TaskManifest["model"], { className: "Gpt" }>>;
export type ClassifierTask = With<ImageData | TableData | PassageData, SequentialModel | TransferModel>;

/**
 * A manifest from JSON that somebody else wrote. What its layers do is checked when the model is made.
 * @throws TaskError `bad-task`, naming the field (`path`) and what it has to be
 */
export function checkTask(json: unknown): TaskManifest {
  const result = v.safeParse(TaskSchema, json);
  if (!result.success) {
    const [issue] = result.issues;
    throw wrong(v.getDotPath(issue) ?? "", issue.message);
  }
  const task = result.output;
  const { data, model } = task;
  if ((data.kind === "text") !== (model.className === "Gpt")) throw wrong("model.className", `data of the kind ${data.kind} need ${data.kind === "text" ? "a Gpt" : "a model that is no Gpt"}`);
  if (model.className === "Gpt" && model.config.vocabulary !== labelCount(data)) throw wrong("model.config.vocabulary", `bytes have ${labelCount(data)} values`);
  if (model.className === "Gpt" && model.config.width % model.config.heads !== 0) throw wrong("model.config.heads", "the heads do not divide the width");
  if (data.kind === "table") checkColumns(data.columns);
  if (data.kind === "image" && data.names) {
    if (data.names.length !== data.labels) throw wrong("data.names", `${data.names.length} names for ${data.labels} labels`);
    if (new Set(data.names).size !== data.names.length) throw wrong("data.names", "a label stands twice");
  }
  if (data.kind === "passages" && new Set(data.labels).size !== data.labels.length) throw wrong("data.labels", "a label stands twice");
  const compression = task.update.compression?.kind ?? "dense";
  if (task.privacy && compression !== "dense") throw wrong("update.compression", `with privacy an update goes whole and ends with its round; ${compression} keeps parts of it for later`);
  if (task.privacy && task.audits) throw wrong("audits", "an update that is shown has no privacy; leave one of the two out");
  if (task.auditOneOf !== undefined && !task.audits) throw wrong("auditOneOf", "nothing is audited; say how in audits");
  if (task.audits === "rerun") {
    if (data.source === "own") throw wrong("audits", "nobody can train again on data that only their device has; take true");
    if (compression !== "dense") throw wrong("update.compression", `what is trained again begins with the model alone; ${compression} keeps parts of an update for later`);
    if (task.inner.driftCorrection) throw wrong("inner.driftCorrection", "what is trained again begins with the model alone; leave it out");
  }
  if (compression === "low-rank" && model.className === "Gpt") throw wrong("update.compression", "low-rank loses what a Gpt learns; take fragments");
  const { schedule } = task.inner;
  if (schedule && schedule.warmUp >= schedule.steps) throw wrong("inner.schedule.warmUp", "the warm-up is as long as the whole schedule");
  return task;
}

function checkColumns(columns: TableData["columns"]): void {
  columns.forEach((column, index) => {
    if (columns.findIndex(({ name }) => name === column.name) !== index) throw wrong(`data.columns.${index}.name`, "two columns have this name");
    if ("values" in column && new Set(column.values).size !== column.values.length) throw wrong(`data.columns.${index}.values`, "a value stands twice");
  });
  if (columns.filter(({ role }) => role === "label").length !== 1) throw wrong("data.columns", "exactly one column has the role label");
  if (!columns.some(({ role }) => role === "number" || role === "category")) throw wrong("data.columns", "no column is left to learn from");
}

const wrong = (path: string, what: string) => new TaskError("bad-task", `${path === "" ? "the task" : path}: ${what}`, path);
