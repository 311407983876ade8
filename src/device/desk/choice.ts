import type { TaskManifest } from "../../learn/task.ts";
import type { DataChoice } from "../../learn/trainer.ts";
import { DataError } from "../../learn/errors.ts";
import type { About, OwnUse } from "./own-set.ts";

/** What training takes of a set for a task, and the places of the files that have no label of it. */
export interface OwnChoice {
  data: DataChoice;
  unlabelled: number[];
}

/** How a set goes with a task where the person has said nothing. */
export const freshUse = (task: string): OwnUse => ({ task, names: {}, separator: null, leaveOut: false });

/** What the task calls its labels; numbers, where it does not name those of its pictures. */
export function labelNames({ data }: TaskManifest): string[] {
  switch (data.kind) {
    case "image":
      return data.names ?? Array.from({ length: data.labels }, (_, label) => String(label));
    case "table":
      return data.columns.find((column) => column.role === "label")?.values ?? [];
    case "passages":
      return data.labels;
    case "text":
      return [];
  }
}

/**
 * A set as `Trainer.load` takes it. Files whose label the task does not have are left aside.
 * @param blobs one a file @throws DataError `bad-choice` where the set is of another kind than the task's data
 */
export function choiceOf(about: About, blobs: readonly Blob[], task: TaskManifest, use: OwnUse): OwnChoice {
  const { data } = task;
  const labels = about.files.map(({ label }) => labelIndex(label, labelNames(task), use));
  const labelled = labels.flatMap((label, index) => (label === null ? [] : [index]));
  const unlabelled = labels.flatMap((label, index) => (label === null ? [index] : []));
  const files = (indices: readonly number[]): Blob[] => indices.map((index) => blobs[index]!);
  const options = { leaveOutBadRows: use.leaveOut, names: use.names, ...(use.separator !== null && { separator: use.separator }) };
  const whole = (own: readonly Blob[]): OwnChoice => ({ data: { kind: "files", files: [...own], ...options }, unlabelled: [] });
  if (about.kind === "table" && (data.kind === "table" || data.kind === "passages")) return whole(blobs);
  if (about.kind === "text" && data.kind === "text") return whole(blobs);
  if (about.kind === "idx" && data.kind === "image") return whole(picturesFirst(about, blobs));
  if ((about.kind === "pictures" && data.kind === "image") || (about.kind === "text" && data.kind === "passages")) {
    return { data: { kind: "files", files: files(labelled), labels: labelled.map((index) => labels[index]!), leaveOutBadRows: use.leaveOut }, unlabelled };
  }
  throw new DataError("bad-choice", `this task learns from data of the kind ${data.kind}, and these are of the kind ${about.kind}; bring other data or choose another task`, { what: "other-kind" });
}

/** A label of the set by what the task calls it: as the person said, or of the same name. */
function labelIndex(label: string | null, names: readonly string[], { names: called }: OwnUse): number | null {
  if (label === null) return null;
  const said = names.findIndex((name) => called[name] === label);
  if (said >= 0) return said;
  const same = names.findIndex((name) => called[name] === undefined && name.toLowerCase() === label.trim().toLowerCase());
  return same < 0 ? null : same;
}

/** Published pairs are named so: train-images-idx3-ubyte, train-labels-idx1-ubyte. */
const picturesFirst = ({ files }: About, blobs: readonly Blob[]): Blob[] => blobs.map((blob, index) => ({ blob, isLabels: /label|idx1/i.test(files[index]!.name) })).sort((a, b) => Number(a.isLabels) - Number(b.isLabels)).map(({ blob }) => blob);
