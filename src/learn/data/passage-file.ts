import { BadRowsError, DataError, type BadRow } from "../errors.ts";
import { LISTED_BAD_ROWS, MAX_TABLE_ROWS, MAX_TEXT_BYTES } from "../limits.ts";
import type { PassageData } from "../task-data.ts";
import { readCsv } from "./csv.ts";
import { passageExamples, type LabelledText } from "./passages.ts";
import { columnNames, type Table, type TableOptions } from "./table.ts";

/**
 * A person's labelled texts: CSV with the columns `label` and `text`. Each text is cut into passages.
 * @throws BadRowsError unless the person agreed, DataError if it is no such file
 */
export async function readPassages(stream: ReadableStream<Uint8Array>, task: PassageData, { leaveOutBadRows = false, names = {}, separator = "," }: TableOptions = {}): Promise<Table> {
  const texts: LabelledText[] = [];
  const bad: BadRow[] = [];
  let count = 0;
  let places: { label: number; text: number } | null = null;
  let characters = 0;
  for await (const { line, fields, problem } of readCsv(stream, separator)) {
    if (places === null) {
      const named = columnNames(fields);
      places = { label: named.indexOf(names["label"] ?? "label"), text: named.indexOf(names["text"] ?? "text") };
      if (places.label < 0 || places.text < 0) throw new DataError("malformed", "the first line has to name the columns label and text");
      continue;
    }
    const label = task.labels.indexOf(fields[places.label] ?? "");
    const text = fields[places.text] ?? "";
    const wrong: BadRow | null = problem
      ? { line, column: problem.column, problem: problem.what }
      : label < 0
        ? { line, column: places.label + 1, problem: `no label of this task: ${(fields[places.label] ?? "").slice(0, 40)}` }
        : text === ""
          ? { line, column: places.text + 1, problem: "no text" }
          : null;
    if (wrong) {
      count += 1;
      if (bad.length < LISTED_BAD_ROWS) bad.push(wrong);
      continue;
    }
    texts.push({ label, text });
    characters += text.length;
    if (texts.length > MAX_TABLE_ROWS || characters > MAX_TEXT_BYTES) throw new DataError("too-large", `the file holds more than ${MAX_TABLE_ROWS} texts or ${MAX_TEXT_BYTES} characters; take a part of it`);
  }
  if (places === null) throw new DataError("malformed", "the file is empty; its first line has to name the columns label and text");
  if (count > 0 && !leaveOutBadRows) throw new BadRowsError(count, bad);
  return { examples: passageExamples(texts, task), leftOut: { count, rows: bad } };
}
