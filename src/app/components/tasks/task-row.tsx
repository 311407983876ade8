import { useSignal } from "@preact/signals";
import type { PostedTask } from "../../../device/api.ts";
import { download } from "../../download.ts";
import { format, language, messages } from "../../i18n.ts";
import type { Session } from "../../session.ts";
import { taskHref } from "../../task-link.ts";
import { CopyButton } from "../copy-button.tsx";
import { QrCode } from "../qr-code.tsx";

/** A link and a QR code that lead to a task in this room. */
export function TaskLink({ href }: { href: string }) {
  const text = messages.value.tasksPage.board;
  return (
    <div class="task-link">
      <label class="field">
        <span>{text.link}</span>
        <input type="text" readOnly dir="ltr" value={href} onFocus={(event) => event.currentTarget.select()} />
      </label>
      <div class="share">
        <QrCode value={href} />
        <div class="share-side">
          <CopyButton value={href} />
          <p class="hint">{text.linkHint}</p>
        </div>
      </div>
    </div>
  );
}

/** Where a task does not say. */
const AUDIT_ONE_OF = 20;

/** One task, and what can be done with it. */
export function TaskRow({ task, session, here, posted }: { task: PostedTask; session: Session; here: boolean; posted: boolean }) {
  const text = messages.value.tasksPage.board;
  const sharing = useSignal(false);
  const { manifest, hash, mine } = task;
  const title = manifest.title[language.value];
  const { room } = session;
  const href = room === null ? null : taskHref(posted ? hash : manifest.name, room, location);
  const facts = [
    here ? text.here : null,
    text.kinds[manifest.data.kind],
    manifest.data.source === "own" ? text.own : null,
    manifest.privacy ? text.private(format.value.whole(manifest.privacy.epsilon)) : null,
    manifest.audits ? (manifest.audits === "rerun" ? text.reruns : text.audited)(manifest.auditOneOf ?? AUDIT_ONE_OF) : null,
    posted ? (mine ? text.mine : text.other) : null,
  ];
  const hide = async (): Promise<void> => (await session.device).hideTask(hash);
  return (
    <li class="task-row" data-task={hash} aria-current={here ? "true" : undefined}>
      <div class="task-row-words">
        <strong dir="auto">{title}</strong>
        <span class="meta">{facts.filter((fact) => fact !== null).join(" · ")}</span>
      </div>
      <div class="actions">
        {href !== null && !here && (
          <a class="button small" href={href} aria-label={text.opening(title)}>
            {text.open}
          </a>
        )}
        {href !== null && (
          <button type="button" class="button small" aria-expanded={sharing.value} aria-label={text.sharing(title)} onClick={() => (sharing.value = !sharing.value)}>
            {text.share}
          </button>
        )}
        <button type="button" class="button small" aria-label={text.exporting(title)} onClick={() => download(JSON.stringify(manifest, null, 2), `${manifest.name}.task.json`, "application/json")}>
          {text.export}
        </button>
        {posted && !here && (
          <button type="button" class="button small" aria-label={text.hiding(title)} onClick={() => void hide()}>
            {text.hide}
          </button>
        )}
      </div>
      {sharing.value && href !== null && <TaskLink href={location.origin + href} />}
    </li>
  );
}
