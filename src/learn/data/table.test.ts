import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadRowsError, DataError } from "../errors.ts";
import { LISTED_BAD_ROWS } from "../limits.ts";
import type { TableData } from "../task-data.ts";
import { inPieces } from "../testing/streams.ts";
import { batchOf } from "./examples.ts";
import { encodeFields, readTable } from "./table.ts";

const task: TableData = {
  kind: "table",
  source: "own",
  columns: [
    { role: "number", name: "age", mean: 40, deviation: 10 },
    { role: "category", name: "colour", values: ["red", "green"] },
    { role: "ignored", name: "id" },
    { role: "label", name: "sick", values: ["no", "yes"] },
  ],
};
const withMean: TableData = { ...task, missing: "mean" };
const read = (text: string, data = task, leaveOutBadRows = false) => readTable(inPieces(text), data, { leaveOutBadRows });
const rejected = (promise: Promise<unknown>) => promise.then(() => null, (error: unknown) => error);

describe("a table from CSV", () => {
  it("finds columns by name, scales numbers and spreads categories", async () => {
    const { examples, leftOut } = await read("\uFEFFsick, colour ,id,age,extra\nyes,green,7,50,?\nno,red,8,2.5e1,!\n");
    const { inputs, labels } = batchOf(examples, Uint32Array.of(0, 1), null);
    expect([...inputs]).toEqual([1, 0, 1, -1.5, 1, 0]);
    expect([...labels]).toEqual([1, 0]);
    expect(leftOut).toEqual({ count: 0, rows: [] });
  });

  it("lists bad rows with line and column, and leaves them out only if that was agreed", async () => {
    const text = "age,colour,sick\n50,green,yes\nold,green,yes\n50,blue,yes\n50,green,maybe\n50,green\n50,\"gre\"en,yes\n40,red,no\n";
    const error = await rejected(read(text));
    expect(error).toBeInstanceOf(BadRowsError);
    const { count, rows, message } = error as BadRowsError;
    expect(count).toBe(5);
    expect(rows.map(({ line, column }) => [line, column])).toEqual([[3, 1], [4, 2], [5, 3], [6, 0], [7, 2]]);
    expect(message).toContain("line 3, column 1: bad-value age old");
    const agreed = await read(text, task, true);
    expect(agreed.examples.labels).toHaveLength(2);
    expect(agreed.leftOut).toEqual({ count, rows });
  });

  it("lists only the first of many", async () => {
    const error = (await rejected(read(`age,colour,sick\n${"x,red,no\n".repeat(500)}`))) as BadRowsError;
    expect(error.count).toBe(500);
    expect(error.rows).toHaveLength(LISTED_BAD_ROWS);
  });

  it("takes an empty field for the mean where the task says so, but never an empty label", async () => {
    const { examples } = await read("age,colour,sick\n,,yes\n", withMean);
    expect([...batchOf(examples, Uint32Array.of(0), null).inputs]).toEqual([0, 0, 0]);
    expect(((await rejected(read("age,colour,sick\n,red,yes\n"))) as BadRowsError).rows[0]).toEqual({ line: 2, column: 1, fault: { what: "empty-field", column: "age" } });
    expect(await rejected(read("age,colour,sick\n1,red,\n", withMean))).toBeInstanceOf(BadRowsError);
  });

  it("is refused where columns are missing or nothing is there", async () => {
    await expect(read("age,sick\n1,no\n")).rejects.toThrow("no column colour");
    await expect(read("")).rejects.toThrow("empty");
    await expect(read('age,"colour,sick\n')).rejects.toThrow(DataError);
  });

  it("is read under other names and with another separator, where the person says so", async () => {
    const text = "вік;колір;хворіє\n50,5;green;yes\n";
    const { examples } = await readTable(inPieces(text), task, { names: { age: "вік", colour: "колір", sick: "хворіє" }, separator: ";" });
    expect(batchOf(examples, Uint32Array.of(0), null).inputs[0]).toBeCloseTo(1.05);
    await expect(readTable(inPieces(text), task, { names: { age: "вік" }, separator: ";" })).rejects.toThrow("no column colour, sick");
  });

  it("gives a typed error or a table, whatever the bytes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 60 }), fc.boolean(), async (bytes, header) => {
        const text = header ? new Uint8Array([...new TextEncoder().encode("age,colour,sick\n"), ...bytes]) : bytes;
        const error = await rejected(readTable(inPieces(text), task, { leaveOutBadRows: true }));
        if (error !== null) expect(error).toBeInstanceOf(DataError);
      }),
    );
  });
});

describe("a row to be answered", () => {
  it("is prepared as the table's rows are", () => {
    expect([...encodeFields(Float32Array.of(50, 1), task)]).toEqual([1, 0, 1]);
    expect([...encodeFields(Float32Array.of(NaN, NaN), task)]).toEqual([0, 0, 0]);
    for (const values of [[1], [1, 2], [1, 0.5], [Infinity, 0], [1, -1]]) expect(() => encodeFields(Float32Array.from(values), task)).toThrow(DataError);
  });
});
