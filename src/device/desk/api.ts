import type { BadRow } from "../../learn/errors.ts";
import type { DataFault, RowFault } from "../../learn/faults.ts";
import type { Role } from "../../learn/data/columns.ts";
import type { TableSurvey } from "../../learn/data/survey.ts";
import type { TaskManifest } from "../../learn/task.ts";
import type { TableData } from "../../learn/task-data.ts";
import type { TaskProblem } from "../../learn/task-problems.ts";
import type { TaskSummary } from "../../learn/task-summary.ts";
import type { Backend, DataChoice } from "../../learn/trainer.ts";
import type { OwnKind, OwnUse } from "./own-set.ts";

export type { OwnKind, OwnUse, TableSurvey, TaskProblem, TaskSummary, BadRow, DataFault, RowFault, Role };

/** A file that a person gives: with the folders that it was picked in, or with a label of its own. */
export interface GivenFile {
  file: Blob;
  /** Folders and name, with slashes between. */
  name: string;
  label?: string | null;
}

/** A person's set of data, as the page lists it. */
export interface OwnSet {
  id: string;
  name: string;
  kind: OwnKind;
  files: number;
  bytes: number;
  /** False: only for this visit. */
  kept: boolean;
  at: number;
  /** Labels that the files bear, with how many do; files without one are not counted. */
  labels: { label: string; files: number }[];
  use: OwnUse | null;
}

/** A file of a set, to look at. */
export interface OwnPicture {
  index: number;
  name: string;
  label: string | null;
  /** Null where it cannot be decoded. */
  thumbnail: Blob | null;
}

/** How a set goes with a task. */
export interface Fit {
  /** That can be trained on and scored on, bad ones left out. */
  samples: number;
  labels: { name: string; samples: number }[];
  bad: { count: number; rows: BadRow[] };
  /** What the task names and the set does not: columns of a table, labels of pictures. */
  missing: string[];
  /** What the set has for them: its columns, or its labels that the task does not have. */
  offered: string[];
  /** Null where training can begin, once bad rows are agreed on. */
  problem: { code: string; detail: string; fault: DataFault | null } | null;
}

export interface TaskCheck {
  task: TaskManifest | null;
  problems: TaskProblem[];
  /** Null where something is wrong. */
  summary: TaskSummary | null;
}

export interface TrialStep {
  step: number;
  steps: number;
  loss: number;
}

/** What a trial of a task on this device showed. */
export interface TrialResult {
  backend: Backend;
  parameters: number;
  samples: number;
  steps: number;
  /** Steps of an epoch of this device's samples. */
  epochSteps: number;
  milliseconds: number;
  /** Of an epoch, by the steps that were done. */
  epochMilliseconds: number;
  /** Mean loss of the first and of the last step, in nats. */
  firstLoss: number;
  lastLoss: number;
  /** Of an epoch, in joules: at a phone's and at a laptop's usual power. An estimate; no browser measures it. */
  joules: { phone: number; laptop: number };
}

/** A person's own data and tasks in the making; lives in a worker, so that the page never computes. */
export interface Desk {
  /** Where sets are kept: `memory` for this visit only. */
  open(slot: number): Promise<"opfs" | "indexeddb" | "memory">;
  sets(): Promise<OwnSet[]>;
  /** Yields the bytes that are taken in. @throws DataError where nothing can be used, or there is no room */
  add(files: GivenFile[], name: string, keep: boolean): AsyncGenerator<number, OwnSet, void>;
  append(id: string, files: GivenFile[]): Promise<OwnSet>;
  /** `null` takes the label away. */
  label(id: string, index: number, label: string | null): Promise<OwnSet>;
  remove(id: string, index: number): Promise<OwnSet>;
  forget(id: string): Promise<void>;
  forgetAll(): Promise<void>;
  /** Yields the bytes that are read. @throws DataError */
  survey(id: string): AsyncGenerator<number, TableSurvey, void>;
  pictures(id: string, from: number, count: number): Promise<OwnPicture[]>;
  /** The first characters of a text. */
  excerpt(id: string): Promise<string>;
  /** How a set goes with a task, all of it read as training would. */
  fit(id: string, task: TaskManifest, use: OwnUse): Promise<Fit>;
  /** Keeps how a set is used. */
  use(id: string, use: OwnUse): Promise<OwnSet>;
  /** What the device is to join with. */
  choice(id: string, task: TaskManifest): Promise<DataChoice | { kind: "own"; set: string }>;
  /** Roles guessed for a table's columns, and those that each may have. */
  roles(survey: TableSurvey): Promise<{ guessed: Role[]; possible: Role[][] }>;
  tableData(survey: TableSurvey, roles: Role[], missing: TableData["missing"]): Promise<TableData>;
  check(json: unknown): Promise<TaskCheck>;
  /** A Keras or tfjs model's file as a task holds it. @throws TaskError */
  layersModel(text: string): Promise<TaskManifest["model"]>;
  /** Trains a few steps on this device; nothing is kept or sent. @param id null: the task's own data */
  trial(task: TaskManifest, id: string | null): AsyncGenerator<TrialStep, TrialResult, void>;
}
