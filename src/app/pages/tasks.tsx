import { useSignal } from "@preact/signals";
import { BoardPanel } from "../components/tasks/board-panel.tsx";
import { ImportTask } from "../components/tasks/import-task.tsx";
import { TaskForm } from "../components/tasks/task-form.tsx";
import { PageHead } from "../components/page-head.tsx";
import { messages } from "../i18n.ts";
import type { PageProps } from "../pages.ts";
import "../styles/data.css";
import "../styles/tasks.css";

/** The room's board of tasks, and making one of one's own. */
export function Tasks({ session }: PageProps) {
  const text = messages.value.tasksPage;
  const making = useSignal(false);
  return (
    <>
      <PageHead heading={making.value ? text.form.heading : text.heading} lead={making.value ? undefined : text.lead}>
        <div class="actions">
          {making.value ? (
            <button type="button" class="button" onClick={() => (making.value = false)}>
              {text.form.back}
            </button>
          ) : (
            <>
              <button type="button" class="button primary" onClick={() => (making.value = true)}>
                {text.make}
              </button>
              <ImportTask session={session} />
            </>
          )}
        </div>
      </PageHead>
      {making.value ? <TaskForm session={session} /> : <BoardPanel session={session} />}
    </>
  );
}
