/** Writes `public/task.schema.json`, the task manifest's schema for others: `npx tsx tools/task-schema.ts`. */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { TaskSchema } from "../src/learn/task.ts";
import { toJsonSchema } from "./json-schema.ts";

const file = fileURLToPath(new URL("../public/task.schema.json", import.meta.url));

/** The schema's text, as it has to stand in the file. */
export const taskSchemaText = (): string =>
  `${JSON.stringify(
    {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      title: "Hromada task manifest",
      description: "What a swarm trains and how. The layers of a model, and what its fields have to do with each other, are checked when it is loaded.",
      ...toJsonSchema(TaskSchema),
    },
    null,
    1,
  )}\n`;

export const publishedTaskSchema = (): Promise<string> => readFile(file, "utf8");

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await writeFile(file, taskSchemaText());
  console.log(`${file} written`);
}
