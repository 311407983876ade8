import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { publishedTaskSchema, taskSchemaText } from "../../tools/task-schema.ts";
import { TaskError } from "./errors.ts";
import { checkTask } from "./task.ts";
import { breastCancerTask } from "./tasks/breast-cancer.ts";
import { builtInTasks } from "./tasks/built-in.ts";
import { digitsTask } from "./tasks/digits.ts";
import { languagesTask } from "./tasks/languages.ts";
import { mobyDickTask } from "./tasks/texts.ts";

type Json = Record<string, unknown>;
const copyOf = (task: object): Json => JSON.parse(JSON.stringify(task)) as Json;

/** A copy of the task with the field at the path replaced, or left out where the value is undefined. */
function withField(task: object, path: string, value: unknown): Json {
  const copy = copyOf(task);
  const keys = path.split(".");
  const parent = keys.slice(0, -1).reduce((at, key) => at[key] as Json, copy);
  if (value === undefined) delete parent[keys.at(-1)!];
  else parent[keys.at(-1)!] = value;
  return copy;
}

function wrong(json: unknown): TaskError {
  try {
    checkTask(json);
  } catch (error) {
    expect(error).toBeInstanceOf(TaskError);
    expect((error as TaskError).code).toBe("bad-task");
    return error as TaskError;
  }
  throw new Error("the manifest was taken");
}

describe("task manifest", () => {
  it("may say all that the design names", () => {
    const full = {
      ...copyOf(digitsTask),
      outer: { kind: "nesterov", rate: 0.7, momentum: 0.9 },
      groupSize: 8,
      nodes: { roomGroups: 10, nodeGroups: 8, speakers: 24 },
      privacy: { epsilon: 8, delta: 1e-6, rounds: 200, clip: 1, honest: 4 },
      rewards: { creditsPerEpoch: 1000 },
      epochRounds: 50,
      modelHash: "0".repeat(64),
    };
    expect(checkTask(full)).toEqual(full);
    for (const audits of [{ audits: true }, { audits: "rerun" }, { audits: "rerun", auditOneOf: 5 }]) expect(checkTask({ ...mobyDickTask, ...audits })).toMatchObject(audits);
  });

  it.each([
    [digitsTask, "name", "Digits!", "name"],
    [digitsTask, "title.uk", undefined, "title.uk"],
    [digitsTask, "inner.learningRate", -1, "inner.learningRate"],
    [digitsTask, "inner.momentum", 0.9, "inner.momentum"],
    [digitsTask, "update.bits", 9, "update.bits"],
    [digitsTask, "update.compression", { kind: "top-k" }, "update.compression.kind"],
    [digitsTask, "update.compression", { kind: "fragments", fragments: 1 }, "update.compression.fragments"],
    [digitsTask, "update.compression", { kind: "low-rank", rank: 33 }, "update.compression.rank"],
    [mobyDickTask, "update.compression", { kind: "low-rank", rank: 8 }, "update.compression"],
    [{ ...digitsTask, privacy: { epsilon: 8, delta: 1e-6, rounds: 200, clip: 1, honest: 4 } }, "update.compression", { kind: "fragments", fragments: 8 }, "update.compression"],
    [digitsTask, "data.shape", [28], "data.shape.1"],
    [digitsTask, "data.kind", "sound", "data.kind"],
    [digitsTask, "model.className", "Gpt", "model.config.vocabulary"],
    [digitsTask, "privacy", { epsilon: 8 }, "privacy.delta"],
    [{ ...digitsTask, privacy: { epsilon: 8, delta: 1e-6, rounds: 200, clip: 1, honest: 4 } }, "audits", true, "audits"],
    [digitsTask, "audits", false, "audits"],
    [digitsTask, "audits", "rerun", "inner.driftCorrection"],
    [{ ...languagesTask, data: { ...languagesTask.data, source: "own" } }, "audits", "rerun", "audits"],
    [{ ...mobyDickTask, update: { ...mobyDickTask.update, compression: { kind: "fragments", fragments: 8 } } }, "audits", "rerun", "update.compression"],
    [digitsTask, "auditOneOf", 5, "auditOneOf"],
    [{ ...digitsTask, audits: true }, "auditOneOf", 0, "auditOneOf"],
    [digitsTask, "outer", { kind: "fedadam", rate: 0.1, beta1: 1, beta2: 0.9, tau: 0.1 }, "outer.beta1"],
    [digitsTask, "inner.schedule", { warmUp: 10, steps: 10, floor: 0 }, "inner.schedule.warmUp"],
    [digitsTask, "nodes", { roomGroups: 10, nodeGroups: 8, speakers: 2 }, "nodes.speakers"],
    [breastCancerTask, "data.columns.3.deviation", 0, "data.columns.3.deviation"],
    [breastCancerTask, "data.columns.3.name", "mean radius", "data.columns.3.name"],
    [breastCancerTask, "data.columns.30.role", "ignored", "data.columns.30.values"],
    [breastCancerTask, "data.columns.30.values", ["benign", "benign"], "data.columns.30.values"],
    [breastCancerTask, "data.columns", copyOf(breastCancerTask.data)["columns"] instanceof Array ? (copyOf(breastCancerTask.data)["columns"] as unknown[]).slice(0, 30) : [], "data.columns"],
    [mobyDickTask, "model.config.vocabulary", 255, "model.config.vocabulary"],
    [mobyDickTask, "model.config.heads", 5, "model.config.heads"],
    [mobyDickTask, "model", digitsTask.model, "model.className"],
  ])("names the field that is wrong (%#)", (task, path, value, named) => {
    const error = wrong(withField(task, path, value));
    expect(error.path).toBe(named);
    expect(error.message).toContain(`${named}: `);
  });

  it("gives one typed error whatever JSON it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(wrong(json).path).not.toBeNull();
      }),
    );
    const path = fc.constantFrom("v", "data", "model", "loss", "inner", "update", "seed", "data.columns", "inner.batch", "model.config");
    fc.assert(
      fc.property(fc.constantFrom(...builtInTasks), path, fc.jsonValue(), (task, at, value) => {
        const changed = withField(task, at.startsWith("data.") && task.data.kind !== "table" ? "data" : at, value);
        try {
          checkTask(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(TaskError);
        }
      }),
    );
  });

  it("has its schema published as it is checked (npx tsx tools/task-schema.ts)", async () => {
    expect(await publishedTaskSchema()).toBe(taskSchemaText());
  });
});
