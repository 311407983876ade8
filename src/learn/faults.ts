/** What is wrong with a row of a person's file, as plain data: a page says it in its person's words. */
export type RowFault =
  | { what: "long-field"; most: number }
  | { what: "many-columns"; most: number }
  | { what: "after-quote" }
  | { what: "stray-quote" }
  | { what: "open-quote" }
  | { what: "fields"; found: number; named: number }
  | { what: "empty-field"; column: string }
  | { what: "bad-value"; column: string; value: string }
  | { what: "unknown-label"; value: string }
  | { what: "no-text" }
  /** Of texts in files of their own. */
  | { what: "not-text" }
  /** Of pictures. */
  | { what: "no-label"; file: string }
  | { what: "not-its-label"; file: string; value: string }
  | { what: "large-picture"; bytes: number; most: number }
  | { what: "no-picture" };

/** What is wrong with a person's data as a whole. */
export type DataFault =
  | { what: "empty-file" }
  | { what: "names-line"; column: number }
  | { what: "no-column"; columns: string[] }
  | { what: "many-rows"; most: number }
  | { what: "many-tables"; tables: number }
  | { what: "long-text"; most: number }
  | { what: "short-text"; bytes: number; least: number }
  | { what: "not-utf8" }
  | { what: "not-idx" }
  | { what: "idx-pair" }
  | { what: "idx-size"; found: string; wanted: string }
  | { what: "idx-labels" }
  | { what: "labels-range"; most: number }
  | { what: "many-pictures"; most: number }
  | { what: "large-file"; most: number }
  | { what: "no-decoder" }
  | { what: "no-sample" }
  | { what: "own-only" }
  | { what: "no-drawings" }
  | { what: "other-kind" }
  | { what: "unlabelled"; pictures: number }
  | { what: "bad-archive" }
  | { what: "no-usable" }
  | { what: "many-files"; most: number }
  | { what: "many-sets"; most: number }
  | { what: "large-set"; most: number }
  | { what: "no-room" }
  | { what: "gone" };
