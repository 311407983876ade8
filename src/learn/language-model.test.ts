import { beforeAll, describe, expect, it } from "vitest";
import { buildTexts } from "../../tools/texts.ts";
import { codeOf } from "../workers/bridge.ts";
import { createTrainer } from "./create-trainer.ts";
import type { TextTask } from "./task.ts";
import { mobyDickTask } from "./tasks/texts.ts";
import { nodeWasmFiles, readPackFile } from "./testing/node.ts";
import { runRound } from "./testing/rounds.ts";
import type { DataChoice } from "./trainer.ts";
import { writeOn } from "./write-on.ts";

const deps = { loadPack: readPackFile, wasmFiles: nodeWasmFiles };
const small: TextTask = {
  ...mobyDickTask,
  data: { kind: "text", source: "own", tokens: "bytes" },
  model: { className: "Gpt", config: { vocabulary: 256, context: 16, layers: 1, heads: 2, width: 32, dropout: 0.05 } },
  inner: { ...mobyDickTask.inner, learningRate: 0.02, schedule: { warmUp: 5, steps: 200, floor: 0.1 } },
};
const verse = "Кит пливе. Whale swims. ".repeat(80);
const files = (text: string): DataChoice => ({ kind: "files", files: [new Blob([text])] });
const rejected = (promise: Promise<unknown>) => promise.then(() => null, codeOf);

beforeAll(() => buildTexts(), 60_000);

describe("a language model as a task", () => {
  it("learns a person's own text, is scored in bits a byte on its end, and writes on from it", async () => {
    const trainer = createTrainer(deps);
    const info = await trainer.load(small, files(verse), 1, "wasm");
    // Four fifths of the text, in sequences of 16 bytes.
    expect(info.samples).toBe(Math.floor((Math.floor(new TextEncoder().encode(verse).length * 0.8) - 1) / 16));
    const first = await trainer.initial();
    const before = await trainer.evaluate(first);
    expect(before.bitsPerByte).toBeCloseTo(8, 0);
    const { progress, result } = await runRound(trainer, { params: first, round: 1, localSteps: 120 });
    expect(progress.at(-1)!.accuracy).toBeGreaterThan(progress[0]!.accuracy);
    const params = first.map((value, i) => value + result.delta[i]!);
    const after = await trainer.evaluate(params);
    expect(after.bitsPerByte).toBeLessThan(1);
    expect(after.accuracy).toBeGreaterThan(0.85);
    expect(after.confusion).toBeNull();
    expect(after.bitsPerByte).toBeCloseTo(after.loss / Math.LN2, 10);
    const losses = await trainer.losses(params);
    expect(losses).toHaveLength(16);
    expect(losses.reduce((sum, loss) => sum + loss, 0) / 16).toBeCloseTo(after.loss, 0);
    expect(await trainer.losses(params)).toEqual(losses);

    const prompts = ["Кит", "Whale ", "swims", "Wha", "x".repeat(40)].map((prompt) => Float32Array.from(new TextEncoder().encode(prompt)));
    const many = (await trainer.predictMany(params, prompts)).probabilities;
    for (const [row, prompt] of prompts.entries()) {
      const { probabilities } = await trainer.predict(params, prompt);
      expect(Math.max(...probabilities.map((value, byte) => Math.abs(value - many[row]![byte]!)))).toBeLessThan(1e-5);
    }

    const written = async (prompt: string, bytes: number, temperature: number, seed: number) => {
      let text = "";
      for await (const piece of writeOn(trainer, params, prompt, { bytes, temperature, seed })) text += piece;
      return text;
    };
    expect(await written("swims. Кит ", 12, 0, 1)).toBe("пливе. ");
    expect(await written("W", 20, 3, 2)).toBe(await written("W", 20, 3, 2));
    expect(await written("W", 20, 3, 2)).not.toBe(await written("W", 20, 3, 3));
  });

  it("comes to the same numbers from the same seed, dropout included", async () => {
    const run = async (seed: number) => {
      const trainer = createTrainer(deps);
      await trainer.load(small, files(verse), seed, "wasm");
      return (await runRound(trainer, { params: await trainer.initial(), round: 1, localSteps: 4 })).result.delta;
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(2)).not.toEqual(await run(1));
  });

  it("steps by the schedule: hardly at all in the first step of a long warm-up", async () => {
    const move = async (warmUp: number) => {
      const trainer = createTrainer(deps);
      await trainer.load({ ...small, inner: { ...small.inner, schedule: { warmUp, steps: 10_000, floor: 0 } } }, files(verse), 1, "wasm");
      const { delta } = (await runRound(trainer, { params: await trainer.initial(), round: 1, localSteps: 1 })).result;
      return Math.hypot(...delta);
    };
    const [short, long] = [await move(1), await move(100)];
    expect(long / short).toBeCloseTo(0.01, 3);
  });

  it("refuses what is no text, or too little of it", async () => {
    const trainer = createTrainer(deps);
    expect(await rejected(trainer.load(small, files("short"), 1, "wasm"))).toBe("bad-choice");
    expect(await rejected(trainer.load(small, { kind: "drawn", images: new Uint8Array(), labels: new Uint8Array() }, 1, "wasm"))).toBe("bad-choice");
    expect(await rejected(trainer.load(mobyDickTask, { kind: "share", share: 0, shares: 2, labels: [1] }, 1, "wasm"))).toBe("bad-choice");
    expect(await rejected(trainer.load(mobyDickTask, { kind: "share", share: 2, shares: 2 }, 1, "wasm"))).toBe("bad-choice");
    await trainer.load(small, null, 1, "wasm");
    const params = await trainer.initial();
    expect(await rejected(trainer.predict(params, Float32Array.of(300)))).toBe("malformed");
    expect(await rejected(trainer.evaluate(params))).toBe("unavailable");
    expect(await rejected(runRound(trainer, { params, round: 1, localSteps: 1 }))).toBe("not-loaded");
    await expect(writeOn(trainer, params, "", { bytes: 1, temperature: 1, seed: 1 }).next()).rejects.toThrow("prompt");
  });
});
