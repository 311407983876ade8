import type { RowFault } from "../faults.ts";
import { MAX_COLUMNS, MAX_FIELD_CHARACTERS } from "../limits.ts";

/** A record of a CSV file, or what is wrong with it. */
export interface CsvRow {
  /** Line on which it starts, from 1. */
  line: number;
  fields: string[];
  /** What is wrong, and in which field, from 1. */
  problem: { column: number; fault: RowFault } | null;
}

/**
 * Reads CSV (RFC 4180; a line may also end in LF or CR alone, and reads as LF within quotes) as it streams in, so that no
 * file need fit the memory.
 * Empty lines are passed over. A field that is not well formed makes its row bad and nothing else.
 */
export async function* readCsv(stream: ReadableStream<Uint8Array>, separator = ","): AsyncGenerator<CsvRow, void, void> {
  const parser = createParser(separator);
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      yield* parser.take(done ? decoder.decode() : decoder.decode(value, { stream: true }));
      if (done) break;
    }
    yield* parser.end();
  } finally {
    await reader.cancel();
  }
}

function createParser(separator: string) {
  /** `quote`: after a quote within quotes, which is their end or the first of two that stand for one. */
  let state: "start" | "plain" | "quoted" | "quote" = "start";
  let line = 1;
  let start = 1;
  let fields: string[] = [];
  let field = "";
  let problem: CsvRow["problem"] = null;
  let afterReturn = false;

  const bad = (fault: RowFault) => void (problem ??= { column: fields.length + 1, fault });
  const grow = (char: string) => {
    if (field.length >= MAX_FIELD_CHARACTERS) bad({ what: "long-field", most: MAX_FIELD_CHARACTERS });
    else field += char;
  };
  const endField = () => {
    if (fields.length >= MAX_COLUMNS) bad({ what: "many-columns", most: MAX_COLUMNS });
    else fields.push(field);
    field = "";
    state = "start";
  };
  const endRow = (): CsvRow | null => {
    if (fields.length === 0 && state === "start") return null;
    endField();
    const row = { line: start, fields, problem };
    fields = [];
    problem = null;
    return row;
  };

  const step = (char: string): CsvRow | null => {
    if (fields.length === 0 && state === "start") start = line;
    if (char === "\n") line += 1;
    if (state === "quoted") {
      if (char === '"') state = "quote";
      else grow(char);
    } else if (char === "\n") return endRow();
    else if (char === separator) endField();
    else if (char !== '"') {
      if (state === "quote") bad({ what: "after-quote" });
      else state = "plain";
      grow(char);
    } else if (state === "plain") bad({ what: "stray-quote" });
    else {
      if (state === "quote") grow('"');
      state = "quoted";
    }
    return null;
  };

  return {
    *take(text: string): Generator<CsvRow, void, void> {
      for (const char of text) {
        const second = afterReturn && char === "\n";
        afterReturn = char === "\r";
        const row = second ? null : step(afterReturn ? "\n" : char);
        if (row) yield row;
      }
    },
    *end(): Generator<CsvRow, void, void> {
      if (state === "quoted") bad({ what: "open-quote" });
      const row = endRow();
      if (row) yield row;
    },
  };
}
