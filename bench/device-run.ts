import { MEASURE_MS, MODELS, PATIENCE_MS, PLAN, type Measurement, type Outcome } from "./device-plan.ts";
import type { Answer } from "./device-worker.ts";

/** Measures one after another, each in a fresh worker, so that none inherits another's memory or GPU. */
export async function* runPlan(signal: AbortSignal): AsyncGenerator<Outcome, void, void> {
  for (const measurement of PLAN) {
    const answer = await inWorker(measurement, signal);
    if (signal.aborted) return;
    const unit = MODELS.find(({ trial }) => measurement.trial.startsWith(trial))!.unit;
    const nothing = { perSecond: null, firstLoss: null, dispatches: null };
    yield { ...measurement, unit, ...("why" in answer ? { ...nothing, why: answer.why } : { ...answer.measured, why: null }) };
  }
}

function inWorker(measurement: Measurement, signal: AbortSignal): Promise<Answer> {
  const worker = new Worker(new URL("./device-worker.ts", import.meta.url), { type: "module", name: "bench" });
  const over = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  return new Promise<Answer>((resolve) => {
    worker.addEventListener("message", ({ data }: MessageEvent<Answer>) => resolve(data));
    worker.addEventListener("error", ({ message }) => resolve({ why: message || "the worker could not be loaded" }));
    over.addEventListener("abort", () => resolve({ why: `not within ${PATIENCE_MS / 1000} s` }));
    worker.postMessage({ ...measurement, milliseconds: MEASURE_MS });
  }).finally(() => worker.terminate());
}
