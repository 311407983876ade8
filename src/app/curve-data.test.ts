import { describe, expect, it } from "vitest";
import type { RoundRecord } from "../device/api.ts";
import type { BatchProgress } from "../learn/trainer.ts";
import { type Columns, createCurves, CURVE_LIMITS, put } from "./curve-data.ts";

const record = (round: number, accuracy: number | null): RoundRecord => ({
  round,
  seconds: 1,
  participants: [],
  devices: 0,
  accuracy,
  loss: accuracy === null ? null : 1 - accuracy,
  trainLoss: null,
  labelCounts: [],
  modelHash: "",
  bytesUp: 0,
  bytesDown: 0,
  retries: 0,
  refused: false,
});
const batch = (step: number, loss: number): BatchProgress => ({ step, steps: 10, epoch: 0, loss, accuracy: 0.5, samplesPerSecond: 1 });

describe("curves", () => {
  it("puts late points where they belong and fills the other lines with gaps", () => {
    const columns: Columns = [[], [], []];
    put(columns, 1, 0, 0.5);
    put(columns, 3, 0, 0.3);
    put(columns, 2, 1, 0.9);
    put(columns, 3, 1, 0.8);
    expect(columns).toEqual([
      [1, 2, 3],
      [0.5, null, 0.3],
      [null, 0.9, 0.8],
    ]);
  });

  it("adds a round once it is scored, even when the next one is already in training", () => {
    const curves = createCurves();
    curves.add({ round: 1, batch: batch(10, 2), rounds: [record(1, null)] });
    expect(curves.accuracy[0]).toEqual([]);
    curves.add({ round: 2, batch: batch(5, 1.5), rounds: [record(1, null)] });
    curves.add({ round: 2, batch: batch(5, 1.5), rounds: [record(1, 0.6)] });
    expect(curves.accuracy).toEqual([[1], [0.6]]);
    expect(curves.loss).toEqual([
      [1, 1.5],
      [2, 1.5],
      [0.4, null],
    ]);
  });

  it("says whether a snapshot brought anything new", () => {
    const curves = createCurves();
    const snapshot = { round: 1, batch: batch(1, 2), rounds: [] };
    expect(curves.add(snapshot)).toBe(true);
    expect(curves.add(snapshot)).toBe(false);
  });

  it("begins again when the model was started anew", () => {
    const curves = createCurves();
    curves.add({ round: 7, batch: batch(1, 2), rounds: [record(6, 0.9)] });
    curves.add({ round: 0, batch: null, rounds: [] });
    expect(curves.accuracy[0]).toEqual([]);
    expect(curves.loss[0]).toEqual([]);
  });

  it("stays within its bound and loses no round", () => {
    const curves = createCurves();
    const rounds: RoundRecord[] = [];
    for (let round = 1; round <= 400; round++) {
      for (let step = 1; step < 10; step++) curves.add({ round, batch: batch(step, 1), rounds });
      rounds.push(record(round, 0.5));
      curves.add({ round, batch: null, rounds });
    }
    expect(curves.loss[0].length).toBeLessThanOrEqual(CURVE_LIMITS.points + 1);
    expect(curves.loss[2]?.filter((value) => value !== null).length).toBe(400);
    expect([...curves.loss[0]].sort((a, b) => a - b)).toEqual(curves.loss[0]);
  });
});
