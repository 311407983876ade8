import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createDrift } from "./drift.ts";
import { TaskError } from "./errors.ts";

describe("drift correction", () => {
  it("knows nothing before the first round and after one that was missed", () => {
    const drift = createDrift(2, 1);
    expect(drift.correction(1, Float32Array.of(0, 0))).toBeNull();
    drift.record(1, Float32Array.of(0, 0), Float32Array.of(4, 0), 4);
    expect(drift.correction(3, Float32Array.of(1, 1))).toBeNull();
  });

  it("adds the swarm's step less the device's own", () => {
    const drift = createDrift(2, 1);
    drift.record(1, Float32Array.of(0, 0), Float32Array.of(8, 0), 4);
    // The device went by (2, 0) a step, the model by (0.5, 1).
    expect([...drift.correction(2, Float32Array.of(2, 4))!]).toEqual([-1.5, 1]);
  });

  it("gives the same for a round that is run again, and takes itself out of what it records", () => {
    const drift = createDrift(1, 1);
    const own = 2;
    drift.record(1, Float32Array.of(0), Float32Array.of(own * 2), 2);
    const start = Float32Array.of(1);
    const correction = drift.correction(2, start)![0]!;
    drift.record(2, start, Float32Array.of((own + correction) * 2), 2);
    expect(drift.correction(2, start)![0]).toBe(correction);
    // The device's own pull is 2 a step as before, so the swarm's 1 less those 2 is added.
    expect(drift.correction(3, Float32Array.of(3))![0]).toBe(1 - own);
  });

  it("takes a round that moved nothing for one that was refused, which says nothing of where the swarm goes", () => {
    const drift = createDrift(1, 1);
    drift.record(1, Float32Array.of(0), Float32Array.of(6), 2);
    const correction = drift.correction(2, Float32Array.of(2))![0]!;
    drift.record(2, Float32Array.of(2), Float32Array.of((3 + correction) * 2), 2);
    expect(drift.correction(3, Float32Array.of(2))![0]).toBe(correction);
  });

  it("leaves a device that trains alone as it is", () => {
    const drift = createDrift(1, 1);
    drift.record(1, Float32Array.of(0), Float32Array.of(3), 3);
    expect(drift.correction(2, Float32Array.of(3))![0]).toBe(0);
  });

  it("is cut where the model was replaced rather than moved", () => {
    const drift = createDrift(1, 1);
    drift.record(1, Float32Array.of(0), Float32Array.of(1), 1);
    expect(drift.correction(2, Float32Array.of(1e6))![0]).toBe(2);
  });

  it("is kept and loaded, and refuses bytes that are not its own", () => {
    const drift = createDrift(2, 0.5);
    expect(drift.save()).toHaveLength(0);
    drift.record(7, Float32Array.of(1, 2), Float32Array.of(3, 4), 2);
    const state = drift.save();
    const again = createDrift(2, 0.5);
    again.load(state);
    const next = Float32Array.of(2, 2);
    expect(again.correction(8, next)).toEqual(drift.correction(8, next));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.nat(), (bytes, cut) => {
        expect(() => again.load(bytes)).toThrow(TaskError);
        expect(() => again.load(state.subarray(0, 1 + (cut % (state.length - 1))))).toThrow(TaskError);
      }),
    );
  });
});
