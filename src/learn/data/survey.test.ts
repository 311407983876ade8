import { describe, expect, it } from "vitest";
import { checkTask } from "../task.ts";
import { breastCancerTask } from "../tasks/breast-cancer.ts";
import { guessRoles, possibleRoles, tableDataOf } from "./columns.ts";
import { surveyTable, type TableSurvey } from "./survey.ts";
import { readTable } from "./table.ts";

async function survey(text: string): Promise<TableSurvey & { told: number[] }> {
  const steps = surveyTable(new Blob([text]));
  const told: number[] = [];
  for (;;) {
    const { done, value } = await steps.next();
    if (done) return { ...value, told };
    told.push(value);
  }
}

const FLOWERS = "id,petal,colour,species\n1,1.5,red,rose\n2,2.5,white,lily\n3,,red,rose\n4,4,blue,lily\n";

describe("a survey of a table", () => {
  it("counts values, numbers and empty fields of each column", async () => {
    const { rows, columns, head, separator } = await survey(FLOWERS);
    expect([rows, separator]).toEqual([4, ","]);
    expect(columns[1]).toMatchObject({ name: "petal", empty: 1, numbers: 3 });
    expect(columns[1]!.mean).toBeCloseTo(8 / 3);
    expect(columns[1]!.deviation).toBeCloseTo(Math.sqrt((1.5 ** 2 + 2.5 ** 2 + 16) / 3 - (8 / 3) ** 2));
    expect(columns[2]!.values).toEqual([["blue", 1], ["red", 2], ["white", 1]]);
    expect(head[0]).toEqual(["1", "1.5", "red", "rose"]);
  });

  it("finds the separator, and decimal commas with a semicolon", async () => {
    expect((await survey('"a,b";c\n1,5;x\n2,5;y\n')).columns).toMatchObject([{ name: "a,b", numbers: 2, mean: 2 }, { name: "c" }]);
    expect((await survey("a\tb\n1\t2\n")).separator).toBe("\t");
  });

  it("lists rows that are not well formed, with their line", async () => {
    const { bad, rows } = await survey('a,b\n1,2\n1\n"x"y,2\n3,4\n');
    expect(rows).toBe(2);
    expect(bad).toMatchObject({ count: 2, rows: [{ line: 3, column: 0 }, { line: 4, column: 1 }] });
    await expect(survey("")).rejects.toThrow("empty");
  });

  it("tells how far it is, and keeps no more than it shows", async () => {
    const { told, rows, columns, head } = await survey(`n\n${Array.from({ length: 9_000 }, (_, i) => i).join("\n")}\n`);
    expect(rows).toBe(9_000);
    expect(told).toHaveLength(2);
    expect(columns[0]!.values).toBeNull();
    expect(head).toHaveLength(8);
  });
});

describe("columns of a task after a person's table", () => {
  it("are guessed, and make a task that the same file fits", async () => {
    const found = await survey(FLOWERS);
    const roles = guessRoles(found);
    expect(roles).toEqual(["ignored", "number", "category", "label"]);
    const data = tableDataOf(found, roles, "mean");
    expect(checkTask({ ...breastCancerTask, data }).data).toEqual(data);
    const { examples, leftOut } = await readTable(new Blob([FLOWERS]).stream(), data);
    expect([...examples.labels]).toEqual([1, 0, 1, 0]);
    expect([examples.size, leftOut.count]).toEqual([4, 0]);
  });

  it("take the last column with few values for the label where none is called so, and offer what can be", async () => {
    const found = await survey("grade,note,height\nA,x1,1\nB,x2,2\nA,x3,3\n");
    expect(guessRoles(found)).toEqual(["label", "category", "number"]);
    expect(found.columns.map(possibleRoles)).toEqual([["category", "label", "ignored"], ["category", "label", "ignored"], ["number", "category", "label", "ignored"]]);
  });

  it("tell a mean to three digits, and scale a column that never changes by 1", async () => {
    const { columns } = await survey("a,same,y\n1234.5678,7,p\n1234.9,7,q\n");
    const data = tableDataOf({ columns }, ["number", "number", "label"], undefined);
    expect(data.columns.slice(0, 2)).toEqual([{ role: "number", name: "a", mean: 1230, deviation: 0.166 }, { role: "number", name: "same", mean: 7, deviation: 1 }]);
  });
});
