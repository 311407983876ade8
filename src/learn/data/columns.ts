import { MAX_COLUMNS } from "../limits.ts";
import type { Column, TableData } from "../task-data.ts";
import type { ColumnSurvey, TableSurvey } from "./survey.ts";

export type Role = Column["role"];

/** Values that a column of categories may have where nobody says that it is one. */
const GUESSED_CATEGORIES = 32;
/** A column is one of numbers where at least this part of what is not empty are numbers. */
const NUMBERS_PART = 0.9;
/** Digits of a mean or deviation that a task tells: enough to scale by, and no more of the person's data than that. */
const TOLD_DIGITS = 3;
/** Characters of a value (task-data.ts). */
const WORD_CHARACTERS = 200;

const LABEL_NAMES = /^(label|class|target|species|diagnosis|category|outcome|result|y|мітка|клас|ціль|результат|вид|діагноз)$/i;
const ID_NAMES = /^(id|uid|uuid|index|key|no|№|n°|номер|код)$/i;

/** What each column is most likely for: a column called so, or else the last that has few values, is the label. */
export function guessRoles({ columns, rows }: Pick<TableSurvey, "columns" | "rows">): Role[] {
  const labelled = columns.findIndex((column) => LABEL_NAMES.test(column.name) && canBeLabel(column));
  const label = labelled >= 0 ? labelled : columns.findLastIndex((column) => canBeLabel(column) && (column.values?.length ?? 0) <= GUESSED_CATEGORIES && column.values!.length < rows);
  return columns.map((column, index) => {
    if (index === label) return "label";
    if (ID_NAMES.test(column.name)) return "ignored";
    if (isNumbers(column, rows)) return "number";
    return column.values !== null && column.values.length > 0 && column.values.length <= GUESSED_CATEGORIES && hasWords(column) ? "category" : "ignored";
  });
}

const hasWords = ({ values }: ColumnSurvey): boolean => values !== null && values.every(([value]) => value.length <= WORD_CHARACTERS);
/** A few fields may be mistakes, which the person then hears of. */
const isNumbers = ({ numbers, empty }: ColumnSurvey, rows: number): boolean => numbers > 0 && numbers >= NUMBERS_PART * (rows - empty);
const canBeLabel = (column: ColumnSurvey): boolean => (column.values?.length ?? 0) >= 2 && hasWords(column);

/** Roles that a column may be given. */
export function possibleRoles(column: ColumnSurvey): Role[] {
  return [...(column.numbers > 0 ? (["number"] as const) : []), ...(column.values !== null && column.values.length > 0 && hasWords(column) ? (["category"] as const) : []), ...(canBeLabel(column) ? (["label"] as const) : []), "ignored"];
}

const told = (value: number): number => Number(value.toPrecision(TOLD_DIGITS));

/**
 * A task's table after a person's own. Names, values, and the rounded means and deviations of the number columns become
 * part of the task, which others read. @param roles one a column
 */
export function tableDataOf({ columns }: Pick<TableSurvey, "columns">, roles: readonly Role[], missing: TableData["missing"]): TableData {
  return { kind: "table", source: "own", columns: columns.slice(0, MAX_COLUMNS).map((column, index) => described(column, roles[index] ?? "ignored")), ...(missing && { missing }) };
}

function described({ name, mean, deviation, values }: ColumnSurvey, role: Role): Column {
  switch (role) {
    case "number":
      return { role, name, mean: told(mean), deviation: told(deviation) || 1 };
    case "category":
    case "label":
      return { role, name, values: (values ?? []).map(([value]) => value) };
    case "ignored":
      return { role, name };
  }
}
