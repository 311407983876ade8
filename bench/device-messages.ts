import type { Engine } from "./training-measure.ts";
import type { TrialName } from "./training-trials.ts";

type ModelName = Extract<TrialName, "mlp" | "cnn" | "gpt">;

const en = {
  title: "How fast this device trains",
  about: "Trains three small models on made-up data, on each engine that the browser has, for a few minutes. The more the device is left alone, the truer the numbers. Nothing is sent anywhere: the result is a file that you may keep or pass on.",
  language: "Language",
  start: "Measure",
  again: "Measure again",
  stop: "Stop",
  save: "Save the result",
  progress: (done: number, all: number, what: string) => `${done + 1} of ${all}: ${what}`,
  finished: "Finished.",
  stopped: "Stopped. What was measured so far can be saved.",
  model: "Model",
  models: { mlp: "MLP of 51 k, samples/s", cnn: "CNN of 43 k, samples/s", gpt: "GPT of 0.88 M, tokens/s" } satisfies Record<ModelName, string>,
  engines: { wasm: "WASM", webgpu: "WebGPU", "webgpu-stock": "WebGPU, tfjs's kernels", cpu: "JavaScript" } as Partial<Record<Engine, string>>,
  dispatches: (count: string) => `${count} dispatches a step`,
  failed: "could not run",
  device: { cores: "Cores", gpu: "GPU", browser: "Browser" },
  unknown: "not told",
  software: "emulated on the CPU",
};

const uk: typeof en = {
  title: "Як швидко навчає цей пристрій",
  about: "Кілька хвилин навчає три невеликі моделі на вигаданих даних, на кожному рушії, який має браузер. Що менше зайнятий пристрій, то правдивіші числа. Нічого нікуди не надсилається: результат — це файл, який можна зберегти чи передати.",
  language: "Мова",
  start: "Виміряти",
  again: "Виміряти ще раз",
  stop: "Зупинити",
  save: "Зберегти результат",
  progress: (done, all, what) => `${done + 1} з ${all}: ${what}`,
  finished: "Готово.",
  stopped: "Зупинено. Виміряне досі можна зберегти.",
  model: "Модель",
  models: { mlp: "MLP на 51 тис., зразків/с", cnn: "CNN на 43 тис., зразків/с", gpt: "GPT на 0,88 млн, токенів/с" },
  engines: { wasm: "WASM", webgpu: "WebGPU", "webgpu-stock": "WebGPU, ядра tfjs", cpu: "JavaScript" },
  dispatches: (count) => `${count} запусків ядер за крок`,
  failed: "не запускається",
  device: { cores: "Ядра", gpu: "Графічний процесор", browser: "Браузер" },
  unknown: "невідомо",
  software: "емульований на процесорі",
};

export const messages = { en, uk };
export type Language = keyof typeof messages;
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", uk: "Українська" };
