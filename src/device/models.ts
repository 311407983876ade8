import { TaskError } from "../learn/errors.ts";
import { unzip, zip } from "../learn/export/zip.ts";
import { MAX_PARAMETERS } from "../learn/limits.ts";
import { outerBytes } from "../learn/outer-optimiser.ts";
import { checkTask, type TaskManifest } from "../learn/task.ts";
import type { Evaluation, NamedFile, Prediction, Trainer } from "../learn/trainer.ts";
import { writeOn } from "../learn/write-on.ts";
import type { Store } from "../store/store.ts";
import { type Hash, rootOf, taskHash } from "../swarm/record.ts";
import { decodeCommit } from "../swarm/roll.ts";
import type { Head } from "../swarm/state.ts";
import { sharedBytes } from "../update/compression/shared.ts";
import { toFixed, toFloat } from "../update/fixed.ts";
import { WireError } from "../wire/codec.ts";
import { CURRENT_MODEL, type Continuation, type Device, type Lineage, type ModelView } from "./api.ts";
import { DeviceError } from "./errors.ts";
import { decodeModel, encodeModel, type OpenModel } from "./model-file.ts";
import { createModelShelf } from "./model-shelf.ts";

/** Scores that are remembered. */
const SCORES = 4;

export interface ModelsDeps {
  store: Store;
  task: TaskManifest;
  now: () => number;
  /** Null before the engine has been asked for. */
  head(): Head | null;
  /** The engine of the current task and its model; loads them where they are not. */
  engine(): Promise<{ trainer: Trainer; head: Head }>;
  startTrainer(): Trainer;
  library: { publish(bytes: Uint8Array): Promise<string>; fetch(id: string): Promise<Uint8Array>; authorOf(id: string): string | null };
}

type Calls = "models" | "askModel" | "continueText" | "scoreModel" | "exportModelAs" | "importModel" | "publishModel" | "fetchModel" | "removeModel";

/** The models on this device: what to make of them, and where they come from. */
export interface Models extends Pick<Device, Calls> {
  /** The current model was scored anyhow. */
  scored(model: Hash, evaluation: Evaluation): void;
  /** Where the kept model is of another task than the present one, it is put aside, and the present task noted. */
  putAside(): Promise<void>;
}

export function createModels({ store, task, now, head, engine, startTrainer, library }: ModelsDeps): Models {
  const shelf = createModelShelf(store);
  const own = taskHash(task);
  const scores = new Map<string, Evaluation>();
  /** Another task's engine, without data to train on. */
  let guest: { task: Hash; trainer: Trainer; ready: Promise<unknown> } | null = null;

  async function keptHead(): Promise<OpenModel | null> {
    const kept = await store.get("head");
    const manifest = await store.get("manifest");
    if (kept?.commit === undefined || kept.shared === undefined || manifest === null) return null;
    try {
      const model: OpenModel = { task: checkTask(manifest), record: decodeCommit(kept.commit).record, params: new Int32Array(kept.params), outer: kept.outer, shared: kept.shared };
      return model.record?.task === taskHash(model.task) ? model : null;
    } catch (cause) {
      if (!(cause instanceof WireError || cause instanceof TaskError)) throw cause;
      return null; // of an older version: nothing that could be used
    }
  }

  const opened = ({ record, params, outer, shared }: Head): OpenModel => ({ task, record, params, outer: outerBytes(outer), shared: sharedBytes(shared) });

  async function current(): Promise<OpenModel | null> {
    const live = head();
    if (live) return opened(live);
    const kept = await keptHead();
    return kept?.record?.task === own ? kept : null;
  }

  async function open(id: string): Promise<OpenModel> {
    const kept = id === CURRENT_MODEL ? null : (await shelf.all()).find((model) => model.id === id);
    const model = kept ? decodeModel(kept.file) : id === CURRENT_MODEL ? await current() : null;
    if (!model) throw new DeviceError("no-model", "this model is not on this device any more");
    return model;
  }

  /** Of a model that is here, or of the task's first one. */
  async function withEngine(id: string): Promise<{ model: OpenModel; trainer: Trainer; params: Float32Array }> {
    if (id === CURRENT_MODEL) {
      const { trainer, head: live } = await engine();
      return { model: opened(live), trainer, params: toFloat(live.params) };
    }
    const model = await open(id);
    return { model, trainer: await engineOf(model.task), params: toFloat(model.params) };
  }

  async function engineOf(wanted: TaskManifest): Promise<Trainer> {
    const hash = taskHash(wanted);
    if (hash === own) return (await engine()).trainer;
    if (guest?.task !== hash) {
      const trainer: Trainer = guest?.trainer ?? startTrainer();
      const before = guest?.ready ?? Promise.resolve();
      guest = { task: hash, trainer, ready: before.catch(() => undefined).then(() => trainer.load(wanted, null, 0)) };
    }
    const { trainer, ready } = guest;
    await ready;
    return trainer;
  }

  function lineageOf({ record }: OpenModel): Lineage | null {
    if (record === null) return null;
    return { round: record.round, root: rootOf(record), prev: record.prev, contributors: record.contributors.count, deviceRounds: record.weight, model: record.model };
  }

  const viewOf = (model: OpenModel, rest: Pick<ModelView, "id" | "origin" | "object" | "author" | "at">): ModelView => ({
    ...rest,
    task: model.task,
    taskHash: taskHash(model.task),
    parameters: model.params.length,
    bytes: model.params.byteLength,
    lineage: lineageOf(model),
  });

  /** Of a model's bytes, whatever it is called. */
  const nameOf = ({ record, task: of }: OpenModel, id: string): string => record?.model ?? `${taskHash(of)} ${id}`;

  function scored(name: string, evaluation: Evaluation): Evaluation {
    scores.delete(name);
    scores.set(name, evaluation);
    for (const oldest of scores.keys()) if (scores.size > SCORES) scores.delete(oldest);
    return evaluation;
  }

  return {
    async models() {
      const live = await current();
      const views = live ? [viewOf(live, { id: CURRENT_MODEL, origin: "trained", object: await shelf.published(nameOf(live, CURRENT_MODEL)), author: null, at: null })] : [];
      for (const { id, origin, object, author, at, file } of await shelf.all()) {
        const model = decodeModel(file);
        views.push(viewOf(model, { id, origin, object: object ?? (await shelf.published(nameOf(model, id))), author, at }));
      }
      return views;
    },

    async askModel(id, input): Promise<Prediction> {
      const { trainer, params } = await withEngine(id);
      return trainer.predict(params, input);
    },

    async continueText(id, prompt, bytes): Promise<Continuation> {
      const { trainer, params } = await withEngine(id);
      const began = performance.now();
      let text = "";
      for await (const more of writeOn(trainer, params, prompt, { bytes, temperature: 0.7, seed: 1 })) text += more;
      return { text, milliseconds: performance.now() - began };
    },

    async scoreModel(id) {
      const { model, trainer, params } = await withEngine(id);
      const name = nameOf(model, id);
      return scores.get(name) ?? scored(name, await trainer.evaluate(params));
    },

    async exportModelAs(id, format): Promise<NamedFile> {
      const { model, trainer, params } = await withEngine(id);
      const lineage = lineageOf(model);
      const name = lineage ? `${model.task.name}-round-${lineage.round}` : model.task.name;
      if (format === "weights") return { name: `${name}.bin`, bytes: new Uint8Array(params.slice().buffer) };
      const about = { task: taskHash(model.task), ...(lineage && { round: String(lineage.round), root: lineage.root, previousRoot: lineage.prev, deviceRounds: String(lineage.deviceRounds) }) };
      const files = await trainer.exportModel(params, format, about);
      if (format === "onnx") return { name: `${name}.onnx`, bytes: files[0]!.bytes };
      return { name: `${name}.zip`, bytes: zip(files) };
    },

    async importModel(files) {
      const [only] = files;
      const given = files.length === 1 && only && /\.zip$/i.test(only.name) ? (await unzip(only.bytes, 4 * MAX_PARAMETERS + 1_000_000)).map(({ name, bytes }) => ({ name: name.split("/").at(-1)!, bytes })) : files;
      const { trainer } = await engine();
      const params = toFixed(await trainer.importModel(given));
      return shelf.put({ origin: "imported", task: own, at: now(), object: null, author: null, file: encodeModel({ task, record: null, params, outer: new Uint8Array(), shared: new Uint8Array() }) });
    },

    async publishModel(id) {
      const model = await open(id);
      const object = await library.publish(encodeModel(model));
      await shelf.notePublished(nameOf(model, id), object);
      return object;
    },

    async fetchModel(object) {
      const file = await library.fetch(object);
      const model = decodeModel(file);
      return shelf.put({ origin: "fetched", task: taskHash(model.task), at: now(), object, author: library.authorOf(object), file: new Uint8Array(file) });
    },

    removeModel: (id) => shelf.remove(id),

    scored: (model, evaluation) => void scored(model, evaluation),

    async putAside() {
      const kept = await keptHead();
      if (kept?.record && kept.record.task !== own && kept.record.round > 0) {
        try {
          await shelf.put({ origin: "trained", task: kept.record.task, at: now(), object: null, author: null, file: encodeModel(kept) });
        } catch (error) {
          // Better the new task without the old model than no task.
          if (!(error instanceof DeviceError)) throw error;
        }
      }
      if (kept === null || kept.record?.task !== own) await store.put({ manifest: task });
    },
  };
}
