import { format, messages } from "../../i18n.ts";
import type { TaskMaking } from "../../task-making.ts";

/** A table's columns, what each is for, and all that the task will tell of it. */
export function ColumnRoles({ making, wrong }: { making: TaskMaking; wrong: string | undefined }) {
  const text = messages.value.tasksPage.form;
  const survey = making.survey.value;
  const table = making.draft.value.table;
  if (survey === null) return wrong && making.draft.value.set !== null ? <p class="hint wrong">{wrong}</p> : null;
  const told = (index: number): string => {
    const column = table?.columns[index];
    if (column?.role === "number") return text.range(format.value.rounded(column.mean), format.value.rounded(column.deviation));
    if (column?.role === "label" || column?.role === "category") return column.values.length <= 6 ? column.values.join(", ") : text.values(column.values.length);
    return "";
  };
  return (
    <fieldset class="column-roles">
      <legend>{text.columns}</legend>
      <p class="hint">{text.columnsHint}</p>
      <ul>
        {survey.table.columns.map(({ name }, index) => (
          <li key={index}>
            <span class="column-name">{name}</span>
            <select aria-label={text.role(name)} value={survey.roles[index]} onChange={(event) => void making.role(index, event.currentTarget.value as (typeof survey.roles)[number])}>
              {survey.possible[index]!.map((role) => (
                <option key={role} value={role}>
                  {text.roles[role]}
                </option>
              ))}
            </select>
            <span class="meta">{told(index)}</span>
          </li>
        ))}
      </ul>
      <p class="meta">{messages.value.dataPage.table.rows(survey.table.rows)}</p>
      {wrong && <p class="hint wrong">{wrong}</p>}
    </fieldset>
  );
}
