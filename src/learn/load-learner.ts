import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { createClassifier, noExamples } from "./classifier.ts";
import { loadFile, type LoadPack } from "./data/load.ts";
import { type DataSources, loadHeldOut, loadHeldOutText, loadTraining, loadTrainingText } from "./dataset.ts";
import { DataError, TaskError } from "./errors.ts";
import { createLanguageModel } from "./language-model.ts";
import type { Learner } from "./learner.ts";
import { MAX_EXTRACTOR_BYTES } from "./limits.ts";
import type { ClassifierTask, TaskManifest, TextTask } from "./task.ts";
import type { DataChoice } from "./trainer.ts";

/**
 * A task's model with this device's data; without data (null) it can answer and score.
 * @throws TaskError, DataError, BadRowsError
 */
export async function loadLearner(task: TaskManifest, data: DataChoice | null, sources: DataSources): Promise<{ learner: Learner; leftOut: number }> {
  if (isText(task)) {
    const loaded = data === null ? null : await loadTrainingText(task, data, sources);
    const heldOut = loaded?.heldOut;
    const learner = createLanguageModel(task, loaded?.text ?? new Uint8Array(), async () => heldOut ?? (await loadHeldOutText(task, sources.loadPack)));
    if (loaded && learner.samples === 0) throw new DataError("bad-choice", `a text of ${loaded.text.length} bytes is shorter than one sequence of ${task.model.config.context}; bring more text`, { what: "short-text", bytes: loaded.text.length, least: task.model.config.context });
    return { learner, leftOut: 0 };
  }
  if (!isClassifier(task)) throw new TaskError("bad-model", `a ${task.model.className} does not go with data of the kind ${task.data.kind}`);
  const loaded = data === null ? null : await loadTraining(task, data, sources);
  const heldOut = loaded?.heldOut;
  const frozen = task.model.className === "Transfer" ? await loadExtractor(task.model.weights, sources.loadPack) : undefined;
  const learner = createClassifier(task, loaded?.examples ?? noExamples(task), async () => heldOut ?? (await loadHeldOut(task, sources.loadPack)), frozen);
  return { learner, leftOut: loaded?.leftOut.count ?? 0 };
}

const isText = (task: TaskManifest): task is TaskManifest & TextTask => task.data.kind === "text" && task.model.className === "Gpt";
const isClassifier = (task: TaskManifest): task is TaskManifest & ClassifierTask => task.data.kind !== "text" && task.model.className !== "Gpt";

/** A frozen extractor's weights, float32 little-endian, by their hash. */
async function loadExtractor(hash: string, loadPack: LoadPack): Promise<Float32Array> {
  const bytes = await loadFile(loadPack, `weights/${hash}.bin`, MAX_EXTRACTOR_BYTES, MAX_EXTRACTOR_BYTES);
  if (bytes.length % 4 !== 0 || bytesToHex(sha256(bytes)) !== hash) throw new DataError("malformed", `the extractor's weights are not those of the hash ${hash}; fetch them again`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}
