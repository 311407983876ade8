import * as v from "valibot";
import { count } from "./task-data.ts";

/** A tfjs LayersModel topology (Keras JSON); `topology.ts` checks its layers. */
export const SequentialSchema = v.strictObject({ className: v.literal("Sequential"), config: v.looseObject({ layers: v.array(v.unknown()) }) });

/** A GPT of raw ops (`models/gpt.ts`). */
const GptSchema = v.strictObject({
  className: v.literal("Gpt"),
  config: v.strictObject({
    /** Distinct tokens: 256 for bytes. */
    vocabulary: count(65_536),
    /** Positions of a sequence. */
    context: count(4096),
    layers: count(48),
    /** Divides `width`. */
    heads: count(64),
    width: count(4096),
    /** Part of the numbers that training leaves out. */
    dropout: v.pipe(v.number(), v.minValue(0), v.ltValue(1)),
  }),
});

/** A head that is trained on what a frozen network makes of a sample. */
const TransferSchema = v.strictObject({
  className: v.literal("Transfer"),
  extractor: SequentialSchema,
  /** SHA-256 of the extractor's weights: float32 little-endian, layer after layer, kernel before bias. */
  weights: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  head: SequentialSchema,
});

export const ModelSchema = v.variant("className", [SequentialSchema, GptSchema, TransferSchema]);

export type SequentialModel = v.InferOutput<typeof SequentialSchema>;
export type TransferModel = v.InferOutput<typeof TransferSchema>;
