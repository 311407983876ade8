import { batchOf, epochOrder, type Batch, type Scale } from "./dataset.ts";
import type { Drift } from "./drift.ts";
import { EngineError } from "./errors.ts";
import type { Model } from "./model.ts";
import type { Optimiser } from "./optimiser.ts";
import type { Samples } from "./pack.ts";
import { countHits } from "./score.ts";
import type { BatchProgress, RoundRequest, RoundResult } from "./trainer.ts";

export interface TrainingSession {
  model: Model;
  optimiser: Optimiser;
  drift: Drift;
  samples: Samples;
  /** [labels], see `priorOffsets`. */
  offsets: Float32Array;
  scale: Scale;
  batch: number;
  /** See the task's `gradientLimit`. */
  gradientLimit: number;
  /** Decides, with the round, in which order the samples come. */
  dataSeed: number;
}

/** One round of local steps. Where the round starts in the data follows from its number alone, so a round can be run again. */
export async function* trainRound(session: TrainingSession, { params, round, localSteps }: RoundRequest): AsyncGenerator<BatchProgress, RoundResult, void> {
  const { model, samples } = session;
  const trained = params.slice();
  const correction = session.drift.correction(round, params);
  const batches = batchesPerEpoch(session);
  const tally = { steps: 0, loss: 0, hits: 0, seen: 0 };
  const first = Math.max(0, round - 1) * localSteps;
  let epoch = Math.floor(first / batches);
  let from = first % batches;
  while (tally.steps < localSteps) {
    yield* trainEpoch(session, { trained, correction, localSteps, tally }, epoch, from);
    epoch += 1;
    from = 0;
  }
  const delta = trained.map((value, i) => value - params[i]!);
  if (delta.length !== model.parameters || !delta.every(Number.isFinite)) throw notFinite("weights");
  session.drift.record(round, params, delta, localSteps);
  return { delta, samples: samples.labels.length, loss: tally.loss / Math.max(1, tally.steps), accuracy: tally.hits / Math.max(1, tally.seen) };
}

interface RoundWork {
  trained: Float32Array;
  correction: Float32Array | null;
  localSteps: number;
  tally: { steps: number; loss: number; hits: number; seen: number };
}

async function* trainEpoch(
  session: TrainingSession,
  { trained, correction, localSteps, tally }: RoundWork,
  epoch: number,
  from: number,
): AsyncGenerator<BatchProgress, void, void> {
  const order = epochOrder(session.samples.labels.length, session.dataSeed, epoch);
  const size = Math.min(session.batch, order.length);
  for (let batch = from; batch < batchesPerEpoch(session) && tally.steps < localSteps; batch++) {
    const started = performance.now();
    const { loss, hits } = await trainBatch(session, trained, batchOf(session.samples, order.subarray(batch * size, (batch + 1) * size), session.scale));
    if (correction) for (let i = 0; i < trained.length; i++) trained[i] = trained[i]! + correction[i]!;
    tally.steps += 1;
    tally.loss += loss;
    tally.hits += hits;
    tally.seen += size;
    const seconds = (performance.now() - started) / 1000;
    yield { step: tally.steps, steps: localSteps, epoch, loss, accuracy: hits / size, samplesPerSecond: size / seconds };
  }
}

async function trainBatch({ model, optimiser, offsets, gradientLimit }: TrainingSession, trained: Float32Array, { pixels, labels }: Batch): Promise<{ loss: number; hits: number }> {
  const { loss, logits, gradient } = await model.gradient(trained, pixels, labels, offsets);
  // Stopped before the optimiser's state takes it up.
  if (!Number.isFinite(loss) || !gradient.every(Number.isFinite)) throw notFinite("loss or gradient");
  limit(gradient, gradientLimit);
  optimiser.step(trained, gradient);
  return { loss, hits: countHits(logits, labels) };
}

/** One batch that a model from elsewhere gets badly wrong must not throw it far off. */
function limit(gradient: Float32Array, length: number): void {
  const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
  if (norm > length) for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i]! * length) / norm;
}

/** Whole batches only: the few samples left over come in another epoch, under another order. */
const batchesPerEpoch = ({ samples, batch }: TrainingSession): number => Math.max(1, Math.floor(samples.labels.length / batch));

const notFinite = (what: string) =>
  new EngineError("not-finite", `the ${what} of this round went out of bounds; nothing was sent: lower the learning rate or check the model that was received`);
