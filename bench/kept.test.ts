import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { readmeTable, withTable } from "./kept.ts";

test("the README's table says what the kept results say", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  expect(readme).toBe(withTable(readme, await readmeTable()));
});
