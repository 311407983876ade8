import * as tf from "@tensorflow/tfjs-core";
import { expose } from "comlink";
import { beforeAll, describe, expect, it } from "vitest";
import { buildDigits } from "../../tools/digits.ts";
import { codeOf } from "../workers/bridge.ts";
import { createTrainer } from "./create-trainer.ts";
import { initialParams } from "./model.ts";
import { connectTrainer, serveTrainer } from "./remote-trainer.ts";
import { digitsTask } from "./tasks/digits.ts";
import { nodeWasmFiles, readPackFile } from "./testing/node.ts";
import { runRound } from "./testing/rounds.ts";

const deps = { loadPack: readPackFile, wasmFiles: nodeWasmFiles };
const share = { kind: "share", share: 0, shares: 60 } as const;

const add = (params: Float32Array, delta: Float32Array) => params.map((value, i) => value + delta[i]!);
const codeOfRejection = (promise: Promise<unknown>) => promise.then(() => null, codeOf);

beforeAll(async () => {
  await buildDigits();
}, 60_000);

describe("training digits on the WASM backend", () => {
  it("reaches 90 % on the held-out digits within 120 steps, and leaves no tensor behind", async () => {
    const trainer = createTrainer(deps);
    const info = await trainer.load(digitsTask, { kind: "share", share: 1, shares: 4 }, 7, "wasm");
    expect(info.backend).toBe("wasm");
    expect(info.samples).toBe(15_000);
    expect(info.labelCounts.reduce((a, b) => a + b)).toBe(15_000);
    let params = await trainer.initial();
    expect(params).toHaveLength(info.parameters);
    const before = await trainer.evaluate(params);
    expect(before).toMatchObject({ samples: 10_000 });
    expect(before.accuracy).toBeLessThan(0.3);
    const tensors = tf.memory().numTensors;
    for (let round = 1; round <= 3; round++) params = add(params, (await runRound(trainer, { params, round, localSteps: 40 })).result.delta);
    const after = await trainer.evaluate(params);
    expect(after.accuracy).toBeGreaterThan(0.9);
    expect(after.loss).toBeLessThan(before.loss);
    expect(tf.memory().numTensors).toBe(tensors);
  }, 60_000);

  it("scores a few held-out digits alone: the same ones each time, other ones for another seed, and what is out of bounds as such", async () => {
    const trainer = createTrainer(deps);
    await trainer.load(digitsTask, share, 7, "wasm");
    const params = await trainer.initial();
    const losses = await trainer.losses(params);
    expect(losses).toHaveLength(256);
    expect(losses.reduce((sum, loss) => sum + loss, 0) / 256).toBeCloseTo((await trainer.evaluate(params)).loss, 1);
    expect(await trainer.losses(params)).toEqual(losses);
    expect((await trainer.losses(params.map(() => Number.MAX_VALUE))).every(Number.isFinite)).toBe(false);
    await trainer.load(digitsTask, share, 8, "wasm");
    expect(await trainer.losses(params)).not.toEqual(losses);
  });

  it("starts every device from the same bytes, drawn from the task's seed", () => {
    const first = initialParams(digitsTask);
    expect(initialParams(digitsTask)).toEqual(first);
    expect(initialParams({ ...digitsTask, seed: 1 })).not.toEqual(first);
    expect(Math.max(...first)).toBeLessThan(1);
    expect(first.every(Number.isFinite)).toBe(true);
  });

  it("reports every batch, and its epochs", async () => {
    const trainer = createTrainer(deps);
    await trainer.load(digitsTask, { ...share, labels: [3, 5] }, 7, "wasm");
    const params = await trainer.initial();
    const { progress, result } = await runRound(trainer, { params, round: 1, localSteps: 8 });
    expect(progress.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(progress.at(-1)?.epoch).toBeGreaterThan(progress[0]!.epoch);
    expect(result.loss).toBeCloseTo(progress.reduce((sum, { loss }) => sum + loss, 0) / 8, 5);
    expect(result.delta.some((value) => value !== 0)).toBe(true);
  });

  it("resumes from its kept state exactly as if it had not stopped", async () => {
    const trainer = createTrainer(deps);
    const again = createTrainer(deps);
    await trainer.load(digitsTask, share, 7, "wasm");
    await again.load(digitsTask, share, 7, "wasm");
    expect(await trainer.saveState()).toBeNull();
    const params = await trainer.initial();
    await runRound(trainer, { params, round: 1, localSteps: 3 });
    await again.loadState((await trainer.saveState())!);
    const next = { params, round: 2, localSteps: 3 };
    expect((await runRound(again, next)).result).toEqual((await runRound(trainer, next)).result);
  });

  it("is not disturbed by a prediction or a scoring in mid-round", async () => {
    const trainer = createTrainer(deps);
    await trainer.load(digitsTask, share, 7, "wasm");
    const params = await trainer.initial();
    const undisturbed = (await runRound(trainer, { params, round: 1, localSteps: 4 })).result;
    await trainer.load(digitsTask, share, 7, "wasm");
    const round = trainer.train({ params, round: 1, localSteps: 4 });
    await round.next();
    const other = params.map((value) => -value);
    const [step, prediction] = await Promise.all([round.next(), trainer.predict(other, new Float32Array(784))]);
    expect(step.done).toBe(false);
    expect(prediction.probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    await round.next();
    await round.next();
    expect((await round.next()).value).toEqual(undisturbed);
  });

  it("trains on what a person has drawn, however little", async () => {
    const trainer = createTrainer(deps);
    const images = new Uint8Array(2 * 784).fill(200, 100, 300);
    const info = await trainer.load(digitsTask, { kind: "drawn", images, labels: Uint8Array.of(1, 7) }, 7, "wasm");
    expect(info.labelCounts).toEqual([0, 1, 0, 0, 0, 0, 0, 1, 0, 0]);
    const { progress } = await runRound(trainer, { params: await trainer.initial(), round: 3, localSteps: 2 });
    expect(progress).toHaveLength(2);
    expect(await codeOfRejection(trainer.load(digitsTask, { kind: "drawn", images, labels: new Uint8Array(0) }, 7))).toBe("malformed");
    expect(await codeOfRejection(trainer.load(digitsTask, { kind: "drawn", images: new Uint8Array(0), labels: new Uint8Array(0) }, 7))).toBe("bad-choice");
  });

  it("stops numbers that are out of bounds before they leave, and refuses params of another model", async () => {
    const trainer = createTrainer(deps);
    expect(await codeOfRejection(trainer.initial())).toBe("not-loaded");
    await trainer.load(digitsTask, share, 7, "wasm");
    const params = await trainer.initial();
    const broken = params.map(() => Number.NaN);
    expect(await codeOfRejection(runRound(trainer, { params: broken, round: 1, localSteps: 1 }))).toBe("not-finite");
    expect(await codeOfRejection(trainer.evaluate(broken))).toBe("not-finite");
    expect(await codeOfRejection(runRound(trainer, { params: params.subarray(1), round: 1, localSteps: 1 }))).toBe("wrong-length");
    expect(await codeOfRejection(trainer.predict(params, new Float32Array(3)))).toBe("wrong-length");
    expect(await trainer.saveState()).toBeNull();
  });
});

describe("a trainer on another thread", () => {
  it("answers over a channel, stops by signal, and refuses calls once it is gone", async () => {
    const { port1, port2 } = new MessageChannel();
    expose(serveTrainer(createTrainer(deps)), port1);
    const gone = new AbortController();
    const trainer = connectTrainer(port2, gone.signal);
    expect(await codeOfRejection(trainer.initial())).toBe("not-loaded");
    await trainer.load(digitsTask, share, 7, "wasm");
    const params = await trainer.initial();
    expect((await runRound(trainer, { params, round: 1, localSteps: 2 })).result.delta).toHaveLength(params.length);
    const stop = new AbortController();
    const round = trainer.train({ params, round: 2, localSteps: 1000 }, stop.signal);
    await round.next();
    stop.abort(new DOMException("the person pressed pause", "AbortError"));
    await expect(round.next()).rejects.toThrow("pressed pause");
    expect((await trainer.saveState())?.length).toBeGreaterThan(params.length);
    gone.abort(new Error("the worker has ended"));
    await expect(trainer.initial()).rejects.toThrow("worker has ended");
    trainer.close();
    port1.close();
  });
});
