import * as v from "valibot";

/**
 * A task says what a swarm trains and how. JSON; the same on every device, compared by its hash.
 * (It is not signed yet: that comes with a board of tasks.)
 */
const count = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));
const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

export const TaskSchema = v.strictObject({
  v: v.literal(1),
  name: v.pipe(v.string(), v.regex(/^[a-z][a-z0-9-]{0,39}$/)),
  title: v.strictObject({ en: v.string(), uk: v.string() }),
  data: v.strictObject({
    source: v.literal("digits"),
    /** Height and width of an image, in pixels. */
    shape: v.tuple([count(1024), count(1024)]),
    labels: count(1000),
    /** Pixels, 0 to 1, are shifted and scaled by these before they enter the model; absent: taken as they are. */
    scale: v.optional(v.strictObject({ mean: fraction, deviation: v.pipe(v.number(), v.minValue(0.001), v.maxValue(1)) })),
  }),
  /** A tfjs LayersModel topology (Keras JSON); its trainable weights are what the swarm shares. */
  model: v.strictObject({ className: v.literal("Sequential"), config: v.record(v.string(), v.unknown()) }),
  /** Seeds the first model and the stochastic rounding. */
  seed: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff)),
  inner: v.strictObject({
    optimiser: v.picklist(["adamw", "sgd"]),
    learningRate: v.pipe(v.number(), v.gtValue(0), v.maxValue(1)),
    weightDecay: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
    /** Gradients longer than this (2-norm) are cut to it; absent: not cut. */
    gradientLimit: v.optional(v.pipe(v.number(), v.gtValue(0), v.maxValue(1e6))),
    batch: count(4096),
    /** Local steps a round (H). */
    localSteps: count(10_000),
    /** How much of a device's drift from the swarm is taken back (0 to 1, see `drift.ts`); absent: none. */
    driftCorrection: v.optional(fraction),
    /** How far logits are offset by a device's own label frequencies (0 to 1, see `priorOffsets`); absent: not. */
    calibration: v.optional(fraction),
  }),
  /** Rounds after which all take new pseudonyms; absent: 20. */
  epochRounds: v.optional(count(100_000)),
  update: v.strictObject({
    /** Bits of one value of an update, sign included. */
    bits: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(8)),
    /** The first round's quantisation step is 2^(stepExponent − 20). */
    stepExponent: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(16)),
  }),
});

export type TaskManifest = v.InferOutput<typeof TaskSchema>;
