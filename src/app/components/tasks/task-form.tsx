import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { openDesk } from "../../desk.ts";
import { download } from "../../download.ts";
import { messages } from "../../i18n.ts";
import type { Session } from "../../session.ts";
import { compressionsFor, type Draft, type Field, KINDS, modelsFor } from "../../task-draft.ts";
import { taskHref } from "../../task-link.ts";
import { createTaskMaking, type TaskMaking } from "../../task-making.ts";
import { FileButton } from "../file-button.tsx";
import { PageLink } from "../page-link.tsx";
import { ColumnRoles } from "./column-roles.tsx";
import { SelectField, TextField } from "./field.tsx";
import { PreviewPanel } from "./preview-panel.tsx";
import { TaskLink } from "./task-row.tsx";

type TextOf = { [K in keyof Draft]: Draft[K] extends string ? K : never }[keyof Draft];
const WRONG_SHOWN: Field[] = ["model", "columns", "epsilon"];

interface Part {
  making: TaskMaking;
  /** What a field says is wrong, once there is something to say. */
  wrong: (field: Field) => string | undefined;
  input: (field: TextOf, label: string, more?: { numeric?: boolean; hint?: string; lang?: string }) => preact.JSX.Element;
}

function DataFields({ making, wrong, input }: Part) {
  const text = messages.value.tasksPage.form;
  const { kind, set, colour } = making.draft.value;
  const fitting = making.sets.value.filter((one) => (kind === "table" || kind === "passages" ? one.kind === "table" : kind === "image" ? one.kind === "pictures" || one.kind === "idx" : one.kind === "text"));
  return (
    <>
      <SelectField label={text.kind} value={kind} options={KINDS} text={(option) => text.kinds[option]} onPick={(option) => making.kind(option)} />
      {fitting.length === 0 ? (
        <p class="hint">
          {text.noSets} <PageLink to="data">{text.addData}</PageLink>
        </p>
      ) : (
        <SelectField
          label={kind === "table" ? text.set : text.setTry}
          value={set ?? ""}
          options={["", ...fitting.map(({ id }) => id)]}
          text={(id) => fitting.find((one) => one.id === id)?.name ?? text.setNone}
          onPick={(id) => void making.pick(id)}
        />
      )}
      {kind === "table" && <ColumnRoles making={making} wrong={wrong("columns")} />}
      {kind === "image" && (
        <div class="field-row">
          {input("height", text.height, { numeric: true })}
          {input("width", text.width, { numeric: true })}
          <label class="option">
            <input type="checkbox" checked={colour} onChange={(event) => making.change({ colour: event.currentTarget.checked })} />
            <span>{text.colour}</span>
          </label>
        </div>
      )}
      {(kind === "image" || kind === "passages") && input("labels", text.labels, { hint: text.labelsHint })}
    </>
  );
}

function ModelFields({ making, wrong, input }: Part) {
  const text = messages.value.tasksPage.form;
  const { kind, model } = making.draft.value;
  return (
    <>
      <SelectField label={text.model} value={model} options={modelsFor(kind)} text={(option) => text.models[option]} wrong={wrong("model")} onPick={(option) => making.change({ model: option })} />
      {model === "dense" && input("units", text.units, { numeric: true })}
      {model === "gpt" && (
        <div class="field-row">
          {input("layers", text.layers, { numeric: true })}
          {input("heads", text.heads, { numeric: true })}
          {input("units", text.gptWidth, { numeric: true })}
          {input("context", text.context, { numeric: true })}
        </div>
      )}
      {model === "brought" && (
        <FileButton text={text.brought} name="layers" accept=".json,application/json" onFiles={([file]) => void file?.text().then((json) => making.bring(json))} />
      )}
    </>
  );
}

function TrainingFields({ making, input }: Part) {
  const text = messages.value.tasksPage.form;
  const { optimiser, compression, audits, privacy } = making.draft.value;
  const compressions = compressionsFor(making.draft.value);
  const chosen = compressions.includes(compression) ? compression : "dense";
  return (
    <>
      <div class="field-row">
        <SelectField label={text.optimiser} value={optimiser} options={["adamw", "sgd"] as const} text={(option) => text.optimisers[option]} onPick={(option) => making.change({ optimiser: option })} />
        {input("learningRate", text.learningRate, { numeric: true })}
        {input("batch", text.batch, { numeric: true })}
        {input("localSteps", text.localSteps, { numeric: true })}
      </div>
      <div class="field-row">
        <SelectField label={text.compression} value={chosen} options={compressions} text={(option) => text.compressions[option]} onPick={(option) => making.change({ compression: option })} />
        {chosen === "fragments" && input("fragments", text.fragments, { numeric: true })}
        {chosen === "low-rank" && input("rank", text.rank, { numeric: true, hint: text.rankHint })}
        {input("bits", text.bits, { numeric: true })}
      </div>
      <label class="option">
        <input type="checkbox" checked={privacy} onChange={(event) => making.change({ privacy: event.currentTarget.checked })} />
        <span>
          {text.privacy} <span class="hint">{text.privacyHint}</span>
        </span>
      </label>
      {!privacy && (
        <label class="option">
          <input type="checkbox" checked={audits} onChange={(event) => making.change({ audits: event.currentTarget.checked })} />
          <span>
            {text.audits} <span class="hint">{text.auditsHint}</span>
          </span>
        </label>
      )}
      {privacy && (
        <div class="field-row">
          {input("epsilon", text.epsilon, { numeric: true })}
          {input("rounds", text.rounds, { numeric: true })}
          {input("clip", text.clip, { numeric: true })}
        </div>
      )}
    </>
  );
}

/** Makes a task, checked as it is typed, with a look at what it makes. */
export function TaskForm({ session }: { session: Session }) {
  const all = messages.value.tasksPage;
  const text = all.form;
  const making = useMemo(() => createTaskMaking(session.claimed.then(({ slot }) => openDesk(slot)), crypto.getRandomValues(new Uint32Array(1))[0]!), [session]);
  useEffect(() => () => making.stop(), [making]);
  const posted = useSignal<string | null>(null);
  const busy = useSignal(false);
  const failed = useSignal<string | null>(null);
  const draft = making.draft.value;
  const wrongs = making.wrongs.value;
  const task = making.check.value?.task ?? null;
  const wrong = (field: Field): string | undefined => {
    const message = wrongs.get(field);
    if (message === undefined) return undefined;
    const own: Record<string, string> = all.wrong;
    return WRONG_SHOWN.includes(field) ? `${own[field] ?? ""} (${message})` : (own[field] ?? message);
  };
  const input: Part["input"] = (field, label, more = {}) => <TextField label={label} value={draft[field]} wrong={wrong(field)} {...more} onInput={(value) => making.change({ [field]: value })} />;
  const part: Part = { making, wrong, input };
  const post = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (task === null || busy.value) return;
    busy.value = true;
    failed.value = null;
    try {
      posted.value = await (await session.device).postTask(task);
    } catch (cause) {
      failed.value = cause instanceof Error ? cause.message : String(cause);
    } finally {
      busy.value = false;
    }
  };
  const href = posted.value === null || session.room === null ? null : taskHref(posted.value, session.room, location);
  return (
    <div class="columns task-making">
      <div class="column">
        <form class="panel task-form" onSubmit={(event) => void post(event)} autocomplete="off">
          {input("titleEn", text.titleEn, { lang: "en" })}
          {input("titleUk", text.titleUk, { lang: "uk" })}
          <DataFields {...part} />
          <ModelFields {...part} />
          <h2>{text.training}</h2>
          <TrainingFields {...part} />
          <div class="actions">
            <button type="submit" class="button primary" aria-disabled={task === null || busy.value}>
              {busy.value ? text.posting : text.post}
            </button>
            <button type="button" class="button" aria-disabled={task === null} onClick={() => task && download(JSON.stringify(task, null, 2), `${task.name}.task.json`, "application/json")}>
              {text.export}
            </button>
          </div>
          {failed.value !== null && (
            <p class="hint wrong" role="alert" lang="en">
              {failed.value}
            </p>
          )}
          <p class="hint" role="status">
            {href === null ? "" : text.posted}
          </p>
          {href !== null && (
            <>
              <a class="button" href={href}>
                {text.openNow}
              </a>
              <TaskLink href={location.origin + href} />
            </>
          )}
        </form>
      </div>
      <div class="column">
        <PreviewPanel making={making} />
      </div>
    </div>
  );
}
