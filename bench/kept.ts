import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { short, type BenchResult } from "./harness.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const RESULTS = join(ROOT, "bench", "results");
const BEGIN = "<!-- bench: made by `npm run bench -- NAME --keep` -->";
const END = "<!-- /bench -->";

interface Kept extends BenchResult {
  /** Day of the measurement, ISO 8601. */
  date: string;
}

/** Keeps a result with its date, and makes the README's table anew. */
export async function keep(result: BenchResult): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  const kept: Kept = { ...result, date: new Date().toISOString().slice(0, 10) };
  await writeFile(join(RESULTS, `${result.name}.json`), `${JSON.stringify(kept, null, 2)}\n`);
  const path = join(ROOT, "README.md");
  await writeFile(path, withTable(await readFile(path, "utf8"), await readmeTable()));
}

/** What has a goal; the rest, the machine and the day are in the files. */
export async function readmeTable(): Promise<string> {
  const names = (await readdir(RESULTS)).filter((name) => name.endsWith(".json")).sort();
  const results = await Promise.all(names.map(async (name) => JSON.parse(await readFile(join(RESULTS, name), "utf8")) as Kept));
  const lines = results.flatMap(({ name, rows }) =>
    rows.filter(({ goal }) => goal !== null).map((row) => {
      const theirs = row.theirs === null ? (row.why ?? "–") : `${short(row.theirs)} ${row.unit}`;
      const ratio = row.ratio === null ? "–" : row.ratio.toFixed(2);
      return `| [${name}](bench/results/${name}.json) | ${row.what} | ${short(row.ours)} ${row.unit} | ${row.against} | ${theirs} | ${ratio} (${row.goal!.toFixed(2)}) |`;
    }),
  );
  return ["| bench | what | ours | against | theirs | times better (goal) |", "|---|---|---|---|---|---|", ...lines].join("\n");
}

/** The README with this table between its two marks. */
export function withTable(readme: string, table: string): string {
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (from < 0 || to < from) throw new Error("README.md has no place for the table of results");
  return `${readme.slice(0, from + BEGIN.length)}\n\n${table}\n\n${readme.slice(to)}`;
}
