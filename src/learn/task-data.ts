import * as v from "valibot";
import { MAX_COLUMNS, MAX_LABELS } from "./limits.ts";

/** What a task's samples are, and how they are prepared: the same on every device, so that one model fits all. */
export const count = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));
export const fraction = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const finite = v.pipe(v.number(), v.finite());
const word = v.pipe(v.string(), v.minLength(1), v.maxLength(200));
const words = v.pipe(v.array(word), v.minLength(1), v.maxLength(MAX_LABELS));
/** Samples of rare labels are drawn as often as others; absent: each sample once an epoch. */
const balance = v.optional(v.boolean());

export const ImageDataSchema = v.strictObject({
  kind: v.literal("image"),
  source: v.picklist(["digits", "own"]),
  /** Height and width, in pixels. */
  shape: v.strictTuple([count(1024), count(1024)]),
  /** 1: grey (absent: 1); 3: red, green, blue. */
  channels: v.optional(v.picklist([1, 3])),
  labels: count(MAX_LABELS),
  /** What each label is called, in their order; absent: by its number. */
  names: v.optional(v.pipe(words, v.minLength(2))),
  /** Pixels, 0 to 1, are shifted and scaled by these before they enter the model; absent: taken as they are. */
  scale: v.optional(v.strictObject({ mean: fraction, deviation: v.pipe(v.number(), v.minValue(0.001), v.maxValue(1)) })),
  /** Training images are moved by up to `shift` pixels, turned by up to `rotate` degrees and, if `flip`, mirrored, by chance. */
  augment: v.optional(
    v.strictObject({
      shift: v.pipe(v.number(), v.minValue(0), v.maxValue(64)),
      rotate: v.pipe(v.number(), v.minValue(0), v.maxValue(180)),
      flip: v.boolean(),
    }),
  ),
  balance,
});

const column = { name: word };
export const ColumnSchema = v.variant("role", [
  /** Enters as (value − mean) / deviation. */
  v.strictObject({ role: v.literal("number"), ...column, mean: finite, deviation: v.pipe(v.number(), v.finite(), v.gtValue(0)) }),
  /** Enters as one number a value: 1 for the row's own, 0 for the rest. */
  v.strictObject({ role: v.literal("category"), ...column, values: words }),
  v.strictObject({ role: v.literal("label"), ...column, values: words }),
  v.strictObject({ role: v.literal("ignored"), ...column }),
]);

export const TableDataSchema = v.strictObject({
  kind: v.literal("table"),
  source: v.picklist(["breast-cancer", "own"]),
  /** In any order; a file may order them otherwise. One has the role of the label. */
  columns: v.pipe(v.array(ColumnSchema), v.minLength(2), v.maxLength(MAX_COLUMNS)),
  /** What an empty field is: a number's mean or no category (`mean`), or a mistake (`refuse`, and so if absent). */
  missing: v.optional(v.picklist(["mean", "refuse"])),
  balance,
});

export const PassageDataSchema = v.strictObject({
  kind: v.literal("passages"),
  source: v.picklist(["udhr", "own"]),
  /** Names of the labels: for languages, their BCP 47 tags. */
  labels: v.pipe(words, v.minLength(2)),
  /** Bytes of one passage. */
  bytes: v.pipe(count(4096), v.minValue(8)),
  /** The longest run of bytes that is counted, and into how many numbers the runs are hashed. */
  longest: count(5),
  buckets: v.pipe(count(65_536), v.minValue(16)),
  balance,
});

export const TextDataSchema = v.strictObject({
  kind: v.literal("text"),
  source: v.picklist(["moby-dick", "addresses", "own"]),
  /** Each byte of the UTF-8 text is a token. */
  tokens: v.literal("bytes"),
});

export const DataSchema = v.variant("kind", [ImageDataSchema, TableDataSchema, PassageDataSchema, TextDataSchema]);

export type ImageData = v.InferOutput<typeof ImageDataSchema>;
export type TableData = v.InferOutput<typeof TableDataSchema>;
export type Column = v.InferOutput<typeof ColumnSchema>;
export type PassageData = v.InferOutput<typeof PassageDataSchema>;
export type TextData = v.InferOutput<typeof TextDataSchema>;

/** Numbers that a category, a number or an ignored column gives a sample. */
const widthOf = (column: Column): number => (column.role === "number" ? 1 : column.role === "category" ? column.values.length : 0);

/** Shape of one sample as it enters the model. */
export function inputShape(data: v.InferOutput<typeof DataSchema>): number[] {
  switch (data.kind) {
    case "image":
      return [...data.shape, data.channels ?? 1];
    case "table":
      return [data.columns.reduce((sum, column) => sum + widthOf(column), 0)];
    case "passages":
      return [data.buckets];
    case "text":
      return [];
  }
}

/** How many labels a sample may have, or byte values that may come next. */
export function labelCount(data: v.InferOutput<typeof DataSchema>): number {
  switch (data.kind) {
    case "image":
      return data.labels;
    case "table":
      return data.columns.find((column) => column.role === "label")?.values.length ?? 0;
    case "passages":
      return data.labels.length;
    case "text":
      return 256;
  }
}
