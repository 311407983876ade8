import { createDrift, type Drift } from "./drift.ts";
import type { Recovery } from "./engine/recovery.ts";
import { dispatchesSoFar } from "./engine/webgpu/device.ts";
import { createOptimiser, exactPower } from "./optimiser.ts";
import { notFinite, openStepper, type Stepper, type StepSession } from "./stepper.ts";
import type { TaskManifest } from "./task.ts";
import type { BatchProgress, RoundRequest, RoundResult } from "./trainer.ts";

export interface TrainingSession extends StepSession {
  inner: TaskManifest["inner"];
  drift: Drift;
}

/** A session with no past, whose chance this seed is. */
function withSeed(session: TrainingSession, dataSeed: number): TrainingSession {
  const { learner: { pieces, parameters }, inner } = session;
  return { ...session, exact: true, dataSeed, optimiser: createOptimiser(pieces, inner, exactPower), drift: createDrift(parameters, 0) };
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
export async function* trainRound(own: TrainingSession, { params, round, lost = 0, seed, localSteps, stepsAtMost = localSteps, from: left, keepEvery = Infinity }: RoundRequest): AsyncGenerator<BatchProgress, RoundResult, void> {
  const session = seed === undefined ? own : withSeed(own, seed);
  const { learner } = session;
  const correction = session.drift.correction(round, params);
  const batches = batchesPerEpoch(session);
  const tally = { steps: left?.steps ?? 0, loss: left?.loss ?? 0, accuracy: left?.accuracy ?? 0 };
  const first = (Math.max(0, round - 1) + lost) * localSteps;
  let epoch = Math.floor((first + tally.steps) / batches);
  let from = (first + tally.steps) % batches;
  // Where the round starts, in the data and in the schedule, is where it starts for those who do all of it.
  const due = Math.max(1, Math.min(localSteps, stepsAtMost));
  const stepper = openStepper(session, left?.trained ?? params, correction);
  const work: RoundWork = { stepper, first, due, tally, keepEvery, toldAt: performance.now() };
  let delta: Float32Array;
  try {
    while (tally.steps < due) {
      yield* trainEpoch(session, work, epoch, from);
      epoch += 1;
      from = 0;
    }
    delta = await stepper.params();
  } finally {
    stepper.dispose();
  }
  for (let i = 0; i < params.length; i++) delta[i] = delta[i]! - params[i]!;
  if (delta.length !== learner.parameters || !delta.every(Number.isFinite)) throw notFinite("weights");
  session.drift.record(round, params, delta, due, localSteps);
  const steps = Math.max(1, tally.steps);
  return { delta, steps: due, samples: learner.samples, loss: tally.loss / steps, accuracy: tally.accuracy / steps };
}

interface RoundWork {
  stepper: Stepper;
  /** The round's first step, counted from the task's. */
  first: number;
  /** Steps of this round. */
  due: number;
  tally: { steps: number; loss: number; accuracy: number };
  keepEvery: number;
  /** When the position was last told. */
  toldAt: number;
}

async function* trainEpoch(session: TrainingSession, work: RoundWork, epoch: number, from: number): AsyncGenerator<BatchProgress, void, void> {
  const { stepper, first, due: steps, tally } = work;
  const order = session.learner.order(session.dataSeed, epoch);
  const size = Math.min(session.inner.batch, order.length);
  for (let batch = from; batch < batchesPerEpoch(session) && tally.steps < steps; batch++) {
    const started = performance.now();
    const dispatchesBefore = dispatchesSoFar();
    const { loss, accuracy, threads } = await stepper.step(order.subarray(batch * size, (batch + 1) * size), first + tally.steps);
    tally.steps += 1;
    tally.loss += loss;
    tally.accuracy += accuracy;
    const seconds = (performance.now() - started) / 1000;
    const due = performance.now() - work.toldAt >= work.keepEvery;
    if (due) work.toldAt = performance.now();
    yield { ...(due && { position: { ...tally, trained: await stepper.params() } }), step: tally.steps, steps, epoch, loss, accuracy, samplesPerSecond: size / seconds, engine: { backend: session.backend, threads, dispatches: session.backend === "webgpu" ? dispatchesSoFar()! - dispatchesBefore! : null } };
  }
}

/** Whole batches only: the few samples left over come in another epoch, under another order. */
const batchesPerEpoch = ({ learner, inner }: TrainingSession): number => Math.max(1, Math.floor(learner.samples / inner.batch));
