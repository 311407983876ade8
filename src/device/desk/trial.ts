import type { TaskManifest } from "../../learn/task.ts";
import type { DataChoice, Trainer } from "../../learn/trainer.ts";
import { joulesOf } from "../energy.ts";
import type { TrialResult, TrialStep } from "./api.ts";

export const TRIAL_LIMITS = {
  steps: 60,
  /** Milliseconds after which no further step is begun. */
  time: 10_000,
} as const;

/** Seeds the order of a trial's samples, which nobody keeps. */
const SEED = 1;

/** An epoch of a task on this device, or its first steps, on a model that nobody keeps. */
export async function* tryTask(task: TaskManifest, data: DataChoice, trainer: Pick<Trainer, "load" | "initial" | "train">, now: () => number): AsyncGenerator<TrialStep, TrialResult, void> {
  const { backend, parameters, samples } = await trainer.load(task, data, SEED);
  const epochSteps = Math.ceil(samples / task.inner.batch);
  const steps = Math.min(TRIAL_LIMITS.steps, epochSteps);
  const started = now();
  const training = trainer.train({ params: await trainer.initial(), round: 1, localSteps: steps });
  const losses: number[] = [];
  try {
    for (;;) {
      const { done, value } = await training.next();
      if (done) break;
      losses.push(value.loss);
      yield { step: value.step, steps, loss: value.loss };
      if (now() - started > TRIAL_LIMITS.time) break;
    }
  } finally {
    await training.return(undefined as never);
  }
  const milliseconds = now() - started;
  const epochMilliseconds = (milliseconds / Math.max(1, losses.length)) * epochSteps;
  return {
    backend,
    parameters,
    samples,
    steps: losses.length,
    epochSteps,
    milliseconds,
    epochMilliseconds,
    firstLoss: losses[0] ?? NaN,
    lastLoss: losses.at(-1) ?? NaN,
    joules: { phone: joulesOf(epochMilliseconds, "phone"), laptop: joulesOf(epochMilliseconds, "laptop") },
  };
}
