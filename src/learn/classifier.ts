import { balancedOrder, batchOf, epochOrder, labelCounts, priorOffsets, sampleOf, type Examples } from "./data/examples.ts";
import { scaledPixels } from "./data/images.ts";
import { join } from "./data/load.ts";
import { encodePassage } from "./data/passages.ts";
import { encodeFields } from "./data/table.ts";
import { breathe } from "./engine/breathe.ts";
import { EngineError, TaskError } from "./errors.ts";
import type { Drawn, Learner } from "./learner.ts";
import { EVALUATION_CHUNK, JUDGED_SAMPLES } from "./limits.ts";
import { createModel, initialParams } from "./model.ts";
import { addConfusion, countHits, lossesOf, sumLoss } from "./score.ts";
import type { ClassifierTask } from "./task.ts";
import { inputShape, labelCount } from "./task-data.ts";

type DrawnExamples = Extract<Drawn, { labels: Uint8Array }>;

/**
 * Learns which label a sample bears.
 * @param examples to train on; @param heldOut loads those to score on; @param frozen a transfer model's extractor
 */
export function createClassifier(task: ClassifierTask, examples: Examples, heldOut: () => Promise<Examples>, frozen?: Float32Array): Learner {
  const model = createModel(task, frozen);
  const offsets = priorOffsets(examples, task.inner.calibration ?? 0);
  let scored: Promise<Examples> | null = null;

  const toScore = (): Promise<Examples> =>
    (scored ??= heldOut().catch((cause: unknown) => {
      scored = null;
      throw cause;
    }));

  return {
    parameters: model.parameters,
    pieces: model.pieces,
    shapes: model.shapes,
    samples: examples.labels.length,
    labelCounts: labelCounts(examples),
    initial: () => initialParams(task),
    order: (dataSeed, epoch) => (balanced(task) ? balancedOrder(examples, dataSeed, epoch) : epochOrder(examples.labels.length, dataSeed, epoch)),

    draw: (samples, chance) => ({ ...batchOf(examples, samples, chance), offsets, seed: chance.uint32() }),

    async gradient(params, { inputs, labels, offsets: added, seed }: DrawnExamples, to) {
      const { loss, logits, gradient } = await model.gradient(params, inputs, labels, added, seed, to);
      return { loss, accuracy: countHits(logits, labels) / labels.length, gradient };
    },

    async evaluate(params) {
      const held = await toScore();
      const count = held.labels.length;
      const confusion = Array.from({ length: held.labelCount }, () => new Array<number>(held.labelCount).fill(0));
      let hits = 0;
      let loss = 0;
      for (let from = 0; from < count; from += EVALUATION_CHUNK) {
        const samples = Uint32Array.from({ length: Math.min(EVALUATION_CHUNK, count - from) }, (_, i) => from + i);
        const { inputs, labels } = batchOf(held, samples, null);
        const logits = await model.logits(params, inputs);
        hits += countHits(logits, labels);
        loss += sumLoss(logits, labels);
        addConfusion(confusion, logits, labels);
        await breathe();
      }
      if (!Number.isFinite(loss)) throw new EngineError("not-finite", "this model's loss is out of bounds; it must not be taken over");
      return { accuracy: hits / Math.max(1, count), loss: loss / Math.max(1, count), samples: count, confusion, bitsPerByte: null };
    },

    async losses(params, seed) {
      const held = await toScore();
      const { inputs, labels } = batchOf(held, sampleOf(held.labels.length, JUDGED_SAMPLES, seed), null);
      return labels.length === 0 ? new Float64Array() : lossesOf(await model.logits(params, inputs), labels);
    },

    answer: (params, inputs) => model.logits(params, joined(inputs.map((input) => prepared(task, input)))),
    dispose: () => model.dispose(),
  };
}

const balanced = ({ data }: ClassifierTask): boolean => data.balance === true;

/** For a device that only answers. */
export const noExamples = ({ data }: ClassifierTask): Examples => ({ labelCount: labelCount(data), labels: new Uint8Array(), size: 0, write: () => undefined });

function prepared({ data }: ClassifierTask, input: Float32Array): Float32Array {
  switch (data.kind) {
    case "image": {
      const shape = inputShape(data);
      const size = shape.reduce((product, side) => product * side, 1);
      if (input.length !== size) throw new TaskError("wrong-length", `${input.length} pixels where ${shape.join(" × ")} are needed`);
      return scaledPixels(input, data);
    }
    case "table":
      return encodeFields(input, data);
    case "passages":
      return encodePassage(input, data);
  }
}

const joined = (rows: readonly Float32Array[]): Float32Array => new Float32Array(join(rows.map(({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength))).buffer);
