import { createRandom } from "../wire/random.ts";
import { gradientInParts } from "./engine/micro-batches.ts";
import { EngineError } from "./errors.ts";
import type { Learner } from "./learner.ts";
import { limitNorm, type Optimiser } from "./optimiser.ts";
import { ratePart } from "./schedule.ts";
import type { SlicePool } from "./parallel/slice-pool.ts";
import type { TaskManifest } from "./task.ts";
import type { Backend } from "./trainer.ts";

/** What local steps are taken with. */
export interface StepSession {
  learner: Learner;
  /** What the learner runs on. */
  backend: Backend;
  optimiser: Optimiser;
  inner: Pick<TaskManifest["inner"], "batch" | "gradientLimit" | "schedule" | "learningRate" | "weightDecay">;
  /** Most samples whose activations fit into memory; a larger batch goes in parts. */
  atOnce: number;
  /** Decides, with the round, in which order the samples come, and what augmentation and dropout do. */
  dataSeed: number;
  /** Whether other machines have to come to the same bits; absent: not. */
  exact?: boolean;
  /** Other threads that compute parts of a batch, with the same result; null: this one does all of it. */
  pool?: SlicePool | null;
}

export interface Stepper {
  /** One batch at the task's step `at`: its mean loss in nats, the part that was answered right, and on how many threads. @throws EngineError `not-finite` */
  step(samples: Uint32Array, at: number): Promise<{ loss: number; accuracy: number; threads: number }>;
  /** The params after the steps so far, in memory of their own. The session's optimiser is then of the same moment. */
  params(): Promise<Float32Array>;
  dispose(): void;
}

/**
 * Local steps from `params`. On WebGPU params and optimiser stay on the GPU where the model can do that: it is read only
 * where `params` is asked for, and what was not read is not kept.
 * @param correction is added to the params after each step
 */
export const openStepper = (session: StepSession, params: Float32Array, correction: Float32Array | null): Stepper =>
  (correction === null ? openResident(session, params) : null) ?? openHost(session, params, correction);

function openResident({ learner, backend, optimiser: { moments }, inner, atOnce, dataSeed }: StepSession, params: Float32Array): Stepper | null {
  if (backend !== "webgpu" || !moments || atOnce < inner.batch) return null;
  const resident = learner.resident?.({ params, ...moments.get() }, inner);
  if (!resident) return null;
  return {
    async step(samples, at) {
      const scores = await resident.step(samples, createRandom([dataSeed, "step", at]), ratePart(inner.schedule, at));
      if (!Number.isFinite(scores.loss)) throw notFinite("loss");
      return { ...scores, threads: 1 };
    },
    async params() {
      const { params: trained, ...state } = await resident.read();
      // Not to be taken up by the optimiser: the GPU has gone on with a gradient that nobody has seen.
      if (![trained, state.mean, state.square].every((part) => part.every(Number.isFinite))) throw notFinite("gradient");
      moments.set(state);
      return trained;
    },
    dispose: () => resident.dispose(),
  };
}

function openHost({ learner, optimiser, inner, atOnce, dataSeed, pool, exact }: StepSession, params: Float32Array, correction: Float32Array | null): Stepper {
  const shared = pool?.open(learner, params);
  const trained = shared?.params ?? params.slice();
  /** The gradient of each batch in turn. */
  const sum = new Float32Array(trained.length);
  return {
    async step(samples, at) {
      const chance = createRandom([dataSeed, "step", at]);
      const { loss, accuracy, gradient, threads } = shared
        ? await shared.gradient(samples, atOnce, chance, sum)
        : { ...(await gradientInParts(samples, atOnce, sum, (part, to) => learner.gradient(trained, learner.draw(part, chance), to))), threads: 1 };
      // Stopped before the optimiser's state takes it up.
      if (!Number.isFinite(loss) || !areFinite(gradient)) throw notFinite("loss or gradient");
      limitNorm(gradient, inner.gradientLimit ?? Infinity);
      const part = ratePart(inner.schedule, at);
      // A cosine's last bit differs between engines.
      optimiser.step(trained, gradient, exact ? Math.fround(part) : part);
      if (correction) for (let i = 0; i < trained.length; i++) trained[i] = trained[i]! + correction[i]!;
      return { loss, accuracy, threads };
    },
    params: async () => trained.slice(),
    dispose: () => undefined,
  };
}

/** What no other thread helps with: a tenth of the time that `every` takes. */
function areFinite(values: Float32Array): boolean {
  let nothing = 0;
  for (let i = 0; i < values.length; i++) nothing += 0 * values[i]!;
  return nothing === 0;
}

export const notFinite = (what: string) =>
  new EngineError("not-finite", `the ${what} of this round went out of bounds; nothing was sent: lower the learning rate or check the model that was received`);
