import { beforeAll, describe, expect, it } from "vitest";
import { buildDigits } from "../../../tools/digits.ts";
import { buildTexts } from "../../../tools/texts.ts";
import { blankInput } from "../blank-input.ts";
import { createTrainer } from "../create-trainer.ts";
import { checkTask, type TaskManifest } from "../task.ts";
import { nodeWasmFiles, readPackFile } from "../testing/node.ts";
import { federate, runRound } from "../testing/rounds.ts";
import { breastCancerTask } from "./breast-cancer.ts";
import { builtInTask, builtInTasks, chooseTask } from "./built-in.ts";
import { languagesTask } from "./languages.ts";

const createDevice = () => createTrainer({ loadPack: readPackFile, wasmFiles: nodeWasmFiles });
const share = (own: number, shares: number) => ({ kind: "share", share: own, shares }) as const;

beforeAll(async () => {
  await Promise.all([buildDigits(), buildTexts()]);
}, 60_000);

describe("the tasks that ship", () => {
  it.each(builtInTasks.map((task) => [task.name, task] as const))("%s is a valid manifest, and gets better within a few steps", async (_name, task) => {
    expect(checkTask(JSON.parse(JSON.stringify(task)))).toEqual(task);
    const device = createDevice();
    const info = await device.load(task, share(0, 60), 1, "wasm");
    expect(info.samples).toBeGreaterThan(0);
    const first = await device.initial();
    expect((await device.predict(first, blankInput(task.data))).probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    const before = await device.evaluate(first);
    const { delta } = (await runRound(device, { params: first, round: 1, localSteps: 15 })).result;
    const after = await device.evaluate(first.map((value, i) => value + delta[i]!));
    expect(after.loss).toBeLessThan(before.loss - 0.1);
    expect(after.accuracy).toBeGreaterThan(before.accuracy);
  });

  it("are found by name", () => {
    expect(builtInTask("moby-dick").title.uk).toContain("Мобі");
    expect(() => builtInTask("toString")).toThrow("there is no task toString here");
    expect(chooseTask(undefined).name).toBe("digits");
    expect(chooseTask("languages")).toBe(languagesTask);
    expect(chooseTask({ ...breastCancerTask, name: "mine" }).name).toBe("mine");
    expect(() => chooseTask({ ...breastCancerTask, seed: "x" })).toThrow("seed: ");
    expect(() => chooseTask({ ...breastCancerTask, groupSize: 2 })).toThrow("groupSize");
  });
});

describe("two devices that share a task", () => {
  const federated = async (task: TaskManifest, rounds: number) => {
    const devices = [createDevice(), createDevice()];
    const infos = [];
    for (const [index, device] of devices.entries()) infos.push(await device.load(task, share(index, 2), index, "wasm"));
    return devices[0]!.evaluate(await federate(task, devices, infos[0]!.shapes, rounds));
  };

  it("tell malignant from benign in nine cases of ten that neither has seen", async () => {
    const { accuracy, samples, confusion } = await federated(breastCancerTask, 6);
    expect(accuracy).toBeGreaterThan(0.92);
    expect(samples).toBe(113);
    expect(confusion!.flat().reduce((a, b) => a + b)).toBe(samples);
    expect((confusion![0]![0]! + confusion![1]![1]!) / samples).toBeCloseTo(accuracy, 10);
  });

  it.each([
    { kind: "nesterov", rate: 0.7, momentum: 0.6 },
    { kind: "fedadam", rate: 0.03, beta1: 0.9, beta2: 0.99, tau: 0.001 },
  ] as const)("do so with the outer optimiser $kind too", async (outer) => {
    expect((await federated({ ...breastCancerTask, outer }, 10)).accuracy).toBeGreaterThan(0.92);
  });

  it("tell eighteen languages apart", async () => {
    expect((await federated(languagesTask, 5)).accuracy).toBeGreaterThan(0.9);
  });
});
