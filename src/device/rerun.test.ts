import { beforeAll, describe, expect, it } from "vitest";
import { createTrainer } from "../learn/create-trainer.ts";
import type { TaskManifest } from "../learn/task.ts";
import { digitsTask } from "../learn/tasks/digits.ts";
import { mobyDickTask } from "../learn/tasks/texts.ts";
import { nodeWasmFiles, readPackFile } from "../learn/testing/node.ts";
import { buildDigits } from "../../tools/digits.ts";
import { buildTexts } from "../../tools/texts.ts";
import { createTraining, type Training } from "./training.ts";

const STEPS = 8;
const KEEP = { every: 0, part: 1 };
const { driftCorrection: _, ...digitsInner } = digitsTask.inner;
const digits: TaskManifest = { ...digitsTask, inner: digitsInner, audits: "rerun" };
const moving: TaskManifest = { ...digits, data: { ...digitsTask.data, augment: { shift: 2, rotate: 10, flip: false } } };
const text: TaskManifest = { ...mobyDickTask, model: { ...mobyDickTask.model, config: { ...mobyDickTask.model.config, context: 16, layers: 1, width: 16 } }, audits: "rerun" };

/** A device with what it would choose for itself, were it free to. */
async function opened(task: TaskManifest, seed: number): Promise<{ training: Training; start: Float32Array; backend: string; samples: number }> {
  const trainer = createTrainer({ loadPack: readPackFile, wasmFiles: nodeWasmFiles });
  const { backend, samples } = await trainer.load(task, { kind: "share", share: seed, shares: 60 }, seed, "cpu");
  return { training: createTraining(trainer, STEPS, async () => undefined, KEEP), start: await trainer.initial(), backend, samples };
}

const round = (training: Training, start: Float32Array, number: number, seed: number) => training.round(start, { round: number, lost: 0, model: "a model", seed }, () => undefined);
const never = new AbortController().signal;

beforeAll(async () => void (await Promise.all([buildDigits(), buildTexts()])), 60_000);

describe("a round that others can do again", () => {
  it.each([["digits", digits], ["digits that are moved by chance", moving], ["text with AdamW and dropout", text]])("gives another device the very same bits, beside its own rounds: %s", async (_, task) => {
    const [one, other] = [await opened(task, 1), await opened(task, 2)];
    expect(one.backend).toBe("wasm");
    expect(other.samples).toBe(one.samples);
    // Both have a past of their own.
    await round(one.training, one.start, 1, 11);
    await round(other.training, other.start, 1, 12);
    const start = one.start.map((value, i) => value + 0.001 * (i % 7));
    const result = (await round(one.training, start, 2, 77))!;
    expect(result.steps).toBe(STEPS);
    const [again, own] = await Promise.all([other.training.again(start, { round: 2, seed: 77, steps: STEPS }, never), round(other.training, start, 2, 13)]);
    expect(again).toEqual(result);
    expect(own!.delta).not.toEqual(result.delta);
    // Other samples, and another number of steps, give other bits.
    for (const which of [{ seed: 78, steps: STEPS }, { seed: 77, steps: STEPS - 1 }]) expect((await other.training.again(start, { round: 2, ...which }, never))!.delta).not.toEqual(result.delta);
  }, 60_000);

  it("lets a round of the device's own go first, and can be stopped", async () => {
    const { training, start } = await opened(digits, 1);
    const order: string[] = [];
    const again = training.again(start, { round: 1, seed: 5, steps: 10_000 }, AbortSignal.timeout(60_000)).then((result) => void order.push(result ? "again" : "nothing"));
    const stop = new AbortController();
    const queued = training.again(start, { round: 1, seed: 6, steps: STEPS }, stop.signal);
    stop.abort();
    await round(training, start, 1, 7);
    order.push("own");
    await again;
    expect(order).toEqual(["own", "again"]);
    expect(await queued).toBeNull();
  }, 60_000);
});
