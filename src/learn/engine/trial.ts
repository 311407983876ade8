import * as v from "valibot";
import type { Backend, Way } from "../trainer.ts";
import { CHOICE_AGE_MS, LEAST_CUT_MS, LEAST_GAIN, TRIAL_MS, TRIAL_STEPS, TRIAL_TIMEOUT_MS } from "./limits.ts";

/** In which way a model trains here, and what each took for a step. */
export interface Choice {
  way: Way;
  /** Milliseconds a step, in the fastest of the timed ones; null: it did not get that far. Empty where nothing was tried. */
  milliseconds: Partial<Record<Way, number | null>>;
}

/** @param threads wanted, or 1; @param wished by a person, so that one thread is out of the question */
export const waysOf = (backends: readonly Backend[], threads: number, wished: boolean): Way[] =>
  backends.flatMap((backend): Way[] => (backend !== "wasm" || threads === 1 ? [backend] : wished ? ["threads"] : ["wasm", "threads"]));

/** Where choices are kept: any store of plain values by name. */
export interface ChoiceStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}

export interface TrialDeps {
  /** The likeliest first; that one is taken where nothing can be measured. */
  candidates: readonly Way[];
  /** An engine, started, with the model on it. */
  open(way: Way): Promise<Trialled>;
  store: ChoiceStore;
  /** Milliseconds since 1970. */
  now(): number;
}

export interface Trialled {
  /** One whole step on made-up or real data. */
  step(): Promise<void>;
  dispose(): void;
}

const WAYS = ["webgpu", "wasm", "threads", "cpu"] as const satisfies readonly Way[];

const KeptSchema = v.strictObject({
  at: v.pipe(v.number(), v.minValue(0)),
  way: v.picklist(WAYS),
  milliseconds: v.record(v.picklist(WAYS), v.nullable(v.pipe(v.number(), v.minValue(0)))),
});

/** Raised where training gets faster on one of the backends: choices from before are made anew. */
const ENGINE = 2;

/** What a choice depends on: the engine, the model, the browser's build, its GPU, and the threads that there may be. */
export const choiceKey = (modelHash: string, browser: string, adapter: string | null, threads = 1): string => JSON.stringify([ENGINE, modelHash, browser, adapter, ...(threads > 1 ? [threads] : [])]);

/**
 * The fastest of the candidates for this model on this device, by a short trial of each, or what such a trial found
 * before. A single candidate is not tried, nor are several threads for steps too short to be cut.
 */
export async function chooseWay(key: string, deps: TrialDeps): Promise<Choice> {
  const { candidates, store, now } = deps;
  const [first] = candidates;
  if (first === undefined) throw new Error("there is no backend to choose from");
  if (candidates.length === 1) return { way: first, milliseconds: {} };
  const kept = v.safeParse(KeptSchema, await store.get(key).catch(() => null));
  // Something kept under another set of backends, or from a clock that was wrong, is no choice.
  if (kept.success && candidates.includes(kept.output.way) && Math.abs(now() - kept.output.at) < CHOICE_AGE_MS) {
    const { way, milliseconds } = kept.output;
    return { way, milliseconds: milliseconds as Choice["milliseconds"] };
  }
  const milliseconds: Choice["milliseconds"] = {};
  for (const way of candidates) {
    const short = way === "threads" && (milliseconds.wasm ?? Infinity) < LEAST_CUT_MS;
    if (!short) milliseconds[way] = await tryOut(way, deps);
  }
  const time = (way: Way): number => (milliseconds[way] ?? Infinity) * (way === "threads" ? LEAST_GAIN : 1);
  const choice = { way: candidates.reduce((best, way) => (time(way) < time(best) ? way : best)), milliseconds };
  // A full disk must not keep a device from training.
  await store.set(key, { ...choice, at: now() }).catch((cause: unknown) => console.warn("the choice of the engine could not be kept", cause));
  return choice;
}

/** Milliseconds of the fastest step; null where an engine fails or does not answer. */
async function tryOut(way: Way, { open }: TrialDeps): Promise<number | null> {
  let late: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<null>((resolve) => (late = setTimeout(resolve, TRIAL_TIMEOUT_MS, null)));
  const opening = open(way);
  const measuring = opening.then(measure).catch((cause: unknown) => {
    console.warn(`${way} could not be tried`, cause);
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
