import type { TaskManifest } from "../learn/task.ts";
import type { TableData } from "../learn/task-data.ts";

export const KINDS = ["table", "image", "passages", "text"] as const;
export type Kind = (typeof KINDS)[number];
export const MODELS = ["linear", "dense", "conv", "gpt", "brought"] as const;
export type ModelKind = (typeof MODELS)[number];
export const COMPRESSIONS = ["dense", "fragments", "low-rank"] as const;
export type CompressionKind = (typeof COMPRESSIONS)[number];

/** A task as it is typed: numbers are text until they are checked. */
export interface Draft {
  titleEn: string;
  titleUk: string;
  kind: Kind;
  /** The person's set that it is made after, and tried on. */
  set: string | null;
  /** Of a table: what `desk.tableData` made of the set and its columns' roles. */
  table: TableData | null;
  height: string;
  width: string;
  colour: boolean;
  /** Names, with commas between. */
  labels: string;
  model: ModelKind;
  units: string;
  layers: string;
  heads: string;
  context: string;
  brought: TaskManifest["model"] | null;
  optimiser: "adamw" | "sgd";
  learningRate: string;
  batch: string;
  localSteps: string;
  /** Bits of one value of an update. */
  bits: string;
  compression: CompressionKind;
  fragments: string;
  rank: string;
  /** Not with privacy. */
  audits: boolean;
  privacy: boolean;
  epsilon: string;
  rounds: string;
  clip: string;
}

export type Field = keyof Draft | "columns";

export const freshDraft = (): Draft => ({
  titleEn: "",
  titleUk: "",
  kind: "table",
  set: null,
  table: null,
  height: "28",
  width: "28",
  colour: false,
  labels: "",
  model: "dense",
  units: "16",
  layers: "3",
  heads: "4",
  context: "64",
  brought: null,
  optimiser: "adamw",
  learningRate: "0.01",
  batch: "16",
  localSteps: "10",
  bits: "8",
  compression: "dense",
  fragments: "8",
  rank: "8",
  audits: false,
  privacy: false,
  epsilon: "8",
  rounds: "100",
  clip: "1",
});

/** Models that go with a kind of data; the first is taken where nothing is said. */
export const modelsFor = (kind: Kind): ModelKind[] => (kind === "text" ? ["gpt"] : kind === "image" ? ["conv", "dense", "linear", "brought"] : ["dense", "linear", "brought"]);

/** What goes with a kind of data: of a language model low rank would lose what it learns, and with privacy an update goes whole. */
export const compressionsFor = ({ kind, privacy }: Pick<Draft, "kind" | "privacy">): CompressionKind[] => COMPRESSIONS.filter((one) => one === "dense" || (!privacy && (one !== "low-rank" || kind !== "text")));

const number = (text: string): number => (text.trim() === "" ? NaN : Number(text.replace(",", ".")));
export const wordsIn = (text: string): string[] => text.split(",").map((word) => word.trim()).filter((word) => word !== "");

/** A name for links and files, after the English title. */
export const nameOf = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 40)
    .replace(/-+$/, "") || "task";

const layer = (class_name: string, config: object = {}) => ({ class_name, config });
const conv = (filters: number) => layer("Conv2D", { filters, kernel_size: [3, 3], strides: [2, 2], padding: "same", activation: "relu" });

/** The manifest that a draft stands for, as JSON; whether it is one, `Desk.check` says. */
export function manifestOf(draft: Draft, seed: number): unknown {
  const text = draft.kind === "text";
  return {
    v: 1,
    name: nameOf(draft.titleEn),
    title: { en: draft.titleEn.trim(), uk: draft.titleUk.trim() },
    data: dataOf(draft),
    model: modelOf(draft),
    loss: "cross-entropy",
    seed,
    inner: { optimiser: draft.optimiser, learningRate: number(draft.learningRate), weightDecay: 0.01, gradientLimit: text ? 1 : 5, batch: number(draft.batch), localSteps: number(draft.localSteps) },
    update: { bits: number(draft.bits), stepExponent: 10, ...compressionOf(draft) },
    ...(draft.audits && !draft.privacy && { audits: true }),
    ...(draft.privacy && { privacy: { epsilon: number(draft.epsilon), delta: 1e-5, rounds: number(draft.rounds), clip: number(draft.clip), honest: 2 } }),
  };
}

/** Every value goes where nothing is said. */
function compressionOf(draft: Draft): object {
  const { compression: kind } = draft;
  if (kind === "dense" || !compressionsFor(draft).includes(kind)) return {};
  return { compression: kind === "fragments" ? { kind, fragments: number(draft.fragments) } : { kind, rank: number(draft.rank) } };
}

function dataOf({ kind, table, height, width, colour, labels }: Draft): unknown {
  const names = wordsIn(labels);
  switch (kind) {
    case "table":
      return table ?? { kind: "table", source: "own", columns: [] };
    case "image":
      return { kind, source: "own", shape: [number(height), number(width)], ...(colour && { channels: 3 }), labels: names.length, names };
    case "passages":
      return { kind, source: "own", labels: names, bytes: 96, longest: 3, buckets: 1024 };
    case "text":
      return { kind, source: "own", tokens: "bytes" };
  }
}

function modelOf(draft: Draft): unknown {
  const outputs = draft.kind === "table" ? (draft.table?.columns.find((column) => column.role === "label")?.values.length ?? 2) : wordsIn(draft.labels).length;
  const last = layer("Dense", { units: outputs });
  const flat = draft.kind === "image" ? [layer("Flatten")] : [];
  const sequential = (layers: object[]) => ({ className: "Sequential", config: { layers } });
  switch (draft.model) {
    case "linear":
      return sequential([...flat, last]);
    case "dense":
      return sequential([...flat, layer("Dense", { units: number(draft.units), activation: "relu" }), last]);
    case "conv":
      return sequential([conv(8), conv(16), layer("Flatten"), last]);
    case "gpt":
      return { className: "Gpt", config: { vocabulary: 256, context: number(draft.context), layers: number(draft.layers), heads: number(draft.heads), width: number(draft.units), dropout: 0.1 } };
    case "brought":
      return draft.brought;
  }
}

const FIELDS: [path: RegExp, field: Field][] = [
  [/^(title\.en|name)/, "titleEn"],
  [/^title\.uk/, "titleUk"],
  [/^data\.columns/, "columns"],
  [/^data\.(names|labels)/, "labels"],
  [/^data\.shape\.1/, "width"],
  [/^data\.shape/, "height"],
  [/^inner\.learningRate/, "learningRate"],
  [/^inner\.batch/, "batch"],
  [/^inner\.localSteps/, "localSteps"],
  [/^update\.bits/, "bits"],
  [/^update\.compression\.fragments/, "fragments"],
  [/^update\.compression\.rank/, "rank"],
  [/^privacy\.rounds/, "rounds"],
  [/^privacy\.clip/, "clip"],
  [/^privacy/, "epsilon"],
  [/^model\.config\.heads/, "heads"],
  [/^model\.config\.context/, "context"],
  [/^model\.config\.layers$/, "layers"],
  [/^model\.config\.width/, "units"],
];

/** Where a form says what is wrong with a manifest's field. */
export const fieldOf = (path: string): Field => FIELDS.find(([pattern]) => pattern.test(path))?.[1] ?? "model";
