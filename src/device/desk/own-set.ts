import * as v from "valibot";

/** What a person's files are; their bytes say the rest. `idx`: a file of pictures and one of labels. */
export const OWN_KINDS = ["table", "pictures", "idx", "text"] as const;
export type OwnKind = (typeof OWN_KINDS)[number];

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

/** How a person fitted a set to a task. */
const UseSchema = v.strictObject({
  /** The task's hash. */
  task: v.string(),
  /** What the set calls a column or label, by the task's name for it; absent: the same. */
  names: v.record(v.string(), v.string()),
  separator: v.nullable(v.string()),
  /** The person agreed to leave out what cannot be used. */
  leaveOut: v.boolean(),
});

/** All that is kept of a set beside its bytes. */
const AboutSchema = v.strictObject({
  v: v.literal(1),
  name: v.string(),
  kind: v.picklist(OWN_KINDS),
  /** Milliseconds since 1970. */
  at: v.number(),
  parts: whole,
  /** Where each file lies. */
  files: v.array(v.strictObject({ name: v.string(), label: v.nullable(v.string()), type: v.string(), part: whole, from: whole, bytes: whole })),
  use: v.nullable(UseSchema),
});

export type OwnUse = v.InferOutput<typeof UseSchema>;
export type About = v.InferOutput<typeof AboutSchema>;

export const encodeAbout = (about: About): Uint8Array => new TextEncoder().encode(JSON.stringify(about));

/** Null for what another version, or nobody, wrote. */
export function decodeAbout(bytes: Uint8Array): About | null {
  try {
    const result = v.safeParse(AboutSchema, JSON.parse(new TextDecoder().decode(bytes)));
    return result.success ? result.output : null;
  } catch {
    return null;
  }
}

const IDX = /(idx[1-4]-ubyte|\.idx)$/i;
const PICTURE = /\.(png|jpe?g|webp|gif|bmp|avif|svg)$/i;
const TABLE = /\.(csv|tsv|tab)$/i;
const TEXT = /\.(txt|md|text|rst|log)$/i;

/** What a file is by its name and type; null for what no task here can use. */
export function kindOf(name: string, type: string): OwnKind | null {
  if (IDX.test(name)) return "idx";
  if (TABLE.test(name) || type === "text/csv" || type === "text/tab-separated-values") return "table";
  if (PICTURE.test(name) || type.startsWith("image/")) return "pictures";
  if (TEXT.test(name) || type.startsWith("text/")) return "text";
  return null;
}

/** The folder that a file lies in, which labels it; null where it lies in none but the one that was picked. */
export function folderOf(path: string): string | null {
  const folders = path.split("/").slice(0, -1);
  return folders.length < 2 ? null : (folders.at(-1) ?? null);
}
