import { DataError, type BadRow } from "../errors.ts";
import { LISTED_BAD_ROWS, MAX_LABELS, SURVEYED_ROWS } from "../limits.ts";
import { readCsv } from "./csv.ts";
import { columnNames, numberIn } from "./table.ts";

export interface ColumnSurvey {
  name: string;
  /** Fields that hold nothing, and fields that hold a number. */
  empty: number;
  numbers: number;
  /** Of the numbers; 0 where there are none. */
  mean: number;
  deviation: number;
  /** Distinct values with their counts, in the order of the alphabet; null where there are more than labels may be. */
  values: [value: string, count: number][] | null;
}

/** What a table file holds, as far as can be told without a task. */
export interface TableSurvey {
  separator: string;
  /** Below the line of names, those that are well formed. */
  rows: number;
  columns: ColumnSurvey[];
  /** The first rows. */
  head: string[][];
  bad: { count: number; rows: BadRow[] };
}

const SEPARATORS = [",", ";", "\t"] as const;
/** Of a file's beginning, for its separator. */
const PEEKED_BYTES = 65_536;
/** Rows between two words on how far it is. */
const TELL_EVERY = 4_000;

/**
 * Reads a CSV file once, from wherever it lies. Yields how many of its bytes are read.
 * @throws DataError `malformed` where there is no line of names
 */
export async function* surveyTable(file: Blob): AsyncGenerator<number, TableSurvey, void> {
  const separator = separatorOf(await file.slice(0, PEEKED_BYTES).text());
  let read = 0;
  const counted = file.stream().pipeThrough(new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array>({ transform: (chunk, to) => ((read += chunk.length), to.enqueue(chunk)) }));
  const survey: TableSurvey = { separator, rows: 0, columns: [], head: [], bad: { count: 0, rows: [] } };
  const tallies: Tally[] = [];
  for await (const { line, fields, problem } of readCsv(counted, separator)) {
    if (tallies.length === 0) {
      if (problem) throw new DataError("malformed", `the line of names cannot be read (column ${problem.column}: ${problem.fault.what})`, { what: "names-line", column: problem.column });
      tallies.push(...columnNames(fields).map((name) => createTally(name, separator === ";")));
      continue;
    }
    const wrong: BadRow | null = problem
      ? { line, ...problem }
      : fields.length === tallies.length
        ? null
        : { line, column: 0, fault: { what: "fields", found: fields.length, named: tallies.length } };
    if (wrong) {
      survey.bad.count += 1;
      if (survey.bad.rows.length < LISTED_BAD_ROWS) survey.bad.rows.push(wrong);
      continue;
    }
    fields.forEach((field, index) => tallies[index]!.add(field.trim()));
    if (survey.head.length < SURVEYED_ROWS) survey.head.push(fields);
    if (++survey.rows % TELL_EVERY === 0) yield read;
  }
  if (tallies.length === 0) throw new DataError("malformed", "the file is empty; its first line has to name the columns", { what: "empty-file" });
  survey.columns = tallies.map((tally) => tally.end());
  return survey;
}

/** The one that the first line has most of, outside of quotes. */
function separatorOf(text: string): string {
  const first = /^(?:"(?:[^"]|"")*"|[^"\r\n])*/.exec(text.replace(/^\uFEFF?[\r\n]*/, ""))?.[0].replaceAll(/"(?:[^"]|"")*"/g, "") ?? "";
  const count = (separator: string): number => first.split(separator).length;
  return SEPARATORS.reduce((best, separator) => (count(separator) > count(best) ? separator : best), ",");
}

interface Tally {
  add(field: string): void;
  end(): ColumnSurvey;
}

/** Mean and deviation as they come (Welford, 1962). */
function createTally(name: string, decimalComma: boolean): Tally {
  const values = new Map<string, number>();
  let [empty, numbers, mean, squares] = [0, 0, 0, 0];
  return {
    add(field) {
      if (field === "") return void empty++;
      if (values.size <= MAX_LABELS) values.set(field, (values.get(field) ?? 0) + 1);
      const value = numberIn(field, decimalComma);
      if (Number.isNaN(value)) return;
      numbers += 1;
      const before = value - mean;
      mean += before / numbers;
      squares += before * (value - mean);
    },
    end: () => ({
      name,
      empty,
      numbers,
      mean,
      deviation: numbers === 0 ? 0 : Math.sqrt(squares / numbers),
      values: values.size > MAX_LABELS ? null : [...values].sort(([a], [b]) => (a < b ? -1 : 1)),
    }),
  };
}
