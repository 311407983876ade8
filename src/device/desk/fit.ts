import { surveyTable } from "../../learn/data/survey.ts";
import { labelCounts } from "../../learn/data/examples.ts";
import { type DataSources, loadTraining, loadTrainingText } from "../../learn/dataset.ts";
import { BadRowsError, DataError, TaskError } from "../../learn/errors.ts";
import { LISTED_BAD_ROWS } from "../../learn/limits.ts";
import type { ClassifierTask, TaskManifest, TextTask } from "../../learn/task.ts";
import type { Fit } from "./api.ts";
import { choiceOf, labelNames } from "./choice.ts";
import type { About, OwnUse } from "./own-set.ts";

const NOTHING: Fit = { samples: 0, labels: [], bad: { count: 0, rows: [] }, missing: [], offered: [], problem: null };

/** Reads a set as training would, with what cannot be used left out, and says what there is and what was wrong. */
export async function fitOf(about: About, blobs: readonly Blob[], task: TaskManifest, use: OwnUse, sources: DataSources): Promise<Fit> {
  const names = await namesOf(about, blobs, task, use);
  if (names.missing.length > 0 && about.kind === "table") return { ...NOTHING, ...names };
  try {
    const { data, unlabelled } = choiceOf(about, blobs, task, { ...use, leaveOut: true });
    if (task.data.kind === "text") {
      const { text, heldOut } = await loadTrainingText(task as TextTask, data, sources);
      return { ...NOTHING, samples: text.length + (heldOut?.length ?? 0) };
    }
    const unnamed = unlabelled.map((index) => {
      const { name: file, label } = about.files[index]!;
      return { line: index + 1, column: 0, fault: label === null ? ({ what: "no-label", file } as const) : ({ what: "not-its-label", file, value: label } as const) };
    });
    // Nothing is labelled yet: that is no mistake in the data.
    if (unlabelled.length > 0 && unlabelled.length === about.files.length) return { ...NOTHING, ...names, bad: { count: unlabelled.length, rows: unnamed.slice(0, LISTED_BAD_ROWS) } };
    const { examples, heldOut, leftOut } = await loadTraining(task as ClassifierTask, data, sources);
    const [train, scored] = [labelCounts(examples), heldOut === null ? [] : labelCounts(heldOut)];
    const rows = [...unnamed, ...leftOut.rows];
    return {
      ...NOTHING,
      ...names,
      samples: examples.labels.length + (heldOut?.labels.length ?? 0),
      labels: labelNames(task).map((name, label) => ({ name, samples: train[label]! + (scored[label] ?? 0) })),
      bad: { count: leftOut.count + unlabelled.length, rows: rows.slice(0, LISTED_BAD_ROWS) },
    };
  } catch (error) {
    if (!(error instanceof DataError || error instanceof BadRowsError || error instanceof TaskError)) throw error;
    return { ...NOTHING, ...names, problem: { code: error.code, detail: error.message, fault: error instanceof DataError ? error.fault : null } };
  }
}

/** What the task names and the set does not, and what the set has that might be it. */
async function namesOf(about: About, blobs: readonly Blob[], task: TaskManifest, { names, separator }: OwnUse): Promise<Pick<Fit, "missing" | "offered">> {
  if (about.kind === "table" && (task.data.kind === "table" || task.data.kind === "passages")) {
    const wanted = task.data.kind === "passages" ? ["label", "text"] : task.data.columns.filter(({ role }) => role !== "ignored").map(({ name }) => name);
    const columns = await headOf(blobs[0]!, separator);
    return { missing: wanted.filter((name) => !columns.includes(names[name] ?? name)), offered: columns };
  }
  const byFolder = (about.kind === "pictures" && task.data.kind === "image") || (about.kind === "text" && task.data.kind === "passages");
  if (!byFolder) return { missing: [], offered: [] };
  const own = new Set(about.files.flatMap(({ label }) => (label === null ? [] : [label])));
  const known = labelNames(task);
  const said = new Set(Object.values(names));
  const same = (a: string, b: string): boolean => a.trim().toLowerCase() === b.trim().toLowerCase();
  const unknown = [...own].filter((label) => !said.has(label) && !known.some((name) => same(name, label)));
  const missing = unknown.length === 0 ? [] : known.filter((name) => names[name] === undefined && ![...own].some((label) => same(name, label)));
  return { missing, offered: unknown.sort() };
}

/** Names of a table's columns, by its first bytes. */
async function headOf(file: Blob, separator: string | null): Promise<string[]> {
  const HEAD_BYTES = 1 << 20;
  const steps = surveyTable(file.slice(0, HEAD_BYTES));
  for (;;) {
    const { done, value } = await steps.next();
    if (done) return separator === null || separator === value.separator ? value.columns.map(({ name }) => name) : [];
  }
}
