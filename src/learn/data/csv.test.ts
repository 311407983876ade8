import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_FIELD_CHARACTERS } from "../limits.ts";
import { inPieces } from "../testing/streams.ts";
import { readCsv, type CsvRow } from "./csv.ts";

const rowsOf = async (text: string, pieces?: number): Promise<CsvRow[]> => {
  const rows: CsvRow[] = [];
  for await (const row of readCsv(inPieces(text, pieces))) rows.push(row);
  return rows;
};
const fieldsOf = async (text: string) => (await rowsOf(text)).map(({ fields }) => fields);

describe("CSV", () => {
  it("reads back what RFC 4180 says to write, however it is cut on the way", async () => {
    const field = fc.string({ unit: fc.constantFrom("a", "ї", "🐋", ",", '"', "\n", " ", ";"), maxLength: 6 });
    const table = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(table, fc.constantFrom("\n", "\r\n", "\r"), fc.integer({ min: 1, max: 7 }), async (rows, end, pieces) => {
        const quoted = (text: string) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
        const text = rows.map((fields) => fields.map(quoted).join(",")).join(end) + end;
        const read = await rowsOf(text, pieces);
        expect(read.map(({ fields }) => fields)).toEqual(rows);
        expect(read.every(({ problem }) => problem === null)).toBe(true);
      }),
    );
  });

  it("numbers rows by the line on which they start, passing over empty lines", async () => {
    const rows = await rowsOf('a,b\r\n\r\n"1\r\n2",3\n\n4,5');
    expect(rows.map(({ line, fields }) => [line, ...fields])).toEqual([[1, "a", "b"], [3, "1\n2", "3"], [6, "4", "5"]]);
  });

  it("says which field of which line is not well formed, and reads on", async () => {
    const rows = await rowsOf('a,b\n1,x"y"\n"2"z,3\n4,5\n6,"open');
    expect(rows.map(({ line, problem }) => [line, problem?.column ?? null])).toEqual([[1, null], [2, 2], [3, 1], [4, null], [5, 2]]);
    expect(rows[3]?.fields).toEqual(["4", "5"]);
  });

  it("bounds a field and a row", async () => {
    const [long] = await rowsOf(`${"x".repeat(MAX_FIELD_CHARACTERS + 50)},1`, 4096);
    expect(long?.problem?.column).toBe(1);
    expect(long?.fields[0]).toHaveLength(MAX_FIELD_CHARACTERS);
    const [wide] = await rowsOf(",".repeat(5000), 4096);
    expect(wide?.problem?.fault.what).toBe("many-columns");
    expect(wide?.fields.length).toBe(1000);
  });

  it("reads nothing from nothing", async () => {
    expect(await fieldsOf("")).toEqual([]);
    expect(await fieldsOf("\n\r\n\n")).toEqual([]);
  });
});
