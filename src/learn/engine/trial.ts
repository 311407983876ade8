import * as v from "valibot";
import type { Backend } from "../trainer.ts";
import { CHOICE_AGE_MS, TRIAL_MS, TRIAL_STEPS, TRIAL_TIMEOUT_MS } from "./limits.ts";

/** Which backend a model trains on here, and what each took for a step. */
export interface Choice {
  backend: Backend;
  /** Milliseconds a step, in the fastest of the timed ones; null: it did not get that far. Empty where nothing was tried. */
  milliseconds: Partial<Record<Backend, number | null>>;
}

/** Where choices are kept: any store of plain values by name. */
export interface ChoiceStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}

export interface TrialDeps {
  /** The likeliest first; that one is taken where nothing can be measured. */
  candidates: readonly Backend[];
  /** A backend, started, with the model on it. */
  open(backend: Backend): Promise<Trialled>;
  store: ChoiceStore;
  /** Milliseconds since 1970. */
  now(): number;
}

export interface Trialled {
  /** One whole step on made-up or real data. */
  step(): Promise<void>;
  dispose(): void;
}

const KeptSchema = v.strictObject({
  at: v.pipe(v.number(), v.minValue(0)),
  backend: v.picklist(["webgpu", "wasm", "cpu"]),
  milliseconds: v.record(v.picklist(["webgpu", "wasm", "cpu"]), v.nullable(v.pipe(v.number(), v.minValue(0)))),
});

/** Raised where training gets faster on one of the backends: choices from before are made anew. */
const ENGINE = 2;

/** What a choice depends on: the engine, the model, the browser's build and its GPU. */
export const choiceKey = (modelHash: string, browser: string, adapter: string | null): string => JSON.stringify([ENGINE, modelHash, browser, adapter]);

/**
 * The fastest of the candidates for this model on this device, by a short trial of each, or what such a trial found
 * before. A single candidate is not tried.
 */
export async function chooseBackend(key: string, deps: TrialDeps): Promise<Choice> {
  const { candidates, store, now } = deps;
  const [first] = candidates;
  if (first === undefined) throw new Error("there is no backend to choose from");
  if (candidates.length === 1) return { backend: first, milliseconds: {} };
  const kept = v.safeParse(KeptSchema, await store.get(key).catch(() => null));
  // Something kept under another set of backends, or from a clock that was wrong, is no choice.
  if (kept.success && candidates.includes(kept.output.backend) && Math.abs(now() - kept.output.at) < CHOICE_AGE_MS) {
    const { backend, milliseconds } = kept.output;
    return { backend, milliseconds: milliseconds as Choice["milliseconds"] };
  }
  const milliseconds: Choice["milliseconds"] = {};
  for (const backend of candidates) milliseconds[backend] = await tryOut(backend, deps);
  const time = (backend: Backend): number => milliseconds[backend] ?? Infinity;
  const choice = { backend: candidates.reduce((best, backend) => (time(backend) < time(best) ? backend : best)), milliseconds };
  // A full disk must not keep a device from training.
  await store.set(key, { ...choice, at: now() }).catch((cause: unknown) => console.warn("the choice of the engine could not be kept", cause));
  return choice;
}

/** Milliseconds of the fastest step; null where a backend fails or does not answer. */
async function tryOut(backend: Backend, { open }: TrialDeps): Promise<number | null> {
  let late: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<null>((resolve) => (late = setTimeout(resolve, TRIAL_TIMEOUT_MS, null)));
  const opening = open(backend);
  const measuring = opening.then(measure).catch((cause: unknown) => {
    console.warn(`${backend} could not be tried`, cause);
    return null;
  });
  const found = await Promise.race([measuring, patience]);
  clearTimeout(late);
  // One that is still at it is let go of when it comes to an end.
  void measuring.then(() => opening).then((trialled) => trialled.dispose(), () => undefined);
  return found;
}

async function measure({ step }: Trialled): Promise<number> {
  // Compiles and warms up.
  await step();
  const end = performance.now() + TRIAL_MS;
  let fastest = Infinity;
  for (let done = 0; done < TRIAL_STEPS && performance.now() < end; done++) {
    const started = performance.now();
    await step();
    fastest = Math.min(fastest, performance.now() - started);
  }
  return fastest;
}
