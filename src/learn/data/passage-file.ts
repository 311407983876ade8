import { BadRowsError, DataError, type BadRow } from "../errors.ts";
import { LISTED_BAD_ROWS, MAX_TABLE_ROWS, MAX_TEXT_BYTES } from "../limits.ts";
import type { PassageData } from "../task-data.ts";
import { readCsv } from "./csv.ts";
import { passageExamples, type LabelledText } from "./passages.ts";
import { columnNames, SHOWN_CHARACTERS, type Table, type TableOptions } from "./table.ts";

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
      if (places.label < 0 || places.text < 0) throw new DataError("malformed", "the first line has to name the columns label and text", { what: "no-column", columns: ["label", "text"].filter((column) => !named.includes(names[column] ?? column)) });
      continue;
    }
    const label = task.labels.indexOf(fields[places.label] ?? "");
    const text = fields[places.text] ?? "";
    const wrong: BadRow | null = problem
      ? { line, ...problem }
      : label < 0
        ? { line, column: places.label + 1, fault: { what: "unknown-label", value: (fields[places.label] ?? "").slice(0, SHOWN_CHARACTERS) } }
        : text === ""
          ? { line, column: places.text + 1, fault: { what: "no-text" } }
          : null;
    if (wrong) {
      count += 1;
      if (bad.length < LISTED_BAD_ROWS) bad.push(wrong);
      continue;
    }
    texts.push({ label, text });
    characters += text.length;
    if (texts.length > MAX_TABLE_ROWS || characters > MAX_TEXT_BYTES) throw new DataError("too-large", `the file holds more than ${MAX_TABLE_ROWS} texts or ${MAX_TEXT_BYTES} characters; take a part of it`, texts.length > MAX_TABLE_ROWS ? { what: "many-rows", most: MAX_TABLE_ROWS } : { what: "long-text", most: MAX_TEXT_BYTES });
  }
  if (places === null) throw new DataError("malformed", "the file is empty; its first line has to name the columns label and text", { what: "empty-file" });
  if (count > 0 && !leaveOutBadRows) throw new BadRowsError(count, bad);
  return { examples: passageExamples(texts, task), leftOut: { count, rows: bad } };
}

/** A person's texts in files of their own, each with a label. @throws BadRowsError unless the person agreed, DataError if they are too long */
export async function readPassageFiles(files: readonly Blob[], labels: readonly number[], task: PassageData, { leaveOutBadRows = false }: Pick<TableOptions, "leaveOutBadRows"> = {}): Promise<Table> {
  if (files.reduce((sum, { size }) => sum + size, 0) > MAX_TEXT_BYTES) throw new DataError("too-large", `the texts are longer than ${MAX_TEXT_BYTES} bytes; take a part of them`, { what: "long-text", most: MAX_TEXT_BYTES });
  const texts: LabelledText[] = [];
  const bad: BadRow[] = [];
  for (const [index, file] of files.entries()) {
    const text = textOf(new Uint8Array(await file.arrayBuffer()));
    if (text === null || text === "") bad.push({ line: index + 1, column: 0, fault: { what: "not-text" } });
    else texts.push({ label: labels[index]!, text });
  }
  if (bad.length > 0 && !leaveOutBadRows) throw new BadRowsError(bad.length, bad.slice(0, LISTED_BAD_ROWS));
  return { examples: passageExamples(texts, task), leftOut: { count: bad.length, rows: bad.slice(0, LISTED_BAD_ROWS) } };
}

/** Null where the bytes are no UTF-8. */
function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
