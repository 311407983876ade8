import { loadIndex, loadParts, loadTestText, loadTextShare, readText } from "./data/corpus.ts";
import { split, subset, type Examples } from "./data/examples.ts";
import { imageExamples } from "./data/images.ts";
import { loadFile, type LoadPack } from "./data/load.ts";
import { passageExamples } from "./data/passages.ts";
import { readPassageFiles, readPassages } from "./data/passage-file.ts";
import { type DecodePicture, readPictures } from "./data/pictures.ts";
import { readTable, type Table } from "./data/table.ts";
import { loadPacks, packName } from "./digits.ts";
import { type BadRow, DataError } from "./errors.ts";
import { HELD_OUT_PART, MAX_DEVICE_SAMPLES, MAX_DRAWN_SAMPLES, MAX_PART_BYTES, TEST_PACKS } from "./limits.ts";
import type { Samples } from "./pack.ts";
import { checkShare, dealtShare, dirichletShares, evenShare, sharePacks } from "./partition.ts";
import type { ClassifierTask, TextTask } from "./task.ts";
import type { ImageData, PassageData, TableData } from "./task-data.ts";
import type { DataChoice } from "./trainer.ts";

export interface DataSources {
  loadPack: LoadPack;
  decodePicture?: DecodePicture;
}

/** A device's data: what it trains on, and, of a person's own, what was kept for scoring and what was left out. */
export interface Loaded {
  examples: Examples;
  heldOut: Examples | null;
  leftOut: { count: number; rows: readonly BadRow[] };
}

type ShareChoice = Extract<DataChoice, { kind: "share" }>;
type FilesChoice = Extract<DataChoice, { kind: "files" }>;
const NOTHING: Loaded["leftOut"] = { count: 0, rows: [] };

/** This device's training samples. The task's seed cuts the shares, so devices of one task agree on them. */
export async function loadTraining(task: ClassifierTask, choice: DataChoice, sources: DataSources): Promise<Loaded> {
  const loaded = await load(task, choice, sources);
  if (loaded.examples.labels.length === 0) throw new DataError("bad-choice", "no sample is left to train on; choose other labels or bring more data", { what: "no-sample" });
  return loaded;
}

async function load(task: ClassifierTask, choice: DataChoice, sources: DataSources): Promise<Loaded> {
  switch (choice.kind) {
    case "drawn":
      return { examples: imageExamples(drawn(task, choice), image(task)), heldOut: null, leftOut: NOTHING };
    case "files": {
      const { examples, leftOut } = await fromFiles(task, choice, sources);
      if (task.data.source !== "own") return { examples, heldOut: null, leftOut };
      const { rest, part } = split(examples.labels.length, HELD_OUT_PART, task.seed);
      return { examples: subset(examples, rest), heldOut: subset(examples, part), leftOut };
    }
    case "share":
      return { examples: await fromShare(task, choice, sources.loadPack), heldOut: null, leftOut: NOTHING };
  }
}

/** The held-out samples that ship, which no device trains on. */
export async function loadHeldOut(task: ClassifierTask, loadPack: LoadPack): Promise<Examples> {
  const { data } = task;
  switch (data.source) {
    case "digits": {
      const names = Array.from({ length: TEST_PACKS }, (_, pack) => packName("test", pack));
      return imageExamples(fits(data, await loadPacks(loadPack, names)), data);
    }
    case "breast-cancer":
      return (await shippedTable(data, task.seed, loadPack)).part;
    case "udhr":
      return shippedPassages(data, "test", loadPack);
    case "own":
      throw new DataError("unavailable", "this task's data are a person's own; load some to score a model on", { what: "own-only" });
  }
}

/** This device's text, and what is kept of a person's own for scoring. */
export async function loadTrainingText(task: TextTask, choice: DataChoice, { loadPack }: DataSources): Promise<{ text: Uint8Array; heldOut: Uint8Array | null }> {
  const { source } = task.data;
  switch (choice.kind) {
    case "drawn":
      throw new DataError("bad-choice", "this task learns from text, not from drawings", { what: "no-drawings" });
    case "files": {
      const text = await readText(choice.files);
      const at = Math.floor(text.length * (1 - HELD_OUT_PART));
      return source === "own" ? { text: text.subarray(0, at), heldOut: text.subarray(at) } : { text, heldOut: null };
    }
    case "share":
      if (source === "own") throw new DataError("bad-choice", "this task has no data of its own; bring a text", { what: "own-only" });
      if (choice.alpha !== undefined || choice.labels !== undefined) throw new DataError("bad-choice", "a text has no labels to choose by");
      checkShare(choice.share, choice.shares);
      return { text: await loadTextShare(loadPack, source, choice), heldOut: null };
  }
}

export async function loadHeldOutText({ data: { source } }: TextTask, loadPack: LoadPack): Promise<Uint8Array> {
  if (source === "own") throw new DataError("unavailable", "this task's data are a person's own; load some to score a model on", { what: "own-only" });
  return loadTestText(loadPack, source);
}

async function fromShare(task: ClassifierTask, choice: ShareChoice, loadPack: LoadPack): Promise<Examples> {
  const { data, seed } = task;
  checkShare(choice.share, choice.shares);
  switch (data.source) {
    case "digits":
      return digitsShare(data, seed, choice, loadPack);
    case "breast-cancer":
      return dealt((await shippedTable(data, seed, loadPack)).rest, choice, seed);
    case "udhr":
      return dealt(await shippedPassages(data, "train", loadPack), choice, seed);
    case "own":
      throw new DataError("bad-choice", "this task has no data of its own; bring a file", { what: "own-only" });
  }
}

async function digitsShare(data: ImageData, seed: number, choice: ShareChoice, loadPack: LoadPack): Promise<Examples> {
  const packs = sharePacks(choice.share, choice.shares, choice.alpha !== undefined);
  const pool = fits(data, await loadPacks(loadPack, packs.map((pack) => packName("train", pack))));
  const own =
    choice.alpha === undefined
      ? evenShare(choice.share, choice.shares, pool.labels.length)
      : dirichletShares(pool.labels, pool.labelCount, choice.shares, choice.alpha, seed)[choice.share]!;
  const examples = imageExamples(pool, data);
  return subset(examples, withLabels(examples, own, choice.labels).subarray(0, MAX_DEVICE_SAMPLES));
}

/** Of a set that every device loads whole. */
function dealt(pool: Examples, { share, shares, alpha, labels }: ShareChoice, seed: number): Examples {
  const own = alpha === undefined ? dealtShare(share, shares, pool.labels.length) : dirichletShares(pool.labels, pool.labelCount, shares, alpha, seed)[share]!;
  return subset(pool, withLabels(pool, own, labels));
}

function withLabels({ labels, labelCount }: Examples, own: Uint32Array, wanted: readonly number[] | undefined): Uint32Array {
  if (wanted === undefined) return own;
  if (wanted.some((label) => !Number.isInteger(label) || label < 0 || label >= labelCount)) throw new DataError("bad-choice", `labels are 0 to ${labelCount - 1}, not ${wanted.join(", ")}`);
  return own.filter((sample) => wanted.includes(labels[sample]!));
}

async function shippedTable(data: TableData, seed: number, loadPack: LoadPack): Promise<{ rest: Examples; part: Examples }> {
  const bytes = await loadFile(loadPack, `${data.source}/${data.source}.csv`, MAX_PART_BYTES, MAX_PART_BYTES);
  const { examples } = await readTable(new Blob([bytes as Uint8Array<ArrayBuffer>]).stream(), data);
  const { rest, part } = split(examples.labels.length, HELD_OUT_PART, seed);
  return { rest: subset(examples, rest), part: subset(examples, part) };
}

async function shippedPassages(data: PassageData, set: "train" | "test", loadPack: LoadPack): Promise<Examples> {
  const { parts } = await loadIndex(loadPack, data.source);
  const wanted = parts.filter((part) => part.set === set && data.labels.includes(part.group));
  const texts = await loadParts(loadPack, data.source, wanted);
  const decoder = new TextDecoder();
  return passageExamples(wanted.map(({ group }, i) => ({ label: data.labels.indexOf(group), text: decoder.decode(texts[i]!) })), data);
}

async function fromFiles({ data }: ClassifierTask, { files, labels, ...options }: FilesChoice, { decodePicture }: DataSources): Promise<Table> {
  if (data.kind === "image") {
    const { pictures, leftOut } = await readPictures(files, labels, data, decodePicture, options);
    return { examples: imageExamples(pictures, data), leftOut };
  }
  if (data.kind === "passages" && labels !== undefined) return readPassageFiles(files, labels, data, options);
  const [file, ...more] = files;
  if (!file || more.length > 0) throw new DataError("bad-choice", "one CSV file is needed", { what: "many-tables", tables: files.length });
  return data.kind === "table" ? readTable(file.stream(), data, options) : readPassages(file.stream(), data, options);
}

function image(task: ClassifierTask): ImageData {
  if (task.data.kind !== "image") throw new DataError("bad-choice", "this task does not learn from drawings", { what: "no-drawings" });
  return task.data;
}

function drawn(task: ClassifierTask, { images, labels }: Extract<DataChoice, { kind: "drawn" }>): { labels: Uint8Array; pixels: Uint8Array } {
  const { shape: [height, width], labels: labelCount, channels = 1 } = image(task);
  if (labels.length > MAX_DRAWN_SAMPLES) throw new DataError("bad-choice", `at most ${MAX_DRAWN_SAMPLES} drawings can be trained on`, { what: "many-pictures", most: MAX_DRAWN_SAMPLES });
  if (images.length !== labels.length * height * width * channels) throw new DataError("malformed", `${images.length} pixels for ${labels.length} drawings of ${height} × ${width}`);
  if (labels.some((label) => label >= labelCount)) throw new DataError("malformed", "a drawing bears a label that the task does not have");
  return { labels: labels.slice(), pixels: images.slice() };
}

function fits({ shape: [height, width], labels }: ImageData, samples: Samples): Samples {
  if (samples.height !== height || samples.width !== width || samples.labelCount !== labels) {
    throw new DataError("malformed", `the data are ${samples.height} × ${samples.width} with ${samples.labelCount} labels, the task wants ${height} × ${width} with ${labels}`);
  }
  return samples;
}
