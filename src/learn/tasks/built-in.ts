import { TaskError } from "../errors.ts";
import { checkTask, type TaskManifest } from "../task.ts";
import { breastCancerTask } from "./breast-cancer.ts";
import { digitsTask } from "./digits.ts";
import { languagesTask } from "./languages.ts";
import { addressesTask, mobyDickTask } from "./texts.ts";

/** The tasks whose data ship with the app; the first is taken where nothing else is said. */
export const builtInTasks: readonly TaskManifest[] = [digitsTask, breastCancerTask, languagesTask, mobyDickTask, addressesTask];

/** @throws TaskError `bad-task` */
export function builtInTask(name: string): TaskManifest {
  const task = builtInTasks.find((known) => known.name === name);
  if (!task) throw new TaskError("bad-task", `there is no task ${name} here; there are ${builtInTasks.map((known) => known.name).join(", ")}`, "name");
  return task;
}

/**
 * The task that a device is to take part in.
 * @param wanted the name of one that ships, or a manifest from anywhere; absent: the digits
 * @throws TaskError `bad-task`, or `unsupported` where the swarm does not do yet what the task asks for
 */
export function chooseTask(wanted: unknown): TaskManifest {
  if (wanted === undefined) return digitsTask;
  const task = typeof wanted === "string" ? builtInTask(wanted) : checkTask(wanted);
  // Better no part in the task than one in which a promise of it is not kept.
  if (task.rewards) throw new TaskError("unsupported", "this version of the swarm does not do what the task asks for in rewards; update or choose another task");
  return task;
}
