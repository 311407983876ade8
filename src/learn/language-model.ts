import { createRandom, type Random } from "../wire/random.ts";
import { epochOrder } from "./data/examples.ts";
import { join } from "./data/load.ts";
import { toBytes } from "./data/passages.ts";
import { breathe } from "./engine/breathe.ts";
import { createResident } from "./engine/resident.ts";
import { DataError, EngineError } from "./errors.ts";
import type { Drawn, Learner } from "./learner.ts";
import { JUDGED_SEQUENCES, SCORED_SEQUENCES } from "./limits.ts";
import { createGpt, initialGpt, type Sequences } from "./models/gpt.ts";
import type { TextTask } from "./task.ts";

/** Sequences of a forward pass: bounds its memory. */
const TEXTS_AT_ONCE = 8;

/**
 * Learns which byte comes next. A sample is a place in the text; where exactly its sequence begins is up to chance, so
 * that every byte is seen in every position.
 * @param text to train on; @param heldOut loads the one to score on
 */
export function createLanguageModel(task: TextTask, text: Uint8Array, heldOut: () => Promise<Uint8Array>): Learner {
  const { config } = task.model;
  const gpt = createGpt(config);
  // Each sequence needs one byte more, which follows its last.
  const samples = Math.floor(Math.max(0, text.length - 1) / config.context);
  let scored: Promise<Uint8Array> | null = null;

  const toScore = async (): Promise<{ held: Uint8Array; room: number }> => {
    scored ??= heldOut().catch((cause: unknown) => {
      scored = null;
      throw cause;
    });
    const held = await scored;
    const room = held.length - 1 - config.context;
    if (room < 0) throw new DataError("too-large", `the held-out text is shorter than one sequence of ${config.context} bytes`);
    return { held, room };
  };

  const drawn = (places: Uint32Array, chance: Random): Sequences => {
    const last = text.length - 1 - config.context;
    return sequences(text, Array.from(places, (place) => Math.min(last, place * config.context + chance.below(config.context))), config.context);
  };

  return {
    parameters: gpt.parameters,
    pieces: gpt.pieces,
    shapes: gpt.shapes,
    samples,
    labelCounts: [],
    initial: () => initialGpt(config, task.seed),
    order: (dataSeed, epoch) => epochOrder(samples, dataSeed, epoch),

    draw: (places, chance) => ({ ...drawn(places, chance), seed: chance.uint32() }),
    gradient: (params, batch: Extract<Drawn, Sequences>, to) => gpt.gradient(params, batch, batch.seed, to),

    resident(from, rates) {
      const resident = createResident(gpt, from, rates);
      return { ...resident, step: (places, chance, part) => resident.step(drawn(places, chance), chance.uint32(), part) };
    },

    async evaluate(params) {
      const { held, room } = await toScore();
      const count = Math.min(SCORED_SEQUENCES, 1 + Math.floor(room / config.context));
      const starts = Array.from({ length: count }, (_, i) => (count === 1 ? 0 : Math.floor((i * room) / (count - 1))));
      let loss = 0;
      let accuracy = 0;
      for (let from = 0; from < count; from += TEXTS_AT_ONCE) {
        const own = starts.slice(from, from + TEXTS_AT_ONCE);
        const score = await gpt.score(params, sequences(held, own, config.context));
        loss += (score.loss * own.length) / count;
        accuracy += (score.accuracy * own.length) / count;
        await breathe();
      }
      if (!Number.isFinite(loss)) throw new EngineError("not-finite", "this model's loss is out of bounds; it must not be taken over");
      return { accuracy, loss, samples: count * config.context, confusion: null, bitsPerByte: loss / Math.LN2 };
    },

    async losses(params, seed) {
      const { held, room } = await toScore();
      const random = createRandom([seed, "sample"]);
      const losses: number[] = [];
      while (losses.length < JUDGED_SEQUENCES) {
        const starts = Array.from({ length: TEXTS_AT_ONCE }, () => random.below(room + 1));
        losses.push(...(await gpt.losses(params, sequences(held, starts, config.context))));
      }
      return Float64Array.from(losses);
    },

    async answer(params, inputs) {
      const { context, vocabulary } = config;
      // Of a text longer than a sequence, the end is what counts.
      const texts = inputs.map((input) => toBytes(input.subarray(Math.max(0, input.length - context))));
      const rows = new Float32Array(texts.length * vocabulary);
      for (const time of new Set(texts.map(({ length }) => length))) {
        const alike = texts.map((_, row) => row).filter((row) => texts[row]!.length === time);
        for (let from = 0; from < alike.length; from += TEXTS_AT_ONCE) {
          const own = alike.slice(from, from + TEXTS_AT_ONCE);
          const logits = await gpt.logits(params, Int32Array.from(join(own.map((row) => texts[row]!))), time);
          own.forEach((row, i) => rows.set(logits.subarray(((i + 1) * time - 1) * vocabulary, (i + 1) * time * vocabulary), row * vocabulary));
        }
      }
      return rows;
    },

    dispose: () => undefined,
  };
}

function sequences(text: Uint8Array, starts: readonly number[], time: number): Sequences {
  const tokens = new Int32Array(starts.length * time);
  const targets = new Int32Array(starts.length * time);
  starts.forEach((start, row) => {
    tokens.set(text.subarray(start, start + time), row * time);
    targets.set(text.subarray(start + 1, start + 1 + time), row * time);
  });
  return { tokens, targets, time };
}
