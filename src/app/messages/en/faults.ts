import type { DataFault, RowFault } from "../../../device/desk/api.ts";
import { numbers, plurals } from "../plural.ts";

type Fault = RowFault | DataFault;
/** A sentence for each fault, made of its values where it has some. */
export type Faults = { [What in Fault["what"]]: string | ((values: Extract<Fault, { what: What }>) => string) };

const counted = plurals("en");
const format = numbers("en");

export const faults: Faults = {
  "long-field": ({ most }) => `is longer than ${counted(most, { one: "character", other: "characters" })}`,
  "many-columns": ({ most }) => `has more than ${counted(most, { one: "column", other: "columns" })}`,
  "after-quote": "has text after the closing quote",
  "stray-quote": "has a quote in the midst of a field",
  "open-quote": "lacks the closing quote",
  fields: ({ found, named }) => `has ${counted(found, { one: "field", other: "fields" })} where ${counted(named, { one: "column is", other: "columns are" })} named`,
  "empty-field": ({ column }) => `“${column}” is empty`,
  "bad-value": ({ column, value }) => `“${column}” cannot be “${value}”`,
  "unknown-label": ({ value }) => `“${value}” is no label of this task`,
  "no-text": "has no text",
  "not-text": "is no text in UTF-8, or an empty one",
  "no-label": ({ file }) => `${file}: no label`,
  "not-its-label": ({ file, value }) => `${file}: “${value}” is no label of this task`,
  "large-picture": ({ bytes, most }) => `has ${format(bytes)} bytes; at most ${format(most)} are decoded`,
  "no-picture": "cannot be decoded as a picture",

  "empty-file": "The file is empty; its first line has to name the columns.",
  "names-line": ({ column }) => `The first line, which names the columns, cannot be read at column ${column}.`,
  "no-column": ({ columns }) => `The table has no column ${String(columns)}; its first line has to name the columns.`,
  "many-rows": ({ most }) => `There are more than ${counted(most, { one: "row", other: "rows" })}; take a part of the file.`,
  "many-tables": ({ tables }) => `${counted(tables, { one: "table was", other: "tables were" })} given, and a set has exactly one.`,
  "long-text": ({ most }) => `The text is longer than ${counted(most, { one: "byte", other: "bytes" })}; take a part of it.`,
  "short-text": ({ bytes, least }) => `The text has ${counted(bytes, { one: "byte", other: "bytes" })}, and this task needs ${format(least)} and more; bring more text.`,
  "not-utf8": "The file is no text in UTF-8; save it as UTF-8 first.",
  "not-idx": "This is no IDX file of bytes; take the unzipped file as it was published.",
  "idx-pair": "Bring an IDX file of pictures and one of their labels, or pictures with a label each.",
  "idx-size": ({ found, wanted }) => `The pictures are ${found}, and the task takes ${wanted}.`,
  "idx-labels": "The second file does not hold a label for each picture of the first.",
  "labels-range": ({ most }) => `The task’s labels are 0 to ${most}, and there are others here.`,
  "many-pictures": ({ most }) => `At most ${counted(most, { one: "picture", other: "pictures" })} can be trained on; leave some out.`,
  "large-file": ({ most }) => `A file has more than ${counted(most, { one: "byte", other: "bytes" })}; take a smaller one.`,
  "no-decoder": "Pictures cannot be decoded here; bring IDX files.",
  "no-sample": "No sample is left to train on; choose other labels or bring more data.",
  "own-only": "This task has no data of its own; bring some on the Data page.",
  "no-drawings": "This task does not learn from drawings; choose other data.",
  "other-kind": "These data are of another kind than this task learns from; bring others or choose another task.",
  unlabelled: ({ pictures }) => `${counted(pictures, { one: "picture has", other: "pictures have" })} no label of this task; label them on the Data page, or agree there to leave them out.`,
  "bad-archive": "The archive cannot be unpacked: it is damaged, encrypted, or holds too much.",
  "no-usable": "None of these files can be used: tables (CSV), pictures, texts and IDX files can, also in a ZIP archive.",
  "many-files": ({ most }) => `A set holds at most ${counted(most, { one: "file", other: "files" })}.`,
  "many-sets": ({ most }) => `There are ${counted(most, { one: "set", other: "sets" })} of data here already; forget some first.`,
  "large-set": ({ most }) => `More than ${counted(most, { one: "byte", other: "bytes" })} are not kept; use these data for this visit only.`,
  "no-room": "The browser has no room for these data; use them for this visit only, or free some space.",
  gone: "These data are not on this device any more; give them again.",
};
