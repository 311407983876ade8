import { type ReadonlySignal, signal } from "@preact/signals";
import type { Desk, OwnSet, Role, TableSurvey, TaskCheck, TrialResult, TrialStep } from "../device/desk/api.ts";
import { type Draft, type Field, fieldOf, freshDraft, type Kind, manifestOf, modelsFor } from "./task-draft.ts";

/** Milliseconds after the last key before a draft is checked. */
const PAUSE = 250;

/** A task in the making: components read the signals and call the actions. */
export interface TaskMaking {
  draft: ReadonlySignal<Draft>;
  sets: ReadonlySignal<OwnSet[]>;
  survey: ReadonlySignal<{ table: TableSurvey; roles: Role[]; possible: Role[][] } | null>;
  excerpt: ReadonlySignal<string | null>;
  /** Null until it was checked once. */
  check: ReadonlySignal<TaskCheck | null>;
  /** The manifest's own words on what is wrong, by the form's field. */
  wrongs: ReadonlySignal<ReadonlyMap<Field, string>>;
  trial: ReadonlySignal<{ step: TrialStep | null; result: TrialResult | null; failed: string | null } | null>;
  change(change: Partial<Draft>): void;
  kind(kind: Kind): void;
  pick(set: string): Promise<void>;
  role(column: number, role: Role): Promise<void>;
  bring(text: string): Promise<void>;
  try(): Promise<void>;
  stop(): void;
}

/** @param seed of the task that is made */
export function createTaskMaking(opened: Promise<{ desk: Desk }>, seed: number): TaskMaking {
  const draft = signal(freshDraft());
  const sets = signal<OwnSet[]>([]);
  const survey = signal<{ table: TableSurvey; roles: Role[]; possible: Role[][] } | null>(null);
  const excerpt = signal<string | null>(null);
  const check = signal<TaskCheck | null>(null);
  const wrongs = signal<ReadonlyMap<Field, string>>(new Map());
  const trial = signal<{ step: TrialStep | null; result: TrialResult | null; failed: string | null } | null>(null);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: AsyncGenerator<TrialStep, TrialResult, void> | null = null;

  opened.then(async ({ desk }) => void (sets.value = await desk.sets())).catch((cause: unknown) => console.error(cause));

  async function look(): Promise<void> {
    const { desk } = await opened;
    const checked = draft.value;
    const result = await desk.check(manifestOf(checked, seed));
    if (checked !== draft.value) return;
    check.value = result;
    wrongs.value = new Map(result.problems.toReversed().map(({ path, message }) => [fieldOf(path), message]));
  }

  function change(next: Partial<Draft>): void {
    draft.value = { ...draft.value, ...next };
    clearTimeout(timer);
    timer = setTimeout(() => void look().catch((cause: unknown) => console.error(cause)), PAUSE);
  }

  return {
    draft,
    sets,
    survey,
    excerpt,
    check,
    wrongs,
    trial,
    change,
    kind(kind) {
      survey.value = null;
      excerpt.value = null;
      const text = kind === "text";
      change({ kind, set: null, table: null, model: modelsFor(kind)[0]!, units: text ? "64" : "16", batch: text ? "8" : "16", learningRate: text ? "0.003" : "0.01" });
    },
    async pick(id) {
      const { desk } = await opened;
      survey.value = null;
      excerpt.value = null;
      trial.value = null;
      const set = sets.value.find((one) => one.id === id);
      if (!set) return change({ set: null, table: null });
      change({ set: id, ...(set.kind === "pictures" && draft.value.labels === "" ? { labels: set.labels.map(({ label }) => label).join(", ") } : {}) });
      if (set.kind === "text") excerpt.value = await desk.excerpt(id);
      if (set.kind !== "table") return;
      const steps = desk.survey(id);
      for (;;) {
        const { done, value } = await steps.next();
        if (!done) continue;
        const { guessed, possible } = await desk.roles(value);
        survey.value = { table: value, roles: guessed, possible };
        if (draft.value.kind === "table") change({ table: await desk.tableData(value, guessed, undefined) });
        return;
      }
    },
    async role(column, role) {
      const now = survey.value;
      if (now === null) return;
      // One column is the label: the one that was it before becomes what else it may be.
      const roles = now.roles.map((before, index) => (index === column ? role : role === "label" && before === "label" ? (now.possible[index]!.find((other) => other !== "label") ?? "ignored") : before));
      survey.value = { ...now, roles };
      change({ table: await (await opened).desk.tableData(now.table, roles, undefined) });
    },
    async bring(text) {
      try {
        change({ brought: await (await opened).desk.layersModel(text) });
      } catch (cause) {
        wrongs.value = new Map([...wrongs.value, ["model", cause instanceof Error ? cause.message : String(cause)]]);
      }
    },
    async try() {
      const task = check.value?.task;
      if (!task || running) return;
      trial.value = { step: null, result: null, failed: null };
      try {
        running = (await opened).desk.trial(task, draft.value.set);
        for (;;) {
          const step = await running.next();
          trial.value = { step: step.done ? null : step.value, result: step.done ? ((step.value as TrialResult | undefined) ?? null) : null, failed: null };
          if (step.done) break;
        }
      } catch (cause) {
        trial.value = { step: null, result: null, failed: cause instanceof Error ? cause.message : String(cause) };
      } finally {
        running = null;
      }
    },
    stop: () => void running?.return(undefined as never),
  };
}
