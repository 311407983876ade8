import { describe, expect, it } from "vitest";
import { taskProblems } from "../learn/task-problems.ts";
import { compressionsFor, fieldOf, freshDraft, KINDS, manifestOf, modelsFor, nameOf, type Draft } from "./task-draft.ts";

const table: Draft["table"] = { kind: "table", source: "own", columns: [{ role: "number", name: "height", mean: 1, deviation: 1 }, { role: "label", name: "kind", values: ["a", "b", "c"] }] };
const filled: Draft = { ...freshDraft(), titleEn: "Flowers by size", titleUk: "Квіти за розміром", table, labels: "cat, dog" };

describe("a draft", () => {
  it("of each kind, with each model that goes with it, makes a task", () => {
    for (const kind of KINDS) {
      for (const model of modelsFor(kind).filter((one) => one !== "brought")) expect(taskProblems(manifestOf({ ...filled, kind, model, privacy: true }, 7)).problems, `${kind} ${model}`).toEqual([]);
    }
  });

  it("goes with each way of sending updates that its kind has, and whole where there is privacy", () => {
    const updateOf = (change: Partial<Draft>) => {
      const { task, problems } = taskProblems(manifestOf({ ...filled, ...change }, 7));
      expect(problems).toEqual([]);
      return task!.update;
    };
    for (const kind of KINDS) {
      const kinds = compressionsFor({ kind, privacy: false }).map((compression) => updateOf({ kind, model: modelsFor(kind)[0]!, compression, bits: "4" }));
      expect(kinds.map(({ compression }) => compression)).toEqual([undefined, { kind: "fragments", fragments: 8 }, { kind: "low-rank", rank: 8 }].slice(0, kind === "text" ? 2 : 3));
      expect(kinds.every(({ bits }) => bits === 4)).toBe(true);
    }
    expect(updateOf({ compression: "fragments", privacy: true }).compression).toBeUndefined();
    expect(updateOf({ kind: "text", model: "gpt", compression: "low-rank" }).compression).toBeUndefined();
  });

  it("is audited where its maker says so, and not with privacy", () => {
    const audits = (change: Partial<Draft>) => taskProblems(manifestOf({ ...filled, ...change }, 7)).task!.audits;
    expect([audits({}), audits({ audits: true }), audits({ audits: true, privacy: true })]).toEqual([undefined, true, undefined]);
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
    expect(wrong({ bits: "9" })).toEqual(["bits"]);
    expect(wrong({ compression: "fragments", fragments: "1" })).toEqual(["fragments"]);
    expect(wrong({ compression: "low-rank", rank: "33" })).toEqual(["rank"]);
    expect(wrong({ privacy: true, epsilon: "1000" })).toEqual(["epsilon"]);
  });

  it("takes a decimal comma, and a name after the English title", () => {
    expect(manifestOf({ ...filled, learningRate: "0,05" }, 7)).toMatchObject({ name: "flowers-by-size", inner: { learningRate: 0.05 } });
    expect([nameOf("2 Cats & dogs!"), nameOf("Коти"), nameOf("x".repeat(90)).length]).toEqual(["cats-dogs", "task", 40]);
  });
});
