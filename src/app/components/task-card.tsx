import { language, messages } from "../i18n.ts";
import type { Session } from "../session.ts";

/** What is trained, on what, and where: the facts a person may want before joining. */
export function TaskCard({ session }: { session: Session }) {
  const text = messages.value.task;
  const task = session.snapshot.value?.task;
  const parameters = task?.parameters ?? null;
  const digits = (task?.data.source ?? "digits") === "digits";
  const board = messages.value.tasksPage.board;
  const data = digits || task === undefined ? text.dataSource : [board.kinds[task.data.kind], ...(task.data.source === "own" ? [board.own] : [])].join(", ");
  const rows: [string, string][] = [
    [text.model, parameters === null ? text.parametersPending : text.parameters(parameters)],
    [text.data, data],
    ...(digits ? [[text.score, text.scoreSource] satisfies [string, string]] : []),
    ...(session.room === null ? [] : [[text.room, session.room.secret === undefined ? text.roomOpen : text.roomPrivate] satisfies [string, string]]),
  ];
  return (
    <section class="task" aria-labelledby="task-heading">
      <h2 id="task-heading">{task?.title[language.value] ?? text.digits}</h2>
      {digits && <p>{text.about}</p>}
      <dl class="facts">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** The model's name and the room in one line, for while taking part. */
export function TaskLine({ session }: { session: Session }) {
  const text = messages.value.task;
  const task = session.snapshot.value?.task;
  const trainer = session.snapshot.value?.trainer ?? null;
  const parameters = task?.parameters ?? null;
  const parts = [
    task?.title[language.value] ?? text.digits,
    parameters === null ? null : text.parameters(parameters),
    trainer === null ? null : messages.value.given.holdsCount(trainer.samples),
    session.room?.secret === undefined ? text.roomOpen : text.roomPrivate,
  ];
  return <p class="meta">{parts.filter((part) => part !== null).join(" · ")}</p>;
}

