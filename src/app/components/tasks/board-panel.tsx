import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { PostedTask } from "../../../device/api.ts";
import { messages } from "../../i18n.ts";
import type { Session } from "../../session.ts";
import { Panel } from "../panel.tsx";
import { TaskRow } from "./task-row.tsx";

/** What this tab's device knows of the room's tasks, as it changes. */
function useBoard(session: Session): { posted: PostedTask[] | null; here: string | null; shipped: PostedTask[] } {
  const posted = useSignal<PostedTask[] | null>(null);
  const shipped = useSignal<PostedTask[]>([]);
  const here = useSignal<string | null>(null);
  const seen = useSignal<number | null>(null);
  useSignalEffect(() => {
    const version = session.snapshot.value?.board ?? null;
    if (version === null || version === seen.peek()) return;
    seen.value = version;
    session.device
      .then((device) => device.board())
      .then((tasks) => (posted.value = tasks))
      .catch((cause: unknown) => console.error(cause));
  });
  useEffect(() => {
    session.device
      .then(async (device) => {
        here.value = (await device.task()).hash;
        shipped.value = await device.shippedTasks();
      })
      .catch((cause: unknown) => console.error(cause));
  }, [session]);
  return { posted: posted.value, here: here.value, shipped: shipped.value };
}

/** Tasks that were posted in the room, then those that ship. */
export function BoardPanel({ session }: { session: Session }) {
  const text = messages.value.tasksPage.board;
  const { posted, here, shipped } = useBoard(session);
  const taking = (session.snapshot.value?.status ?? "idle") !== "idle";
  return (
    <Panel id="board" heading={text.heading} aside={<a class="meta" href="/task.schema.json">{text.schema}</a>}>
      <h3>{text.posted}</h3>
      {posted === null ? <p class="empty">{text.loading}</p> : posted.length === 0 && <p class="empty">{text.empty}</p>}
      {posted !== null && posted.length > 0 && (
        <ul class="tasks">
          {posted.map((task) => (
            <TaskRow key={task.hash} task={task} session={session} here={task.hash === here} posted />
          ))}
        </ul>
      )}
      <p class="hint">{taking ? text.joined : text.notJoined}</p>
      {shipped.length > 0 && (
        <>
          <h3>{text.shipped}</h3>
          <ul class="tasks">
            {shipped.map((task) => (
              <TaskRow key={task.hash} task={task} session={session} here={task.hash === here} posted={false} />
            ))}
          </ul>
          <p class="hint">{text.openHint}</p>
        </>
      )}
    </Panel>
  );
}
