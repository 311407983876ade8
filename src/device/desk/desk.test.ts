import { expose, type Endpoint } from "comlink";
import { beforeEach, describe, expect, it } from "vitest";
import { createTrainer } from "../../learn/create-trainer.ts";
import { zip } from "../../learn/export/zip.ts";
import { checkTask, type TaskManifest } from "../../learn/task.ts";
import { breastCancerTask } from "../../learn/tasks/breast-cancer.ts";
import { digitsTask } from "../../learn/tasks/digits.ts";
import { languagesTask } from "../../learn/tasks/languages.ts";
import { nodeWasmFiles, readPackFile } from "../../learn/testing/node.ts";
import { openOwnData } from "../../store/own-data.ts";
import { createPrivateFiles } from "../../store/testing/private-files.ts";
import { taskHash } from "../../swarm/record.ts";
import type { Desk, OwnSet } from "./api.ts";
import { freshUse } from "./choice.ts";
import { createDesk } from "./desk.ts";
import { openOwnChoice } from "./kept.ts";
import { connectDesk, serveDesk } from "./remote.ts";

const ROWS = 60;
const good = Array.from({ length: ROWS }, (_, i) => `${i % 2 ? 5 + (i % 7) / 10 : 1 + (i % 5) / 10},${i % 2 ? "tall" : "short"}`);
const FLOWERS = `height,kind\n${good.slice(0, 30).join("\n")}\nhigh,tall\n2,\n${good.slice(30).join("\n")}\n`;
const csv = (text: string): File => new File([text], "flowers.csv", { type: "text/csv" });

async function finish<T, R>(steps: AsyncGenerator<T, R, void>): Promise<R> {
  for (;;) {
    const { done, value } = await steps.next();
    if (done) return value;
  }
}

let clock = 1_000;
let disk: ReturnType<typeof createPrivateFiles>;
const storage = () => ({ getDirectory: disk.getDirectory, estimate: async () => ({ quota: 1e9, usage: disk.usage() }) });

function newDesk(): Desk {
  const trainer = createTrainer({ loadPack: readPackFile, wasmFiles: nodeWasmFiles });
  return createDesk({
    openStore: (slot) => openOwnData(slot, storage()),
    startTrainer: () => ({ trainer, end: () => undefined }),
    loadPack: readPackFile,
    // Stands for the browser's decoder: the file's bytes are the pixels.
    decodePicture: async (file) => {
      const bytes = new Uint8Array(await file.arrayBuffer());
      if (bytes.length !== 4) throw new Error("no picture");
      return bytes;
    },
    now: () => (clock += 5),
  });
}

async function flowersTask(desk: Desk, id: string): Promise<TaskManifest> {
  const survey = await finish(desk.survey(id));
  const { guessed } = await desk.roles(survey);
  return checkTask({ ...breastCancerTask, name: "flowers", data: await desk.tableData(survey, guessed, undefined), inner: { ...breastCancerTask.inner, batch: 8, localSteps: 5 } });
}

describe("the desk", () => {
  let desk: Desk;
  let flowers: OwnSet;
  beforeEach(async () => {
    disk = createPrivateFiles();
    desk = newDesk();
    expect(await desk.open(0)).toBe("opfs");
    flowers = await finish(desk.add([{ file: csv(FLOWERS), name: "flowers.csv" }], "flowers", true));
  });

  it("keeps a set from visit to visit, and forgets it without a trace", async () => {
    const again = newDesk();
    await again.open(0);
    expect(await again.sets()).toEqual([flowers]);
    expect(flowers).toMatchObject({ kind: "table", files: 1, kept: true, bytes: FLOWERS.length });
    await again.forgetAll();
    expect(disk.usage()).toBe(0);
    await expect(again.excerpt(flowers.id)).rejects.toThrow("not here any more");
  });

  it("keeps nothing of a set that is for this visit only", async () => {
    const before = disk.usage();
    const visit = await finish(desk.add([{ file: csv(FLOWERS), name: "flowers.csv" }], "again", false));
    expect(disk.usage()).toBe(before);
    const task = await flowersTask(desk, visit.id);
    expect(await desk.choice(visit.id, task)).toMatchObject({ kind: "files", files: [{ size: FLOWERS.length }] });
    expect(await desk.choice(flowers.id, task)).toEqual({ kind: "own", set: flowers.id });
  });

  it("says which rows of a table a task cannot use, and the device trains on the rest once that was agreed", async () => {
    const task: TaskManifest = { ...(await flowersTask(desk, flowers.id)), data: { kind: "table", source: "own", columns: [{ role: "number", name: "height", mean: 3, deviation: 2 }, { role: "label", name: "kind", values: ["short", "tall"] }] } };
    const use = freshUse(taskHash(task));
    const fit = await desk.fit(flowers.id, task, use);
    expect(fit.samples).toBe(ROWS);
    expect(fit.labels).toEqual([{ name: "short", samples: ROWS / 2 }, { name: "tall", samples: ROWS / 2 }]);
    expect(fit.bad.rows.map(({ line, column }) => [line, column])).toEqual([[32, 1], [33, 2]]);

    const trainer = createTrainer({ loadPack: readPackFile, wasmFiles: nodeWasmFiles });
    const store = await openOwnData(0, storage());
    await expect(trainer.load(task, await openOwnChoice(store, flowers.id, task), 1, "cpu")).rejects.toThrow("2 rows cannot be used");
    await desk.use(flowers.id, { ...use, leaveOut: true });
    const info = await trainer.load(task, await openOwnChoice(store, flowers.id, task), 1, "cpu");
    // A fifth is kept for scoring.
    expect([info.samples, info.leftOut]).toEqual([0.8 * ROWS, 2]);
    expect((await trainer.evaluate(await trainer.initial())).samples).toBe(0.2 * ROWS);
  });

  it("names what a task needs and a set lacks, and takes the person's word for what it is called", async () => {
    const task = { ...breastCancerTask, data: { kind: "table", source: "own", columns: [{ role: "number", name: "height", mean: 3, deviation: 2 }, { role: "label", name: "species", values: ["short", "tall"] }] } } as TaskManifest;
    const use = freshUse(taskHash(task));
    expect(await desk.fit(flowers.id, task, use)).toMatchObject({ missing: ["species"], offered: ["height", "kind"], samples: 0 });
    expect(await desk.fit(flowers.id, task, { ...use, names: { species: "kind" } })).toMatchObject({ missing: [], samples: ROWS, bad: { count: 2 } });
    expect((await desk.fit(flowers.id, digitsTask, freshUse(taskHash(digitsTask)))).problem).toMatchObject({ code: "bad-choice" });
  });

  it("takes texts in folders, each folder a label, and archives of them", async () => {
    const text = (line: string) => new TextEncoder().encode(line.repeat(40)) as Uint8Array<ArrayBuffer>;
    const inside = [
      { name: "letters/en/a.txt", bytes: text("the quick brown fox ") },
      { name: "letters/uk/b.txt", bytes: text("жебракують філософи ") },
      { name: "letters/uk/.DS_Store", bytes: text("none of theirs ") },
      { name: "letters/uk/c.txt", bytes: Uint8Array.of(0xff, 0xfe) },
    ];
    const task = { ...languagesTask, data: { ...languagesTask.data, source: "own", labels: ["en", "uk"] } } as TaskManifest;
    const use = freshUse(taskHash(task));
    const folder = inside.filter(({ name }) => !name.includes("DS_Store")).map(({ name, bytes }) => ({ name, file: new Blob([bytes]) }));
    const sets = [await finish(desk.add(folder, "letters", true)), await finish(desk.add([{ name: "letters.zip", file: new Blob([zip(inside)]) }], "letters", true))];
    for (const set of sets) {
      expect(set).toMatchObject({ kind: "text", files: 3, labels: [{ label: "en", files: 1 }, { label: "uk", files: 2 }] });
      const fit = await desk.fit(set.id, task, use);
      expect(fit).toMatchObject({ problem: null, missing: [], bad: { count: 1, rows: [{ line: 3, column: 0, fault: { what: "not-text" } }] } });
      expect(fit.labels.every(({ samples }) => samples > 0)).toBe(true);
    }
    await expect(finish(desk.add([{ name: "cut.zip", file: new Blob([zip(inside).subarray(0, 90)]) }], "cut", true))).rejects.toMatchObject({ fault: { what: "bad-archive" } });
  });

  it("labels pictures by their folder or by hand, and lists those without a label of the task or that are none", async () => {
    const task = { ...digitsTask, data: { kind: "image", source: "own", shape: [2, 2], labels: 2, names: ["cat", "dog"] } } as TaskManifest;
    const use = freshUse(taskHash(task));
    const picture = (size: number) => new Blob([new Uint8Array(size)], { type: "image/png" });
    const given = ["pets/Cat/1.png", "pets/cat/2.png", "pets/hound/3.png", "pets/cat/4.png", "pets/5.png"].map((name) => ({ file: picture(name.includes("4") ? 1 : 4), name }));
    let pets = await finish(desk.add(given, "pets", true));
    expect(pets.labels).toEqual([{ label: "Cat", files: 1 }, { label: "cat", files: 2 }, { label: "hound", files: 1 }]);
    const fit = await desk.fit(pets.id, task, use);
    expect(fit).toMatchObject({ samples: 2, missing: ["dog"], offered: ["hound"], bad: { count: 3 } });
    pets = await desk.label(pets.id, 4, "dog");
    pets = await desk.append(pets.id, [{ file: picture(4), name: "drawing", label: "dog" }]);
    expect((await desk.fit(pets.id, task, { ...use, names: { dog: "hound" } })).labels).toEqual([{ name: "cat", samples: 2 }, { name: "dog", samples: 1 }]);
    pets = await desk.remove(pets.id, 2);
    expect((await desk.fit(pets.id, task, use)).labels).toEqual([{ name: "cat", samples: 2 }, { name: "dog", samples: 2 }]);
    expect(await desk.pictures(pets.id, 3, 9)).toMatchObject([{ index: 3, name: "pets/5.png", label: "dog" }, { index: 4, name: "drawing", label: "dog" }]);
  });

  it("says all that is wrong with a task, its layers and its privacy", async () => {
    const { summary, problems } = await desk.check(breastCancerTask);
    expect([summary?.parameters, problems]).toEqual([530, []]);
    expect((await desk.check({ ...breastCancerTask, inner: { ...breastCancerTask.inner, batch: 0 }, seed: -1 })).problems.map(({ path }) => path).sort()).toEqual(["inner.batch", "seed"]);
    expect((await desk.check({ ...breastCancerTask, model: { className: "Sequential", config: { layers: [{ class_name: "LSTM", config: {} }] } } })).problems).toMatchObject([{ path: "model", message: expect.stringContaining("layer 1 (LSTM)") }]);
    expect((await desk.check({ ...breastCancerTask, privacy: { epsilon: 0.01, delta: 1e-10, rounds: 100_000, clip: 1, honest: 1 } })).problems).toMatchObject([{ path: "privacy" }]);
  });

  it("tries a task over a thread's boundary: some steps, their time, and what an epoch would take", async () => {
    const { port1, port2 } = new MessageChannel();
    expose(serveDesk(desk), port1 as Endpoint);
    const far = connectDesk(port2 as Endpoint, new AbortController().signal);
    const trial = far.trial(await flowersTask(far, flowers.id), flowers.id);
    const steps: number[] = [];
    for (;;) {
      const { done, value } = await trial.next();
      if (!done) {
        steps.push(value.step);
        continue;
      }
      expect(steps).toEqual([1, 2, 3, 4, 5, 6]);
      expect(value).toMatchObject({ samples: 48, steps: 6, epochSteps: 6 });
      expect(value.joules.laptop / value.joules.phone).toBeCloseTo(4);
      break;
    }
    port1.close();
  });

  it("gives back what was being taken in when it was stopped", async () => {
    const before = disk.usage();
    const steps = desk.add([{ file: new Blob([FLOWERS]), name: "a.txt" }, { file: new Blob([FLOWERS]), name: "b.txt" }], "texts", true);
    await steps.next();
    await steps.return(undefined as never);
    expect(disk.usage()).toBe(before);
    await expect(finish(desk.add([{ file: new Blob(["x"]), name: "a.exe" }], "none", true))).rejects.toThrow("no file of these can be used");
  });
});
