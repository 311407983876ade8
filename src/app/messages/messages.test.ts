import { describe, expect, it } from "vitest";
import { en } from "./en.ts";
import { plurals } from "./plural.ts";
import { uk } from "./uk.ts";

/** Every text with its path; functions are called with `1`, which reaches each of their texts. */
function* texts(value: unknown, path = ""): Generator<[string, string]> {
  if (typeof value === "string") yield [path, value];
  else if (typeof value === "function") yield [path, String(value(1, 1, 1))];
  else for (const [key, inner] of Object.entries(value as object)) yield* texts(inner, `${path}.${key}`);
}

describe("messages", () => {
  it("has the same messages in both languages, none of them empty", () => {
    const paths = (messages: unknown) => [...texts(messages)].map(([path]) => path);
    expect(paths(uk)).toEqual(paths(en));
    for (const [path, text] of [...texts(en), ...texts(uk)]) expect(text.trim(), path).not.toBe("");
  });

  it("leaves no Ukrainian message in English", () => {
    const same = /^\.(language\.(en|uk)|round\.progress|given\.backends\.(webgpu|wasm))$/;
    for (const [path, text] of texts(uk)) if (!same.test(path)) expect(text, path).toMatch(/[а-щьюяєіїґ]/i);
    for (const [path, text] of texts(en)) if (path !== ".language.uk") expect(text, path).not.toMatch(/[а-щьюяєіїґ]/i);
  });

  it("counts in English", () => {
    expect([1, 2, 11].map((count) => en.given.holdsCount(count))).toEqual(["1 sample", "2 samples", "11 samples"]);
    expect([1, 3].map((count) => en.status.training(count))).toEqual(["Training with 1 other device.", "Training with 3 other devices."]);
    expect([0, 1, 2].map((count) => en.data.drawnHint(count))).toEqual(["none yet: draw one and say which digit it is", "1 drawing on this device", "2 drawings on this device"]);
    expect(en.task.parameters(7_000)).toBe("7,000 parameters");
  });

  it("counts in Ukrainian: one, few, many, also after ten and a hundred", () => {
    const ending = (count: number) => uk.given.holdsCount(count).replace(/^[\d\s ]+/, "");
    expect([1, 21, 101].map(ending)).toEqual(["зразок", "зразок", "зразок"]);
    expect([2, 3, 4, 22, 104].map(ending)).toEqual(["зразки", "зразки", "зразки", "зразки", "зразки"]);
    expect([0, 5, 11, 12, 14, 20, 25, 111, 112].map(ending)).toEqual(Array(9).fill("зразків"));
    expect([1, 2, 5].map((count) => uk.rounds.more(count))).toEqual(["Показати ще 1 раніший раунд", "Показати ще 2 раніші раунди", "Показати ще 5 раніших раундів"]);
    expect([1, 3, 7].map((count) => uk.status.training(count))).toEqual(["Навчаємо разом: ще 1 пристрій.", "Навчаємо разом: ще 3 пристрої.", "Навчаємо разом: ще 7 пристроїв."]);
    expect([1, 2, 5].map((count) => uk.rounds.retried(count))).toEqual(["обмін починали заново 1 раз", "обмін починали заново 2 рази", "обмін починали заново 5 разів"]);
  });

  it("gives every plural form of Ukrainian in every counted message", () => {
    const counters = [uk.task.parameters, uk.data.drawnHint, uk.data.forgetSure, uk.status.training, uk.mesh.others, uk.mesh.left, uk.given.holdsCount, uk.rounds.retried, uk.rounds.more];
    for (const counter of counters) {
      const forms = [1, 2, 5, 1.5].map((count) => counter(count).replace(/[\d,]+/g, "#"));
      expect(new Set(forms).size, String(counter)).toBe(4);
    }
  });

  it("falls back to the general form where a language needs one that was not given", () => {
    expect(plurals("uk")(2, { other: "зразка" })).toBe("2 зразка");
  });
});
