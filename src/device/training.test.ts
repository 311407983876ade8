import { describe, expect, it } from "vitest";
import { createTrainer } from "../learn/create-trainer.ts";
import { digitsTask } from "../learn/tasks/digits.ts";
import { nodeWasmFiles, readPackFile } from "../learn/testing/node.ts";
import type { Midway } from "../store/store.ts";
import { createCarer } from "./carer.ts";
import { CARE } from "./care.ts";
import { createTraining } from "./training.ts";

const STEPS = 12;

/** A device that has just been opened; every step of it is kept. */
async function opened(kept: Midway[], care?: Parameters<typeof createTraining>[4]) {
  const trainer = createTrainer({ loadPack: readPackFile, wasmFiles: nodeWasmFiles });
  await trainer.load(digitsTask, { kind: "share", share: 0, shares: 60 }, 7, "wasm");
  const training = createTraining(trainer, STEPS, async (midway) => void kept.push(structuredClone(midway)), { every: 0, part: 1 }, care);
  return { trainer, training, start: await trainer.initial() };
}

const whole = { round: 3, lost: 0, model: "a model" };

describe("a round that a tab did not live to end", () => {
  it("goes on from what was kept of it to the very update that it would have made", async () => {
    const kept: Midway[] = [];
    const first = await opened(kept);
    const result = await first.training.round(first.start, whole, () => undefined);
    expect(kept.length).toBeGreaterThan(3);
    const left = kept[Math.floor(kept.length / 2)]!;
    expect(left.position.steps).toBeLessThan(STEPS);

    const second = await opened([]);
    await second.trainer.loadState(left.state);
    second.training.goOn(left);
    const steps: number[] = [];
    const again = await second.training.round(second.start, whole, ({ step }) => void steps.push(step));
    expect(steps).toEqual(Array.from({ length: STEPS - left.position.steps }, (_, i) => left.position.steps + 1 + i));
    const { delta, ...counts } = result!;
    const { delta: other, ...others } = again!;
    expect(others).toEqual(counts);
    expect(Buffer.compare(Buffer.from(other.buffer), Buffer.from(delta.buffer))).toBe(0);
    expect(Buffer.compare((await second.trainer.saveState())!, (await first.trainer.saveState())!)).toBe(0);
  });

  it("is begun anew where the model is another, or the round, or its update was dropped", async () => {
    const kept: Midway[] = [];
    const { training, start } = await opened(kept);
    await training.round(start, whole, () => undefined);
    for (const which of [{ ...whole, model: "another" }, { ...whole, round: 4 }, { ...whole, lost: 1 }]) {
      training.goOn(kept[0]!);
      const steps: number[] = [];
      await training.round(start, which, ({ step }) => void steps.push(step));
      expect(steps[0]).toBe(1);
      expect(steps).toHaveLength(STEPS);
    }
  });
});

describe("a device that works a share of the time", () => {
  it("does that share of a round's steps, of the samples and with the update of one that begins alike", async () => {
    const care = createCarer(() => undefined, () => undefined);
    const { training, start } = await opened([], care);
    const rounds = async (share: number) => {
      care.set({ ...CARE, share });
      const losses: number[] = [];
      const result = await training.round(start, whole, ({ step, steps, loss }) => {
        expect(steps).toBe(Math.max(1, Math.round(share * STEPS)));
        expect(step).toBe(losses.push(loss));
      });
      return { losses, delta: result!.delta };
    };
    const all = await rounds(1);
    const part = await rounds(0.25);
    expect(all.losses).toHaveLength(STEPS);
    // The optimiser of the digits keeps nothing from round to round: a quarter is how the whole began.
    expect(part.losses).toEqual(all.losses.slice(0, STEPS / 4));
    expect(part.delta.some((value) => value !== 0)).toBe(true);
  });
});
