import type { DataFault, RowFault } from "./faults.ts";

/** The data cannot be had or is not what its name says. */
export class DataError extends Error {
  override readonly name = "DataError";
  constructor(
    readonly code: "unavailable" | "malformed" | "bad-choice" | "too-large",
    message: string,
    /** What a person can do something about; null where the data that ship are wrong. */
    readonly fault: DataFault | null = null,
  ) {
    super(message);
  }
}

/** Where in a person's file something is wrong. */
export interface BadRow {
  /** From 1, counted as an editor counts lines; of pictures, the file's place among them. */
  line: number;
  /** From 1; 0 where the row as a whole is wrong. */
  column: number;
  fault: RowFault;
}

/** For a log: its name and its values. */
const inShort = ({ what, ...values }: RowFault): string => [what, ...Object.values(values)].join(" ");

/** Rows of a person's file cannot be used. They are left out only if the person agrees. */
export class BadRowsError extends Error {
  override readonly name = "BadRowsError";
  readonly code = "bad-rows";
  constructor(
    /** How many there are. */
    readonly count: number,
    /** The first of them. */
    readonly rows: readonly BadRow[],
  ) {
    const list = rows.map(({ line, column, fault }) => `line ${line}${column === 0 ? "" : `, column ${column}`}: ${inShort(fault)}`).join("; ");
    super(`${count === 1 ? "1 row" : `${count} rows`} cannot be used (${list}${count > rows.length ? "; …" : ""}); correct the file or agree to leave them out`);
  }
}

/** The task, its model, a device's kept state or a vector of parameters does not fit the task. */
export class TaskError extends Error {
  override readonly name = "TaskError";
  constructor(
    readonly code: "bad-task" | "bad-model" | "too-large" | "bad-state" | "wrong-length" | "not-loaded" | "bad-signature" | "unsupported",
    message: string,
    /** Of `bad-task`: the manifest's field that is wrong, as in `data.columns.3.name`. */
    readonly path: string | null = null,
  ) {
    super(message);
  }
}

/** The engine cannot start here, or its numbers went out of bounds. */
export class EngineError extends Error {
  override readonly name = "EngineError";
  constructor(
    readonly code: "no-backend" | "not-finite" | "no-memory",
    message: string,
  ) {
    super(message);
  }
}
