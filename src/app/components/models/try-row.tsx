import { useSignal } from "@preact/signals";
import type { Device, ModelView } from "../../../device/api.ts";
import { language, messages } from "../../i18n.ts";
import { AnswerView } from "./answer-view.tsx";
import { useAsking } from "./asking.ts";
import { labelNames } from "./labels.ts";

type TableData = Extract<ModelView["task"]["data"], { kind: "table" }>;
type Asked = Extract<TableData["columns"][number], { role: "number" | "category" }>;

/** As the model takes it: NaN for an empty field, a category's place among its values. */
const numberOf = (column: Asked, value: string): number => {
  if (value.trim() === "") return NaN;
  return column.role === "number" ? Number(value) : column.values.indexOf(value.trim());
};

/** A row of the task's table, typed or pasted, and what the model makes of it. */
export function TryRow({ device, model, data }: { device: Promise<Device>; model: ModelView; data: TableData }) {
  const text = messages.value.modelsPage;
  const columns = data.columns.filter((column): column is Asked => column.role === "number" || column.role === "category");
  const values = useSignal<string[]>(columns.map((column) => (column.role === "number" ? String(column.mean) : column.values[0]!)));
  const wrong = useSignal<string | null>(null);
  const asking = useAsking(device, model.id);
  const set = (at: number, value: string): void => void (values.value = values.value.map((old, i) => (i === at ? value : old)));
  const paste = (line: string): void => {
    const fields = line.split(/[,;\t]/);
    wrong.value = line === "" || fields.length === columns.length ? null : text.pasteWrong(fields.length, columns.length);
    if (line !== "" && wrong.value === null) values.value = fields;
  };
  const ask = (event: Event): void => {
    event.preventDefault();
    void asking.ask(Float32Array.from(columns, (column, i) => numberOf(column, values.value[i]!)));
  };
  return (
    <form class="try" onSubmit={ask}>
      <div class="try-input">
        <label class="field">
          <span>{text.pasteRow}</span>
          <input type="text" onInput={({ currentTarget }) => paste(currentTarget.value)} />
        </label>
        {wrong.value !== null && (
          <p class="hint wrong" role="alert">
            {wrong.value}
          </p>
        )}
        <details>
          <summary>{text.row}</summary>
          <div class="try-fields">
            {columns.map((column, i) => (
              <label key={column.name} class="field">
                <span>{column.name}</span>
                {column.role === "number" ? (
                  <input type="number" step="any" value={values.value[i]} onInput={({ currentTarget }) => set(i, currentTarget.value)} />
                ) : (
                  <select value={values.value[i]} onChange={({ currentTarget }) => set(i, currentTarget.value)}>
                    <option value="">{text.empty}</option>
                    {column.values.map((value) => (
                      <option key={value}>{value}</option>
                    ))}
                  </select>
                )}
              </label>
            ))}
          </div>
        </details>
        <button type="submit" class="button primary">
          {text.ask}
        </button>
      </div>
      <AnswerView asking={asking} names={labelNames(model.task, language.value)} waiting={text.waiting} />
    </form>
  );
}
