import * as v from "valibot";
import { TaskError } from "./errors.ts";
import { checkTask, type TaskManifest, TaskSchema } from "./task.ts";

export interface TaskProblem {
  /** The manifest's field, as in `inner.batch`; empty for the whole. */
  path: string;
  message: string;
}

/** Like `checkTask`, but with all that is wrong, so that a form says it beside each field. */
export function taskProblems(json: unknown): { task: TaskManifest | null; problems: TaskProblem[] } {
  const result = v.safeParse(TaskSchema, json);
  if (!result.success) return { task: null, problems: result.issues.map((issue) => ({ path: v.getDotPath(issue) ?? "", message: issue.message })) };
  try {
    return { task: checkTask(json), problems: [] };
  } catch (error) {
    return { task: null, problems: [problemIn(error)] };
  }
}

/** What an error says of a task. @throws the error, where it is of another kind */
export function problemIn(error: unknown): TaskProblem {
  if (!(error instanceof TaskError)) throw error;
  return { path: error.path ?? "model", message: error.message };
}
