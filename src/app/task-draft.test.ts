import { describe, expect, it } from "vitest";
import { taskProblems } from "../learn/task-problems.ts";
import { fieldOf, freshDraft, KINDS, manifestOf, modelsFor, nameOf, type Draft } from "./task-draft.ts";

const table: Draft["table"] = { kind: "table", source: "own", columns: [{ role: "number", name: "height", mean: 1, deviation: 1 }, { role: "label", name: "kind", values: ["a", "b", "c"] }] };
const filled: Draft = { ...freshDraft(), titleEn: "Flowers by size", titleUk: "Квіти за розміром", table, labels: "cat, dog" };

describe("a draft", () => {
  it("of each kind, with each model that goes with it, makes a task", () => {
    for (const kind of KINDS) {
      for (const model of modelsFor(kind).filter((one) => one !== "brought")) expect(taskProblems(manifestOf({ ...filled, kind, model, privacy: true }, 7)).problems, `${kind} ${model}`).toEqual([]);
    }
  });

  it("says beside which field something is wrong", () => {
    const wrong = (change: Partial<Draft>) => [...new Set(taskProblems(manifestOf({ ...filled, ...change }, 7)).problems.map(({ path }) => fieldOf(path)))];
    expect(wrong({ titleEn: " " })).toEqual(["titleEn"]);
    expect(wrong({ titleUk: "" })).toEqual(["titleUk"]);
    expect(wrong({ table: null })).toEqual(["columns"]);
    expect(wrong({ batch: "0", localSteps: "many", learningRate: "" }).sort()).toEqual(["batch", "learningRate", "localSteps"]);
    expect(wrong({ kind: "image", model: "conv", width: "0" })).toEqual(["width"]);
    expect(wrong({ kind: "passages", labels: "one" })).toEqual(["labels"]);
    expect(wrong({ kind: "text", model: "gpt", heads: "5" })).toEqual(["heads"]);
    expect(wrong({ privacy: true, epsilon: "1000" })).toEqual(["epsilon"]);
  });

  it("takes a decimal comma, and a name after the English title", () => {
    expect(manifestOf({ ...filled, learningRate: "0,05" }, 7)).toMatchObject({ name: "flowers-by-size", inner: { learningRate: 0.05 } });
    expect([nameOf("2 Cats & dogs!"), nameOf("Коти"), nameOf("x".repeat(90)).length]).toEqual(["cats-dogs", "task", 40]);
  });
});
