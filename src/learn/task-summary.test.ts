import { describe, expect, it } from "vitest";
import { createGpt } from "./models/gpt.ts";
import { initialParams } from "./model.ts";
import { taskProblems } from "./task-problems.ts";
import { summariseTask } from "./task-summary.ts";
import { breastCancerTask } from "./tasks/breast-cancer.ts";
import { digitsTask } from "./tasks/digits.ts";
import { mobyDickTask } from "./tasks/texts.ts";

describe("a task's summary", () => {
  it("counts the parameters that training has", () => {
    for (const task of [digitsTask, breastCancerTask]) expect(summariseTask(task).parameters).toBe(initialParams(task).length);
    expect(summariseTask(mobyDickTask).parameters).toBe(createGpt(mobyDickTask.model.config).parameters);
    expect(summariseTask(breastCancerTask).layers).toEqual([
      { name: "Dense", shape: [16], parameters: 496, frozen: false },
      { name: "Dense", shape: [2], parameters: 34, frozen: false },
    ]);
  });

  it("takes more memory for larger batches and models", () => {
    const memory = (batch: number) => summariseTask({ ...digitsTask, inner: { ...digitsTask.inner, batch } }).memory;
    expect(memory(64)).toBeGreaterThan(memory(32));
    expect(summariseTask(mobyDickTask).memory).toBeGreaterThan(6 * 4 * summariseTask(mobyDickTask).parameters);
  });

  it("keeps frozen layers apart", () => {
    const dense = (units: number) => ({ className: "Sequential" as const, config: { layers: [{ class_name: "Dense", config: { units } }] } });
    const { parameters, layers } = summariseTask({ ...breastCancerTask, model: { className: "Transfer", extractor: dense(5), weights: "0".repeat(64), head: dense(2) } });
    expect(parameters).toBe(12);
    expect(layers.map(({ frozen }) => frozen)).toEqual([true, false]);
  });
});

describe("a task's problems", () => {
  it("are all there at once, each with its field", () => {
    const { task, problems } = taskProblems({ ...digitsTask, name: "No name", inner: { ...digitsTask.inner, batch: 0, learningRate: 2 } });
    expect(task).toBeNull();
    expect(problems.map(({ path }) => path).sort()).toEqual(["inner.batch", "inner.learningRate", "name"]);
  });

  it("include those between fields", () => {
    expect(taskProblems({ ...digitsTask, data: { ...digitsTask.data, names: ["one", "two"] } }).problems).toMatchObject([{ path: "data.names" }]);
    expect(taskProblems(digitsTask)).toEqual({ task: digitsTask, problems: [] });
  });
});
