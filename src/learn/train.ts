import { createRandom } from "../wire/random.ts";
import type { Drift } from "./drift.ts";
import { gradientInParts } from "./engine/micro-batches.ts";
import type { Recovery } from "./engine/recovery.ts";
import { dispatchesSoFar } from "./engine/webgpu/device.ts";
import { EngineError } from "./errors.ts";
import type { Learner } from "./learner.ts";
import type { Optimiser } from "./optimiser.ts";
import { ratePart } from "./schedule.ts";
import type { TaskManifest } from "./task.ts";
import type { Backend, BatchProgress, RoundRequest, RoundResult } from "./trainer.ts";

export interface TrainingSession {
  learner: Learner;
  /** What the learner runs on. */
  backend: Backend;
  optimiser: Optimiser;
  drift: Drift;
  inner: Pick<TaskManifest["inner"], "batch" | "gradientLimit" | "schedule">;
  /** Most samples whose activations fit into memory; a larger batch goes in parts. */
  atOnce: number;
  /** Decides, with the round, in which order the samples come, and what augmentation and dropout do. */
  dataSeed: number;
}

/** `trainRound`, begun again from its start on another engine where a GPU is lost under it. */
export async function* trainThroughLosses(session: TrainingSession, request: RoundRequest, recovery: Recovery): AsyncGenerator<BatchProgress, RoundResult, void> {
  const before = session.backend === "webgpu" ? session.optimiser.save() : null;
  for (;;) {
    const losses = recovery.losses();
    try {
      return yield* trainRound(session, request);
    } catch (cause) {
      await recovery.recover(cause, losses);
      if (before) session.optimiser.load(before);
    }
  }
}

/** One round of local steps. Where the round starts in the data follows from its number alone, so a round can be run again. */
export async function* trainRound(session: TrainingSession, { params, round, lost = 0, localSteps, from: left, keepEvery = Infinity }: RoundRequest): AsyncGenerator<BatchProgress, RoundResult, void> {
  const { learner } = session;
  const trained = (left?.trained ?? params).slice();
  const correction = session.drift.correction(round, params);
  const batches = batchesPerEpoch(session);
  const tally = { steps: left?.steps ?? 0, loss: left?.loss ?? 0, accuracy: left?.accuracy ?? 0 };
  const first = (Math.max(0, round - 1) + lost) * localSteps;
  let epoch = Math.floor((first + tally.steps) / batches);
  let from = (first + tally.steps) % batches;
  const work: RoundWork = { trained, correction, first, localSteps, tally, keepEvery, toldAt: performance.now() };
  while (tally.steps < localSteps) {
    yield* trainEpoch(session, work, epoch, from);
    epoch += 1;
    from = 0;
  }
  const delta = trained.map((value, i) => value - params[i]!);
  if (delta.length !== learner.parameters || !delta.every(Number.isFinite)) throw notFinite("weights");
  session.drift.record(round, params, delta, localSteps);
  const steps = Math.max(1, tally.steps);
  return { delta, samples: learner.samples, loss: tally.loss / steps, accuracy: tally.accuracy / steps };
}

interface RoundWork {
  trained: Float32Array;
  correction: Float32Array | null;
  /** The round's first step, counted from the task's. */
  first: number;
  localSteps: number;
  tally: { steps: number; loss: number; accuracy: number };
  keepEvery: number;
  /** When the position was last told. */
  toldAt: number;
}

async function* trainEpoch(session: TrainingSession, work: RoundWork, epoch: number, from: number): AsyncGenerator<BatchProgress, void, void> {
  const { trained, correction, first, localSteps, tally } = work;
  const order = session.learner.order(session.dataSeed, epoch);
  const size = Math.min(session.inner.batch, order.length);
  for (let batch = from; batch < batchesPerEpoch(session) && tally.steps < localSteps; batch++) {
    const started = performance.now();
    const dispatchesBefore = dispatchesSoFar();
    const { loss, accuracy } = await trainBatch(session, trained, order.subarray(batch * size, (batch + 1) * size), first + tally.steps);
    if (correction) for (let i = 0; i < trained.length; i++) trained[i] = trained[i]! + correction[i]!;
    tally.steps += 1;
    tally.loss += loss;
    tally.accuracy += accuracy;
    const seconds = (performance.now() - started) / 1000;
    const due = performance.now() - work.toldAt >= work.keepEvery;
    if (due) work.toldAt = performance.now();
    yield { ...(due && { position: { ...tally, trained: trained.slice() } }), step: tally.steps, steps: localSteps, epoch, loss, accuracy, samplesPerSecond: size / seconds, engine: { backend: session.backend, dispatches: session.backend === "webgpu" ? dispatchesSoFar()! - dispatchesBefore! : null } };
  }
}

async function trainBatch({ learner, optimiser, inner, atOnce, dataSeed }: TrainingSession, trained: Float32Array, samples: Uint32Array, step: number): Promise<{ loss: number; accuracy: number }> {
  const chance = createRandom([dataSeed, "step", step]);
  const { loss, accuracy, gradient } = await gradientInParts(samples, atOnce, (part) => learner.gradient(trained, part, chance));
  // Stopped before the optimiser's state takes it up.
  if (!Number.isFinite(loss) || !gradient.every(Number.isFinite)) throw notFinite("loss or gradient");
  limit(gradient, inner.gradientLimit ?? Infinity);
  optimiser.step(trained, gradient, ratePart(inner.schedule, step));
  return { loss, accuracy };
}

/** One batch that a model from elsewhere gets badly wrong must not throw it far off. */
function limit(gradient: Float32Array, length: number): void {
  const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
  if (norm > length) for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i]! * length) / norm;
}

/** Whole batches only: the few samples left over come in another epoch, under another order. */
const batchesPerEpoch = ({ learner, inner }: TrainingSession): number => Math.max(1, Math.floor(learner.samples / inner.batch));

const notFinite = (what: string) =>
  new EngineError("not-finite", `the ${what} of this round went out of bounds; nothing was sent: lower the learning rate or check the model that was received`);
