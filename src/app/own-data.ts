import { type ReadonlySignal, signal } from "@preact/signals";
import type { TaskManifest } from "../learn/task.ts";
import type { DataFault, Desk, Fit, GivenFile, OwnPicture, OwnSet, OwnUse, TableSurvey } from "../device/desk/api.ts";
import { openDesk } from "./desk.ts";

/** Pictures shown at once. */
export const PICTURES_SHOWN = 24;

/** What the page shows of the open set, and how it goes with the tab's task. */
export interface OpenSet {
  set: OwnSet;
  survey: TableSurvey | null;
  pictures: { from: number; shown: OwnPicture[] } | null;
  excerpt: string | null;
  use: OwnUse;
  /** Null while it is worked out. */
  fit: Fit | null;
}

export interface Problem {
  code: string;
  detail: string;
  fault: DataFault | null;
}

/** A person's own data on the Data page: components read the signals and call the actions. */
export interface OwnDataView {
  /** Null until the desk is open. */
  sets: ReadonlySignal<OwnSet[] | null>;
  /** False where this browser keeps nothing. */
  lasting: ReadonlySignal<boolean>;
  open: ReadonlySignal<OpenSet | null>;
  /** 0 to 1, of what is being read. */
  busy: ReadonlySignal<number | null>;
  problem: ReadonlySignal<Problem | null>;
  add(files: GivenFile[], name: string, keep: boolean): Promise<void>;
  /** Stops what is being read. */
  stop(): void;
  show(id: string): Promise<void>;
  close(): void;
  page(from: number): Promise<void>;
  /** Into the open set of pictures, or a new one of this name. */
  addPicture(picture: Blob, file: string, label: string | null, name: string, keep: boolean): Promise<void>;
  label(index: number, label: string | null): Promise<void>;
  remove(index: number): Promise<void>;
  use(change: Partial<OwnUse>): Promise<void>;
  forget(id: string): Promise<void>;
  forgetAll(): Promise<void>;
}

export interface OwnDataDeps {
  slot: Promise<number>;
  task: Promise<{ manifest: TaskManifest; hash: string }>;
  /** Null: as the browser starts it. */
  desk?: Promise<{ desk: Desk; where: string }>;
}

const problemOf = (cause: unknown): Problem => {
  const { code, message, fault } = cause as { code?: unknown; message?: unknown; fault?: DataFault | null };
  return { code: typeof code === "string" ? code : "internal", detail: typeof message === "string" ? message : String(cause), fault: fault ?? null };
};

export function createOwnData({ slot, task, desk: given }: OwnDataDeps): OwnDataView {
  const sets = signal<OwnSet[] | null>(null);
  const lasting = signal(true);
  const open = signal<OpenSet | null>(null);
  const busy = signal<number | null>(null);
  const problem = signal<Problem | null>(null);
  let running: AsyncGenerator<number, unknown, void> | null = null;
  const opened = given ?? slot.then(openDesk);

  const refresh = async (): Promise<void> => {
    sets.value = await (await opened).desk.sets();
  };
  opened.then(
    async ({ where }) => {
      lasting.value = where !== "memory";
      await refresh();
    },
    (cause: unknown) => {
      console.error(cause);
      problem.value = problemOf(cause);
    },
  );

  const act = async (work: (desk: Desk) => Promise<void>): Promise<void> => {
    problem.value = null;
    try {
      await work((await opened).desk);
    } catch (cause) {
      console.warn(cause);
      problem.value = problemOf(cause);
    }
  };

  /** Follows what is read by the part that is done. Null where it was stopped. */
  async function follow<R>(steps: AsyncGenerator<number, R, void>, bytes: number): Promise<R | null> {
    running = steps;
    busy.value = 0;
    try {
      for (;;) {
        const step = await steps.next();
        if (step.done) return (step.value as R | undefined) ?? null;
        busy.value = bytes === 0 ? 0 : Math.min(1, step.value / bytes);
      }
    } finally {
      busy.value = null;
      running = null;
    }
  }

  async function fit(desk: Desk): Promise<void> {
    const shown = open.value;
    if (shown === null) return;
    open.value = { ...shown, fit: null };
    const result = await desk.fit(shown.set.id, (await task).manifest, shown.use);
    if (open.value?.set.id === shown.set.id && open.value.use === shown.use) open.value = { ...open.value, fit: result };
  }

  async function look(desk: Desk, set: OwnSet): Promise<void> {
    const { hash } = await task;
    const use = set.use?.task === hash ? set.use : { task: hash, names: {}, separator: null, leaveOut: false };
    open.value = { set, survey: null, pictures: null, excerpt: null, use, fit: null };
    if (set.kind === "table") {
      const survey = await follow(desk.survey(set.id), set.bytes);
      if (survey === null || open.value?.set.id !== set.id) return;
      open.value = { ...open.value, survey, use: { ...use, separator: survey.separator } };
    } else if (set.kind === "pictures") await page(desk, 0);
    else if (set.kind === "text") open.value = { ...open.value, excerpt: await desk.excerpt(set.id) };
    await fit(desk);
  }

  async function page(desk: Desk, from: number): Promise<void> {
    const shown = open.value;
    if (shown === null) return;
    const pictures = { from, shown: await desk.pictures(shown.set.id, from, PICTURES_SHOWN) };
    if (open.value?.set.id === shown.set.id) open.value = { ...open.value, pictures };
  }

  async function changed(desk: Desk, set: OwnSet): Promise<void> {
    if (open.value === null) return;
    open.value = { ...open.value, set };
    await Promise.all([refresh(), page(desk, Math.min(open.value.pictures?.from ?? 0, Math.max(0, set.files - 1)))]);
    await fit(desk);
  }

  return {
    sets,
    lasting,
    open,
    busy,
    problem,
    add: (files, name, keep) =>
      act(async (desk) => {
        const set = await follow(desk.add(files, name, keep), files.reduce((sum, { file }) => sum + file.size, 0));
        await refresh();
        if (set) await look(desk, set);
      }),
    stop: () => void running?.return(undefined),
    show: (id) =>
      act(async (desk) => {
        const set = sets.value?.find((one) => one.id === id);
        if (set) await look(desk, set);
      }),
    close: () => void (open.value = null),
    page: (from) => act((desk) => page(desk, from)),
    addPicture: (picture, file, label, name, keep) =>
      act(async (desk) => {
        const given = { file: picture, name: file, label };
        if (open.value?.set.kind === "pictures") return changed(desk, await desk.append(open.value.set.id, [given]));
        const set = await follow(desk.add([given], name, keep), picture.size);
        await refresh();
        if (set) await look(desk, set);
      }),
    label: (index, label) => act(async (desk) => void (open.value && (await changed(desk, await desk.label(open.value.set.id, index, label))))),
    remove: (index) => act(async (desk) => void (open.value && (await changed(desk, await desk.remove(open.value.set.id, index))))),
    use: (change) =>
      act(async (desk) => {
        if (open.value === null) return;
        const use = { ...open.value.use, ...change };
        open.value = { ...open.value, use, set: await desk.use(open.value.set.id, use) };
        await refresh();
        // Agreement changes nothing of what was read.
        if (change.names !== undefined || change.separator !== undefined) await fit(desk);
      }),
    forget: (id) =>
      act(async (desk) => {
        await desk.forget(id);
        if (open.value?.set.id === id) open.value = null;
        await refresh();
      }),
    forgetAll: () =>
      act(async (desk) => {
        await desk.forgetAll();
        open.value = null;
        await refresh();
      }),
  };
}
