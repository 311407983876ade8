import { useSignal } from "@preact/signals";
import type { Fit } from "../../../device/desk/api.ts";
import { language, messages } from "../../i18n.ts";
import type { OpenSet, OwnDataView } from "../../own-data.ts";
import type { Session } from "../../session.ts";
import { openDesk } from "../../desk.ts";
import { PageLink } from "../page-link.tsx";
import { Panel } from "../panel.tsx";
import { BadRows } from "./bad-rows.tsx";
import { Balance } from "./balance.tsx";
import { sayFault } from "./say-fault.ts";

/** Columns or labels that the task calls otherwise, each with what it may be here. */
function Names({ open, fit, view }: { open: OpenSet; fit: Fit; view: OwnDataView }) {
  const text = messages.value.dataPage.fit;
  const said = Object.keys(open.use.names);
  const wanted = [...said, ...fit.missing.filter((name) => !said.includes(name))];
  const offered = [...new Set([...fit.offered, ...Object.values(open.use.names)])];
  if (wanted.length === 0) return null;
  const say = (name: string, own: string): void => {
    const { [name]: _before, ...others } = open.use.names;
    void view.use({ names: own === "" ? others : { ...others, [name]: own } });
  };
  return (
    <div class="names">
      <p class="hint">{text.missing}</p>
      {wanted.map((name) => (
        <label key={name} class="field name-field">
          <span>{text.called(name)}</span>
          <select value={open.use.names[name] ?? ""} onChange={(event) => say(name, event.currentTarget.value)}>
            <option value="">{text.notHere}</option>
            {offered.map((own) => (
              <option key={own} value={own}>
                {own}
              </option>
            ))}
          </select>
        </label>
      ))}
    </div>
  );
}

/** What cannot be used, and the two ways on. */
function Bad({ open, fit, view }: { open: OpenSet; fit: Fit; view: OwnDataView }) {
  const text = messages.value.dataPage.fit;
  const { leaveOut } = open.use;
  return (
    <div class="bad" data-bad={fit.bad.count}>
      <p class={leaveOut ? "hint" : "hint wrong"} role="status">
        <strong>{text.bad(fit.bad.count)}.</strong> {leaveOut ? text.leftOut : fit.bad.count > fit.bad.rows.length && text.badFirst(fit.bad.rows.length)}
      </p>
      {!leaveOut && <BadRows rows={fit.bad.rows} files={open.set.kind !== "table"} />}
      {!leaveOut && <p class="hint">{text.correct}</p>}
      <button type="button" class="button small" onClick={() => void view.use({ leaveOut: !leaveOut })}>
        {leaveOut ? text.takeIn : text.leaveOut}
      </button>
    </div>
  );
}

/** How the open set goes with the tab's task, and the button that makes the device train on it. */
export function FitPanel({ open, view, session }: { open: OpenSet; view: OwnDataView; session: Session }) {
  const text = messages.value.dataPage.fit;
  const chosen = useSignal<string | null>(null);
  const task = session.snapshot.value?.task;
  const taking = (session.snapshot.value?.status ?? "idle") !== "idle";
  const { fit, set } = open;
  const usable = fit !== null && fit.problem === null && fit.samples > 0 && (fit.bad.count === 0 || open.use.leaveOut);
  const use = async (): Promise<void> => {
    if (!usable) return;
    const { desk } = await openDesk((await session.claimed).slot);
    // What was fitted is kept with the set, so that the device reads it alike.
    await view.use({});
    const data = await desk.choice(set.id, (await (await session.device).task()).manifest);
    session.choice.value = data.kind === "own" ? data : { kind: "given", data };
    chosen.value = set.id;
  };
  return (
    <Panel id="fit" heading={text.heading}>
      {task && <p class="meta">{text.task(task.title[language.value])}</p>}
      {fit === null ? (
        <p class="empty" role="status">
          {text.checking}
        </p>
      ) : (
        <>
          {fit.samples > 0 && <p>{fit.labels.length > 0 ? text.samples(fit.samples) : text.bytes(fit.samples)}</p>}
          <Names open={open} fit={fit} view={view} />
          {fit.problem !== null && (
            <div>
              <p class="hint wrong">{fit.problem.fault === null ? messages.value.dataPage.problem.heading : sayFault(fit.problem.fault)}</p>
              {fit.problem.fault === null && (
                <p class="hint" lang="en">
                  {fit.problem.detail}
                </p>
              )}
            </div>
          )}
          {fit.labels.length > 0 && fit.samples > 0 && <Balance labels={fit.labels} />}
          {fit.bad.count > 0 && <Bad open={open} fit={fit} view={view} />}
          <div class="actions">
            <button type="button" class="button primary" aria-disabled={!usable || taking} onClick={() => taking || void use()}>
              {text.use}
            </button>
            {chosen.value === set.id && <PageLink to="contribute" class="button">{text.go}</PageLink>}
            {set.kind === "table" && <PageLink to="tasks" class="button">{text.makeTask}</PageLink>}
          </div>
          <p class="hint" role="status">
            {taking ? text.leaveFirst : chosen.value === set.id ? text.used : set.kind === "table" ? text.makeTaskHint : ""}
          </p>
        </>
      )}
    </Panel>
  );
}
