import { guessRoles, possibleRoles, tableDataOf } from "../../learn/data/columns.ts";
import { surveyTable } from "../../learn/data/survey.ts";
import type { DataSources } from "../../learn/dataset.ts";
import { DataError } from "../../learn/errors.ts";
import { fromLayersModel } from "../../learn/layers-model.ts";
import type { TaskManifest } from "../../learn/task.ts";
import { problemIn, taskProblems } from "../../learn/task-problems.ts";
import type { DataChoice, Trainer } from "../../learn/trainer.ts";
import type { OwnData } from "../../store/own-data.ts";
import { LIMITS } from "../../swarm/limits.ts";
import { taskHash } from "../../swarm/record.ts";
import { PrivacyError } from "../../update/privacy/errors.ts";
import { planPrivacy } from "../../update/privacy/plan.ts";
import { parsePrivacy } from "../../update/privacy/setting.ts";
import type { Desk, OwnPicture, TaskCheck } from "./api.ts";
import { choiceOf, freshUse } from "./choice.ts";
import { fitOf } from "./fit.ts";
import { openShelf, type Shelf } from "./shelf.ts";
import { tryTask } from "./trial.ts";

/** Characters of a text that are shown. */
const EXCERPT = 1_200;
/** Bits that a summed field may take (device/privacy.ts). */
const FIELD_BITS = 31;

export interface DeskDeps extends DataSources {
  openStore(slot: number): Promise<OwnData>;
  /** An engine of its own, so that a trial does not get into the rounds' way. */
  startTrainer(): { trainer: Pick<Trainer, "load" | "initial" | "train">; end(): void };
  /** A small copy of a picture; absent where pictures cannot be decoded. */
  thumbnail?(file: Blob): Promise<Blob>;
  now: () => number;
}

export function createDesk(deps: DeskDeps): Desk {
  let shelf: Shelf | null = null;
  const opened = (): Shelf => {
    if (!shelf) throw new DataError("unavailable", "the desk is not open yet");
    return shelf;
  };

  async function look(file: Blob): Promise<Blob | null> {
    try {
      return (await deps.thumbnail?.(file)) ?? null;
    } catch {
      return null; // no picture: the fit says so
    }
  }

  return {
    async open(slot) {
      const store = await deps.openStore(slot);
      shelf = await openShelf(store, deps.now);
      return store.where;
    },
    sets: async () => opened().sets(),
    add: (files, name, keep) => opened().add(files, name, keep),
    append: (id, files) => opened().append(id, files),
    label: (id, index, label) => opened().change(id, ({ files }) => ({ files: files.map((file, at) => (at === index ? { ...file, label } : file)) })),
    remove: (id, index) => opened().remove(id, index),
    forget: (id) => opened().forget(id),
    async forgetAll() {
      for (const { id } of opened().sets()) await opened().forget(id);
    },
    async *survey(id) {
      if (opened().about(id).kind !== "table") throw new DataError("bad-choice", "these data are no table", { what: "other-kind" });
      return yield* surveyTable((await opened().blobs(id))[0]!);
    },
    async pictures(id, from, count) {
      const { files } = opened().about(id);
      const blobs = await opened().blobs(id);
      const shown: OwnPicture[] = [];
      for (let index = from; index < Math.min(files.length, from + count); index++) {
        const { name, label } = files[index]!;
        shown.push({ index, name, label, thumbnail: await look(blobs[index]!) });
      }
      return shown;
    },
    async excerpt(id) {
      const [first] = await opened().blobs(id);
      return (await first!.slice(0, 4 * EXCERPT).text()).slice(0, EXCERPT);
    },
    fit: async (id, task, use) => fitOf(opened().about(id), await opened().blobs(id), task, use, deps),
    use: (id, use) => opened().change(id, () => ({ use })),
    async choice(id, task) {
      const sets = opened().sets();
      if (sets.find((set) => set.id === id)?.kept) return { kind: "own", set: id };
      return (await ownChoice(opened(), id, task, false)).data;
    },
    roles: async (survey) => ({ guessed: guessRoles(survey), possible: survey.columns.map(possibleRoles) }),
    tableData: async (survey, roles, missing) => tableDataOf(survey, roles, missing),
    check,
    layersModel: async (text) => fromLayersModel(text),
    async *trial(task, id) {
      const data: DataChoice = id === null ? { kind: "share", share: 0, shares: 16 } : (await ownChoice(opened(), id, task, true)).data;
      const { trainer, end } = deps.startTrainer();
      try {
        return yield* tryTask(task, data, trainer, deps.now);
      } finally {
        end();
      }
    },
  };
}

/** As the person fitted it to this task. @param leaveOut where nothing was said: a trial need not ask */
async function ownChoice(shelf: Shelf, id: string, task: TaskManifest, leaveOut: boolean) {
  const about = shelf.about(id);
  const hash = taskHash(task);
  return choiceOf(about, await shelf.blobs(id), task, about.use?.task === hash ? about.use : { ...freshUse(hash), leaveOut });
}

/** All that is wrong with a task: its fields, its layers, and whether its privacy can be had. */
async function check(json: unknown): Promise<TaskCheck> {
  const { task, problems } = taskProblems(json);
  if (task === null) return { task, problems, summary: null };
  // Brings tfjs's layers, which only a look at a model needs.
  const { summariseTask } = await import("../../learn/task-summary.ts");
  try {
    const summary = summariseTask(task);
    if (task.privacy) planPrivacy(parsePrivacy(task.privacy), { values: summary.parameters, bits: task.update.bits, devices: LIMITS.members, fieldBits: FIELD_BITS });
    return { task, problems, summary };
  } catch (error) {
    return { task: null, problems: [error instanceof PrivacyError ? { path: "privacy", message: error.message } : problemIn(error)], summary: null };
  }
}
