import { BadRowsError, DataError, type BadRow } from "../errors.ts";
import { LISTED_BAD_ROWS, MAX_TABLE_NUMBERS, MAX_TABLE_ROWS } from "../limits.ts";
import { inputShape, labelCount, type Column, type TableData } from "../task-data.ts";
import { readCsv, type CsvRow } from "./csv.ts";
import type { Examples } from "./examples.ts";

export interface TableOptions {
  /** The person has agreed to go on without the rows that cannot be used. */
  leaveOutBadRows?: boolean;
  /** What the file calls a column, by its name in the task; absent: the same. */
  names?: Readonly<Record<string, string>>;
  /** Between two fields; absent: a comma. With a semicolon a number may have a decimal comma, as spreadsheets write it. */
  separator?: string;
}

export interface Table {
  examples: Examples;
  /** Rows that were left out, with the first of them in detail. */
  leftOut: { count: number; rows: BadRow[] };
}

/**
 * Reads a table as the task describes it from CSV with a line of names. Columns are found by name; more of them than
 * the task knows may be there.
 * @throws BadRowsError unless the person agreed, DataError if it is no such table
 */
export async function readTable(stream: ReadableStream<Uint8Array>, task: TableData, { leaveOutBadRows = false, names = {}, separator = "," }: TableOptions = {}): Promise<Table> {
  const size = inputShape(task)[0]!;
  const most = Math.min(MAX_TABLE_ROWS, Math.floor(MAX_TABLE_NUMBERS / size));
  const rows: Float32Array[] = [];
  const labels: number[] = [];
  const bad: BadRow[] = [];
  let count = 0;
  let places: Place[] | null = null;
  let columns = 0;
  for await (const row of readCsv(stream, separator)) {
    if (places === null) {
      places = findColumns(row, task.columns, names);
      columns = row.fields.length;
      continue;
    }
    if (rows.length === most) throw new DataError("too-large", `the table has more than ${most} rows; take a part of it`, { what: "many-rows", most });
    const encoded = encodeRow(row, columns, places, task, size, separator === ";");
    if ("fault" in encoded) {
      count += 1;
      if (bad.length < LISTED_BAD_ROWS) bad.push(encoded);
    } else {
      rows.push(encoded.numbers);
      labels.push(encoded.label);
    }
  }
  if (places === null) throw new DataError("malformed", "the file is empty; its first line has to name the columns", { what: "empty-file" });
  if (count > 0 && !leaveOutBadRows) throw new BadRowsError(count, bad);
  const examples: Examples = { labelCount: labelCount(task), labels: Uint8Array.from(labels), size, write: (sample, into, at) => into.set(rows[sample]!, at) };
  return { examples, leftOut: { count, rows: bad } };
}

/** Of a value that cannot be used. */
export const SHOWN_CHARACTERS = 40;

interface Place {
  column: Column;
  /** Where it stands in the file. */
  index: number;
}

/** Of a file's line of names. */
export const columnNames = (fields: readonly string[]): string[] => fields.map((name) => name.replace(/^\uFEFF/, "").trim());

function findColumns({ fields, problem }: CsvRow, columns: readonly Column[], called: Readonly<Record<string, string>>): Place[] {
  if (problem) throw new DataError("malformed", `the line of names cannot be read (column ${problem.column}: ${problem.fault.what})`, { what: "names-line", column: problem.column });
  const names = columnNames(fields);
  const placeOf = ({ name }: Column): number => names.indexOf(called[name] ?? name);
  const wanted = columns.filter(({ role }) => role !== "ignored");
  const missing = wanted.filter((column) => placeOf(column) < 0).map(({ name }) => name);
  if (missing.length > 0) throw new DataError("malformed", `the table has no column ${missing.join(", ")}; its first line has to name the columns`, { what: "no-column", columns: missing });
  return wanted.map((column) => ({ column, index: placeOf(column) }));
}

type Encoded = { numbers: Float32Array; label: number } | BadRow;

function encodeRow({ line, fields, problem }: CsvRow, columns: number, places: readonly Place[], task: TableData, size: number, decimalComma: boolean): Encoded {
  if (problem) return { line, ...problem };
  if (fields.length !== columns) return { line, column: 0, fault: { what: "fields", found: fields.length, named: columns } };
  const numbers = new Float32Array(size);
  let label = -1;
  let at = 0;
  for (const { column, index } of places) {
    const text = fields[index]!.trim();
    if (text === "" && (column.role === "label" || task.missing !== "mean")) return { line, column: index + 1, fault: { what: "empty-field", column: column.name } };
    const value = text === "" ? NaN : valueOf(column, text, decimalComma);
    if (text !== "" && Number.isNaN(value)) return { line, column: index + 1, fault: { what: "bad-value", column: column.name, value: text.slice(0, SHOWN_CHARACTERS) } };
    if (column.role === "label") label = value;
    else at = put(column, value, numbers, at);
  }
  return { numbers, label };
}

/** A number, or which of the column's values it is; NaN if it is neither. */
function valueOf(column: Column, text: string, decimalComma: boolean): number {
  if (column.role !== "number") return "values" in column && column.values.includes(text) ? column.values.indexOf(text) : NaN;
  return numberIn(text, decimalComma);
}

/** A decimal number as a table writes it; NaN for anything else. */
export function numberIn(text: string, decimalComma: boolean): number {
  const plain = decimalComma ? text.replace(",", ".") : text;
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
  return Number.isFinite(value) ? value : NaN;
}

/** Writes a field as the model takes it; NaN is an empty one. Returns where the next one stands. */
function put(column: Column, value: number, into: Float32Array, at: number): number {
  if (column.role === "number") {
    into[at] = Number.isNaN(value) ? 0 : (value - column.mean) / column.deviation;
    return at + 1;
  }
  if (column.role !== "category") return at;
  if (!Number.isNaN(value)) into[at + value] = 1;
  return at + column.values.length;
}

/**
 * One row to be answered: a number a column in the task's order, without the label and what is ignored. A category is
 * the place of its value; NaN is an empty field. @throws DataError `malformed`
 */
export function encodeFields(values: Float32Array, task: TableData): Float32Array {
  const wanted = task.columns.filter(({ role }) => role === "number" || role === "category");
  if (values.length !== wanted.length) throw new DataError("malformed", `${values.length} fields where ${wanted.length} are needed: ${wanted.map(({ name }) => name).join(", ")}`);
  const numbers = new Float32Array(inputShape(task)[0]!);
  let at = 0;
  wanted.forEach((column, i) => {
    const value = values[i]!;
    const outside = column.role === "category" && !Number.isNaN(value) && !(Number.isInteger(value) && value >= 0 && value < column.values.length);
    if (outside || value === Infinity || value === -Infinity) throw new DataError("malformed", `${column.name} cannot be ${value}`);
    at = put(column, value, numbers, at);
  });
  return numbers;
}
